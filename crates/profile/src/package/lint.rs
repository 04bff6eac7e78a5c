//! 点検 — what is odd about packages before anything is checked with them.

mod slices;

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::{
    Package,
    scope::Scope,
    snapshot::{self, Reason},
};
use crate::definition::{Definition, Element};

/// One thing that is odd.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The canonical of the definition, code system or value set.
    pub canonical: String,
    /// The id of the element, where it is one.
    pub element: Option<String>,
    /// What is odd.
    pub oddity: Oddity,
}

/// What can be odd about a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// Two packages define the canonical differently; the names of both.
    DefinedTwice(String, String),
    /// The base with this canonical is missing.
    NoBase(String),
    /// Definitions build on each other in a circle.
    Circle,
    /// The base has no such element.
    NoElement,
    /// A profile or target with this canonical is missing.
    NoProfile(String),
    /// The bound value set with this canonical is missing.
    NoValueSet(String),
    /// No discriminator tells this slice from the others.
    NoTest,
    /// The invariant with this key has no expression.
    NoExpression(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.canonical)?;
        if let Some(element) = &self.element {
            write!(out, " {element}")?;
        }
        match &self.oddity {
            Oddity::DefinedTwice(first, second) => {
                write!(out, ": {first} and {second} define it differently")
            }
            Oddity::NoBase(base) => write!(out, ": its base {base} is missing"),
            Oddity::Circle => write!(out, ": it builds on itself"),
            Oddity::NoElement => write!(out, ": its base has no such element"),
            Oddity::NoProfile(profile) => write!(out, ": the profile {profile} is missing"),
            Oddity::NoValueSet(set) => write!(out, ": the value set {set} is missing"),
            Oddity::NoTest => write!(out, ": nothing tells this slice from the others"),
            Oddity::NoExpression(key) => write!(out, ": the invariant {key} has no expression"),
        }
    }
}

/// Looks over the packages of one guide, in the order of dependence.
///
/// Answer: what is odd, sorted by canonical; R4's own oddities are among it.
pub fn lint(packages: &[&Package]) -> Vec<Finding> {
    let scope = Scope::new(packages);
    let mut findings = defined_twice(packages);
    let snapshots = snapshot::complete(packages);
    findings.extend(snapshots.faults.into_iter().map(|fault| Finding {
        canonical: fault.definition,
        element: Some(fault.element).filter(|element| !element.is_empty()),
        oddity: match fault.reason {
            Reason::NoBase(base) => Oddity::NoBase(base),
            Reason::Circle => Oddity::Circle,
            Reason::NoElement => Oddity::NoElement,
            Reason::NoTypeProfile(profile) => Oddity::NoProfile(profile),
        },
    }));
    for definition in &snapshots.definitions {
        // What a base says is found at the base.
        let base = definition.base.as_deref().and_then(|base| scope.definition(base));
        let inherited: HashSet<&str> =
            base.into_iter().flat_map(|base| &base.elements).map(|own| own.id.as_str()).collect();
        for element in &definition.elements {
            let oddities = oddities(&scope, definition, element, &inherited);
            findings.extend(oddities.into_iter().map(|oddity| Finding {
                canonical: definition.url.clone(),
                element: Some(element.id.clone()),
                oddity,
            }));
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

fn oddities(
    scope: &Scope<'_>,
    definition: &Definition,
    element: &Element,
    inherited: &HashSet<&str>,
) -> Vec<Oddity> {
    let mut oddities = Vec::new();
    let is_own = |source: Option<&str>| source.is_none_or(|source| source == definition.url);
    let constraints = element.constraints.iter();
    let wordless =
        constraints.filter(|own| own.expression.is_none() && is_own(own.source.as_deref()));
    oddities.extend(wordless.map(|own| Oddity::NoExpression(own.key.clone())));
    if inherited.contains(element.id.as_str()) {
        return oddities;
    }
    let missing = |url: &&String| scope.definition(url).is_none();
    let named = element.types.iter().flat_map(|own| own.profiles.iter().chain(&own.targets));
    oddities.extend(named.filter(missing).cloned().map(Oddity::NoProfile));
    let bound = element
        .binding
        .iter()
        .flat_map(|own| std::iter::once(&own.value_set).chain(&own.max_value_set));
    let unknown = bound.filter(|set| scope.value_set(set).is_none());
    oddities.extend(unknown.cloned().map(Oddity::NoValueSet));
    if element.slice_name.is_some() && !slices::has_test(definition, element) {
        oddities.push(Oddity::NoTest);
    }
    oddities
}

/// Canonicals that two packages define with different content.
fn defined_twice(packages: &[&Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    compare(packages, |package| &package.definitions, |own| &own.url, &mut findings);
    compare(packages, |package| &package.code_systems, |own| &own.url, &mut findings);
    compare(packages, |package| &package.value_sets, |own| &own.url, &mut findings);
    findings
}

fn compare<'p, T: PartialEq + 'p>(
    packages: &[&'p Package],
    all: impl Fn(&'p Package) -> &'p Vec<T>,
    url: impl Fn(&T) -> &String,
    findings: &mut Vec<Finding>,
) {
    let mut seen: HashMap<&'p String, (&'p Package, &'p T)> = HashMap::new();
    for package in packages {
        for item in all(package) {
            let canonical = url(item);
            let Some((first, held)) = seen.insert(canonical, (package, item)) else { continue };
            if held != item {
                findings.push(Finding {
                    canonical: canonical.clone(),
                    element: None,
                    oddity: Oddity::DefinedTwice(first.name.clone(), package.name.clone()),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
