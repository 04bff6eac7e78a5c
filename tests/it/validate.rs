//! `kyoyu validate` — the generation of JP-CLINS by which a file is judged.

use std::{fs, path::Path, process::Output, time::SystemTime};

use chrono::{DateTime, Days, Utc};
use kyoyu_devkit::hpki::{
    CardKey, CardPlan, Container, Hpki, MemberPlace, RevocationDates, Signing, sign_document,
};
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
fn what_was_not_looked_at_is_told_apart_from_what_does_not_conform() {
    let directory = Directory::new();
    let absent = directory.path().join("absent").display().to_string();
    let body = directory.path().join("patient.json");
    fs::write(&body, r#"{"resourceType": "Patient"}"#).expect("a file can be written");
    let body = body.display().to_string();
    let code = |arguments: &[&str]| kyoyu(arguments).output().expect("it runs").status.code();
    assert_eq!(code(&["validate", &body]), Some(0));
    assert_eq!(code(&["validate", &body, &absent]), Some(2));
    assert_eq!(code(&["validate", "--packages", &absent, &body]), Some(2));
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

#[expect(clippy::disallowed_methods, reason = "the command goes by the real clock")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[test]
fn the_signature_of_a_document_is_told_and_decides_nothing() {
    let directory = Directory::new();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).expect("a file can be written");
        path.display().to_string()
    };
    let hpki = Hpki::create().expect("keys");
    let now = now();
    let (from, until) = (now - Days::new(1), now + Days::new(1));
    let plan =
        CardPlan { name: "Kyoyu Hanako", role: Some("Dentist"), key: CardKey::P384, from, until };
    let card = hpki.card(&plan).expect("a card");
    let lists = hpki.revocation_pem(RevocationDates { made_at: from, until }, &[]);
    let files = format!(
        "[signatures]\nroots_file = \"{}\"\nrevocation_file = \"{}\"\n",
        file("roots.pem", hpki.root_pem()),
        file("revoked.pem", &lists.expect("lists"))
    );
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let plain =
        fs::read_to_string(fixtures.join("referral/valid/input.json")).expect("it is there");
    let signing =
        Signing { card: &card, container: Container::Cms, when: now, place: MemberPlace::Middle };
    let signed = sign_document(&plain, &signing).expect("it can be signed");
    let changed = signed.replacen('{', "{ ", 1);
    for (config, body, told) in [
        (files.as_str(), &signed, "kyoyu-signature-verified"),
        (&files, &changed, "kyoyu-signature-mismatch"),
        ("", &signed, "kyoyu-signature-no-roots"),
    ] {
        let (config, body) = (file("kyoyu.toml", config), file("bundle.json", body));
        let output = kyoyu(&["--config", &config, "validate", "--json", &body]).output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{told}: {}", said(&output));
        assert!(said(&output).contains(told), "{told}: {}", said(&output));
    }
}

#[test]
fn an_unknown_generation_is_no_configuration() {
    let output = validate(&Directory::new(), "1.13.0", &bundle(""));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("generation"), "{}", said(&output));
}
