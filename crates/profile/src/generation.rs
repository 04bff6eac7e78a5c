//! 世代 — the generations of JP-CLINS that a sender may name in `meta.profile`.
//!
//! 1.10.0 is the one that is published in full; what later ones change is a table,
//! `fhir-profiles/generations.tsv`. Rules of Bundles ask a generation whether they apply;
//! [`crate::package::Package::revised`] puts the changes of elements into the definitions.
//!
//! Source: S0.3.

use std::sync::LazyLock;

use crate::json::Value;

/// 世代 — one generation of the guide; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Generation {
    /// 1.10.0 of January 2025.
    #[default]
    V1_10,
    /// 1.11.0 of July 2025.
    V1_11,
    /// 1.12.0 of 2026.
    V1_12,
}

/// 変更 — one line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// From which generation on it holds.
    pub since: Generation,
    /// The last part of the definition's canonical; `*` for every resource profile.
    pub definition: &'static str,
    /// The element, as in the profile tables; the key of an invariant; an item.
    pub path: &'static str,
    /// What changes.
    pub kind: ChangeKind,
    /// Into what.
    pub value: &'static str,
}

/// What a [`Change`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The least and greatest number of an element.
    Number,
    /// The types of an element.
    Types,
    /// The slice is removed.
    Without,
    /// The expression of an invariant.
    Expression,
    /// A rule of Bundles begins to be asked.
    Rule,
    /// A shared item becomes part of another one.
    Item,
}

static CHANGES: LazyLock<Vec<Change>> = LazyLock::new(|| {
    let lines = include_str!("../../../fhir-profiles/generations.tsv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| change(line).expect("every line of generations.tsv is a change"))
        .collect()
});

fn change(line: &'static str) -> Option<Change> {
    let columns: Vec<&'static str> = line.split('\t').collect();
    let &[version, definition, path, kind, value] = columns.as_slice() else { return None };
    let kind = match kind {
        "number" => ChangeKind::Number,
        "types" => ChangeKind::Types,
        "without" => ChangeKind::Without,
        "expression" => ChangeKind::Expression,
        "rule" => ChangeKind::Rule,
        "item" => ChangeKind::Item,
        _ => return None,
    };
    Some(Change { since: Generation::of_version(version)?, definition, path, kind, value })
}

impl Generation {
    /// Every generation, the oldest first.
    pub const ALL: &[Self] = &[Self::V1_10, Self::V1_11, Self::V1_12];

    /// Its version.
    pub fn version(self) -> &'static str {
        match self {
            Self::V1_10 => "1.10.0",
            Self::V1_11 => "1.11.0",
            Self::V1_12 => "1.12.0",
        }
    }

    /// The generation with this version.
    pub fn of_version(version: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|generation| generation.version() == version)
    }

    /// The generation of a canonical with a version, such as `http://…|1.11.0`.
    pub fn of_canonical(canonical: &str) -> Option<Self> {
        Self::of_version(canonical.split_once('|')?.1)
    }

    /// The generation that a Bundle, or else its first resource that does, names in the
    /// version of a profile of the guide. Of a Bundle that mixes them the first counts.
    pub(crate) fn named(root: Value<'_>) -> Option<Self> {
        let resources = root.list("entry").filter_map(|entry| entry.get("resource"));
        let claims = std::iter::once(root)
            .chain(resources)
            .filter_map(|resource| resource.get("meta"))
            .flat_map(|meta| meta.list("profile"));
        claims.filter_map(Value::as_str).find_map(|claim| {
            // Profiles of others have versions of their own.
            claim.starts_with("http://jpfhir.jp/").then(|| Self::of_canonical(&claim))?
        })
    }

    /// What has changed since 1.10.0.
    pub fn changes(self) -> impl Iterator<Item = &'static Change> {
        CHANGES.iter().filter(move |change| change.since <= self)
    }

    /// Whether a rule of Bundles is asked of this generation.
    pub fn asks(self, rule: &str) -> bool {
        let mut begins = CHANGES.iter().filter(|own| own.kind == ChangeKind::Rule);
        begins.all(|own| own.value != rule || own.since <= self)
    }

    /// The item of [`kyoyu_domain::lab_items`] that an item is part of by now.
    pub fn item(self, id: u16) -> u16 {
        let mut merged = self.changes().filter(|own| own.kind == ChangeKind::Item);
        let of = |text: &str| text.parse().ok();
        merged.find(|own| of(own.path) == Some(id)).and_then(|own| of(own.value)).unwrap_or(id)
    }
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::{catalogue::CATALOGUE, lab_items};

    use super::*;
    use crate::rules::{PROFILE_VERSIONS, RULES};

    #[test]
    fn generations_are_found_by_their_version() {
        for generation in Generation::ALL {
            assert_eq!(Generation::of_version(generation.version()), Some(*generation));
        }
        assert_eq!(Generation::of_canonical("http://x|1.11.0"), Some(Generation::V1_11));
        assert_eq!(Generation::of_canonical("http://x"), None);
        assert_eq!(Generation::of_version("1.13.0"), None);
    }

    #[test]
    fn the_accepted_versions_are_those_of_the_generations() {
        let versions: Vec<_> = Generation::ALL.iter().map(|own| own.version()).collect();
        assert_eq!(PROFILE_VERSIONS, versions);
        // The guide of checkup reports has versions of its own.
        for kind in CATALOGUE.iter().filter(|own| !own.profile.contains("/JP_Bundle_eCheckup")) {
            assert_eq!(kind.versions, versions, "{}", kind.code);
        }
    }

    #[test]
    fn a_change_holds_from_its_version_on() {
        assert_eq!(Generation::V1_10.changes().count(), 0);
        let of_family = |own: &&Change| own.path == "name.family";
        assert!(Generation::V1_11.changes().find(of_family).is_none());
        assert!(Generation::V1_12.changes().find(of_family).is_some());
        assert!(Generation::V1_12.changes().any(|own| own.path == "reaction.manifestation.text"));
    }

    #[test]
    fn every_rule_and_item_of_the_table_exists() {
        for change in Generation::V1_12.changes() {
            match change.kind {
                ChangeKind::Rule => {
                    assert!(RULES.iter().any(|row| row.rule.code == change.value), "{change:?}");
                }
                ChangeKind::Item => {
                    for id in [change.path, change.value] {
                        let id = id.parse().expect("an item is a number");
                        assert!(lab_items::by_id(id).is_some(), "{change:?}");
                    }
                }
                _ => {}
            }
        }
        assert_eq!(Generation::V1_10.item(535), 535);
        assert_eq!(Generation::V1_11.item(535), 533);
    }
}
