//! Time as a parameter.
//!
//! Retention is decided by the database's clock. A [`Clock`] turns the instant that the
//! database reports into the instant that the service acts on: itself in production,
//! moved by an offset in the demonstration, fixed in tests.

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};

/// 時計 — decides which instant a use case acts on.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The instant to act on, given what the database's clock says.
    fn now(&self, database: DateTime<Utc>) -> DateTime<Utc>;
}

/// The database's clock as it is; the only clock that `serve` and `work` can have.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatabaseClock;

impl Clock for DatabaseClock {
    fn now(&self, database: DateTime<Utc>) -> DateTime<Utc> {
        database
    }
}

/// Japan has had one offset without daylight saving since 1951.
const JAPAN_SECONDS_EAST: i32 = 9 * 3600;

fn japan() -> FixedOffset {
    FixedOffset::east_opt(JAPAN_SECONDS_EAST).expect("nine hours is a valid offset")
}

/// 日本の暦日 — the calendar day in Japan at an instant.
pub fn japan_day(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&japan()).date_naive()
}

/// The instant at which a calendar day begins in Japan (00:00 +09:00).
pub fn start_of_japan_day(day: NaiveDate) -> DateTime<Utc> {
    japan()
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .single()
        .expect("a fixed offset has no gaps and no doubles")
        .with_timezone(&Utc)
}

/// A clock that tests set by hand; clones show the same time.
#[cfg(any(test, feature = "test-util"))]
#[derive(Debug, Clone)]
pub struct MockClock(std::sync::Arc<std::sync::Mutex<DateTime<Utc>>>);

#[cfg(any(test, feature = "test-util"))]
impl MockClock {
    /// A clock that stands at `at`.
    pub fn at(at: DateTime<Utc>) -> Self {
        Self(std::sync::Arc::new(std::sync::Mutex::new(at)))
    }

    /// Moves the clock to `at`, forwards or back.
    ///
    /// # Panics
    /// When another holder of the clock panicked.
    pub fn set(&self, at: DateTime<Utc>) {
        *self.0.lock().expect("no holder of the clock panics") = at;
    }

    /// The instant at which the clock stands.
    ///
    /// # Panics
    /// When another holder of the clock panicked.
    pub fn get(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no holder of the clock panics")
    }
}

#[cfg(any(test, feature = "test-util"))]
impl Clock for MockClock {
    fn now(&self, _database: DateTime<Utc>) -> DateTime<Utc> {
        self.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("the test gives an RFC 3339 instant")
    }

    #[test]
    fn the_day_in_japan_begins_at_fifteen_utc() {
        let last_second = instant("2026-03-31T14:59:59Z");
        let first_second = instant("2026-03-31T15:00:00Z");
        assert_eq!(japan_day(last_second).to_string(), "2026-03-31");
        assert_eq!(japan_day(first_second).to_string(), "2026-04-01");
        assert_eq!(start_of_japan_day(japan_day(first_second)), first_second);
    }
}
