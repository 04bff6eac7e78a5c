//! Strict mode beside the reference's verdict.

use kyoyu_profile::validator::{Mode, Report};
use serde_json::{Value, json};

use crate::guides::{BUNDLES, example, validator};

fn bundle() -> Option<Value> {
    validator()?;
    Some(serde_json::from_slice(&example(BUNDLES[0])).expect("JSON"))
}

fn check(text: &[u8], mode: Mode) -> Report {
    validator().expect("the caller has asked").validate(text, mode)
}

fn codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| &*finding.rule.code).collect()
}

/// The official Bundle with a change: its reports in strict and in reference mode.
fn both(change: impl Fn(&mut Value)) -> Option<(Report, Report)> {
    let mut bundle = bundle()?;
    change(&mut bundle);
    let text = bundle.to_string();
    Some((check(text.as_bytes(), Mode::Strict), check(text.as_bytes(), Mode::Reference)))
}

#[test]
fn an_official_bundle_is_valid_in_both_modes() {
    let Some((strict, reference)) = both(|_| {}) else { return };
    assert!(strict.is_valid(), "{:?}", codes(&strict));
    assert!(reference.is_valid(), "{:?}", codes(&reference));
}

#[test]
fn an_unknown_profile_or_version_is_an_error_of_strict_mode_only() {
    let unknown = json!(["http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS|9.9.9"]);
    let Some((strict, reference)) = both(|bundle| bundle["meta"]["profile"] = unknown.clone())
    else {
        return;
    };
    assert!(!strict.is_valid() && reference.is_valid());
    assert!(codes(&strict).contains(&"kyoyu-profile-claimed-unknown"));
}

#[test]
fn a_bundle_and_its_entries_claim_profiles_in_strict_mode() {
    let bare = |bundle: &mut Value| {
        bundle["meta"].as_object_mut().expect("an object").remove("profile");
        let meta = &mut bundle["entry"][1]["resource"]["meta"];
        meta.as_object_mut().expect("an object").remove("profile");
    };
    let Some((strict, reference)) = both(bare) else { return };
    assert!(reference.is_valid(), "{:?}", codes(&reference));
    assert!(codes(&strict).contains(&"kyoyu-claim-bundle"));
    assert!(codes(&strict).contains(&"kyoyu-claim-entry"));
}

#[test]
fn laxities_of_json_are_errors_of_strict_mode_only() {
    let Some(bundle) = bundle() else { return };
    let text = bundle.to_string();
    let marked = format!("\u{feff}{text}");
    let twice = text.replacen('{', "{\"resourceType\":\"Bundle\",", 1);
    for text in [marked, twice] {
        assert!(!check(text.as_bytes(), Mode::Strict).is_valid());
        assert!(check(text.as_bytes(), Mode::Reference).is_valid());
    }
}

#[test]
fn urls_of_example_domains_are_errors_of_the_reference_only() {
    let identifier = json!({"system": "http://example.org/x", "value": "1"});
    let Some((strict, reference)) = both(|bundle| {
        let identifiers = bundle["entry"][1]["resource"]["identifier"].as_array_mut();
        identifiers.expect("a list").push(identifier.clone());
    }) else {
        return;
    };
    assert!(strict.is_valid(), "{:?}", codes(&strict));
    assert!(!reference.is_valid());
}

#[test]
fn mechanical_repairs_come_as_json_patch() {
    let Some((strict, _)) = both(|bundle| {
        let uuid = bundle["entry"][2]["fullUrl"].as_str().expect("a text").to_uppercase();
        bundle["entry"][2]["fullUrl"] = json!(uuid.replacen("URN:UUID", "urn:uuid", 1));
    }) else {
        return;
    };
    let patches: Vec<&str> =
        strict.findings.iter().filter_map(|own| own.patch.as_deref()).collect();
    assert!(patches.iter().any(|patch| patch.contains("/entry/2/fullUrl")), "{patches:?}");
}
