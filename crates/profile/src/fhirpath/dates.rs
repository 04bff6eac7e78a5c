//! Dates and times of any precision, and their order.
//!
//! Times are compared in UTC, and a date stays the date it says: so a period from
//! `2024-01-01` to `2024-01-01T08:00:00+09:00` ends on the day before it starts. That is
//! what the reference validator does.

use std::cmp::Ordering;

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike};

/// A date, or a date with a time, as far as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partial {
    /// Year, month, day, hour, minute, milliseconds.
    parts: [i64; 6],
    /// How many of them were given.
    given: usize,
}

/// Reads a FHIR date, dateTime or instant.
pub(super) fn parse(text: &str) -> Option<Partial> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = [0; 6];
    let mut given = 0;
    for (part, digits) in date.split('-').zip([4, 2, 2]) {
        parts[given] = number(part, digits)?;
        given += 1;
    }
    if date.split('-').count() != given {
        return None;
    }
    match time {
        None => Some(Partial { parts, given }),
        Some(time) if given == 3 => with_time(parts, time),
        Some(_) => None,
    }
}

fn with_time(mut parts: [i64; 6], time: &str) -> Option<Partial> {
    let zone_at = time.find(['Z', '+', '-']);
    let (clock, zone) = time.split_at(zone_at.unwrap_or(time.len()));
    let mut fields = clock.split(':');
    let (hour, minute) = (number(fields.next()?, 2)?, number(fields.next()?, 2)?);
    let second = fields.next();
    let milliseconds = second.map_or(Some(0), milliseconds)?;
    if fields.next().is_some() {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(parts[0] as i32, parts[1] as u32, parts[2] as u32)?;
    let since_midnight = TimeDelta::milliseconds((hour * 60 + minute) * 60_000 + milliseconds);
    let at = day.and_hms_opt(0, 0, 0)?.checked_add_signed(since_midnight - offset(zone)?)?;
    let milliseconds = i64::from(at.second()) * 1_000 + i64::from(at.nanosecond() / 1_000_000);
    parts = [
        i64::from(at.year()),
        i64::from(at.month()),
        i64::from(at.day()),
        i64::from(at.hour()),
        i64::from(at.minute()),
        milliseconds,
    ];
    Some(Partial { parts, given: if second.is_some() { 6 } else { 5 } })
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let all_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten()
}

/// Seconds with an optional fraction.
fn milliseconds(text: &str) -> Option<i64> {
    let (second, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = fraction.bytes().chain([b'0'; 3]).take(3);
    let thousandths = thousandths.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(number(second, 2)? * 1_000 + thousandths)
}

fn offset(zone: &str) -> Option<TimeDelta> {
    if zone.is_empty() || zone == "Z" {
        return Some(TimeDelta::zero());
    }
    let (hours, minutes) = zone[1..].split_once(':')?;
    let minutes = number(hours, 2)? * 60 + number(minutes, 2)?;
    Some(TimeDelta::minutes(if zone.starts_with('-') { -minutes } else { minutes }))
}

/// The order of two dates; none where one is less precise and the rest is equal.
pub(super) fn compare(left: &Partial, right: &Partial) -> Option<Ordering> {
    let given = left.given.min(right.given);
    match left.parts[..given].cmp(&right.parts[..given]) {
        Ordering::Equal if left.given != right.given => None,
        order => Some(order),
    }
}
