//! 日時 — FHIR dates and times as instants, in whole milliseconds.
//!
//! Source: FHIR R4, date, dateTime, instant. Years before 1850 and after 2200 are mistakes
//! of typing, and 24:00 does not exist (S13, trap 5).

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use kyoyu_domain::clock::start_of_japan_day;

const YEARS: std::ops::RangeInclusive<i32> = 1850..=2200;

/// A full date.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    day(number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?)
}

/// An instant: date, time with seconds, zone.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let (day, rest) = text.split_at_checked(10)?;
    let day = date(day)?;
    let rest = rest.strip_prefix('T')?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let since_midnight = time_of_day(clock.as_bytes())?;
    let (milliseconds, zone) = fraction(rest)?;
    let east = zone_offset(zone)?;
    let midnight = day.and_hms_opt(0, 0, 0)?.and_utc();
    Some(midnight + since_midnight + TimeDelta::milliseconds(milliseconds) - east)
}

/// A dateTime: an instant, or the start of the first day in Japan of a date, month or year.
pub(crate) fn date_time(text: &str) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    let first_day = match bytes.len() {
        4 => day(number(bytes)?, 1, 1)?,
        7 if bytes[4] == b'-' => day(number(&bytes[..4])?, number(&bytes[5..])?, 1)?,
        10 => date(text)?,
        _ => return instant(text),
    };
    Some(start_of_japan_day(first_day))
}

fn day(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    YEARS.contains(&date.year()).then_some(date)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })
}

fn time_of_day(clock: &[u8]) -> Option<TimeDelta> {
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let (hour, minute, second) =
        (number(&clock[..2])?, number(&clock[3..5])?, number(&clock[6..])?);
    // FHIR allows second 60 for leap seconds; it is the first second of the next minute.
    (hour < 24 && minute < 60 && second <= 60)
        .then(|| TimeDelta::seconds(i64::from(hour * 3600 + minute * 60 + second)))
}

/// The whole milliseconds of an optional fraction, and what follows it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
    if end == 0 {
        return None;
    }
    let milliseconds = rest.bytes().take(end).chain([b'0'; 3]).take(3);
    let milliseconds = milliseconds.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((milliseconds, &rest[end..]))
}

fn zone_offset(zone: &str) -> Option<TimeDelta> {
    if zone == "Z" {
        return Some(TimeDelta::zero());
    }
    let bytes = zone.as_bytes();
    if bytes.len() != 6 || bytes[3] != b':' {
        return None;
    }
    let (hours, minutes) = (number(&bytes[1..3])?, number(&bytes[4..])?);
    if minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return None;
    }
    let east = TimeDelta::minutes(i64::from(hours * 60 + minutes));
    match bytes[0] {
        b'+' => Some(east),
        b'-' => Some(-east),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{date, date_time, instant};

    #[test]
    fn instants_need_seconds_and_a_zone() {
        for (text, utc) in [
            ("2026-04-01T09:00:00+09:00", "2026-04-01T00:00:00Z"),
            ("2026-04-01T09:00:00.1239Z", "2026-04-01T09:00:00.123Z"),
            ("2026-04-01T09:00:00.5-03:30", "2026-04-01T12:30:00.500Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("2026-04-01T09:00:00+14:00", "2026-03-31T19:00:00Z"),
        ] {
            assert_eq!(instant(text), utc.parse().ok(), "{text}");
        }
        for bad in [
            "",
            "2026-04-01",
            "2026-04-01T09:00:00",
            "2026-04-01T09:00Z",
            "2026-04-01T24:00:00Z",
            "2026-04-01T09:60:00Z",
            "2026-04-01T09:00:61Z",
            "2026-04-01T09:00:00.Z",
            "2026-04-01T09:00:00.1",
            "2026-04-01t09:00:00Z",
            "2026-04-01T09:00:00z",
            "2026-04-01 09:00:00Z",
            "2026-04-01T09:00:00+14:01",
            "2026-04-01T09:00:00+0900",
            "2026-02-30T09:00:00Z",
            "1849-12-31T09:00:00Z",
            "2201-01-01T09:00:00Z",
            "2026-04-01T09:00:00+09:00 ",
            "２０２６-04-01T09:00:00Z",
        ] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn partial_dates_are_the_start_of_their_first_day_in_japan() {
        for (text, utc) in [
            ("2018", "2017-12-31T15:00:00Z"),
            ("1973-06", "1973-05-31T15:00:00Z"),
            ("2026-04-01", "2026-03-31T15:00:00Z"),
        ] {
            assert_eq!(date_time(text), utc.parse().ok(), "{text}");
        }
        for bad in ["18", "1849", "2201", "2018-13", "2018-00", "2018-1", "201806", "2026-02-29"] {
            assert_eq!(date_time(bad), None, "{bad}");
        }
        assert!(date("2024-02-29").is_some() && date("2024-2-029").is_none());
    }
}
