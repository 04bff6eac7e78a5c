//! The data cases of every kind: `tests/fixtures/<kind>/<case>/{input,expected}.json`.

use std::{collections::HashSet, fs};

use kyoyu_domain::{
    catalogue::CATALOGUE,
    entry::Flags,
    problem::{Issue, Severity},
};
use kyoyu_profile::{
    Generation, Limits,
    collection::{self, CheckedResource},
    rules::{EMPTY_SET, TAGGED_RESOURCE},
    validator::{Mode, Validator},
};
use serde_json::{Value, json};

use crate::support::{assert_sound, checkout, input, told};

/// Compares the report on one case with what is expected.
fn check(case: &str) {
    let expected = checkout("tests/fixtures").join(case).join("expected.json");
    let expected: Value = fs::read(&expected)
        .map(|bytes| serde_json::from_slice(&bytes).expect("expected.json is JSON"))
        .expect("a case has an expected.json");
    let report = collection::check(&input(case), &Limits::default());
    assert_sound(&report);
    let issues: Vec<Value> = report.issues.iter().map(issue).collect();
    assert_eq!(json!(issues), expected["issues"], "{case}");
    let resources =
        report.bundle.map(|bundle| bundle.resources.iter().map(resource).collect::<Vec<_>>());
    assert_eq!(json!(resources), expected["resources"], "{case}");
}

fn issue(issue: &Issue) -> Value {
    let severity = match issue.rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
    };
    let (code, expression) = told(issue);
    json!({"code": code, "severity": severity, "expression": expression})
}

fn resource(resource: &CheckedResource) -> Value {
    json!({
        "kind": resource.kind.code,
        "ordinal": resource.ordinal,
        "item": resource.item,
        "dated_at": resource.dated_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        "standing": format!("{:?}", resource.standing),
        "clinical": format!("{:?}", resource.clinical),
        "flags": flags(resource.flags),
    })
}

fn flags(flags: Flags) -> Vec<&'static str> {
    [(flags.long_term, "LTS"), (flags.uninformed, "UNINFORMED"), (flags.undelivered, "UNDELIVERED")]
        .into_iter()
        .filter_map(|(set, code)| set.then_some(code))
        .collect()
}

#[test]
fn every_case_is_reported_as_expected() {
    for kind in CATALOGUE {
        let folder = checkout("tests/fixtures").join(kind.code);
        let cases = fs::read_dir(&folder).expect("each kind has cases");
        let names: HashSet<String> = cases
            .map(|case| case.expect("a folder").file_name().to_string_lossy().into_owned())
            .collect();
        assert!(names.contains("valid") && names.contains("invalid"), "{kind}");
        for name in names {
            check(&format!("{}/{name}", kind.code));
        }
    }
}

#[test]
fn a_valid_bundle_says_whose_it_is() {
    let report = collection::check(&input("condition/valid"), &Limits::default());
    let bundle = report.bundle.expect("it is valid");
    assert_eq!(bundle.identifier.value(), "1311234567^2026^C-0001");
    assert_eq!(Some(bundle.sent_at), "2026-04-01T09:30:00Z".parse().ok());
    assert_eq!(bundle.patient.identifier.value().expose(), "00123459:架空:１２３４:02");
    assert_eq!(bundle.patient.birth_on.expose().to_string(), "1958-02-28");
}

#[test]
fn places_have_line_column_and_argument() {
    let report = collection::check(&input("drug-allergy/invalid"), &Limits::default());
    let issue = &report.issues[0];
    assert_eq!(issue.argument.as_deref(), Some("AllergyIntolerance"));
    let place = issue.place.as_ref().expect("a place");
    let text = String::from_utf8(input("drug-allergy/invalid")).expect("UTF-8");
    let line = text.lines().nth(place.line as usize - 1).expect("the line");
    let from_column: String = line.chars().skip(place.column as usize - 1).collect();
    assert_eq!(from_column, "{");
}

/// What an institution may send conforms to the profiles too, with the displays that the
/// code systems have.
#[test]
fn every_valid_case_conforms_to_the_profiles() {
    let validator = Validator::shipped(Limits::default(), Generation::default());
    for kind in CATALOGUE {
        let report = validator.validate(&input(&format!("{}/valid", kind.code)), Mode::Strict);
        let unsaid = ["dom-6", "kyoyu-code-undecidable"];
        let told: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| !unsaid.contains(&&*finding.rule.code))
            .map(|finding| (&finding.rule.code, &finding.expression))
            .collect();
        assert!(told.is_empty(), "{}: {told:?}", kind.code);
    }
}

#[test]
fn a_waived_rule_is_asked_neither_as_such_nor_where_a_profile_states_it() {
    let asking = Validator::shipped(Limits::default(), Generation::default());
    let waiving = asking.waiving(EMPTY_SET);
    let body = input("condition/patient-only");
    let errors = |report: &collection::Report| -> Vec<&str> {
        let errors = report.issues.iter().filter(|own| own.rule.severity == Severity::Error);
        errors.map(|own| own.rule.code).collect()
    };
    let asked = collection::check_with(&body, &Limits::default(), &asking);
    // Once as a rule of Bundles, once as the profile's invariant.
    assert_eq!(errors(&asked), [TAGGED_RESOURCE.code; 2]);
    let waived = collection::check_with(&body, &Limits::default(), &waiving);
    assert_eq!(errors(&waived), [""; 0]);
    assert!(waived.bundle.is_some_and(|bundle| bundle.resources.is_empty()));
    let reference = |validator: &Validator| validator.validate(&body, Mode::Reference).findings;
    assert_eq!(reference(&waiving), reference(&asking));
    assert!(reference(&asking).iter().any(|own| own.rule.code == TAGGED_RESOURCE.code));
}
