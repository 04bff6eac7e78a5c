//! What must hold of every Bundle, whatever it carries.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use kyoyu_domain::entry::Flags;
use kyoyu_synth::{
    AllergyKind, AllergyList, ChosenResult, ConditionList, LabReport, ResultStatus, Results, Seed,
    Sending, SynthBundle, World, WorldSize, allergies, conditions, labs,
};
use serde_json::{Value, json};

const MEGABYTES_10: usize = 10_485_760;
const FLAGS: &str = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication";

fn world() -> World {
    World::new(Seed(42), WorldSize { institutions: 200, persons: 50_000 })
}

fn at() -> DateTime<Utc> {
    "2026-07-15T01:30:00Z".parse().expect("an instant")
}

fn lab(nth: u64, results: Results) -> SynthBundle {
    let sending = Sending::new(nth, at());
    let report = LabReport { sending, collected_at: at() - Duration::hours(2), results };
    labs(&world().institution(nth), &world().person(nth * 13), &report)
}

fn condition_list(nth: u64, count: usize, flags: Vec<Flags>) -> SynthBundle {
    let list = ConditionList { sending: Sending::new(nth, at()), count, flags };
    conditions(&world().institution(nth), &world().person(nth * 13), &list)
}

fn allergy_list(nth: u64, long_term: Vec<bool>) -> SynthBundle {
    let kinds = vec![
        AllergyKind::Drug,
        AllergyKind::Food,
        AllergyKind::Other,
        AllergyKind::Drug,
        AllergyKind::Other,
    ];
    let list = AllergyList { sending: Sending::new(nth, at()), kinds, long_term };
    allergies(&world().institution(nth), &world().person(nth * 13), &list)
}

/// Bundles of all kinds from many institutions.
fn all_kinds() -> impl Iterator<Item = SynthBundle> {
    (0..60).flat_map(|nth| {
        [
            lab(nth, Results::AsInLife(25)),
            lab(nth, Results::Listed(6)),
            condition_list(nth, 12, Flags::all().collect()),
            allergy_list(nth, vec![true]),
        ]
    })
}

fn parsed(bundle: &SynthBundle) -> Value {
    serde_json::from_str(&bundle.json).expect("a Bundle is JSON")
}

fn resources(bundle: &Value) -> impl Iterator<Item = &Value> {
    bundle["entry"].as_array().expect("entries").iter().map(|entry| &entry["resource"])
}

fn codings(resource: &Value) -> impl Iterator<Item = (&str, &str)> {
    let codings = resource["code"]["coding"].as_array().expect("codings");
    codings.iter().map(|coding| {
        (coding["system"].as_str().expect("a system"), coding["code"].as_str().expect("a code"))
    })
}

/// Every value of a key, at any depth.
fn all_of<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == key => found.push(text),
                    _ => all_of(member, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all_of(item, key, found)),
        _ => {}
    }
}

#[test]
fn the_same_case_gives_the_same_bytes_and_another_seed_others() {
    for (first, second) in all_kinds().zip(all_kinds()) {
        assert_eq!(first, second);
    }
    let other = World::new(Seed(43), WorldSize { institutions: 200, persons: 50_000 });
    assert_ne!(world().bundle(5, 4, at()), other.bundle(5, 4, at()));
    assert_eq!(world().bundle(5, 4, at()), world().bundle(5, 4, at()));
}

#[test]
fn an_envelope_has_identifier_tag_type_and_instants() {
    for bundle in all_kinds() {
        let value = parsed(&bundle);
        assert_eq!(value["identifier"]["value"], bundle.identifier.value());
        assert_eq!(value["type"], "collection");
        assert_eq!(value["timestamp"], value["meta"]["lastUpdated"]);
        let sent_at = value["timestamp"].as_str().expect("an instant");
        assert_eq!(sent_at.parse::<DateTime<Utc>>().expect("an instant"), at());
        let tag = value["meta"]["tag"][0]["code"].as_str().expect("a tag");
        assert!(resources(&value).skip(1).all(|resource| resource["resourceType"] == tag));
        assert_eq!(resources(&value).count(), bundle.resources + 1);
    }
}

#[test]
fn full_urls_are_unique_lower_case_uuids_and_references_resolve() {
    for bundle in all_kinds() {
        let value = parsed(&bundle);
        let mut urls = Vec::new();
        all_of(&value, "fullUrl", &mut urls);
        let unique: HashSet<&str> = urls.iter().copied().collect();
        assert_eq!(unique.len(), urls.len());
        for url in &urls {
            let uuid = url.strip_prefix("urn:uuid:").expect("a UUID");
            assert!(uuid.len() == 36 && !uuid.contains(|c: char| c.is_uppercase()), "{url}");
        }
        for resource in resources(&value).skip(1) {
            let contained: HashSet<String> = resource["contained"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| format!("#{}", one["id"].as_str().expect("an id")))
                .collect();
            let mut references = Vec::new();
            all_of(resource, "reference", &mut references);
            assert!(references.contains(&urls[0]), "the Patient");
            for target in references {
                assert!(target == urls[0] || contained.contains(target), "{target}");
            }
        }
    }
}

#[test]
fn another_sending_of_the_same_report_keeps_identifiers_and_changes_urls() {
    let (institution, person) = (world().institution(3), world().person(9));
    let first = Sending::new(7, at());
    let later = first.again_at(at() + Duration::days(300));
    let send = |sending| {
        conditions(&institution, &person, &ConditionList { sending, count: 6, flags: vec![] })
    };
    let (before, after) = (send(first), send(later));
    assert_eq!(before.identifier, after.identifier);
    let (before, after) = (parsed(&before), parsed(&after));
    assert_ne!(before["entry"][1]["fullUrl"], after["entry"][1]["fullUrl"]);
    for (former, latter) in resources(&before).zip(resources(&after)).skip(1) {
        for key in ["identifier", "code", "onsetDateTime", "clinicalStatus", "note"] {
            assert_eq!(former[key], latter[key]);
        }
    }
}

#[test]
fn resource_identifiers_are_unique_within_a_bundle_and_between_reports() {
    let mut seen = HashSet::new();
    for serial in 0..20 {
        let report = LabReport {
            sending: Sending::new(serial, at()),
            collected_at: at(),
            results: Results::AsInLife(150),
        };
        let bundle = labs(&world().institution(1), &world().person(2), &report);
        let value = parsed(&bundle);
        for resource in resources(&value).skip(1) {
            let identifier = resource["identifier"][0]["value"].to_string();
            assert!(seen.insert(identifier.clone()), "{identifier}");
        }
    }
}

#[test]
fn every_resource_names_its_institution_and_what_a_collection_demands() {
    for nth in 0..60 {
        let number = world().institution(nth).number;
        for bundle in [lab(nth, Results::AsInLife(30)), condition_list(nth, 9, vec![])] {
            assert_eq!(bundle.identifier.institution(), number);
            let value = parsed(&bundle);
            for resource in resources(&value).skip(1) {
                let extension = &resource["extension"];
                assert_eq!(extension[0]["valueIdentifier"]["value"], number.as_str());
                assert!(extension[1]["valueCodeableConcept"]["text"].is_string());
                let encounter = &resource["contained"][0];
                assert_eq!(
                    encounter["meta"]["profile"],
                    json!(["http://jpfhir.jp/fhir/core/StructureDefinition/JP_Encounter"])
                );
                assert_eq!(resource["encounter"]["reference"], "#enc");
            }
        }
    }
}

#[test]
fn flags_stand_where_the_caller_wants_them() {
    let flags: Vec<Flags> = Flags::all().collect();
    let value = parsed(&condition_list(4, 9, flags.clone()));
    for (resource, flags) in resources(&value).skip(1).zip(flags) {
        let tags = resource["meta"]["tag"].as_array().cloned().unwrap_or_default();
        let has = |code| tags.iter().any(|tag| tag["system"] == FLAGS && tag["code"] == code);
        assert_eq!(has("LTS"), flags.long_term);
        assert_eq!(has("UNINFORMED"), flags.uninformed);
        assert_eq!(has("UNDELIVERED"), flags.undelivered);
    }
    let value = parsed(&allergy_list(4, vec![false, true]));
    let tagged = |nth: usize| value["entry"][nth]["resource"]["meta"]["tag"].is_array();
    assert!(!tagged(1) && tagged(2) && !tagged(3));
}

#[test]
fn only_infection_items_carry_lts_r6031() {
    let mut flagged = 0;
    for nth in 0..200 {
        let value = parsed(&lab(nth, Results::AsInLife(40)));
        for resource in resources(&value).skip(1).filter(|r| r["meta"]["tag"].is_array()) {
            assert!(codings(resource).any(|(system, _)| system.contains("InfectionLabo")));
            flagged += 1;
        }
    }
    assert!(flagged > 20, "{flagged}");
}

#[test]
fn a_result_in_life_is_listed_infection_or_unlisted_and_never_two_of_them() {
    let mut counts = [0; 3];
    for nth in 0..100 {
        let value = parsed(&lab(nth, Results::AsInLife(20)));
        for resource in resources(&value).skip(1) {
            let of = |table| codings(resource).any(|(system, _)| system.contains(table));
            assert!(of("LocalCode"));
            let (core, infection) = (of("CoreLabo"), of("InfectionLabo"));
            assert!(!(core && infection));
            counts[if core {
                0
            } else if infection {
                1
            } else {
                2
            }] += 1;
            if !core && !infection {
                assert!(of("master-JLAC10-17digits") || of("Uncoded"));
            }
        }
    }
    assert!(counts[0] > 1_000 && counts[1] > 60 && counts[2] > 150, "{counts:?}");
}

#[test]
fn chosen_results_have_their_item_and_status_and_a_value_only_where_there_is_one() {
    let statuses = [
        ResultStatus::Registered,
        ResultStatus::Preliminary,
        ResultStatus::Final,
        ResultStatus::Corrected,
        ResultStatus::Cancelled,
    ];
    let chosen: Vec<ChosenResult> = statuses
        .iter()
        .map(|status| ChosenResult { status: *status, ..ChosenResult::listed(221) })
        .chain([ChosenResult { long_term: true, ..ChosenResult::listed(532) }])
        .chain([ChosenResult::unlisted()])
        .collect();
    let value = parsed(&lab(8, Results::Chosen(chosen.clone())));
    for (resource, chosen) in resources(&value).skip(1).zip(&chosen) {
        assert_eq!(resource["status"], chosen.status.code());
        let valued =
            resource.as_object().expect("an object").keys().any(|key| key.starts_with("value"));
        assert_eq!(valued, chosen.status.has_value());
        assert_eq!(resource["dataAbsentReason"]["text"].is_string(), !valued);
        assert_eq!(resource["meta"]["tag"].is_array(), chosen.long_term);
    }
    assert_eq!(resources(&value).count(), 8);
}

#[test]
fn decimals_keep_their_zeros_and_units_agree_with_the_usual_range() {
    let mut zeros = 0;
    for nth in 0..80 {
        let bundle = lab(nth, Results::AsInLife(40));
        zeros += bundle.json.matches("0,\"unit\"").count();
        let value = parsed(&bundle);
        for resource in resources(&value).skip(1).filter(|r| r["valueQuantity"].is_object()) {
            for limit in ["low", "high"] {
                let range = &resource["referenceRange"][0][limit];
                if range.is_object() {
                    assert_eq!(range["unit"], resource["valueQuantity"]["unit"]);
                    assert_eq!(range["code"], resource["valueQuantity"]["code"]);
                }
            }
        }
    }
    assert!(zeros > 100, "{zeros}");
    let potassium = vec![ChosenResult::listed(221); 40];
    let bundle = lab(1, Results::Chosen(potassium));
    assert!(bundle.json.contains(".0,\"unit\""), "a whole number of tenths is printed as such");
}

#[test]
fn an_ended_disease_has_an_end_and_a_standing_one_has_none_con_4() {
    let mut ended = 0;
    for nth in 0..60 {
        let value = parsed(&condition_list(nth, 15, vec![]));
        for resource in resources(&value).skip(1) {
            let status = resource["clinicalStatus"]["coding"][0]["code"].as_str().expect("a code");
            let end = resource["abatementDateTime"].as_str();
            assert_eq!(end.is_some(), matches!(status, "resolved" | "remission"));
            let onset = resource["onsetDateTime"].as_str().expect("an onset");
            if let Some(end) = end {
                assert!(onset <= end, "{onset} {end}");
                ended += 1;
            }
        }
    }
    assert!(ended > 50, "{ended}");
}

#[test]
fn bundles_differ_and_stay_below_ten_megabytes() {
    let big = lab(2, Results::AsInLife(3_000));
    assert!(big.json.len() <= MEGABYTES_10, "{}", big.json.len());
    assert_eq!(big.resources, 3_000);
    let identifiers: HashSet<String> = (0..2_000)
        .map(|index| world().bundle(index, 4, at()).1.identifier.value().to_owned())
        .collect();
    assert_eq!(identifiers.len(), 2_000);
}

#[test]
fn an_edited_bundle_differs_in_the_edit() {
    let bundle = lab(1, Results::Listed(4));
    let edited = bundle.edited(|value| value["type"] = json!("document"));
    let value: Value = serde_json::from_str(&edited).expect("JSON");
    assert_eq!(value["type"], "document");
    assert_eq!(value["entry"], parsed(&bundle)["entry"]);
}

#[test]
fn submissions_come_in_order_in_a_mix_and_without_repeated_identifiers() {
    let from = at();
    let to = from + Duration::days(30);
    let stream: Vec<_> = world().submissions(1, (from, to), 600).collect();
    assert_eq!(stream.len(), 600);
    assert!(stream.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(stream.iter().all(|one| from <= one.at && one.at <= to));
    let kinds: HashSet<_> = stream.iter().map(|one| one.kind).collect();
    assert_eq!(kinds.len(), 3);
    let other = world().submissions(2, (from, to), 600);
    let identifiers: HashSet<String> = stream
        .into_iter()
        .chain(other)
        .map(|one| one.bundle.identifier.value().to_owned())
        .collect();
    assert_eq!(identifiers.len(), 1_200);
}
