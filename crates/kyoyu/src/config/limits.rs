//! `[limits]` and `[submit]`.

use std::time::Duration;

use kyoyu_domain::problem::Rule;
use kyoyu_profile::rules::EMPTY_SET;
use serde::Deserialize;

/// Bounds of what callers send.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest body in bytes, after decompression.
    pub body_bytes: usize,
    /// The most entries of a Bundle.
    pub entries: usize,
    /// The deepest nesting of JSON.
    pub depth: usize,
    /// Open connections, all together.
    pub connections: usize,
    /// Open connections with one certificate.
    pub connections_per_certificate: usize,
    /// Requests per second of one participant and institution.
    pub requests_per_second: u32,
    /// How many of them may come at once.
    pub burst: u32,
    /// Requests in work at once.
    pub in_flight: usize,
    queue_ms: u64,
}

impl Limits {
    /// How long a request waits for its turn.
    pub fn queue(&self) -> Duration {
        Duration::from_millis(self.queue_ms)
    }

    /// The part that the check of bodies needs.
    pub fn of_bodies(&self) -> kyoyu_profile::Limits {
        kyoyu_profile::Limits {
            body_bytes: self.body_bytes,
            entries: self.entries,
            depth: self.depth,
            ..kyoyu_profile::Limits::default()
        }
    }
}

/// How submissions are taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// Whether registering a known identifier with other content changes the Bundle.
    pub last_wins: bool,
    empty_set: EmptySet,
}

/// What becomes of a Bundle with the Patient only.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EmptySet {
    Refuse,
    Accept,
}

impl Submit {
    /// The rules of Bundles that are not asked.
    pub fn waived(&self) -> &'static [&'static Rule] {
        match self.empty_set {
            EmptySet::Refuse => &[],
            EmptySet::Accept => EMPTY_SET,
        }
    }
}
