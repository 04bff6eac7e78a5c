//! Expands the value sets of one guide.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use super::{
    CodeSystem, Include, Set, ValueSet,
    codes::{CodeId, Codes},
    hierarchy::Hierarchy,
    systems::{Coverage, SystemId, Systems},
};
use crate::package::scope::{Canonical, Scope};

/// How deep value sets may build on each other; the deepest of R4 has 3.
const MAX_DEPTH: usize = 32;

/// Expands every value set, in the order of the scope.
pub(super) fn all(scope: &Scope<'_>, systems: &mut Systems, codes: &mut Codes) -> Vec<Set> {
    let mut expander = Expander {
        scope,
        systems,
        codes,
        hierarchies: HashMap::new(),
        done: HashMap::new(),
        waiting: Vec::new(),
    };
    let sets = scope.value_sets().map(|set| (set, expander.expand(set))).collect::<Vec<_>>();
    sets.into_iter().map(|(set, part)| part.freeze(set)).collect()
}

/// What a value set, or a part of it, holds so far.
#[derive(Debug, Clone, Default)]
struct Part {
    /// In no order, some perhaps twice.
    members: Vec<(CodeId, SystemId)>,
    open: BTreeSet<SystemId>,
    listed: BTreeSet<SystemId>,
    has_gap: bool,
}

impl Part {
    fn add(&mut self, other: Self) {
        self.members.extend(other.members);
        self.open.extend(other.open);
        self.listed.extend(other.listed);
        self.has_gap |= other.has_gap;
    }

    /// What is in both; what only one of them knows counts where the other is open for it.
    fn keep(&mut self, other: &Self) {
        let sets: [HashSet<_>; 2] =
            [&*self, other].map(|part| part.members.iter().copied().collect());
        let may_hold = |part: &Self, members: &HashSet<_>, member: &(CodeId, SystemId)| {
            part.has_gap || part.open.contains(&member.1) || members.contains(member)
        };
        let all = sets[0].union(&sets[1]);
        self.members = all
            .filter(|m| may_hold(self, &sets[0], m) && may_hold(other, &sets[1], m))
            .copied()
            .collect();
        self.open.retain(|system| other.has_gap || other.open.contains(system));
        self.listed.extend(&other.listed);
        self.has_gap &= other.has_gap;
    }

    /// Takes out what is excluded for sure.
    fn remove(&mut self, other: &Self) {
        let excluded: HashSet<_> = other.members.iter().collect();
        self.members.retain(|member| !excluded.contains(member));
    }

    fn freeze(&self, set: &ValueSet) -> Set {
        let mut members = self.members.clone();
        members.sort_unstable();
        members.dedup();
        Set {
            url: set.url.as_str().into(),
            version: set.version().into(),
            members: members.into(),
            open: self.open.iter().copied().collect(),
            listed: self.listed.iter().copied().collect(),
            has_gap: self.has_gap,
        }
    }
}

struct Expander<'e, 'p> {
    scope: &'e Scope<'p>,
    systems: &'e mut Systems,
    codes: &'e mut Codes,
    hierarchies: HashMap<*const CodeSystem, Hierarchy<'p>>,
    done: HashMap<*const ValueSet, Rc<Part>>,
    waiting: Vec<*const ValueSet>,
}

impl<'p> Expander<'_, 'p> {
    fn expand(&mut self, set: &'p ValueSet) -> Rc<Part> {
        let key: *const ValueSet = set;
        if let Some(part) = self.done.get(&key) {
            return Rc::clone(part);
        }
        if self.waiting.contains(&key) || self.waiting.len() == MAX_DEPTH {
            return Rc::new(Part { has_gap: true, ..Part::default() });
        }
        self.waiting.push(key);
        let part = Rc::new(self.compose(set));
        self.waiting.pop();
        self.done.insert(key, Rc::clone(&part));
        part
    }

    fn compose(&mut self, set: &'p ValueSet) -> Part {
        let mut part = Part::default();
        if let Some(expansion) = &set.expansion {
            for listed in expansion {
                let system = self.systems.intern(listed.system.as_deref().unwrap_or_default());
                part.members.push((self.codes.intern(&listed.code), system));
            }
            return part;
        }
        for include in &set.includes {
            let own = self.include(include);
            part.add(own);
        }
        for exclude in &set.excludes {
            let own = self.include(exclude);
            part.remove(&own);
        }
        part
    }

    fn include(&mut self, include: &'p Include) -> Part {
        let mut part = include.system.as_deref().map(|system| self.part_of_system(system, include));
        for canonical in &include.value_sets {
            let nested = match self.scope.value_set(canonical) {
                Some(set) => self.expand(set),
                None => Rc::new(Part { has_gap: true, ..Part::default() }),
            };
            match &mut part {
                Some(part) => part.keep(&nested),
                None => part = Some(Part::clone(&nested)),
            }
        }
        part.unwrap_or_default()
    }

    fn part_of_system(&mut self, url: &str, include: &'p Include) -> Part {
        let system = self.systems.intern(url);
        let coverage = self.systems.coverage(system).unwrap_or(Coverage::Opaque);
        if !include.concepts.is_empty() {
            return self.listed_part(system, coverage, include);
        }
        let mut part = Part::default();
        if coverage != Coverage::Complete {
            part.open.insert(system);
        }
        if matches!(coverage, Coverage::Opaque | Coverage::Grammar) {
            return part;
        }
        if include.filters.is_empty() {
            part.members.extend(self.systems.codes(system).map(|code| (code, system)));
            return part;
        }
        match self.select(url, include) {
            Some(selected) => part.members.extend(selected.into_iter().map(|code| (code, system))),
            None => part.open.extend([system]),
        }
        part
    }

    fn listed_part(&mut self, system: SystemId, coverage: Coverage, include: &Include) -> Part {
        let mut part = Part::default();
        for listed in &include.concepts {
            let code = self.codes.intern(&listed.code);
            // What a complete system does not have cannot be meant.
            if coverage != Coverage::Complete || self.systems.has(system, code) {
                part.members.push((code, system));
            }
        }
        if coverage != Coverage::Complete {
            part.listed.insert(system);
        }
        part
    }

    fn select(&mut self, url: &str, include: &Include) -> Option<Vec<CodeId>> {
        let system = self.scope.code_system(url)?;
        let key: *const CodeSystem = system;
        let hierarchy = self.hierarchies.entry(key).or_insert_with(|| Hierarchy::new(system));
        let selected = hierarchy.select(&include.filters)?;
        Some(selected.into_iter().map(|code| self.codes.intern(code)).collect())
    }
}
