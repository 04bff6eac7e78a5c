//! 範囲 — what the packages of one guide define, by canonical.
//!
//! The same canonical may stand in several packages, of one version or of several: without
//! `|version` the newest is meant, and of equal versions that of the later package.

use std::{cmp::Ordering, collections::HashMap};

use super::Package;
use crate::{
    definition::Definition,
    terminology::{CodeSystem, ValueSet},
};

/// The definitions, code systems and value sets that one guide sees.
#[derive(Debug)]
pub struct Scope<'p> {
    definitions: Index<'p, Definition>,
    code_systems: Index<'p, CodeSystem>,
    value_sets: Index<'p, ValueSet>,
}

/// What has a canonical and may have a version.
pub(crate) trait Canonical {
    fn url(&self) -> &str;
    fn version(&self) -> &str;
}

impl Canonical for Definition {
    fn url(&self) -> &str {
        &self.url
    }

    fn version(&self) -> &str {
        &self.version
    }
}

impl Canonical for CodeSystem {
    fn url(&self) -> &str {
        &self.url
    }

    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or_default()
    }
}

impl Canonical for ValueSet {
    fn url(&self) -> &str {
        &self.url
    }

    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or_default()
    }
}

/// Every version of everything, the one that is meant without version last.
#[derive(Debug)]
struct Index<'p, T> {
    by_url: HashMap<&'p str, Vec<&'p T>>,
    /// The canonicals in the order in which they first stand in the packages.
    order: Vec<&'p str>,
}

impl<'p, T: Canonical> Index<'p, T> {
    fn new(all: impl Iterator<Item = &'p T>) -> Self {
        let mut by_url: HashMap<&'p str, Vec<&'p T>> = HashMap::new();
        let mut order = Vec::new();
        for item in all {
            let versions = by_url.entry(item.url()).or_insert_with(|| {
                order.push(item.url());
                Vec::with_capacity(1)
            });
            // Stable, so that of equal versions the later package stays behind.
            let place = versions
                .partition_point(|own| compare(own.version(), item.version()) != Ordering::Greater);
            versions.insert(place, item);
        }
        Self { by_url, order }
    }

    fn find(&self, canonical: &str) -> Option<&'p T> {
        let (url, version) = split(canonical);
        let versions = self.by_url.get(url)?;
        match version {
            None => versions.last().copied(),
            Some(version) => versions.iter().rev().find(|own| own.version() == version).copied(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &'p T> + '_ {
        self.order.iter().flat_map(|url| self.by_url[url].iter().copied())
    }
}

impl<'p> Scope<'p> {
    /// Gathers what the packages define; the order is that of dependence, R4 core first.
    pub fn new(packages: &[&'p Package]) -> Self {
        let packages = || packages.iter().copied();
        Self {
            definitions: Index::new(packages().flat_map(|package| &package.definitions)),
            code_systems: Index::new(packages().flat_map(|package| &package.code_systems)),
            value_sets: Index::new(packages().flat_map(|package| &package.value_sets)),
        }
    }

    /// The definition with this canonical, `|version` respected.
    pub fn definition(&self, canonical: &str) -> Option<&'p Definition> {
        self.definitions.find(canonical)
    }

    /// The code system with this canonical, `|version` respected.
    pub fn code_system(&self, canonical: &str) -> Option<&'p CodeSystem> {
        self.code_systems.find(canonical)
    }

    /// The value set with this canonical, `|version` respected.
    pub fn value_set(&self, canonical: &str) -> Option<&'p ValueSet> {
        self.value_sets.find(canonical)
    }

    /// Every definition in every version.
    pub fn definitions(&self) -> impl Iterator<Item = &'p Definition> + '_ {
        self.definitions.all()
    }

    /// Every code system in every version.
    pub fn code_systems(&self) -> impl Iterator<Item = &'p CodeSystem> + '_ {
        self.code_systems.all()
    }

    /// Every value set in every version.
    pub fn value_sets(&self) -> impl Iterator<Item = &'p ValueSet> + '_ {
        self.value_sets.all()
    }
}

/// `url|version` → its parts.
pub(crate) fn split(canonical: &str) -> (&str, Option<&str>) {
    canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)))
}

/// Newer is greater: part by part, numbers as numbers; no version is the oldest.
fn compare(left: &str, right: &str) -> Ordering {
    fn parts(version: &str) -> impl Iterator<Item = (Option<u64>, &str)> {
        version.split(['.', '-']).map(|part| (part.parse().ok(), part))
    }
    parts(left).cmp(parts(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_numbers() {
        assert_eq!(compare("1.10.0", "1.9.0"), Ordering::Greater);
        assert_eq!(compare("", "1"), Ordering::Less);
        assert_eq!(compare("1.1.2", "1.1.2"), Ordering::Equal);
    }

    #[test]
    fn without_version_the_newest_is_meant_and_of_equals_the_later() {
        let set = |version: &str, system: &str| ValueSet {
            url: "http://a/vs".to_owned(),
            version: Some(version.to_owned()),
            includes: vec![crate::terminology::Include {
                system: Some(system.to_owned()),
                ..Default::default()
            }],
            excludes: Vec::new(),
            expansion: None,
        };
        let sets = [set("2", "a"), set("10", "b"), set("10", "c"), set("9", "d")];
        let index = Index::new(sets.iter());
        let found = |canonical| {
            index.find(canonical).and_then(|set: &ValueSet| set.includes[0].system.clone())
        };
        assert_eq!(found("http://a/vs").as_deref(), Some("c"));
        assert_eq!(found("http://a/vs|9").as_deref(), Some("d"));
        assert_eq!(found("http://a/vs|8"), None);
    }
}
