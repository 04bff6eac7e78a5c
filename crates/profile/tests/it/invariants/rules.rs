//! The Japanese rules: each with cases of its own, and against the published wording on
//! the official examples and on mutants of them.

use std::{collections::BTreeMap, fs, sync::LazyLock};

use kyoyu_profile::{
    fhirpath::Focus,
    invariants::{Invariant, table},
};
use serde_json::Value as Json;

use super::{
    patch,
    surroundings::{Surroundings, each_object, parse},
};
use crate::support::checkout;

pub(super) static TABLE: LazyLock<String> = LazyLock::new(|| {
    fs::read_to_string(checkout("fhir-profiles/invariants.tsv")).expect("the table is there")
});

fn rows() -> Vec<table::Row<'static>> {
    table::read(&TABLE).unwrap_or_else(|line| panic!("line {line} of the table"))
}

fn bound(row: &table::Row<'_>) -> Invariant {
    let bound = Invariant::bind(&row.constraint(row.definitions[0]));
    bound.unwrap_or_else(|error| panic!("{}: {error}", row.key)).expect("it has an expression")
}

#[test]
fn the_table_has_44_errors_and_3_warnings_with_texts_of_their_own() {
    let rows = rows();
    assert_eq!(rows.iter().filter(|row| row.is_error).count(), 44);
    assert_eq!(rows.len(), 47);
    for row in rows {
        let texts = row.text.iter().chain(&row.repair);
        assert!(texts.clone().all(|text| !text.is_empty()), "{}", row.key);
        let definitions = row.definitions.iter();
        assert!(definitions.clone().all(|url| url.starts_with("http")), "{}", row.key);
    }
}

#[test]
fn every_rule_of_the_table_passes_and_fails_as_its_cases_say() {
    for row in rows() {
        let path = format!("crates/profile/tests/fixtures/invariants/{}.json", row.key);
        let text = fs::read(checkout(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let cases: Json = serde_json::from_slice(&text).expect("a fixture is JSON");
        let rule = bound(&row);
        for (list, expected) in [("passes", true), ("fails", false)] {
            let cases = cases[list].as_array().expect("a list of cases");
            assert!(!cases.is_empty(), "{path}: {list}");
            for case in cases {
                let text = case.to_string();
                let document = parse(text.as_bytes()).expect("a case is JSON");
                let around = Surroundings::of(document.root());
                let holds = rule.holds(Focus::of(document.root()), &around);
                assert_eq!(holds, expected, "{}: {text}", row.key);
            }
        }
    }
}

/// The published expression of each key, where the file is at hand.
fn published() -> Option<BTreeMap<String, Invariant>> {
    let path = checkout("../shared/spec/jp-invariants.json");
    let Ok(text) = fs::read(&path) else {
        left_out("spec/jp-invariants.json");
        return None;
    };
    let rules: Vec<Json> = serde_json::from_slice(&text).expect("a list of rules");
    let bound = rules.iter().map(|rule| {
        let key = rule["key"].as_str().expect("a key");
        let expression = rule["expression"].as_str().expect("an expression");
        (key.to_owned(), Invariant::compiled(key, expression).expect("it compiles"))
    });
    Some(bound.collect())
}

#[expect(clippy::print_stderr, reason = "a test says what it left out")]
fn left_out(path: &str) {
    eprintln!("left out: ../shared/{path} is not there");
}

struct Comparison {
    rules: Vec<(table::Row<'static>, Invariant, Invariant)>,
    places: usize,
    failures: BTreeMap<&'static str, usize>,
}

impl Comparison {
    fn new() -> Option<Self> {
        let mut published = published()?;
        let pair = |row: table::Row<'static>| {
            let other = published.remove(row.key).unwrap_or_else(|| panic!("{}", row.key));
            let own = bound(&row);
            (row, own, other)
        };
        let rules = rows().into_iter().map(pair).collect();
        Some(Self { rules, places: 0, failures: BTreeMap::new() })
    }

    /// Asks both wordings at every element to which a rule applies, and at those of the
    /// same type to which it does not.
    fn compare(&mut self, text: &[u8], case: &str) {
        let Some(document) = parse(text) else { return };
        each_object(document.root(), &mut |key, focus, around| {
            let resource_type = focus.value().and_then(|value| value.text_of("resourceType"));
            for (row, own, other) in &self.rules {
                let applies = match row.path {
                    "Dosage" => matches!(key, "dosageInstruction" | "dosage"),
                    "Extension" => key == "extension",
                    path => resource_type.as_deref() == Some(path),
                };
                if !applies {
                    continue;
                }
                self.places += 1;
                let holds = own.holds(focus, around);
                assert_eq!(holds, other.holds(focus, around), "{case}: {}", row.key);
                if !holds {
                    *self.failures.entry(row.key).or_default() += 1;
                }
            }
        });
    }
}

pub(super) fn lines(path: &str) -> Vec<Json> {
    let Ok(text) = fs::read_to_string(checkout("../shared/verdicts").join(path)) else {
        left_out(path);
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

pub(super) fn example(line: &Json) -> Option<String> {
    fs::read_to_string(checkout("../shared/examples").join(line["file"].as_str()?)).ok()
}

/// An example with the changes of a case.
pub(super) fn mutated(line: &Json, text: String) -> String {
    if let Some(replaced) = line["replace_text"].as_array() {
        let [old, new] = [0, 1].map(|at| replaced[at].as_str().expect("a text"));
        return text.replacen(old, new, 1);
    }
    if !line["patch"].is_array() {
        return text;
    }
    let mut document: Json = serde_json::from_str(&text).expect("an example is JSON");
    patch::apply(&mut document, &line["patch"]).expect("the patch applies");
    document.to_string()
}

#[test]
fn our_wording_and_the_published_agree_on_every_official_example() {
    let Some(mut comparison) = Comparison::new() else { return };
    for line in lines("examples.jsonl") {
        let text = example(&line).expect("the example is there");
        comparison.compare(text.as_bytes(), line["file"].as_str().unwrap_or_default());
    }
    assert!(comparison.places > 1_000, "{}", comparison.places);
}

#[test]
fn our_wording_and_the_published_agree_on_every_mutant() {
    let Some(mut comparison) = Comparison::new() else { return };
    for line in lines("mutants.jsonl") {
        let text = mutated(&line, example(&line).expect("the example is there"));
        comparison.compare(text.as_bytes(), line["id"].as_str().unwrap_or_default());
    }
    // Nearly every rule is broken by some mutant, so that agreement is no accident.
    assert!(comparison.failures.len() > 35, "{:?}", comparison.failures);
}
