//! Prescriptions in letters: codes, groups and instructions.

mod support;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use kyoyu_synth::{
    DrugCodes, EPrescription, Prescription, Referral, Seed, Sending, SynthBundle, World, WorldSize,
    e_prescription, referral,
};
use serde_json::Value;

use crate::support::{assert_clean, assert_told};

/// What the guide warns of where a drug has no YJ code.
const NO_YJ: &str = "warning-anyOf-YJ-or-KikakubetsuYakuzaiSeibun-medicationCode";

fn at() -> DateTime<Utc> {
    "2026-07-15T01:30:00Z".parse().expect("an instant")
}

fn letter(nth: u64, lines: usize, codes: DrugCodes) -> SynthBundle {
    let world = World::new(Seed(77), WorldSize { institutions: 500, persons: 50_000 });
    let letter = Referral {
        prescription: Some(Prescription { lines, codes }),
        ..Referral::new(Sending::new(nth, at()))
    };
    referral(&world.institution(nth), &world.institution(nth + 1), &world.person(nth), &letter)
}

fn lines_of(bundle: &SynthBundle) -> Vec<Value> {
    let value: Value = serde_json::from_str(&bundle.json).expect("a Bundle is JSON");
    let entries = value["entry"].as_array().expect("entries").iter();
    let resources = entries.map(|entry| entry["resource"].clone());
    resources.filter(|one| one["resourceType"] == "MedicationRequest").collect()
}

/// How many of a letter's lines have and lack a YJ code.
fn with_and_without_yj(bundle: &SynthBundle) -> (usize, usize) {
    let has_yj = |line: &Value| {
        let codings = line["medicationCodeableConcept"]["coding"].as_array().expect("codings");
        codings.iter().any(|one| one["system"].as_str().is_some_and(|it| it.ends_with("YJ-code")))
    };
    let (with, without): (Vec<Value>, Vec<Value>) = lines_of(bundle).into_iter().partition(has_yj);
    (with.len(), without.len())
}

#[test]
fn a_prescription_has_all_codes_or_lacks_some_as_wished() {
    let of = |nth, codes| letter(nth, 12, codes);
    for nth in 0..20 {
        assert_eq!(with_and_without_yj(&of(nth, DrugCodes::AllYj)), (12, 0));
        for codes in [DrugCodes::SomeGeneral, DrugCodes::SomeLocal] {
            let (with, without) = with_and_without_yj(&of(nth, codes));
            assert!(without >= 1 && with >= 1 && with + without == 12, "{with} {without}");
        }
    }
    assert_clean((0..20).map(|nth| of(nth, DrugCodes::AllYj)));
    assert_told((0..20).map(|nth| of(nth, DrugCodes::SomeGeneral)), &[NO_YJ]);
    assert_told((0..20).map(|nth| of(nth, DrugCodes::SomeLocal)), &[NO_YJ]);
}

#[test]
fn prescriptions_hold_instructions_of_all_sorts() {
    let places = [
        "/dispenseRequest/extension/0/valueCodeableConcept/text",
        "/dosageInstruction/0/additionalInstruction/0/coding/0/code",
        "/dosageInstruction/0/asNeededBoolean",
        "/dosageInstruction/0/timing/code/coding/0/code",
        "/category/0/coding/0/code",
    ];
    let mut seen = HashSet::new();
    for nth in 0..60 {
        for line in lines_of(&letter(nth, 40, DrugCodes::AllYj)) {
            let told = places.iter().filter_map(|place| line.pointer(place));
            seen.extend(told.map(Value::to_string));
        }
    }
    let wanted =
        ["嚥下困難のため粉砕", "一包化", "別包", "V13NNNNN", "0X0XXXXXXXXX0000", "OHP", "BDP"];
    for text in wanted {
        assert!(seen.contains(&format!("\"{text}\"")), "{text}");
    }
    assert!(seen.contains("true"));
}

#[test]
fn lines_of_a_group_share_usage_and_days_and_are_numbered_from_one() {
    for nth in 0..20 {
        let mut groups: Vec<Vec<(String, Value)>> = Vec::new();
        for line in lines_of(&letter(nth, 20, DrugCodes::AllYj)) {
            let number = |nth: usize| {
                let digits = line["identifier"][nth]["value"].as_str().expect("a number");
                digits.parse::<usize>().expect("digits")
            };
            let (group, place) = (number(0), number(1));
            if group > groups.len() {
                groups.push(vec![]);
            }
            let timing = line["dosageInstruction"][0]["timing"].clone();
            groups[group - 1].push((place.to_string(), timing));
            assert_eq!(groups[group - 1].len(), place);
        }
        for group in groups {
            assert!(group.iter().all(|(_, timing)| *timing == group[0].1));
        }
    }
}

#[test]
fn electronic_prescriptions_are_conformant_by_themselves_and_name_the_person_by_identifier() {
    let world = World::new(Seed(77), WorldSize { institutions: 500, persons: 50_000 });
    let of = |nth: u64| {
        let content = EPrescription {
            serial: nth,
            prescribed_at: at(),
            prescription: Prescription { lines: 6, codes: DrugCodes::AllYj },
        };
        let (institution, person) = (world.institution(nth), world.person(nth));
        let number = person.identifier.value().expose().clone();
        let identifier = letter(nth, 1, DrugCodes::AllYj).identifier;
        let lines = e_prescription(&institution, &person, &content).into_iter();
        lines.map(move |json| {
            assert!(json.contains(&format!("\"value\":\"{number}\"")), "{json}");
            assert!(json.contains("\"OHO\""), "out of hospital: {json}");
            SynthBundle { identifier: identifier.clone(), json, resources: 1 }
        })
    };
    assert_clean((0..20).flat_map(of));
}
