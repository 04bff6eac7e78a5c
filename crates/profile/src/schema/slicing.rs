//! スライス — what tells the slices of an element apart.

use std::{borrow::Cow, collections::HashMap};

use super::{NodeId, ProfileId, Sample};
use crate::{definition::SlicingRules, json::Symbol, terminology::ValueSetId};

/// スライスの組 — the slices of one element.
#[derive(Debug)]
pub(crate) struct Slicing {
    pub(crate) rules: SlicingRules,
    pub(crate) is_ordered: bool,
    pub(crate) slices: Vec<NodeId>,
    /// The tests of each slice; `None` where nothing tells it apart, which is an error of
    /// every item that reaches it.
    pub(crate) tests: Vec<Option<Vec<SliceTest>>>,
    /// The paths whose values together are looked up in `known`.
    pub(crate) key_paths: Vec<Box<[Step]>>,
    /// Slices that one look-up finds, by their joined values.
    pub(crate) known: HashMap<Box<str>, u32>,
    /// Slices that have to be tried one by one.
    pub(crate) tried: Vec<u32>,
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

/// The key of some values.
pub(crate) fn joined<'t>(values: impl Iterator<Item = Cow<'t, str>>) -> Cow<'t, str> {
    values
        .reduce(|mut key, value| {
            let all = key.to_mut();
            all.push(SEPARATOR);
            all.push_str(&value);
            key
        })
        .unwrap_or_default()
}

impl Slicing {
    /// Puts the slices that are told apart by texts alone, at the same paths, into a map.
    pub(super) fn index(&mut self) {
        self.tried = (0..self.slices.len() as u32).collect();
        let Some(paths) = self.tests.iter().flatten().find_map(|tests| text_paths(tests)) else {
            return;
        };
        let mut known = HashMap::new();
        let mut tried = Vec::new();
        for (place, tests) in self.tests.iter().enumerate() {
            let key =
                tests.as_deref().filter(|tests| text_paths(tests).is_some_and(|own| own == paths));
            let key =
                key.map(|tests| joined(tests.iter().filter_map(SliceTest::text)).into_owned());
            match key {
                // Two slices with one key are tried, so that both are found.
                Some(key) if !known.contains_key(&*key) => {
                    known.insert(key.into_boxed_str(), place as u32);
                }
                _ => tried.push(place as u32),
            }
        }
        self.key_paths = paths;
        self.known = known;
        self.tried = tried;
    }
}

impl SliceTest {
    fn text(&self) -> Option<Cow<'_, str>> {
        match &self.on {
            MatchOn::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }
}

/// The paths of tests that all compare texts.
fn text_paths(tests: &[SliceTest]) -> Option<Vec<Box<[Step]>>> {
    tests.iter().map(|test| test.text().map(|_| test.path.clone())).collect()
}
