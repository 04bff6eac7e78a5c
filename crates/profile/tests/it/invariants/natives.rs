//! Native functions against the expressions that they stand for.

use std::{fs, path::Path};

use kyoyu_profile::{
    definition::Constraint,
    fhirpath::Focus,
    invariants::{Invariant, natives},
    json::Value,
};
use serde_json::Value as Json;

use super::surroundings::{Surroundings, each_object, parse};
use crate::support::{Random, checkout};

/// A native function and its expression.
struct Pair {
    key: &'static str,
    native: Invariant,
    expression: Invariant,
}

fn pairs() -> Vec<Pair> {
    let pair = |(key, expression): (&'static str, &str)| {
        let constraint = Constraint {
            key: key.to_owned(),
            is_error: true,
            expression: Some(expression.to_owned()),
            human: String::new(),
            source: None,
        };
        let native = Invariant::bind(&constraint).expect("it compiles").expect("it is there");
        assert!(native.is_native(), "{key}");
        let expression = Invariant::compiled(key, expression).expect("it compiles");
        Pair { key, native, expression }
    };
    natives().map(pair).collect()
}

fn compare(pairs: &[Pair], text: &[u8], step: usize, case: &str) -> usize {
    let Some(document) = parse(text) else { return 0 };
    let (mut objects, mut asked) = (0, 0);
    each_object(document.root(), &mut |_, focus, around| {
        objects += 1;
        let is_resource = focus.value().is_some_and(|value| value.get("resourceType").is_some());
        if !is_resource && objects % step != 0 {
            return;
        }
        asked += pairs.len();
        for pair in pairs {
            // Both are asked everywhere, also where the rule does not belong.
            ask(pair, focus, around, case);
        }
    });
    asked
}

/// The expression passes over a contained resource without an id, or breaks off; the
/// function refuses it, as the reference validator does in code.
fn has_broken_ids(focus: Focus<'_>) -> bool {
    let mut contained = focus.value().into_iter().flat_map(|value| value.list("contained"));
    contained.any(|resource| resource.text_of("id").is_none_or(|id| id.is_empty()))
}

fn ask<'d>(pair: &Pair, focus: Focus<'d>, around: &Surroundings<'d>, case: &str) {
    if pair.key == "dom-3" && has_broken_ids(focus) {
        return;
    }
    let native = pair.native.holds(focus, around);
    let place = focus.value().map(Value::path);
    let expression = pair.expression.holds(focus, around);
    assert_eq!(native, expression, "{case}: {} at {place:?}", pair.key);
}

/// All JSON files below a folder.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn natives_and_expressions_agree_on_every_example_at_hand() {
    let pairs = pairs();
    let mut found = Vec::new();
    for folder in ["tests/fixtures", "../shared/examples"] {
        files(&checkout(folder), &mut found);
    }
    let asked: usize = found
        .iter()
        .map(|path| {
            let text = fs::read(path).expect("it can be read");
            compare(&pairs, &text, 11, &path.display().to_string())
        })
        .sum();
    assert!(asked > 1_000, "{asked}");
}

/// Small elements in which everything is there that a native function looks at.
const SEEDS: [&str; 8] = [
    r#"{"resourceType": "Bundle", "type": "document", "total": 1, "identifier": {"system": "a", "value": "b"},
        "timestamp": "2026-01-01T00:00:00+09:00", "entry": [
        {"fullUrl": "urn:a/_history/1", "search": {"mode": "match"}, "request": {"method": "GET"},
         "response": {"status": "200"}, "resource": {"resourceType": "Composition", "meta": {"versionId": "1"}}},
        {"fullUrl": "urn:a/_history/1", "resource": {"resourceType": "MessageHeader", "meta": {"versionId": "1"}}}]}"#,
    r#"{"resourceType": "Observation", "valueQuantity": {"value": 1.0, "code": "g", "system": "s"},
        "dataAbsentReason": {"text": "x"}, "code": {"coding": [{"system": "s", "code": "1"}]},
        "component": [{"code": {"coding": [{"code": "1", "system": "s"}]}, "valueString": "x"}],
        "referenceRange": [{"low": {"value": 1}, "high": {"value": 2}, "text": "x"}]}"#,
    r##"{"resourceType": "Condition", "abatementDateTime": "2026", "clinicalStatus": {"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "resolved"}]},
        "verificationStatus": {"coding": [{"code": "entered-in-error",
        "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status"}]},
        "stage": [{"summary": {"text": "x"}, "assessment": [{"reference": "#a"}]}],
        "evidence": [{"code": [{"text": "x"}], "detail": [{"reference": "#b"}]}],
        "contained": [{"resourceType": "Practitioner", "id": "a", "meta": {"versionId": "1", "lastUpdated": "x",
        "security": [{"code": "R"}]}, "contained": [{"resourceType": "Patient", "id": "c"}]},
        {"resourceType": "Patient", "id": "b", "link": [{"other": {"reference": "#"}}]}],
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"}}"##,
    r#"{"resourceType": "AllergyIntolerance", "clinicalStatus": {"text": "x"}, "verificationStatus": {"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
         "code": "entered-in-error"}]}}"#,
    r#"{"resourceType": "Organization", "identifier": [{"value": "1"}], "name": "x", "_name": {"id": "n"},
        "telecom": [{"use": "home", "value": "1", "system": "phone"}], "address": [{"use": "home"}],
        "extension": [{"url": "u", "extension": [{"url": "v"}], "valueString": "w", "_valueString": {"id": "z"}}]}"#,
    r##"{"resourceType": "Patient", "photo": [{"data": "AA==", "contentType": "image/png"}],
        "contact": [{"name": {"text": "x"}, "telecom": [{"value": "1"}], "address": {"text": "x"},
        "organization": {"reference": "#o"}, "period": {"start": "2026-01", "end": "2026-01-05"}}],
        "name": [{"period": {"start": "2026-01-01", "end": "2026-01-01T08:00:00+09:00"}}]}"##,
    r#"{"resourceType": "Composition", "section": [{"text": {"div": "<p/>"}, "entry": [{"display": "x"}],
        "section": [{"title": "x", "emptyReason": {"text": "x"}}], "emptyReason": {"text": "x"}}]}"#,
    r##"{"resourceType": "Encounter", "period": {"start": "2026-01-02T00:00:00+09:00", "_start": {"id": "x"},
        "end": "2026-01-01T23:59:59Z"}, "subject": {"reference": "#"}, "id": ""}"##,
];

#[test]
fn natives_and_expressions_agree_on_ten_thousand_mutations() {
    let pairs = pairs();
    let mut random = Random::new(7);
    for round in 0..10_000 {
        let seed = SEEDS[random.below(SEEDS.len())];
        let mut document: Json = serde_json::from_str(seed).expect("a seed is JSON");
        for _ in 0..=random.below(3) {
            mutate(&mut document, &mut random);
        }
        let text = document.to_string();
        compare(&pairs, text.as_bytes(), 1, &format!("round {round}: {text}"));
    }
}

/// Drops, empties, exchanges or repeats something somewhere.
fn mutate(value: &mut Json, random: &mut Random) {
    let goes_deeper = random.below(4) != 0;
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            let at = random.below(fields.len());
            let key = fields.keys().nth(at).cloned().unwrap_or_default();
            if key == "resourceType" {
                // Without its type nothing is a resource, and %resource another one.
            } else if goes_deeper {
                mutate(&mut fields[&key], random);
            } else {
                fields.remove(&key);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(6) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => mutate(&mut items[at], random),
            }
        }
        other => {
            *other = match random.below(8) {
                0 => Json::String(String::new()),
                1 => Json::Null,
                2 => Json::from(1),
                3 => Json::from("history"),
                4 => Json::from("#a"),
                5 => Json::from("2026"),
                6 => serde_json::json!({}),
                _ => Json::from("x"),
            }
        }
    }
}
