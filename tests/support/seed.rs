//! 種 — everything that is random in a test follows from one number, so that a failure can
//! be seen again: `KYOYU_SEED=… cargo test -p kyoyu-tests`.

use std::sync::Mutex;

use kyoyu_domain::randomness::Randomness;
use rand::{RngCore, SeedableRng, rngs::StdRng};

const DEFAULT: u64 = 20_260_401;

/// The seed of this run: `KYOYU_SEED`, or always the same.
///
/// # Panics
/// When `KYOYU_SEED` is not a number.
#[expect(clippy::disallowed_methods, reason = "the one place where a test is told its seed")]
pub fn seed() -> u64 {
    std::env::var("KYOYU_SEED").map_or(DEFAULT, |text| {
        text.parse().expect("KYOYU_SEED is a number from 0 to 18446744073709551615")
    })
}

/// How many cases a generated test goes through: `KYOYU_CASES`, or what it asks for.
///
/// # Panics
/// When `KYOYU_CASES` is not a number.
#[expect(clippy::disallowed_methods, reason = "the one place where a test is told its size")]
pub fn cases(default: u64) -> u64 {
    std::env::var("KYOYU_CASES")
        .map_or(default, |text| text.parse().expect("KYOYU_CASES is a number"))
}

/// The generator of one case: the same for a seed and a case, whatever ran before.
pub fn dice(seed: u64, case: u64) -> StdRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&case.to_le_bytes());
    StdRng::from_seed(bytes)
}

/// 乱数 — the service's randomness, from a seed.
#[derive(Debug)]
pub struct SeededRandomness(Mutex<StdRng>);

impl SeededRandomness {
    /// The randomness of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(dice(seed, u64::MAX)))
    }
}

impl Randomness for SeededRandomness {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.lock().expect("no holder of the lock panics").fill_bytes(&mut bytes);
        bytes
    }
}
