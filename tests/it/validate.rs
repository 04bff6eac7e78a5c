//! `kyoyu validate` — the generation of JP-CLINS by which a file is judged.

use std::{fs, path::Path, process::Output};

use kyoyu_tests::process::{Directory, kyoyu, said};
use serde_json::{Value, json};

/// A Bundle whose encounter has a reason without display, which 1.10.0 allows and later
/// generations do not; its claims carry `version`.
fn bundle(version: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/condition/valid/input.json");
    let text = fs::read_to_string(path).expect("the fixture is there");
    let text = text.replace("|1.10.0", version);
    let mut bundle: Value = serde_json::from_str(&text).expect("a fixture is JSON");
    let encounter = &mut bundle["entry"][1]["resource"]["contained"][0];
    let profile = "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Encounter_eCS";
    encounter["meta"]["profile"] = json!([profile]);
    let coding = json!({"system": "http://nowhere.jp/x", "code": "1"});
    encounter["reasonCode"] = json!([{"text": "x", "coding": [coding]}]);
    bundle.to_string()
}

fn validate(directory: &Directory, generation: &str, body: &str) -> Output {
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).expect("a file can be written");
        path.display().to_string()
    };
    let config = file("kyoyu.toml", &format!("profiles.generation = \"{generation}\"\n"));
    let body = file("bundle.json", body);
    kyoyu(&["--config", &config, "validate", "--json", &body]).output().expect("it runs")
}

#[test]
fn a_file_is_judged_by_the_generation_that_it_names() {
    let directory = Directory::new();
    for (version, code) in [("|1.10.0", 0), ("|1.11.0", 1), ("|1.12.0", 1)] {
        for configured in ["1.10.0", "1.12.0"] {
            let output = validate(&directory, configured, &bundle(version));
            assert_eq!(output.status.code(), Some(code), "{version}: {}", said(&output));
        }
    }
}

#[test]
fn a_file_that_names_none_is_judged_by_the_configured_generation() {
    let directory = Directory::new();
    for (configured, code) in [("1.10.0", 0), ("1.11.0", 1)] {
        let output = validate(&directory, configured, &bundle(""));
        assert_eq!(output.status.code(), Some(code), "{configured}: {}", said(&output));
    }
}

#[test]
fn a_document_is_held_to_the_rules_of_documents_as_the_service_does() {
    let directory = Directory::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for kind in ["referral", "discharge-summary", "checkup", "patient-summary"] {
        for (case, code) in [("valid", 0), ("invalid", 1)] {
            let file = fixtures.join(kind).join(case).join("input.json");
            let body = fs::read_to_string(file).expect("the fixture is there");
            let output = validate(&directory, "1.10.0", &body);
            assert_eq!(output.status.code(), Some(code), "{kind} {case}: {}", said(&output));
        }
    }
}

#[test]
fn an_unknown_generation_is_no_configuration() {
    let output = validate(&Directory::new(), "1.13.0", &bundle(""));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("generation"), "{}", said(&output));
}
