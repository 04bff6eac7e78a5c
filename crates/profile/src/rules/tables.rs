//! 規則の表 — the data of the prose rules, `fhir-profiles/rules/`.
//!
//! Codes, forms, characters and pairs stand in tables that a person can review; this file
//! only reads them. A table that cannot be read is a mistake of the build, which the tests
//! of this file find.

use std::{collections::HashMap, ops::RangeInclusive, sync::LazyLock};

use regex::Regex;

/// The columns of a table's lines; comments are left out.
fn rows<const COLUMNS: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; COLUMNS]> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        columns.try_into().expect("every line of a shipped table has all columns")
    })
}

/// How the codes of a system are written.
pub(super) static FORMS: LazyLock<HashMap<&str, Regex>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/coding-forms.tsv"))
        .map(|[system, form]| {
            let whole = format!("^(?:{form})$");
            (system, Regex::new(&whole).expect("every form of the shipped table compiles"))
        })
        .collect()
});

/// A code and a display that belong to each other alone.
pub(super) struct Reserved {
    pub(super) system: &'static str,
    pub(super) code: &'static str,
    pub(super) display: &'static str,
}

/// The codes whose display is fixed.
pub(super) static RESERVED: LazyLock<Vec<Reserved>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/reserved-displays.tsv"))
        .map(|[system, code, display]| Reserved { system, code, display })
        .collect()
});

/// The codes that are used, separated by blanks, by system.
pub(super) static USED: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/used-codes.tsv"))
        .map(|[system, codes]| (system, codes))
        .collect()
});

/// The right URI of a misprinted one.
pub(super) static MISPRINTS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/misprints.tsv"))
        .map(|[misprint, right]| (misprint, right))
        .collect()
});

/// The characters that names do not use, by the code of the rule.
pub(super) static CHARACTERS: LazyLock<Vec<(&str, RangeInclusive<u32>)>> = LazyLock::new(|| {
    let number = |text| u32::from_str_radix(text, 16).expect("a hexadecimal number");
    rows(include_str!("../../../../fhir-profiles/rules/characters.tsv"))
        .map(|[rule, first, last]| (rule, number(first)..=number(last)))
        .collect()
});

/// Clinical status, verification status and end date as they go together.
pub(super) static STANDINGS: LazyLock<Vec<[&str; 3]>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/condition-standings.tsv")).collect()
});

/// What a status says of the value: `expected`, `none` or `unused`.
pub(super) static STATUSES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/observation-statuses.tsv"))
        .map(|[status, value]| (status, value))
        .collect()
});

/// The categories that fit an allergen's system, separated by blanks.
pub(super) static ALLERGENS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/allergen-categories.tsv"))
        .map(|[system, categories]| (system, categories))
        .collect()
});

/// What a result of a shared item looks like.
pub(super) struct LabResult {
    /// The display of the item's codes.
    pub(super) display: &'static str,
    /// `numeric`, `coded` or `any`.
    pub(super) value: &'static str,
    /// The system of its result codes, where it has one.
    pub(super) codes: Option<&'static str>,
}

/// The results by item.
pub(super) static RESULTS: LazyLock<HashMap<u16, LabResult>> = LazyLock::new(|| {
    rows(include_str!("../../../../fhir-profiles/rules/lab-results.tsv"))
        .map(|[id, display, value, codes]| {
            let id = id.parse().expect("the first column of lab-results.tsv is a number");
            (id, LabResult { display, value, codes: (codes != "-").then_some(codes) })
        })
        .collect()
});

/// Whether a list of words separated by blanks holds one.
pub(super) fn lists(list: &str, word: &str) -> bool {
    list.split(' ').any(|own| own == word)
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::lab_items;

    use super::*;

    #[test]
    fn every_table_can_be_read() {
        let counts = [
            FORMS.len(),
            RESERVED.len(),
            USED.len(),
            MISPRINTS.len(),
            CHARACTERS.len(),
            STANDINGS.len(),
            STATUSES.len(),
            ALLERGENS.len(),
        ];
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
        assert!(STANDINGS.iter().all(|[_, _, end]| matches!(*end, "absent" | "present" | "any")));
        assert!(STATUSES.values().all(|value| matches!(*value, "expected" | "none" | "unused")));
        assert!(RESULTS.values().all(|own| matches!(own.value, "numeric" | "coded" | "any")));
    }

    #[test]
    fn every_shared_item_has_a_result_and_no_other_has() {
        assert_eq!(RESULTS.len(), 55 + 38);
        assert!(RESULTS.keys().all(|id| lab_items::by_id(*id).is_some()));
    }

    #[test]
    fn names_of_shared_items_use_allowed_characters_only() {
        for result in RESULTS.values() {
            for character in result.display.chars().map(u32::from) {
                assert!(
                    CHARACTERS.iter().all(|(_, range)| !range.contains(&character)),
                    "{}",
                    result.display
                );
            }
        }
    }

    #[test]
    fn a_misprint_is_never_right() {
        assert!(MISPRINTS.values().all(|right| !MISPRINTS.contains_key(right)));
    }
}
