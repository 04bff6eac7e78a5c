//! Who stands above whom in a code system, and what filters select.

use std::collections::{HashMap, HashSet};

use regex::Regex;

use super::{CodeSystem, Concept, Filter};

/// One code system as filters look at it.
pub(super) struct Hierarchy<'s> {
    system: &'s CodeSystem,
    by_code: HashMap<&'s str, usize>,
    children: Vec<Vec<usize>>,
}

impl<'s> Hierarchy<'s> {
    /// Gathers who stands above whom: by nesting, and by the properties `parent`,
    /// `subsumedBy` and `child`.
    pub(super) fn new(system: &'s CodeSystem) -> Self {
        let concepts = &system.concepts;
        let by_code: HashMap<_, _> =
            concepts.iter().enumerate().map(|(index, own)| (own.code.as_str(), index)).collect();
        let mut children = vec![Vec::new(); concepts.len()];
        for (index, concept) in concepts.iter().enumerate() {
            if let Some(parent) = concept.parent {
                children[parent as usize].push(index);
            }
            for property in &concept.properties {
                let Some(&other) = by_code.get(property.value.as_str()) else { continue };
                match property.code.as_str() {
                    "parent" | "subsumedBy" => children[other].push(index),
                    "child" => children[index].push(other),
                    _ => {}
                }
            }
        }
        Self { system, by_code, children }
    }

    /// The codes that fulfil all filters; none where one of them is not understood.
    pub(super) fn select(&self, filters: &[Filter]) -> Option<HashSet<&'s str>> {
        let mut selected: Option<HashSet<&'s str>> = None;
        for filter in filters {
            let codes = self.filtered(filter)?;
            selected = Some(match selected {
                None => codes,
                Some(held) => held.intersection(&codes).copied().collect(),
            });
        }
        selected
    }

    fn filtered(&self, filter: &Filter) -> Option<HashSet<&'s str>> {
        let value = filter.value.as_str();
        match (filter.property.as_str(), filter.operator.as_str()) {
            ("concept" | "code", "is-a") => Some(self.with_descendants(value)),
            ("concept" | "code", "descendent-of") => Some(self.descendants(value)),
            ("concept" | "code", "is-not-a") => {
                let excluded = self.with_descendants(value);
                Some(self.codes(|own| !excluded.contains(own.code.as_str())))
            }
            ("concept" | "code", "=") => Some(self.codes(|own| own.code == value)),
            ("concept" | "code", "in") => {
                let listed: HashSet<&str> = value.split(',').map(str::trim).collect();
                Some(self.codes(|own| listed.contains(own.code.as_str())))
            }
            ("concept" | "code", "regex") => {
                let pattern = Regex::new(&format!("^(?:{value})$")).ok()?;
                Some(self.codes(|own| pattern.is_match(&own.code)))
            }
            (property, "=") => {
                let fits = |own: &Concept| {
                    own.properties.iter().any(|p| p.code == property && p.value == value)
                };
                Some(self.codes(fits))
            }
            (property, "exists") => {
                let wanted = value == "true";
                let has = |own: &Concept| own.properties.iter().any(|p| p.code == property);
                Some(self.codes(|own| has(own) == wanted))
            }
            _ => None,
        }
    }

    fn codes(&self, fits: impl Fn(&Concept) -> bool) -> HashSet<&'s str> {
        let concepts = self.system.concepts.iter();
        concepts.filter(|own| fits(own)).map(|own| own.code.as_str()).collect()
    }

    fn with_descendants(&self, code: &str) -> HashSet<&'s str> {
        let mut codes = self.descendants(code);
        codes.extend(self.by_code.get_key_value(code).map(|(own, _)| *own));
        codes
    }

    fn descendants(&self, code: &str) -> HashSet<&'s str> {
        let mut found = HashSet::new();
        let mut open: Vec<usize> = self.by_code.get(code).copied().into_iter().collect();
        while let Some(index) = open.pop() {
            for child in &self.children[index] {
                let code = self.system.concepts[*child].code.as_str();
                // A code system may name a circle.
                if found.insert(code) {
                    open.push(*child);
                }
            }
        }
        found
    }
}
