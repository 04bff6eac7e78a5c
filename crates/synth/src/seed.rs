//! The one source of chance: a number, mixed with what it is needed for.
//!
//! The generator is `SplitMix64` (Steele, Lea, Flood 2014), written out here because the
//! generators of the `rand` crate may change their sequence between its versions, and
//! recorded data must stay reproducible.

use uuid::{Builder, Uuid};

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// 種 — the number from which a whole world follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// What numbers are drawn for; two purposes never share a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Institution = 1,
    InstitutionNumber,
    Habits,
    LocalItem,
    Insurer,
    Household,
    Family,
    FamilyNumber,
    ElderNumber,
    Person,
    LocalPatient,
    Home,
    FullUrl,
    Visit,
    LabChoice,
    LabBaseline,
    LabValue,
    Condition,
    Allergy,
    BenchBundle,
    Submission,
    Address,
    Letter,
    Drug,
    Attachment,
    Stay,
    Advice,
    Checkup,
    CheckupLevel,
    Document,
    RecipientNumber,
    BenchPerson,
}

impl Seed {
    /// The numbers for one purpose and one case of it.
    pub(crate) fn dice(self, purpose: Purpose, parts: &[u64]) -> Dice {
        let start = mix(self.0 ^ (purpose as u64).wrapping_mul(GOLDEN));
        Dice(parts.iter().fold(start, |state, part| {
            mix(state.rotate_left(17) ^ part.wrapping_mul(GOLDEN).wrapping_add(GOLDEN))
        }))
    }

    /// A one-to-one mapping of `0..modulus` onto itself: unique, but without an order.
    ///
    /// `modulus` has no prime factors but 2 and 5.
    pub(crate) fn scattered(self, purpose: Purpose, index: u64, modulus: u64) -> u64 {
        let mut dice = self.dice(purpose, &[modulus]);
        let step = loop {
            let candidate = dice.below(modulus) | 1;
            if !candidate.is_multiple_of(5) {
                break candidate;
            }
        };
        let offset = dice.below(modulus);
        let place = u128::from(step) * u128::from(index) + u128::from(offset);
        (place % u128::from(modulus)) as u64
    }
}

fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// 賽 — an endless sequence of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    /// True in `chance` of a hundred cases.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// A position in something of this length.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// A number around 0 with standard deviation 1, never beyond 3.5.
    pub(crate) fn bell(&mut self) -> f64 {
        let sum: u64 = (0..4).map(|_| self.next() >> 12).sum();
        // Four uniform numbers of 52 bits have a mean of 2 and a variance of 1/3.
        let unit = sum as f64 / (1_u64 << 52) as f64;
        (unit - 2.0) * 1.732_050_8
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next().to_be_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    /// A version-4 UUID.
    pub(crate) fn uuid(&mut self) -> Uuid {
        let (high, low) = (u128::from(self.next()), u128::from(self.next()));
        Builder::from_random_bytes((high << 64 | low).to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_case_gives_the_same_numbers_and_another_case_others() {
        let draw = |seed: u64, purpose, part| Seed(seed).dice(purpose, &[part]).below(u64::MAX);
        assert_eq!(draw(1, Purpose::Person, 7), draw(1, Purpose::Person, 7));
        let all = HashSet::from([
            draw(1, Purpose::Person, 7),
            draw(2, Purpose::Person, 7),
            draw(1, Purpose::Family, 7),
            draw(1, Purpose::Person, 8),
        ]);
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn scattering_loses_and_repeats_nothing() {
        for modulus in [10, 1_000, 50_000] {
            let places: HashSet<u64> = (0..modulus)
                .map(|index| Seed(3).scattered(Purpose::FamilyNumber, index, modulus))
                .collect();
            assert_eq!(places.len() as u64, modulus);
            assert!(places.iter().all(|place| *place < modulus));
        }
    }

    #[test]
    fn the_bell_is_centred() {
        let mut dice = Seed(5).dice(Purpose::LabValue, &[]);
        let draws: Vec<f64> = (0..20_000).map(|_| dice.bell()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
