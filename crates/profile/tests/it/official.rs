//! The official examples, where they are at hand.

use std::fs;

use kyoyu_domain::problem::Severity;
use kyoyu_profile::{Limits, collection};

use crate::support::{assert_sound, checkout, told};

/// An official example; none where the folder is not there.
fn example(path: &str) -> Option<Vec<u8>> {
    let file = checkout("../shared/examples").join(path);
    let bytes = fs::read(&file).ok();
    if bytes.is_none() {
        left_out(path);
    }
    bytes
}

#[expect(clippy::print_stderr, reason = "a test says what it left out")]
fn left_out(path: &str) {
    eprintln!("left out: ../shared/examples/{path} is not there");
}

#[test]
fn the_official_laboratory_bundle_passes_with_one_warning() {
    let path = "clins-1.10.0/Bundle-Bundle-CLINS-Observations-Example-01.json";
    let Some(body) = example(path) else { return };
    let report = collection::check(&body, &Limits::default());
    assert_sound(&report);
    let told: Vec<_> = report.issues.iter().map(told).collect();
    assert_eq!(told, [("kyoyu-resource-repeated", "Bundle.entry[2].resource.identifier[0]")]);
    assert_eq!(report.issues[0].rule.severity, Severity::Warning);
    assert_eq!(report.issues[0].argument.as_deref(), Some("3"));
    let bundle = report.bundle.expect("no errors");
    let kinds: Vec<_> = bundle.resources.iter().map(|r| (r.kind.code, r.item)).collect();
    assert_eq!(kinds[..2], [("lab", 21), ("lab", 221)]);
}

/// It claims version 1 of the profile, which no accepted guide has.
#[test]
fn the_bundle_of_the_former_guide_is_refused_for_its_version() {
    let path = "clins-1.5.2/Bundle-Bundle-CLINS-Observations-Example-01.json";
    let Some(body) = example(path) else { return };
    let report = collection::check(&body, &Limits::default());
    assert_sound(&report);
    let errors: Vec<_> = report
        .issues
        .iter()
        .filter(|issue| issue.rule.severity == Severity::Error)
        .map(told)
        .collect();
    assert_eq!(errors, [("kyoyu-profile-version", "Bundle.meta.profile[0]")]);
}

/// The example names its file by an address of somebody's disk (S9.5).
#[test]
fn an_official_letter_is_a_document_whose_file_is_elsewhere() {
    let path = "clins-1.10.0/Bundle-Bundle-CLINS-Referral-Example-01.json";
    let Some(body) = example(path) else { return };
    let report = collection::check(&body, &Limits::default());
    assert_sound(&report);
    let errors: Vec<_> = report
        .issues
        .iter()
        .filter(|issue| issue.rule.severity == Severity::Error)
        .map(|issue| issue.rule.code)
        .collect();
    assert_eq!(errors, ["kyoyu-attachment-url"]);
}
