//! 暦 — Japan's days without any library, so that the oracle shares no arithmetic with the
//! rule that it judges.

use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// One second.
pub const SECOND: Millis = 1_000;
/// One day; Japan has had no other since 1951.
pub const DAY: Millis = 86_400 * SECOND;

const EAST: Millis = 9 * 3_600 * SECOND;

/// A year near which lives begin, and the days from 1970 to its beginning.
const NEAR: (i32, i64) = (2026, 56 * 365 + 14);

/// 暦日 — a calendar day in Japan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: i32,
    /// The day of the month, from 1.
    pub day: i32,
}

impl Day {
    /// A day by its numbers.
    pub const fn new(year: i32, month: i32, day: i32) -> Self {
        Self { year, month, day }
    }

    /// The day on which an instant falls.
    pub fn of(at: Millis) -> Self {
        let mut left = (at + EAST).div_euclid(DAY) - NEAR.1;
        let mut year = NEAR.0;
        while left < 0 {
            year -= 1;
            left += days_of_year(year);
        }
        while left >= days_of_year(year) {
            left -= days_of_year(year);
            year += 1;
        }
        let mut month = 1;
        while left >= i64::from(days_of_month(year, month)) {
            left -= i64::from(days_of_month(year, month));
            month += 1;
        }
        Self { year, month, day: left as i32 + 1 }
    }

    /// 00:00 of the day.
    pub fn starts_at(self) -> Millis {
        let mut days = NEAR.1 + i64::from(self.day) - 1;
        days +=
            (1..self.month).map(|month| i64::from(days_of_month(self.year, month))).sum::<i64>();
        days += (NEAR.0..self.year).map(days_of_year).sum::<i64>();
        days -= (self.year..NEAR.0).map(days_of_year).sum::<i64>();
        days * DAY - EAST
    }

    /// The day after.
    #[must_use]
    pub fn tomorrow(self) -> Self {
        if self.day < days_of_month(self.year, self.month) {
            Self { day: self.day + 1, ..self }
        } else if self.month < 12 {
            Self { month: self.month + 1, day: 1, ..self }
        } else {
            Self::new(self.year + 1, 1, 1)
        }
    }

    /// So many days later.
    #[must_use]
    pub fn after_days(self, days: u32) -> Self {
        (0..days).fold(self, |day, _| day.tomorrow())
    }

    /// So many years later; a day that the last year lacks becomes the day before.
    #[must_use]
    pub fn after_years(self, years: i32) -> Self {
        let year = self.year + years;
        let day = if self.month == 2 && self.day == 29 && !is_leap(year) { 28 } else { self.day };
        Self { year, day, ..self }
    }
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_year(year: i32) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: i32, month: i32) -> i32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// An instant as Japan writes it: `2026-04-01T09:00:00.000+09:00`.
pub fn in_japan(at: Millis) -> String {
    let day = Day::of(at);
    let left = at - day.starts_at();
    let (seconds, millis) = (left / SECOND, left % SECOND);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{day}T{hour:02}:{minute:02}:{second:02}.{millis:03}+09:00")
}
