//! 動かせる時計 — the database's clock, moved by whole days.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use kyoyu_domain::clock::Clock;

/// The database's clock plus an offset; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct OffsetClock(Arc<AtomicI64>);

impl OffsetClock {
    pub(crate) fn move_by_days(&self, days: i64) {
        self.0.fetch_add(days, Ordering::SeqCst);
    }
}

impl Clock for OffsetClock {
    fn now(&self, database: DateTime<Utc>) -> DateTime<Utc> {
        database + TimeDelta::days(self.0.load(Ordering::SeqCst))
    }
}
