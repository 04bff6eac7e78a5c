//! Every Bundle that this crate makes is one that the gateway takes: no error by the
//! profiles of the guide, and no warning that a careful system avoids.

mod support;

use std::fs;

use chrono::{DateTime, Duration, Utc};
use kyoyu_domain::entry::Flags;
use kyoyu_profile::validator::Mode;
use kyoyu_synth::{
    AllergyKind, AllergyList, ChosenResult, ConditionList, LabReport, ResultStatus, Results, Seed,
    Sending, SynthBundle, World, WorldSize, allergies, conditions, labs,
};

use crate::support::{SHIPPED, assert_clean, is_avoidable};

fn world() -> World {
    World::new(Seed(77), WorldSize { institutions: 500, persons: 50_000 })
}

fn at(nth: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-07-15T01:30:00Z".parse().expect("an instant");
    first + Duration::minutes(nth as i64 * 4_321)
}

fn lab(nth: u64, results: Results) -> SynthBundle {
    let collected_at = at(nth) - Duration::hours(2);
    let report = LabReport { sending: Sending::new(nth, at(nth)), collected_at, results };
    labs(&world().institution(nth), &world().person(nth * 13), &report)
}

#[test]
fn bundles_of_the_benchmark_are_clean() {
    let bundle = |(index, resources)| world().bundle(index, resources, at(index)).1;
    assert_clean((0..160).map(|index| (index, if index % 2 == 0 { 4 } else { 20 })).map(bundle));
}

#[test]
fn submissions_of_all_kinds_are_clean() {
    let submissions = world().submissions(3, (at(0), at(200)), 300);
    assert_clean(submissions.map(|submission| submission.bundle));
}

#[test]
fn lists_of_diseases_with_every_flag_are_clean() {
    assert_clean((0..60).map(|nth| {
        let sending = Sending::new(nth, at(nth));
        let list = ConditionList { sending, count: 20, flags: Flags::all().collect() };
        conditions(&world().institution(nth), &world().person(nth * 13), &list)
    }));
}

#[test]
fn lists_of_allergies_of_every_kind_are_clean() {
    let kinds = [AllergyKind::Drug, AllergyKind::Food, AllergyKind::Other];
    assert_clean((0..60).map(|nth| {
        let kinds = kinds.into_iter().cycle().take(20).collect();
        let long_term = vec![nth % 2 == 0, nth % 3 == 0];
        let list = AllergyList { sending: Sending::new(nth, at(nth)), kinds, long_term };
        allergies(&world().institution(nth), &world().person(nth * 13), &list)
    }));
}

#[test]
fn results_of_every_item_and_status_are_clean() {
    let statuses = [
        ResultStatus::Registered,
        ResultStatus::Preliminary,
        ResultStatus::Final,
        ResultStatus::Corrected,
        ResultStatus::Cancelled,
    ];
    let mut chosen =
        Vec::from(statuses.map(|status| ChosenResult { status, ..ChosenResult::unlisted() }));
    let listed = fs::read_to_string(LAB_ITEMS).expect("the list of items is there");
    for item in listed.lines().filter_map(|line| line.split('\t').next()?.parse().ok()) {
        chosen.extend(statuses.map(|status| ChosenResult { status, ..ChosenResult::listed(item) }));
    }
    assert!(chosen.len() > 200, "{}", chosen.len());
    assert_clean((0..30).map(|nth| lab(nth, Results::Chosen(chosen.clone()))));
}

/// A report sent again later, and one of items with the flag that only infections have.
#[test]
fn changed_and_flagged_reports_are_clean() {
    assert_clean((0..60).map(|nth| {
        let sending = Sending::new(nth, at(nth)).again_at(at(nth + 90));
        let flagged = ChosenResult { long_term: true, ..ChosenResult::listed(532) };
        let results = Results::Chosen(vec![flagged, ChosenResult::listed(221)]);
        let report = LabReport { sending, collected_at: at(nth), results };
        labs(&world().institution(nth), &world().person(nth * 7), &report)
    }));
}

/// The checks above would see it.
#[test]
fn a_wrong_display_and_a_missing_specimen_are_found() {
    let bundle = lab(1, Results::Listed(4));
    let broken = bundle.edited(|bundle| {
        let encounter = &mut bundle["entry"][1]["resource"]["contained"][0];
        encounter["class"]["display"] = "外来".into();
        let result = bundle["entry"][2]["resource"].as_object_mut().expect("a result");
        result.remove("specimen");
    });
    let report = SHIPPED.validate(broken.as_bytes(), Mode::Strict);
    let found = report.findings.iter().filter(|finding| is_avoidable(finding));
    let codes: Vec<_> = found.map(|finding| &*finding.rule.code).collect();
    assert!(codes.contains(&"kyoyu-code-display"), "{codes:?}");
    assert!(codes.contains(&"kyoyu-element-missing"), "{codes:?}");
}

const LAB_ITEMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fhir-profiles/lab-items.tsv");
