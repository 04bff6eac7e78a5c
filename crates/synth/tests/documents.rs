//! Every document that this crate makes is valid, whatever it holds.

mod support;

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, Utc};
use kyoyu_domain::entry::Flags;
use kyoyu_synth::{
    AllergyKind, Attachment, AttachmentFormat, DischargeSummary, DocumentKind, DrugCodes,
    LabReport, LetterSection, PatientSummary, Prescription, Referral, Results, Seed, Sending,
    SynthBundle, World, WorldSize, discharge_summary, labs, patient_summary, referral,
};
use serde_json::Value;

use crate::support::{assert_clean, assert_told};

const FORMATS: [AttachmentFormat; 4] =
    [AttachmentFormat::Png, AttachmentFormat::Jpeg, AttachmentFormat::Tiff, AttachmentFormat::Pdf];

/// What the guide warns of where a drug has no YJ code.
const NO_YJ: &str = "warning-anyOf-YJ-or-KikakubetsuYakuzaiSeibun-medicationCode";

fn world() -> World {
    World::new(Seed(77), WorldSize { institutions: 500, persons: 50_000 })
}

fn at(nth: u64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-07-15T01:30:00Z".parse().expect("an instant");
    first + Duration::minutes(nth as i64 * 4_321)
}

fn letter(nth: u64, letter: &Referral) -> SynthBundle {
    let world = world();
    referral(&world.institution(nth), &world.institution(nth + 1), &world.person(nth * 13), letter)
}

fn usual(nth: u64) -> Referral {
    Referral::new(Sending::new(nth, at(nth)))
}

fn summary(nth: u64) -> SynthBundle {
    let summary = DischargeSummary::new(Sending::new(nth, at(nth)));
    discharge_summary(&world().institution(nth), &world().person(nth * 13), &summary)
}

fn report(nth: u64) -> LabReport {
    LabReport {
        sending: Sending::new(nth + 1_000, at(nth)),
        collected_at: at(nth) - Duration::hours(3),
        results: Results::AsInLife(30),
    }
}

/// A letter with everything there is, all drugs with their codes.
fn full(nth: u64) -> Referral {
    let sending = Sending::new(nth, at(nth));
    let summary = DischargeSummary {
        diseases: 9,
        results: Some(report(nth)),
        ..DischargeSummary::new(sending)
    };
    Referral {
        diseases: 15,
        flags: Flags::all().collect(),
        allergies: vec![AllergyKind::Drug, AllergyKind::Food, AllergyKind::Other],
        results: Some(report(nth)),
        prescription: Some(Prescription { lines: 40, codes: DrugCodes::AllYj }),
        sections: LetterSection::ALL.to_vec(),
        attachments: FORMATS.map(|format| Attachment { format, bytes: 20_000 }).to_vec(),
        summary: Some(summary),
        follows: Some(letter(nth + 1, &usual(nth)).identifier),
        ..Referral::new(sending)
    }
}

fn parsed(bundle: &SynthBundle) -> Value {
    serde_json::from_str(&bundle.json).expect("a Bundle is JSON")
}

fn resources<'a>(bundle: &'a Value, of: &'a str) -> impl Iterator<Item = &'a Value> {
    let entries = bundle["entry"].as_array().expect("entries").iter();
    entries.map(|entry| &entry["resource"]).filter(move |one| one["resourceType"] == of)
}

/// The sections of a document with a code, at any depth.
fn section<'a>(sections: &'a Value, code: &str) -> Option<&'a Value> {
    sections.as_array()?.iter().find_map(|one| {
        let found = one["code"]["coding"][0]["code"] == code;
        if found { Some(one) } else { section(&one["section"], code) }
    })
}

#[test]
fn usual_letters_are_clean_and_of_usual_size() {
    let letters: Vec<SynthBundle> = (0..60).map(|nth| letter(nth, &usual(nth))).collect();
    let bytes: usize = letters.iter().map(|letter| letter.json.len()).sum();
    assert!((25_000..45_000).contains(&(bytes / 60)), "{}", bytes / 60);
    assert_clean(letters);
}

#[test]
fn the_least_letters_are_clean() {
    assert_clean((0..30).map(|nth| letter(nth, &Referral::least(Sending::new(nth, at(nth))))));
}

#[test]
fn letters_with_everything_are_clean() {
    assert_clean((0..20).map(|nth| letter(nth, &full(nth))));
}

#[test]
fn summaries_alone_are_clean_also_where_they_follow_a_letter() {
    assert_clean((0..40).map(summary));
    assert_clean((0..10).map(|nth| {
        let earlier = letter(nth, &usual(nth)).identifier;
        let summary = DischargeSummary {
            brought: None,
            prescription: None,
            allergies: vec![],
            follows: Some(earlier.clone()),
            ..DischargeSummary::new(Sending::new(nth, at(nth + 3)))
        };
        let world = world();
        let bundle = discharge_summary(&world.institution(nth), &world.person(nth * 13), &summary);
        let target = &parsed(&bundle)["entry"][0]["resource"]["relatesTo"][0]["targetIdentifier"];
        assert_eq!(target["value"], earlier.value());
        bundle
    }));
}

#[test]
fn patient_summaries_are_clean_and_tell_advice_and_its_day() {
    let guided_on = at(0).date_naive() - Duration::days(12);
    let of = |nth| {
        let summary = PatientSummary {
            diseases: nth as usize % 5,
            guided_on,
            ..PatientSummary::new(Sending::new(nth, at(nth)))
        };
        patient_summary(&world().institution(nth), &world().person(nth * 13), &summary)
    };
    for nth in 0..10 {
        let value = parsed(&of(nth));
        let plan = resources(&value, "CarePlan").next().expect("a plan");
        assert_eq!(plan["created"], guided_on.to_string());
        assert!(plan["description"].as_str().is_some_and(|advice| advice.contains('。')));
        assert_eq!(resources(&value, "Condition").count(), (nth as usize % 5).max(1));
        assert_eq!(of(nth), of(nth));
    }
    assert_clean((0..60).map(of));
}

#[test]
fn the_same_letter_gives_the_same_bytes_and_another_seed_others() {
    let other = World::new(Seed(78), WorldSize { institutions: 500, persons: 50_000 });
    for nth in 0..5 {
        assert_eq!(letter(nth, &full(nth)), letter(nth, &full(nth)));
        assert_eq!(summary(nth), summary(nth));
        let (from, to) = (other.institution(nth), other.institution(nth + 1));
        assert_ne!(
            referral(&from, &to, &other.person(nth * 13), &usual(nth)).json,
            letter(nth, &usual(nth)).json
        );
    }
}

#[test]
fn a_letter_sent_again_keeps_its_identifiers_and_what_it_says() {
    for nth in 0..10 {
        let first = full(nth);
        let again = Referral { sending: first.sending.again_at(at(nth + 40)), ..first.clone() };
        let (before, after) = (letter(nth, &first), letter(nth, &again));
        assert_eq!((&before.identifier, before.resources), (&after.identifier, after.resources));
        let (before, after) = (parsed(&before), parsed(&after));
        for (former, latter) in resources(&before, "MedicationRequest")
            .zip(resources(&after, "MedicationRequest"))
            .chain(resources(&before, "Condition").zip(resources(&after, "Condition")))
            .chain(resources(&before, "Observation").zip(resources(&after, "Observation")))
        {
            for key in ["identifier", "code", "medicationCodeableConcept", "valueString"] {
                assert_eq!(former[key], latter[key]);
            }
        }
    }
}

#[test]
fn bundle_and_resource_identifiers_are_unique() {
    let mut bundles = HashSet::new();
    for nth in 0..40 {
        let letter = letter(nth, &full(nth));
        assert!(bundles.insert(letter.identifier.value().to_owned()));
        assert!(bundles.insert(summary(nth).identifier.value().to_owned()));
        let value = parsed(&letter);
        let mut seen = HashSet::new();
        for entry in value["entry"].as_array().expect("entries") {
            let resource = &entry["resource"];
            let identifiers = resource["identifier"].as_array().into_iter().flatten();
            let own = identifiers
                .filter(|one| one["system"].as_str().is_some_and(|it| it.contains("Instance")))
                .map(|one| format!("{} {}", resource["resourceType"], one["value"]));
            for identifier in own {
                assert!(seen.insert(identifier.clone()), "{identifier}");
            }
        }
        assert!(seen.len() > 50, "{}", seen.len());
    }
}

#[test]
fn a_letter_has_exactly_one_addressee_and_names_its_sender() {
    let world = world();
    for nth in 0..60 {
        let value = parsed(&letter(nth, &usual(nth)));
        let sections = &value["entry"][0]["resource"]["section"];
        let numbers = |code| -> Vec<String> {
            let entries = section(sections, code).expect("a section")["entry"].as_array();
            let urls = entries.expect("entries").iter().map(|entry| &entry["reference"]);
            let institutions = urls.filter_map(|url| {
                let entries = value["entry"].as_array().expect("entries");
                let entry = entries.iter().find(|entry| entry["fullUrl"] == *url).expect("there");
                let one = &entry["resource"];
                let number = one["identifier"][0]["value"].as_str()?;
                (one["resourceType"] == "Organization").then(|| number.to_owned())
            });
            institutions.collect()
        };
        assert_eq!(numbers("910"), [world.institution(nth + 1).number.as_str()]);
        assert_eq!(numbers("920"), [world.institution(nth).number.as_str()]);
    }
}

#[test]
fn a_nested_summary_is_about_the_patient_of_its_letter() {
    for nth in 0..10 {
        let value = parsed(&letter(nth, &full(nth)));
        let nested = resources(&value, "Bundle").next().expect("a summary");
        let patients = [&value, nested].map(|bundle| &bundle["entry"][1]["resource"]);
        assert_eq!(patients[0]["identifier"], patients[1]["identifier"]);
        assert_eq!(patients[0]["birthDate"], patients[1]["birthDate"]);
        assert_ne!(value["identifier"]["value"], nested["identifier"]["value"]);
        let urls = |bundle: &Value| -> HashSet<String> {
            let entries = bundle["entry"].as_array().expect("entries").iter();
            entries.map(|entry| entry["fullUrl"].to_string()).collect()
        };
        assert!(urls(&value).is_disjoint(&urls(nested)));
    }
}

#[test]
fn results_in_a_letter_are_copies_of_those_of_their_report() {
    let world = world();
    for nth in 0..10 {
        let direct = labs(&world.institution(nth), &world.person(nth * 13), &report(nth));
        let letter = parsed(&letter(nth, &full(nth)));
        let direct = parsed(&direct);
        let copies: Vec<&Value> =
            resources(&letter, "Observation").filter(|one| one["identifier"].is_array()).collect();
        let originals: Vec<&Value> = resources(&direct, "Observation").collect();
        assert_eq!(copies.len(), originals.len());
        for (copy, original) in copies.into_iter().zip(originals) {
            for key in ["identifier", "code", "valueQuantity", "effectiveDateTime", "status"] {
                assert_eq!(copy[key], original[key]);
            }
        }
    }
}

#[test]
fn attachments_have_their_size_their_magic_bytes_and_stand_in_section_210() {
    const BYTES: usize = 1_400_001;
    let attachments = FORMATS.map(|format| Attachment { format, bytes: BYTES }).to_vec();
    let bundle = letter(3, &Referral { attachments, ..usual(3) });
    let value = parsed(&bundle);
    let sections = &value["entry"][0]["resource"]["section"];
    let entries = section(sections, "210").expect("a section")["entry"].as_array();
    let files: Vec<&Value> = entries
        .expect("entries")
        .iter()
        .map(|entry| {
            let all = value["entry"].as_array().expect("entries").iter();
            let mut of = all.filter(|one| one["fullUrl"] == entry["reference"]);
            &of.next().expect("it is there")["resource"]["content"][0]["attachment"]
        })
        .collect();
    assert_eq!(files.len(), FORMATS.len());
    for (file, format) in files.into_iter().zip(FORMATS) {
        assert_eq!(file["contentType"], format.content_type());
        let data = STANDARD.decode(file["data"].as_str().expect("data")).expect("base64");
        assert!(data.starts_with(format.magic()), "{format:?}");
        assert_eq!((data.len(), file["size"].as_u64()), (BYTES, Some(BYTES as u64)));
    }
    assert_clean([bundle]);
}

#[test]
fn documents_of_many_worlds_are_clean() {
    let kinds = [
        DocumentKind::Referral,
        DocumentKind::DischargeSummary,
        DocumentKind::PatientSummary,
        DocumentKind::Checkup,
    ];
    for seed in 0..30 {
        let world = World::new(Seed(seed), WorldSize { institutions: 1 + seed, persons: 200 });
        let documents = kinds.map(|kind| world.document(kind, seed, at(seed)).bundle);
        assert_told(documents, &[NO_YJ]);
    }
}

#[test]
fn documents_of_life_are_clean_varied_and_of_different_identifiers() {
    let kinds = [
        DocumentKind::Referral,
        DocumentKind::DischargeSummary,
        DocumentKind::PatientSummary,
        DocumentKind::Checkup,
    ];
    let mut identifiers = HashSet::new();
    let mut sizes = HashSet::new();
    for kind in kinds {
        for nth in 0..40 {
            let document = world().document(kind, nth, at(nth));
            assert_eq!(document, world().document(kind, nth, at(nth)));
            assert!(identifiers.insert(document.bundle.identifier.value().to_owned()));
            sizes.insert(document.bundle.json.len() / 1_000);
            let value = parsed(&document.bundle);
            let birth_on = world().person(document.person).birth_on.to_string();
            assert_eq!(value["entry"][1]["resource"]["birthDate"], birth_on);
            assert_told([document.bundle], &[NO_YJ]);
        }
    }
    assert!(sizes.len() > 40, "{}", sizes.len());
}
