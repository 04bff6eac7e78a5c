//! スライス — what tells the slices of an element apart.

use std::collections::hash_map::Entry;

use super::{NodeId, ProfileId, Sample};
use crate::{definition::SlicingRules, hash::NumberMap, json::Symbol, terminology::ValueSetId};

/// スライスの組 — the slices of one element.
#[derive(Debug)]
pub(crate) struct Slicing {
    pub(crate) rules: SlicingRules,
    pub(crate) is_ordered: bool,
    pub(crate) slices: Vec<NodeId>,
    /// The tests of each slice; `None` where nothing tells it apart, which is an error of
    /// every item that reaches it.
    pub(crate) tests: Vec<Option<Vec<SliceTest>>>,
    /// Slices that are told apart by texts alone: one look-up for each set of paths.
    pub(crate) keyed: Vec<Keyed>,
    /// Slices that have to be tried one by one.
    pub(crate) tried: Vec<u32>,
    /// `@default`: the slice of what belongs to no other.
    pub(crate) default: Option<u32>,
}

/// Slices that one look-up finds.
#[derive(Debug)]
pub(crate) struct Keyed {
    /// The paths whose values together are the key.
    pub(crate) paths: Vec<Box<[Step]>>,
    /// The slices by their joined values.
    pub(crate) known: NumberMap<Box<str>, u32>,
}

/// One discriminator of one slice.
#[derive(Debug)]
pub(crate) struct SliceTest {
    pub(crate) path: Box<[Step]>,
    pub(crate) on: MatchOn,
}

/// A step of a discriminator's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A child with one of these names; a choice has several.
    Child(Box<[Symbol]>),
    /// The extension with this canonical.
    Extension(Box<str>),
    /// What the reference points to.
    Resolve,
    /// Only a value of this type.
    OfType(Box<str>),
}

/// What a discriminator demands.
#[derive(Debug)]
pub(crate) enum MatchOn {
    /// One of the values is this text.
    Text(Box<str>),
    /// One of the values holds this.
    Sample(Sample),
    /// One of the values is in this value set.
    ValueSet(ValueSetId),
    /// There is no value.
    Absent,
    /// There is a value.
    Present,
    /// A value of one of these types.
    Type(Vec<Box<str>>),
    /// A value that conforms to one of these.
    Profile(Vec<ProfileId>),
}

/// Separates the values of a key; no text of FHIR holds it.
const SEPARATOR: char = '\u{1}';

/// Adds a value to the key of several.
pub(crate) fn push_part(key: &mut String, part: &str) {
    key.push_str(part);
    key.push(SEPARATOR);
}

impl Slicing {
    /// Puts the slices that are told apart by texts alone into maps.
    pub(super) fn index(&mut self) {
        for (place, tests) in self.tests.iter().enumerate() {
            let place = place as u32;
            if self.default == Some(place) {
                continue;
            }
            let Some(paths) = tests.as_deref().and_then(text_paths) else {
                self.tried.push(place);
                continue;
            };
            let texts: Vec<&str> = tests.iter().flatten().filter_map(SliceTest::text).collect();
            let key: Box<str> = if let [only] = &*texts {
                (*only).into()
            } else {
                let mut key = String::new();
                for text in texts {
                    push_part(&mut key, text);
                }
                key.into()
            };
            // Two slices with one key are tried, so that both are found.
            match known_by(&mut self.keyed, paths).entry(key) {
                Entry::Occupied(_) => self.tried.push(place),
                Entry::Vacant(free) => {
                    free.insert(place);
                }
            }
        }
    }
}

/// The map of some paths.
fn known_by(keyed: &mut Vec<Keyed>, paths: Vec<Box<[Step]>>) -> &mut NumberMap<Box<str>, u32> {
    let place = keyed.iter().position(|own| own.paths == paths).unwrap_or_else(|| {
        keyed.push(Keyed { paths, known: NumberMap::default() });
        keyed.len() - 1
    });
    &mut keyed[place].known
}

impl SliceTest {
    fn text(&self) -> Option<&str> {
        match &self.on {
            MatchOn::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The paths of tests that all compare texts.
fn text_paths(tests: &[SliceTest]) -> Option<Vec<Box<[Step]>>> {
    tests.iter().map(|test| test.text().map(|_| test.path.clone())).collect()
}
