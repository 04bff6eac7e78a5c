//! 記号 — element names as small numbers, found while the keys are read.

use std::sync::LazyLock;

use super::names::NAMES;

/// 記号 — an element name of FHIR R4; two are equal where the names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Symbol(u16);

/// Places in the hash table: a power of two, more than twice as many as names.
const SLOTS: usize = 4096;

/// The names by their hash; 0 is an empty place, others are symbols.
static TABLE: LazyLock<Box<[u16; SLOTS]>> = LazyLock::new(|| {
    let mut table = Box::new([0; SLOTS]);
    for (index, name) in NAMES.iter().enumerate() {
        let mut slot = hash(name.as_bytes());
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = index as u16 + 1;
    }
    table
});

impl Symbol {
    /// What any other key is.
    pub const UNKNOWN: Self = Self(0);

    /// The symbol of a name; [`Symbol::UNKNOWN`] where FHIR R4 has no such element.
    pub fn of(name: &str) -> Self {
        Symbols::new().find(name.as_bytes())
    }

    /// The name; empty for [`Symbol::UNKNOWN`].
    pub fn name(self) -> &'static str {
        usize::from(self.0).checked_sub(1).map_or("", |index| NAMES[index])
    }

    /// Whether it is a name of FHIR R4.
    pub fn is_known(self) -> bool {
        self.0 != 0
    }
}

/// The table, fetched once for many keys.
#[derive(Clone, Copy)]
pub(super) struct Symbols(&'static [u16; SLOTS]);

impl Symbols {
    pub(super) fn new() -> Self {
        Self(&TABLE)
    }

    pub(super) fn find(self, name: &[u8]) -> Symbol {
        let mut slot = hash(name);
        loop {
            let Some(index) = usize::from(self.0[slot]).checked_sub(1) else {
                return Symbol::UNKNOWN;
            };
            if NAMES[index].as_bytes() == name {
                return Symbol(self.0[slot]);
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

/// Mixes the first and the last eight bytes with the length.
fn hash(name: &[u8]) -> usize {
    let (head, tail) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    let mixed =
        (head ^ tail.rotate_left(29) ^ name.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 52) as usize
}

#[cfg(test)]
mod tests {
    use super::{NAMES, Symbol};

    #[test]
    fn every_name_has_its_own_symbol_and_nothing_else_has_one() {
        for name in NAMES {
            assert_eq!(Symbol::of(name).name(), *name);
        }
        for name in ["", "x", "resourceTyp", "valueQuantitx", "ステータス"] {
            assert_eq!(Symbol::of(name), Symbol::UNKNOWN);
        }
        assert!(NAMES.is_sorted());
    }
}
