//! 実時刻 — the real time, for certificates and tokens.
//!
//! TLS and tokens always use real time, also while the demonstration moves the clock of
//! retention (design §4).

use chrono::{DateTime, Utc};

#[expect(clippy::disallowed_methods, reason = "certificates and tokens live in real time")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
