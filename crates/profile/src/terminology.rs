//! 用語 — code systems and value sets, expanded once, scoped per guide.
//!
//! Every value set of a guide's packages is expanded when the guide is loaded, into sorted
//! pairs of interned code and system. What cannot be expanded (LOINC, SNOMED CT, systems
//! without content) makes its part undecidable: worth a warning, never an error. Media
//! types, languages and URIs are known by their grammar.
//!
//! Source: FHIR R4, terminology.

mod codes;
mod expand;
pub mod grammar;
mod hierarchy;
mod model;
mod systems;

pub use model::{
    CodeSystem, Concept, Content, Designation, Filter, Include, ListedCode, Property, ValueSet,
};
pub use systems::{Coverage, Display};

use crate::{
    hash::NumberMap,
    package::{Package, scope::Scope},
};
use codes::{CodeId, Codes};
use systems::{SystemId, Systems};

/// 用語集 — the terminology of one guide.
#[derive(Debug)]
pub struct Terminology {
    codes: Codes,
    systems: Systems,
    sets: Vec<Set>,
    /// By canonical, with and without `|version`.
    by_canonical: NumberMap<Box<str>, ValueSetId>,
}

/// A value set of a [`Terminology`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueSetId(u32);

/// Whether a code is in a value set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// It is.
    Member,
    /// It is not.
    NotMember,
    /// The content that would tell is not at hand: worth a warning.
    Undecidable,
}

/// Whether a code is in its code system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// It is.
    Known,
    /// The system is complete, and it is not in it.
    Unknown,
    /// The system is not at hand, or not as a whole.
    Undecidable,
}

/// A value set, expanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Set {
    url: Box<str>,
    version: Box<str>,
    /// Sorted.
    members: Box<[(CodeId, SystemId)]>,
    /// Systems of which any code may be in it: they, or what is asked of them, are unknown.
    open: Box<[SystemId]>,
    /// Systems that are not at hand and of which some codes are listed.
    listed: Box<[SystemId]>,
    /// Whether a value set that it builds on is missing, so that nothing can be excluded.
    has_gap: bool,
}

impl Terminology {
    /// Interns the code systems and expands the value sets of the packages of one guide.
    pub fn build(packages: &[&Package]) -> Self {
        let scope = Scope::new(packages);
        let mut codes = Codes::default();
        let mut systems = Systems::build(&scope, &mut codes);
        let expanded = expand::all(&scope, &mut systems, &mut codes);
        let mut by_canonical = NumberMap::default();
        by_canonical.reserve(2 * expanded.len());
        for (index, set) in expanded.iter().enumerate() {
            let id = ValueSetId(index as u32);
            // The scope names the version that is meant without version last.
            by_canonical.insert(set.url.clone(), id);
            by_canonical.insert(format!("{}|{}", set.url, set.version).into(), id);
        }
        codes.shrink();
        Self { codes, systems, sets: expanded, by_canonical }
    }

    /// The canonicals of the code systems that are defined and of the value sets, without
    /// version.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.systems.defined().chain(self.sets.iter().map(|set| &*set.url))
    }

    /// The value set with this canonical, with or without `|version`.
    pub fn value_set(&self, canonical: &str) -> Option<ValueSetId> {
        self.by_canonical.get(canonical).copied()
    }

    /// The canonical of a value set, without version.
    pub fn url(&self, set: ValueSetId) -> &str {
        &self.sets[set.0 as usize].url
    }

    /// The business version of a value set; empty where it has none.
    pub fn version(&self, set: ValueSetId) -> &str {
        &self.sets[set.0 as usize].version
    }

    /// How many codes a value set lists.
    pub fn len(&self, set: ValueSetId) -> usize {
        self.sets[set.0 as usize].members.len()
    }

    /// Whether nothing at all can be in a value set.
    pub fn is_empty(&self, set: ValueSetId) -> bool {
        let set = &self.sets[set.0 as usize];
        set.members.is_empty() && set.open.is_empty() && !set.has_gap
    }

    /// Whether a value set is nothing but whole systems that are not in the packages.
    pub fn is_elsewhere(&self, set: ValueSetId) -> bool {
        let set = &self.sets[set.0 as usize];
        let is_unknown = |system: &SystemId| {
            matches!(self.systems.coverage(*system), None | Some(Coverage::Opaque))
        };
        set.members.is_empty()
            && !set.has_gap
            && !set.open.is_empty()
            && set.open.iter().all(is_unknown)
    }

    /// The codes that a value set lists, as system and code.
    pub fn members(&self, set: ValueSetId) -> impl Iterator<Item = (&str, &str)> {
        let members = self.sets[set.0 as usize].members.iter();
        members.map(|(code, system)| (self.systems.url(*system), self.codes.text(*code)))
    }

    /// Whether a code is in a value set; without system, as for an element of type `code`,
    /// in any of its systems.
    pub fn contains(&self, set: ValueSetId, system: Option<&str>, code: &str) -> Membership {
        match system {
            Some(system) => self.contains_coding(set, system, code),
            None => self.contains_code(set, code),
        }
    }

    fn contains_coding(&self, set: ValueSetId, system: &str, code: &str) -> Membership {
        let set = &self.sets[set.0 as usize];
        let missed = if set.has_gap { Membership::Undecidable } else { Membership::NotMember };
        let Some(system) = self.systems.find(system) else { return missed };
        if self.lists(set, system, code) {
            return Membership::Member;
        }
        if set.open.contains(&system) {
            return self.by_grammar(system, code);
        }
        if set.listed.contains(&system) { Membership::Undecidable } else { missed }
    }

    fn contains_code(&self, set: ValueSetId, code: &str) -> Membership {
        let set = &self.sets[set.0 as usize];
        if self.infer(set, code).is_some() {
            return Membership::Member;
        }
        let open = set.open.iter().map(|system| self.by_grammar(*system, code));
        let missed = if set.has_gap { Membership::Undecidable } else { Membership::NotMember };
        open.fold(missed, |best, next| match (best, next) {
            (Membership::Member, _) | (_, Membership::Member) => Membership::Member,
            (Membership::Undecidable, _) | (_, Membership::Undecidable) => Membership::Undecidable,
            _ => Membership::NotMember,
        })
    }

    /// What the grammar of an open system says of a code.
    fn by_grammar(&self, system: SystemId, code: &str) -> Membership {
        match self.systems.grammar(system).map(|fits| fits(code)) {
            Some(true) => Membership::Member,
            Some(false) => Membership::NotMember,
            None => Membership::Undecidable,
        }
    }

    fn lists(&self, set: &Set, system: SystemId, code: &str) -> bool {
        let listed = |id: CodeId| set.members.binary_search(&(id, system)).is_ok();
        match self.codes.find(code) {
            Some(id) if listed(id) => true,
            _ => !self.systems.is_case_sensitive(system) && self.codes.folded(code).any(listed),
        }
    }

    /// The system of a code in a value set, for elements of type `code`; none where it is
    /// not listed.
    pub fn infer_system(&self, set: ValueSetId, code: &str) -> Option<&str> {
        self.infer(&self.sets[set.0 as usize], code).map(|system| self.systems.url(system))
    }

    fn infer(&self, set: &Set, code: &str) -> Option<SystemId> {
        let first = |id: CodeId| {
            let place = set.members.partition_point(|(own, _)| *own < id);
            set.members.get(place).filter(|(own, _)| *own == id).map(|(_, system)| *system)
        };
        self.codes.find(code).and_then(first).or_else(|| {
            let mut others = self.codes.folded(code).filter_map(first);
            others.find(|system| !self.systems.is_case_sensitive(*system))
        })
    }

    /// How much of a code system is at hand; none where nobody defines it.
    pub fn code_system(&self, url: &str) -> Option<Coverage> {
        self.systems.find(url).and_then(|system| self.systems.coverage(system))
    }

    /// The business version of a code system.
    pub fn code_system_version(&self, url: &str) -> Option<&str> {
        self.systems.find(url).and_then(|system| self.systems.version(system))
    }

    /// Whether a code is in its system.
    pub fn is_known_code(&self, system: &str, code: &str) -> Knowledge {
        self.look_up(system, code).0
    }

    /// The names of a code in its system, its display first; empty where it is not known.
    pub fn displays(&self, system: &str, code: &str) -> &[Display] {
        self.look_up(system, code).1
    }

    /// Whether of the codes of a system the form is known and nothing else.
    pub(crate) fn knows_form_alone(&self, system: &str) -> bool {
        self.systems.find(system).is_some_and(|system| self.systems.grammar(system).is_some())
    }

    /// Whether a code is in its system, and its names there, its display first.
    pub fn look_up(&self, system: &str, code: &str) -> (Knowledge, &[Display]) {
        let Some(system) = self.systems.find(system) else { return (Knowledge::Undecidable, &[]) };
        let concept = self.systems.concept(&self.codes, system, code);
        let names = concept.clone().map_or(&[][..], |concept| self.systems.displays(concept));
        if let Some(fits) = self.systems.grammar(system) {
            return (if fits(code) { Knowledge::Known } else { Knowledge::Unknown }, names);
        }
        let knowledge = match (concept, self.systems.coverage(system)) {
            (Some(_), _) => Knowledge::Known,
            (None, Some(Coverage::Complete)) => Knowledge::Unknown,
            (None, _) => Knowledge::Undecidable,
        };
        (knowledge, names)
    }
}

#[cfg(test)]
mod tests;
