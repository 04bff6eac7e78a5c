//! Randomness as a parameter.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

/// 乱数 — where unpredictable bytes come from: the system in production, a seed in tests.
pub trait Randomness: fmt::Debug + Send + Sync + 'static {
    /// Sixteen fresh bytes.
    fn bytes(&self) -> [u8; 16];
}

impl dyn Randomness {
    /// A random UUID.
    pub fn uuid_v4(&self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A UUID that sorts by time.
    pub fn uuid_v7(&self, at: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        let random: [u8; 10] = self.bytes()[..10].try_into().expect("sixteen bytes hold ten");
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// 系統乱数 — the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(clippy::disallowed_methods, reason = "this is where randomness enters")]
    fn bytes(&self) -> [u8; 16] {
        // Two version-4 UUIDs hold 244 random bits; mixing them loses none of the 128.
        let (first, second) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u128());
        (first ^ second.rotate_left(64)).to_be_bytes()
    }
}
