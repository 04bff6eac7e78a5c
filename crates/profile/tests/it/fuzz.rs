//! Random changes of valid Bundles: nothing panics, and what passes can be spliced.

use std::{fs, ops::Range};

use kyoyu_profile::{
    Generation, Limits, announcement,
    collection::{self, CheckedBundle, CheckedResource},
    consent,
    json::Document,
    parameters, resource,
    validator::{Mode, Validator},
};
use serde_json::{Value, json};

use crate::support::{Random, assert_sound, checkout, input, tree};

const FIXTURES: &[&str] = &[
    "condition/valid",
    "condition/invalid",
    "infection/valid",
    "drug-allergy/valid",
    "other-allergy/invalid",
    "lab/valid",
    "lab/invalid",
    "lab-unlisted/valid",
];

/// A few bytes of the body changed, cut or doubled.
fn changed(body: &[u8], random: &mut Random) -> Vec<u8> {
    const PIECES: &[&[u8]] = &[
        b"",
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\\",
        b"null",
        b"0",
        b"\xff",
        b"\\u0000",
        b"\"reference\":\"#\"",
        b"[[[[",
        b"1e999",
        "\u{3000}".as_bytes(),
        b"\"id\":1,",
        b"UNDELIVERED",
    ];
    let mut body = body.to_vec();
    for _ in 0..=random.below(3) {
        let start = random.below(body.len());
        let end = (start + random.below(40)).min(body.len());
        match random.below(3) {
            0 => {
                let piece = PIECES[random.below(PIECES.len())];
                body.splice(start..end.min(start + 6), piece.iter().copied());
            }
            1 => {
                body.drain(start..end);
            }
            _ => {
                let copy = body[start..end].to_vec();
                let target = random.below(body.len());
                body.splice(target..target, copy);
            }
        }
    }
    body
}

#[test]
fn random_bytes_never_panic() {
    let limits = Limits::default();
    for (seed, fixture) in FIXTURES.iter().enumerate() {
        let body = input(fixture);
        let mut random = Random::new(seed as u64 + 1);
        for _ in 0..600 {
            let body = changed(&body, &mut random);
            let report = collection::check(&body, &limits);
            assert_sound(&report);
            if let Some(bundle) = report.bundle {
                assert_spliceable(&body, &bundle);
            }
        }
    }
}

/// Values exchanged for others, so that the text stays readable and the rules have work.
#[test]
fn random_values_never_panic() {
    let limits = Limits::default();
    for (seed, fixture) in FIXTURES.iter().enumerate() {
        let original = tree(fixture);
        let pointers = pointers(&original);
        let mut random = Random::new(seed as u64 + 100);
        for _ in 0..600 {
            let mut bundle = original.clone();
            for _ in 0..=random.below(2) {
                let source = &pointers[random.below(pointers.len())];
                let replacement = match random.below(6) {
                    0 => Value::Null,
                    1 => json!([]),
                    2 => json!({}),
                    3 => json!(""),
                    4 => json!(17),
                    _ => original.pointer(source).cloned().unwrap_or_default(),
                };
                let target = &pointers[random.below(pointers.len())];
                if let Some(value) = bundle.pointer_mut(target) {
                    *value = replacement;
                }
            }
            let body = serde_json::to_vec(&bundle).expect("it is JSON");
            let report = collection::check(&body, &limits);
            assert_sound(&report);
            if let Some(bundle) = report.bundle {
                assert_spliceable(&body, &bundle);
            }
        }
    }
}

#[test]
fn random_small_bodies_never_panic() {
    let limits = Limits::default();
    let bodies = [
        r#"{"resourceType":"Parameters","parameter":[{"name":"identifier","valueIdentifier":{"system":"http://jpfhir.jp/fhir/clins/bundle-identifier","value":"1311234567^2026^a"}}]}"#,
        r#"{"resourceType":"Patient","identifier":[{"system":"http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID","value":"01234567:a:1:01","period":{"start":"2024-04-01"}}],"birthDate":"1970-01-31","gender":"other"}"#,
        r#"{"resourceType":"Consent","identifier":[{"system":"a","value":"b"}],"status":"active","patient":{"identifier":{"system":"http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID","value":"01234567:a:1:01"}},"provision":{"period":{"end":"2026-04-02"},"actor":[{"role":{"coding":[]},"reference":{}}],"code":[{"coding":[{}]}]}}"#,
    ];
    let mut random = Random::new(9);
    for body in bodies {
        for _ in 0..2_000 {
            let body = changed(body.as_bytes(), &mut random);
            if let Err(issues) = parameters::cancellation(&body, &limits) {
                assert!(!issues.is_empty());
            }
            if let Err(issues) = announcement::read(&body, &limits) {
                assert!(!issues.is_empty());
            }
            if let Err(issues) = consent::read(&body, &limits) {
                assert!(!issues.is_empty());
            }
            resource::codings(&body);
        }
    }
}

/// The pointer of every value of a tree.
fn pointers(tree: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), tree)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(key, field)| (format!("{pointer}/{key}"), field)));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                open.extend(items.map(|(index, item)| (format!("{pointer}/{index}"), item)));
            }
            _ => {}
        }
        found.push(pointer);
    }
    found
}

/// What holds of every Bundle that passes: its resources can be rewritten and restored, and
/// the envelope is a Bundle with the Patient alone.
fn assert_spliceable(body: &[u8], bundle: &CheckedBundle) {
    for resource in &bundle.resources {
        assert_rewritten(body, resource);
    }
    let envelope: Vec<u8> =
        bundle.envelope.iter().flat_map(|range| body[range.clone()].iter().copied()).collect();
    let mut whole: Value = serde_json::from_slice(body).expect("it passed");
    let patient = whole["entry"][0].take();
    whole["entry"] = json!([patient]);
    let envelope: Value = serde_json::from_slice(&envelope).expect("the envelope is JSON");
    assert_eq!(envelope, whole);
}

fn assert_rewritten(body: &[u8], resource: &CheckedResource) {
    let mut rewritten = Vec::new();
    resource.rewritten(body, "new-id", "Patient/k", &mut rewritten);
    let original = &body[resource.text.clone()];
    let mut expected: Value = serde_json::from_slice(original).expect("it passed");
    expected["id"] = json!("new-id");
    let subject =
        if expected["resourceType"] == "AllergyIntolerance" { "patient" } else { "subject" };
    let patient_url = expected[subject]["reference"].clone();
    replace_references(&mut expected, &patient_url);
    let read: Value = serde_json::from_slice(&rewritten).expect("it is JSON");
    assert_eq!(read, expected);
    assert_eq!(restored(body, resource, &rewritten), original);
}

fn replace_references(value: &mut Value, patient_url: &Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if key == "reference" && field == patient_url {
                    *field = json!("Patient/k");
                }
                replace_references(field, patient_url);
            }
        }
        Value::Array(items) => {
            for item in items {
                replace_references(item, patient_url);
            }
        }
        _ => {}
    }
}

/// The text with every spliced value put back, found by position alone.
fn restored(body: &[u8], resource: &CheckedResource, rewritten: &[u8]) -> Vec<u8> {
    let mut splices: Vec<(&Range<usize>, usize)> = vec![(
        &resource.id.range,
        resource.id.prefix.len() + "\"new-id\"".len() + resource.id.suffix.len(),
    )];
    let references = resource.patient_again.iter().chain([&resource.patient]);
    splices.extend(references.map(|splice| (&splice.range, "\"Patient/k\"".len())));
    splices.sort_by_key(|(range, _)| range.start);
    let mut restored = Vec::new();
    let mut at = 0;
    let mut original_at = resource.text.start;
    for (range, spliced_bytes) in splices {
        let unchanged = range.start - original_at;
        restored.extend_from_slice(&rewritten[at..at + unchanged]);
        restored.extend_from_slice(&body[range.clone()]);
        at += unchanged + spliced_bytes;
        original_at = range.end;
    }
    restored.extend_from_slice(&rewritten[at..]);
    restored
}

#[test]
fn every_valid_fixture_is_spliceable() {
    for fixture in FIXTURES.iter().filter(|fixture| fixture.ends_with("/valid")) {
        let body = input(fixture);
        let bundle = collection::check(&body, &Limits::default()).bundle.expect("it is valid");
        assert_spliceable(&body, &bundle);
    }
}

/// 4.10 stays 4.10, and so do the order of keys, spaces and escapes.
#[test]
fn every_other_byte_stays_as_it_was_sent() {
    let text = String::from_utf8(input("lab/valid")).expect("UTF-8");
    let odd = text
        .replace("\"status\": \"final\"", "\"status\"\t:\r\n \"fin\\u0061l\"")
        .replace("\"カリウム\"", "\"\\u30ab\\u30ea\\/ウム\"");
    let bundle = collection::check(odd.as_bytes(), &Limits::default()).bundle.expect("it is valid");
    assert_spliceable(odd.as_bytes(), &bundle);
    let mut rewritten = Vec::new();
    bundle.resources[0].rewritten(odd.as_bytes(), "i", "Patient/k", &mut rewritten);
    let rewritten = String::from_utf8(rewritten).expect("UTF-8");
    for kept in ["4.10,", "\"status\"\t:\r\n \"fin\\u0061l\"", "\\u30ab\\u30ea\\/ウム"] {
        assert!(rewritten.contains(kept), "{kept}");
    }
    assert!(
        rewritten.contains("\"id\": \"i\"") && rewritten.contains("\"reference\": \"Patient/k\"")
    );
}

#[test]
fn further_references_to_the_patient_are_rewritten_too() {
    let mut bundle = tree("condition/valid");
    let url = bundle["entry"][0]["fullUrl"].clone();
    bundle["entry"][1]["resource"]["asserter"] = json!({"reference": url});
    bundle["entry"][1]["resource"]["contained"][0]["subject"] = json!({"reference": url});
    let body = serde_json::to_vec(&bundle).expect("it is JSON");
    let bundle = collection::check(&body, &Limits::default()).bundle.expect("it is valid");
    assert_eq!(bundle.resources[0].patient_again.len(), 2);
    assert_spliceable(&body, &bundle);
}

/// The processor time of this thread in nanoseconds, where the system tells it.
fn used_ns() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|own| own.parse().ok()).unwrap_or_default()
}

/// Ten times the entries must not take a hundred times as long, whatever is wrong with them.
/// Counted is what the thread itself used, since the machine may be busy.
#[test]
fn time_is_linear_in_the_entries() {
    let bodies: [Vec<u8>; 2] = [200, 2_000].map(|count| {
        let mut bundle = tree("condition/valid");
        let entry = bundle["entry"][1].clone();
        let entries = (5..count).map(|_| entry.clone());
        bundle["entry"].as_array_mut().expect("entries").extend(entries);
        serde_json::to_vec(&bundle).expect("it is JSON")
    });
    let of = |body: &[u8], runs: usize| {
        let before = used_ns();
        for _ in 0..runs {
            let report = collection::check(body, &Limits::default());
            assert!(report.bundle.is_none(), "the fullUrls repeat");
        }
        used_ns() - before
    };
    // The same number of entries in both.
    let times = [of(&bodies[0], 100), of(&bodies[1], 10)];
    assert!(times[1] <= times[0] * 4, "{times:?}");
}

/// What is found by its name is found as fast where there is much of it.
#[test]
fn time_is_linear_in_what_is_contained_and_in_security_labels() {
    let validator = Validator::shipped(Limits::default(), Generation::default());
    let contained = |count: usize| {
        let patient = |place: usize| {
            let next = format!("#c{}", (place + 1) % count);
            let link = json!([{"other": {"reference": next}, "type": "seealso"}]);
            json!({"resourceType": "Patient", "id": format!("c{place}"), "link": link})
        };
        let all: Vec<Value> = (0..count).map(patient).collect();
        let link = json!([{"other": {"reference": "#c0"}, "type": "seealso"}]);
        json!({"resourceType": "Patient", "contained": all, "link": link})
    };
    let labelled = |count: usize| {
        let label =
            |place: usize| json!({"system": "urn:oid:1.2.392.100495", "code": format!("c{place}")});
        let all: Vec<Value> = (0..count).map(label).collect();
        json!({"resourceType": "Patient", "meta": {"security": all}})
    };
    let of = |resource: &Value, runs: usize| {
        let body = resource.to_string();
        let before = used_ns();
        for _ in 0..runs {
            let report = validator.validate(body.as_bytes(), Mode::Strict);
            assert!(report.is_valid(), "{:?}", report.findings);
        }
        used_ns() - before
    };
    for grown in [&contained as &dyn Fn(usize) -> Value, &labelled] {
        let times = [of(&grown(500), 20), of(&grown(10_000), 1)];
        assert!(times[1] <= times[0] * 4, "{times:?}");
    }
}

/// The kept inputs of the fuzz targets, and what those assert of any input.
#[test]
fn the_kept_corpus_breaks_nothing() {
    let validator = Validator::shipped(Limits::default(), Generation::default());
    let mut count = 0;
    for target in ["json", "engine"] {
        let directory = checkout("crates/profile/fuzz/corpus").join(target);
        for file in fs::read_dir(&directory).expect("the corpus is kept") {
            let bytes = fs::read(file.expect("an entry").path()).expect("a readable file");
            let strict = Document::parse(&bytes, &Limits::default()).map(|own| own.node_count());
            let lenient = Document::parse_leniently(&bytes, &Limits::default());
            if let Ok(nodes) = strict {
                assert_eq!(lenient.ok().map(|own| own.node_count()), Some(nodes));
            }
            for mode in [Mode::Strict, Mode::Reference] {
                let report = validator.validate(&bytes, mode);
                assert!(report.steps <= 12 * bytes.len() as u64 + 100, "{}", report.steps);
            }
            let report = collection::check_with(&bytes, &Limits::default(), &validator);
            assert!(report.issues.len() <= collection::MAX_ISSUES);
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
}
