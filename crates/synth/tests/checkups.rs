//! Every report of a checkup is valid, and the years of a person fit together.

mod support;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use kyoyu_synth::{
    Checkup, Institution, Person, Programme, Seed, Sending, SynthBundle, World, WorldSize, checkup,
};
use serde_json::Value;

use crate::support::{assert_clean, assert_told};

fn world() -> World {
    World::new(Seed(77), WorldSize { institutions: 500, persons: 50_000 })
}

fn at(nth: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-07-15T01:30:00Z".parse().expect("an instant");
    first + Duration::minutes(nth as i64 * 4_321)
}

/// Half of them are sent by checkup centres.
fn sender(nth: u64) -> Institution {
    if nth.is_multiple_of(2) { world().institution(nth) } else { world().checkup_centre(nth) }
}

fn report(nth: u64, programme: Programme) -> SynthBundle {
    let one = Checkup::new(Sending::new(nth, at(nth)), programme);
    checkup(&sender(nth), &world().person(nth * 13), &one)
}

fn parsed(bundle: &SynthBundle) -> Value {
    serde_json::from_str(&bundle.json).expect("a Bundle is JSON")
}

fn resources<'a>(bundle: &'a Value, of: &'a str) -> impl Iterator<Item = &'a Value> {
    let entries = bundle["entry"].as_array().expect("entries").iter();
    entries.map(|entry| &entry["resource"]).filter(move |one| one["resourceType"] == of)
}

fn code(observation: &Value) -> &str {
    observation["code"]["coding"][0]["code"].as_str().expect("a code")
}

#[test]
fn reports_of_every_programme_are_clean() {
    let reports = |programme| (0..20).map(move |nth| report(nth, programme));
    for programme in Programme::ALL {
        match programme {
            // The profile gives their sections other displays than the code list.
            Programme::Equivalent | Programme::InsurerOther => {
                assert_told(reports(programme), &["kyoyu-code-display"]);
            }
            _ => assert_clean(reports(programme)),
        }
    }
}

#[test]
fn a_programme_has_its_own_sections_and_items() {
    let sections = |programme| -> Vec<String> {
        let value = parsed(&report(1, programme));
        let sections = value["entry"][0]["resource"]["section"].as_array().cloned();
        let codes = sections.expect("sections").into_iter();
        codes
            .map(|one| one["code"]["coding"][0]["code"].as_str().unwrap_or("").to_owned())
            .collect()
    };
    assert_eq!(sections(Programme::Specific), ["01011", "01012", "01990"]);
    assert_eq!(sections(Programme::RegionalUnion), ["01021", "01022"]);
    assert_eq!(sections(Programme::Occupational), ["01031", "01032"]);
    assert_eq!(sections(Programme::School), ["01041", "01042"]);
    assert_eq!(sections(Programme::Equivalent), ["01071", "01072"]);
    assert_eq!(sections(Programme::InsurerOther), ["01081", "01082"]);
    let has = |programme, item: &str| {
        let value = parsed(&report(1, programme));
        resources(&value, "Observation").any(|one| code(one) == item)
    };
    let (sight, chest, elder) = ("9E160162100000001", "9N206", "9N932000000000011");
    assert!(has(Programme::Occupational, sight) && !has(Programme::Specific, sight));
    assert!(has(Programme::Occupational, chest) && !has(Programme::Specific, chest));
    assert!(has(Programme::RegionalUnion, elder) && !has(Programme::School, elder));
}

/// The measured values of one year, by item.
fn values(person: &Person, year: i32) -> HashMap<String, f64> {
    let sent_at = at(0).with_year(year).expect("a July exists in every year");
    let one = Checkup::new(Sending::new(year as u64, sent_at), Programme::InsurerOther);
    let bundle = checkup(&sender(year as u64), person, &one);
    let value = parsed(&bundle);
    resources(&value, "Observation")
        .filter_map(|one| {
            let value = one["valueQuantity"]["value"].as_f64()?;
            Some((code(one).to_owned(), value))
        })
        .collect()
}

#[test]
fn five_years_of_a_person_are_near_to_each_other_and_not_the_same() {
    let (height, weight, index) = ("9N001000000000001", "9N006000000000001", "9N011000000000001");
    for nth in 0..40 {
        let person = world().person(nth);
        let years: Vec<_> = (2022..=2026).map(|year| values(&person, year)).collect();
        let series = |item: &str| -> Vec<f64> { years.iter().map(|year| year[item]).collect() };
        for pair in series(height).windows(2) {
            assert!((pair[0] - pair[1]).abs() < 2.0, "{pair:?}");
        }
        for pair in series(weight).windows(2) {
            assert!((pair[0] - pair[1]).abs() < 9.0, "{pair:?}");
        }
        assert!(series(weight).windows(2).any(|pair| (pair[0] - pair[1]).abs() > 0.05));
        for year in &years {
            let metres = year[height] / 100.0;
            assert!((year[weight] / (metres * metres) - year[index]).abs() < 0.06);
            let (systolic, diastolic) = (year["9A751000000000001"], year["9A761000000000001"]);
            assert!(systolic > diastolic, "{systolic} {diastolic}");
        }
    }
}

#[test]
fn the_insurer_is_that_of_the_patient() {
    for nth in 0..40 {
        let person = world().person(nth * 13);
        let value = parsed(&report(nth, Programme::Specific));
        let insurer = resources(&value, "Organization").nth(1).expect("an insurer");
        assert_eq!(insurer["identifier"][0]["value"], person.insurer.as_str());
        assert!(insurer["name"].is_string());
        assert_eq!(resources(&value, "Coverage").count(), 2);
        assert_eq!(value["entry"][1]["resource"]["birthDate"], person.birth_on.to_string());
    }
}

#[test]
fn what_was_not_done_says_why_and_has_no_value() {
    let mut absent = 0;
    for nth in 0..60 {
        let value = parsed(&report(nth, Programme::InsurerOther));
        for one in resources(&value, "Observation").filter(|one| one["status"] == "cancelled") {
            assert!(one["dataAbsentReason"]["text"].is_string());
            assert!(one["valueQuantity"].is_null());
            absent += 1;
        }
    }
    assert!(absent > 5, "{absent}");
}

#[test]
fn the_same_checkup_gives_the_same_bytes_and_identifiers_are_unique() {
    let mut seen = HashSet::new();
    for nth in 0..40 {
        let bundle = report(nth, Programme::Occupational);
        assert_eq!(bundle, report(nth, Programme::Occupational));
        assert!(seen.insert(bundle.identifier.value().to_owned()));
        for one in resources(&parsed(&bundle), "Observation") {
            if let Some(identifier) = one["identifier"][0]["value"].as_str() {
                assert!(seen.insert(identifier.to_owned()), "{identifier}");
            }
        }
    }
}

#[test]
fn checkup_centres_have_numbers_of_their_own() {
    let world = world();
    let mut numbers: HashSet<_> = (0..500).map(|index| world.institution(index).number).collect();
    assert!((0..500).all(|index| numbers.insert(world.checkup_centre(index).number)));
}

#[test]
fn the_usual_programme_follows_the_age() {
    let on = NaiveDate::from_ymd_opt(2026, 7, 1).expect("a day");
    let programme = |(year, month, day)| {
        let birth_on = NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        Programme::usual_for(&Person { birth_on, ..world().person(1) }, on)
    };
    assert_eq!(programme((1951, 7, 1)), Programme::RegionalUnion);
    assert_eq!(programme((1951, 7, 2)), Programme::Specific);
    assert_eq!(programme((1987, 3, 31)), Programme::Specific);
    assert_eq!(programme((1987, 4, 1)), Programme::Occupational);
}
