//! 記号 — element names as small numbers, found while the keys are read.

use std::{cmp::Ordering, sync::LazyLock};

use super::names::NAMES;

/// 記号 — an element name of FHIR R4; two are equal where the names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Symbol(u16);

/// Places in the hash table: a power of two, more than twice as many as names.
const SLOTS: usize = 4096;

/// The names for looking up.
struct Table {
    /// Symbols by their hash; 0 is an empty place.
    slots: Box<[u16; SLOTS]>,
    /// What is compared, by symbol.
    shapes: Box<[Shape]>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut slots = Box::new([0; SLOTS]);
    let shapes: Box<[Shape]> =
        std::iter::once("").chain(NAMES.iter().copied()).map(|n| Shape::of(n.as_bytes())).collect();
    for (index, shape) in shapes.iter().enumerate().skip(1) {
        let mut slot = shape.hash();
        while slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = index as u16;
    }
    Table { slots, shapes }
});

/// The ends of a name and its length: all of a name of at most 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    head: u64,
    tail: u64,
    bytes: usize,
}

impl Shape {
    #[inline]
    fn of(name: &[u8]) -> Self {
        let bytes = name.len();
        if let (Some(head), Some(tail)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            return Self {
                head: u64::from_le_bytes(*head),
                tail: u64::from_le_bytes(*tail),
                bytes,
            };
        }
        if let (Some(head), Some(tail)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
            let [head, tail] = [head, tail].map(|half| u64::from(u32::from_le_bytes(*half)));
            return Self { head, tail, bytes };
        }
        let head = name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        Self { head, tail: 0, bytes }
    }

    #[inline]
    fn hash(self) -> usize {
        let mixed = (self.head ^ self.tail.rotate_left(29) ^ self.bytes as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 52) as usize
    }
}

impl Symbol {
    /// What any other key is.
    pub const UNKNOWN: Self = Self(0);

    /// The symbol of a name; [`Symbol::UNKNOWN`] where FHIR R4 has no such element.
    pub fn of(name: &str) -> Self {
        Symbols::new().find(name.as_bytes())
    }

    /// The symbol of a name that FHIR R4 has, found while compiling.
    ///
    /// # Panics
    /// FHIR R4 has no such element: in a constant that is an error of compilation.
    pub(crate) const fn named(name: &str) -> Self {
        let (mut low, mut high) = (0, NAMES.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match order(NAMES[middle].as_bytes(), name.as_bytes()) {
                Ordering::Equal => return Self(middle as u16 + 1),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        panic!("no element of FHIR R4 has this name")
    }

    /// Its place among the names, from 1; 0 for [`Symbol::UNKNOWN`].
    pub(crate) fn number(self) -> usize {
        usize::from(self.0)
    }

    /// Something that is told of each name, by [`Symbol::number`].
    pub(crate) fn list<T>(of: impl Fn(&'static str) -> T) -> Box<[T]> {
        std::iter::once("").chain(NAMES.iter().copied()).map(of).collect()
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

/// The symbol of a name that FHIR R4 has, as a constant.
macro_rules! symbol {
    ($name:literal) => {
        const { $crate::json::Symbol::named($name) }
    };
}
pub(crate) use symbol;

/// The order of bytes, which the library's own cannot tell while compiling.
const fn order(one: &[u8], other: &[u8]) -> Ordering {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return if one[at] < other[at] { Ordering::Less } else { Ordering::Greater };
        }
        at += 1;
    }
    if one.len() == other.len() {
        Ordering::Equal
    } else if one.len() < other.len() {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// The table, fetched once for many keys.
#[derive(Clone, Copy)]
pub(super) struct Symbols(&'static Table);

impl Symbols {
    pub(super) fn new() -> Self {
        Self(&TABLE)
    }

    #[inline]
    pub(super) fn find(self, name: &[u8]) -> Symbol {
        let shape = Shape::of(name);
        let mut slot = shape.hash();
        loop {
            let symbol = self.0.slots[slot];
            if symbol == 0 {
                return Symbol::UNKNOWN;
            }
            let is_it = self.0.shapes[usize::from(symbol)] == shape
                && (name.len() <= 16 || NAMES[usize::from(symbol) - 1].as_bytes() == name);
            if is_it {
                return Symbol(symbol);
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{NAMES, Symbol};
    use crate::{
        definition::{Definition, Element},
        package::Package,
    };

    /// The JSON names of an element: one, or one for each type of a choice.
    fn names_of(element: &Element) -> Vec<String> {
        let name = element.path.rsplit('.').next().unwrap_or_default();
        let Some(stem) = name.strip_suffix("[x]") else { return vec![name.to_owned()] };
        let spelled = |code: &str| format!("{stem}{}{}", code[..1].to_uppercase(), &code[1..]);
        element.types.iter().map(|own| spelled(&own.code)).collect()
    }

    #[test]
    fn the_names_are_those_of_the_tables_of_r4() {
        let r4 = Package::shipped().r4;
        let is_type = |own: &&Definition| !own.is_profile;
        let elements = r4.definitions.iter().filter(is_type).flat_map(|own| &own.elements);
        let mut names: BTreeSet<String> =
            elements.filter(|own| own.path.contains('.')).flat_map(names_of).collect();
        names.insert("resourceType".to_owned());
        let listed: BTreeSet<String> = NAMES.iter().map(|own| (*own).to_owned()).collect();
        let missing: Vec<_> = names.difference(&listed).collect();
        let idle: Vec<_> = listed.difference(&names).collect();
        assert!(missing.is_empty() && idle.is_empty(), "missing {missing:?}, idle {idle:?}");
    }

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
