//! Code systems, interned: what is in them, and how much of them is at hand.

use std::ops::Range;

use crate::hash::NumberMap;

use super::{
    CodeSystem, Concept, Content,
    codes::{CodeId, Codes},
    grammar::{self, Grammar},
};
use crate::package::scope::{Canonical, Scope};

/// A code system of one guide.
pub(super) type SystemId = u32;

/// Systems that no package holds as a whole, whatever it says: some ship a few codes of
/// LOINC as if they were all.
const OPAQUE: [&str; 11] = [
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://unitsofmeasure.org",
    "http://fdasis.nlm.nih.gov",
    "http://hl7.org/fhir/sid/ndc",
    "http://unstats.un.org/unsd/methods/m49/m49.htm",
    "http://varnomen.hgvs.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "https://www.usps.com/",
    "urn:iso:std:iso:3166",
    "urn:iso:std:iso:4217",
];

/// How much of a code system is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of it: a code that is not there does not exist.
    Complete,
    /// A part: a code that is not there may exist.
    Fragment,
    /// Nothing that could be relied on.
    Opaque,
    /// Its codes are known by their grammar.
    Grammar,
}

/// A name of a concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    /// Its language, such as `ja`; none where the source does not say it.
    pub language: Option<Box<str>>,
    /// The name.
    pub text: Box<str>,
}

#[derive(Debug)]
struct System {
    url: Box<str>,
    version: Option<Box<str>>,
    /// None for systems that are only mentioned.
    coverage: Option<Coverage>,
    grammar: Option<Grammar>,
    is_case_sensitive: bool,
    /// Sorted by code.
    concepts: Box<[(CodeId, Range<u32>)]>,
}

/// Every code system that a guide defines or mentions.
#[derive(Debug, Default)]
pub(super) struct Systems {
    ids: NumberMap<Box<str>, SystemId>,
    all: Vec<System>,
    /// The names of all concepts of all systems, those of one concept side by side.
    displays: Vec<Display>,
}

impl Systems {
    pub(super) fn build(scope: &Scope<'_>, codes: &mut Codes) -> Self {
        let mut systems = Self::default();
        for (url, fits) in grammar::SYSTEMS {
            let id = systems.intern(url);
            let system = &mut systems.all[id as usize];
            (system.coverage, system.grammar) = (Some(Coverage::Grammar), Some(fits));
        }
        for url in OPAQUE {
            let id = systems.intern(url);
            systems.all[id as usize].coverage = Some(Coverage::Opaque);
        }
        for system in scope.code_systems() {
            let is_meant =
                scope.code_system(&system.url).is_some_and(|own| std::ptr::eq(own, system));
            if is_meant && system.content != Content::Supplement {
                systems.add(system, codes);
            }
        }
        systems.displays.shrink_to_fit();
        systems
    }

    fn add(&mut self, system: &CodeSystem, codes: &mut Codes) {
        let id = self.intern(&system.url) as usize;
        if self.all[id].coverage.is_some() {
            return;
        }
        let coverage = match system.content {
            Content::Complete => Coverage::Complete,
            Content::Fragment => Coverage::Fragment,
            Content::NotPresent | Content::Example | Content::Supplement => Coverage::Opaque,
        };
        let language = system.language.as_deref();
        let mut concepts: Vec<_> = if coverage == Coverage::Opaque {
            Vec::new()
        } else {
            let concepts = system.concepts.iter();
            concepts
                .map(|own| (codes.intern(&own.code), self.add_displays(own, language)))
                .collect()
        };
        concepts.sort_by_key(|(code, _)| *code);
        let own = &mut self.all[id];
        own.version = Some(system.version()).filter(|text| !text.is_empty()).map(Into::into);
        own.coverage = Some(coverage);
        own.is_case_sensitive = system.is_case_sensitive;
        own.concepts = concepts.into();
    }

    fn add_displays(&mut self, concept: &Concept, language: Option<&str>) -> Range<u32> {
        let start = self.displays.len() as u32;
        let display = |language: Option<&str>, text: &str| Display {
            language: language.map(Into::into),
            text: text.into(),
        };
        self.displays.extend(concept.display.iter().map(|text| display(language, text)));
        let others = concept.designations.iter();
        self.displays.extend(others.map(|own| display(own.language.as_deref(), &own.value)));
        start..self.displays.len() as u32
    }

    /// The number of a system, defined or only mentioned.
    pub(super) fn intern(&mut self, url: &str) -> SystemId {
        if let Some(id) = self.ids.get(url) {
            return *id;
        }
        let id = self.all.len() as SystemId;
        self.ids.insert(url.into(), id);
        self.all.push(System {
            url: url.into(),
            version: None,
            coverage: None,
            grammar: None,
            is_case_sensitive: true,
            concepts: Box::default(),
        });
        id
    }

    /// The canonicals of the systems that are defined.
    pub(super) fn defined(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter(|system| system.coverage.is_some()).map(|system| &*system.url)
    }

    fn system(&self, id: SystemId) -> &System {
        &self.all[id as usize]
    }

    pub(super) fn find(&self, url: &str) -> Option<SystemId> {
        self.ids.get(url).copied()
    }

    pub(super) fn url(&self, id: SystemId) -> &str {
        &self.system(id).url
    }

    pub(super) fn version(&self, id: SystemId) -> Option<&str> {
        self.system(id).version.as_deref()
    }

    pub(super) fn coverage(&self, id: SystemId) -> Option<Coverage> {
        self.system(id).coverage
    }

    pub(super) fn grammar(&self, id: SystemId) -> Option<Grammar> {
        self.system(id).grammar
    }

    pub(super) fn is_case_sensitive(&self, id: SystemId) -> bool {
        self.system(id).is_case_sensitive
    }

    /// The codes of a system, sorted.
    pub(super) fn codes(&self, id: SystemId) -> impl Iterator<Item = CodeId> + '_ {
        self.system(id).concepts.iter().map(|(code, _)| *code)
    }

    pub(super) fn has(&self, id: SystemId, code: CodeId) -> bool {
        self.place(id, code).is_some()
    }

    fn place(&self, id: SystemId, code: CodeId) -> Option<Range<u32>> {
        let concepts = &self.system(id).concepts;
        let place = concepts.binary_search_by_key(&code, |(own, _)| *own).ok()?;
        Some(concepts[place].1.clone())
    }

    /// The names of a code, if it is in the system; by case only where that matters there.
    pub(super) fn concept(&self, codes: &Codes, id: SystemId, code: &str) -> Option<Range<u32>> {
        let exact = codes.find(code).and_then(|code| self.place(id, code));
        if exact.is_some() || self.is_case_sensitive(id) {
            return exact;
        }
        codes.folded(code).find_map(|code| self.place(id, code))
    }

    pub(super) fn displays(&self, concept: Range<u32>) -> &[Display] {
        &self.displays[concept.start as usize..concept.end as usize]
    }
}
