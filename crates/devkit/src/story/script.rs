//! 台本 — the persons and the Bundles of the story, all from the world's seed.

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Datelike, Days, Duration, Months, Utc};
use kyoyu_domain::{
    entry::Flags,
    identifiers::{BundleIdentifier, PersonIdentifier},
};
use kyoyu_synth::{
    AllergyKind, AllergyList, Attachment, AttachmentFormat, Checkup, ChosenResult, ConditionList,
    DischargeSummary, DrugCodes, EPrescription, Institution, LabReport, PatientSummary, Person,
    Prescription, Programme, Referral, Results, Sending, SynthBundle, World, allergies, checkup,
    conditions, discharge_summary, labs, patient_summary, referral,
};
use serde_json::{Value, json};

use super::cast::first_clinic;
use crate::{
    PrescriptionStandIn,
    hpki::{Container, MemberPlace, Signing, SigningCard, sign_document},
};

/// Items of `fhir-profiles/lab-items.tsv`: potassium first, then sodium and creatinine.
const ITEMS: &[u16] = &[221, 211, 111];
/// The wrong value and the right one: a decimal that no program may shorten.
pub(super) const MISTYPED: &str = "41.0";
pub(super) const CORRECTED: &str = "4.10";

/// The line of the bulk file that is refused, and the one in which the connection breaks.
const BROKEN_LINE: usize = 3;
pub(super) const CUT_LINE: usize = 5;

/// The flags of the patient's diseases, by position.
const FLAGS: [Flags; 5] = {
    const NONE: Flags = Flags { long_term: false, uninformed: false, undelivered: false };
    [
        NONE,
        Flags { uninformed: true, ..NONE },
        Flags { undelivered: true, ..NONE },
        Flags { long_term: true, ..NONE },
        NONE,
    ]
};

/// 送るもの — a Bundle as its sender has it.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) identifier: BundleIdentifier,
    pub(super) body: Bytes,
}

impl From<SynthBundle> for Parcel {
    fn from(bundle: SynthBundle) -> Self {
        Self { identifier: bundle.identifier, body: bundle.json.into() }
    }
}

/// 明細 — what the story looks for in answers.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The resource identifier: unique, so that its bytes prove presence and absence.
    pub(super) identifier: String,
    /// The text.
    pub(super) name: String,
}

/// 台本
#[derive(Debug)]
pub(super) struct Script {
    pub(super) patient: Person,
    /// 家族 — shares the insured number but for the branch.
    pub(super) relative: Person,
    hospital: Institution,
    /// 紹介先
    clinic: Institution,
    begins_at: DateTime<Utc>,
}

impl Script {
    pub(super) fn of(world: &World, begins_at: DateTime<Utc>) -> Result<Self> {
        let (patient, relative) = family_of_two(world)?;
        let hospital = world.institution(0);
        let clinic = first_clinic(world)?;
        Ok(Self { patient, relative, hospital, clinic, begins_at })
    }

    /// 検査 — the report of three days ago, with a mistyped potassium.
    pub(super) fn lab(&self) -> Result<Parcel> {
        self.lab_with(&self.patient, MISTYPED, 0)
    }

    /// The same report with the right potassium, sent a moment later.
    pub(super) fn corrected_lab(&self) -> Result<Parcel> {
        self.lab_with(&self.patient, CORRECTED, 1)
    }

    /// A copy that a slow line brings late: other content, an older timestamp.
    pub(super) fn stale_lab(&self) -> Result<Parcel> {
        self.lab_with(&self.patient, "41.1", -60)
    }

    /// 取り違え — the same report, by mistake for the relative.
    pub(super) fn mixed_up_lab(&self) -> Result<Parcel> {
        self.lab_with(&self.relative, MISTYPED, 2)
    }

    fn lab_with(&self, person: &Person, potassium: &str, later_seconds: i64) -> Result<Parcel> {
        let sent_at = self.begins_at + Duration::seconds(later_seconds);
        let mut chosen: Vec<_> = ITEMS.iter().map(|item| ChosenResult::listed(*item)).collect();
        chosen.push(ChosenResult::unlisted());
        let report = LabReport {
            sending: Sending::new(1, self.begins_at).again_at(sent_at),
            collected_at: self.begins_at - Duration::days(3),
            results: Results::Chosen(chosen),
        };
        let mut bundle = labs(&self.hospital, person, &report);
        bundle.json = with_first_value(&bundle.json, potassium)?;
        Ok(bundle.into())
    }

    /// The relative's own report.
    pub(super) fn relatives_lab(&self) -> Parcel {
        self.listed_lab(&self.relative, 2, Duration::days(2))
    }

    /// 後日の検査 — three newer reports of the patient, so that the first is no longer
    /// among the newest three.
    pub(super) fn newer_labs(&self) -> Vec<Parcel> {
        let hours_ago = [(3, 48), (4, 24), (5, 1)];
        hours_ago
            .map(|(serial, hours)| self.listed_lab(&self.patient, serial, Duration::hours(hours)))
            .into()
    }

    fn listed_lab(&self, person: &Person, serial: u64, ago: Duration) -> Parcel {
        let report = LabReport {
            sending: Sending::new(serial, self.begins_at),
            collected_at: self.begins_at - ago,
            results: Results::Chosen(
                ITEMS.iter().map(|item| ChosenResult::listed(*item)).collect(),
            ),
        };
        labs(&self.hospital, person, &report).into()
    }

    /// 傷病名 — five diseases: one not told to the patient, one shown to nobody, one kept.
    pub(super) fn conditions(&self) -> Parcel {
        let sending = Sending::new(6, self.begins_at);
        let list = ConditionList { sending, count: FLAGS.len(), flags: FLAGS.to_vec() };
        conditions(&self.hospital, &self.patient, &list).into()
    }

    /// アレルギー — to a drug and to a food.
    pub(super) fn allergies(&self) -> Parcel {
        let list = AllergyList {
            sending: Sending::new(7, self.begins_at),
            kinds: vec![AllergyKind::Drug, AllergyKind::Food],
            long_term: Vec::new(),
        };
        allergies(&self.hospital, &self.patient, &list).into()
    }

    /// 署名付き紹介状 — the letter with the doctor's electronic signature.
    pub(super) fn letter_signed_by(&self, card: &SigningCard) -> Result<Parcel> {
        let Parcel { identifier, body } = self.letter();
        let signing = Signing {
            card,
            container: Container::Jws,
            when: self.begins_at,
            place: MemberPlace::Last,
        };
        let signed = sign_document(std::str::from_utf8(&body)?, &signing)?;
        Ok(Parcel { identifier, body: signed.into() })
    }

    /// 紹介状 — about the relative, with a file.
    pub(super) fn letter(&self) -> Parcel {
        let letter = Referral {
            attachments: vec![Attachment { format: AttachmentFormat::Pdf, bytes: 20_000 }],
            ..Referral::least(Sending::new(21, self.begins_at))
        };
        referral(&self.hospital, &self.clinic, &self.relative, &letter).into()
    }

    /// 退院時サマリー — sent later than the letter that it follows.
    pub(super) fn discharge_summary(&self) -> Parcel {
        let summary = DischargeSummary {
            follows: Some(self.letter().identifier),
            ..DischargeSummary::new(Sending::new(25, self.begins_at))
        };
        discharge_summary(&self.hospital, &self.relative, &summary).into()
    }

    /// 健診文書
    pub(super) fn checkup(&self) -> Parcel {
        let sending = Sending::new(22, self.begins_at);
        let programme = Programme::usual_for(&self.patient, self.begins_at.date_naive());
        checkup(&self.hospital, &self.patient, &Checkup::new(sending, programme)).into()
    }

    /// 一括登録のファイル — the checkups of the five years before, one on each line, and among
    /// them a laboratory report with its Patient in the wrong place.
    pub(super) fn bulk_file(&self) -> Result<BulkFile> {
        let today = self.begins_at.date_naive();
        let report = |years: u32| {
            let examined_on = today - Months::new(12 * years) - Days::new(21);
            let programme = Programme::usual_for(&self.patient, examined_on);
            let sending = Sending::new(u64::from(30 + years), self.begins_at);
            checkup(&self.hospital, &self.patient, &Checkup { sending, programme, examined_on })
                .json
        };
        let mut lines: Vec<String> = (1..=5).rev().map(report).collect();
        let broken = with_patient_last(&self.listed_lab(&self.patient, 30, Duration::days(9)))?;
        // A line has no breaks in it.
        let broken = serde_json::from_str::<Value>(&broken)?.to_string();
        lines.insert(BROKEN_LINE - 1, broken);
        Ok(BulkFile { lines, broken_line: BROKEN_LINE })
    }

    /// 患者サマリー
    pub(super) fn patient_summary(&self) -> Parcel {
        let summary = PatientSummary::new(Sending::new(23, self.begins_at));
        patient_summary(&self.hospital, &self.patient, &summary).into()
    }

    /// 電子処方箋 — what the hospital prescribed five days before; gives the texts.
    pub(super) fn prescribe(&self, service: &PrescriptionStandIn) -> Vec<String> {
        let content = EPrescription {
            serial: 24,
            prescribed_at: self.begins_at - Duration::days(5),
            prescription: Prescription { lines: 3, codes: DrugCodes::AllYj },
        };
        service.prescribe(&self.hospital, &self.patient, &content)
    }

    /// The diseases with their flags, in order.
    pub(super) fn diseases(&self) -> Result<Vec<(Item, Flags)>> {
        Ok(items(&self.conditions())?.into_iter().zip(FLAGS).collect())
    }
}

/// 一括登録のファイル — NDJSON.
#[derive(Debug)]
pub(super) struct BulkFile {
    pub(super) lines: Vec<String>,
    /// The number of the line that must be refused, from 1.
    pub(super) broken_line: usize,
}

impl BulkFile {
    /// The text from a line on.
    pub(super) fn text_from(&self, line: usize) -> String {
        self.lines[line - 1..].iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

/// A file of a document.
#[derive(Debug)]
pub(super) struct File {
    /// Its place among the attachments, from 1.
    pub(super) number: usize,
    pub(super) bytes: Vec<u8>,
}

/// The largest file of a document.
pub(super) fn largest_file(parcel: &Parcel) -> Result<File> {
    let bundle: Value = serde_json::from_slice(&parcel.body)?;
    let entries = bundle["entry"].as_array().context("a Bundle has entries")?;
    let data = entries
        .iter()
        .filter_map(|entry| entry["resource"]["content"][0]["attachment"]["data"].as_str());
    let files: Result<Vec<Vec<u8>>, _> = data.map(|data| BASE64_STANDARD.decode(data)).collect();
    let files = files?.into_iter().enumerate();
    let largest = files.max_by_key(|(_, bytes)| bytes.len()).context("the letter has no file")?;
    Ok(File { number: largest.0 + 1, bytes: largest.1 })
}

/// What a Bundle brings besides the Patient.
pub(super) fn items(parcel: &Parcel) -> Result<Vec<Item>> {
    let bundle: Value = serde_json::from_slice(&parcel.body)?;
    let entries = bundle["entry"].as_array().context("a Bundle has entries")?;
    let item = |entry: &Value| {
        let resource = &entry["resource"];
        Some(Item {
            identifier: resource["identifier"][0]["value"].as_str()?.to_owned(),
            name: resource["code"]["text"].as_str()?.to_owned(),
        })
    };
    let items: Option<Vec<Item>> = entries.iter().skip(1).map(item).collect();
    items.context("a resource lacks its identifier or text")
}

/// The Parameters of `$cancel` and `$undo-cancel`.
pub(super) fn cancellation(parcel: &Parcel, patient: &PersonIdentifier) -> String {
    let identifier = |system: &str, value: &str| json!({"system": system, "value": value});
    json!({"resourceType": "Parameters", "parameter": [
        {"name": "identifier",
         "valueIdentifier": identifier(BundleIdentifier::SYSTEM, parcel.identifier.value())},
        {"name": "patient",
         "valueIdentifier": identifier(patient.system().uri(), patient.value().expose())},
    ]})
    .to_string()
}

/// The same Bundle with its Patient in the last place instead of the first, indented so
/// that lines mean something.
pub(super) fn with_patient_last(parcel: &Parcel) -> Result<String> {
    let mut bundle: Value = serde_json::from_slice(&parcel.body)?;
    let entries = bundle["entry"].as_array_mut().context("a Bundle has entries")?;
    entries.rotate_left(1);
    Ok(serde_json::to_string_pretty(&bundle)?)
}

/// Replaces the digits of the first measured value; every other byte stays.
fn with_first_value(json: &str, digits: &str) -> Result<String> {
    const MARK: &str = r#""valueQuantity":{"value":"#;
    let start = json.find(MARK).context("no value was measured")? + MARK.len();
    let end = json[start..].find([',', '}']).context("the value does not end")? + start;
    Ok(format!("{}{digits}{}", &json[..start], &json[end..]))
}

/// Two grown-up members of a family.
fn family_of_two(world: &World) -> Result<(Person, Person)> {
    const LOOKED_AT: u64 = 4_000;
    let grown_up = |person: &Person| (1945..2000).contains(&person.birth_on.year());
    (0..world.size().persons.min(LOOKED_AT))
        .map(|index| (world.person(index), world.person(index + 1)))
        .find(|(one, other)| {
            one.family == other.family
                && one.index != other.index
                && one.insurer == other.insurer
                && grown_up(one)
                && grown_up(other)
        })
        .context("the world has no family of two")
}

#[cfg(test)]
mod tests {
    use kyoyu_synth::{Seed, WorldSize};

    use super::*;
    use crate::story::checks::holds;

    fn script() -> Script {
        let world = World::new(Seed(8), WorldSize { institutions: 40, persons: 1_000 });
        Script::of(&world, "2026-07-30T01:00:00Z".parse().expect("an instant")).expect("a script")
    }

    #[test]
    fn small_worlds_have_a_family_of_two() {
        for seed in 0..300 {
            let world = World::new(Seed(seed), WorldSize { institutions: 1, persons: 100 });
            assert!(family_of_two(&world).is_ok(), "{seed}");
        }
    }

    #[test]
    fn the_correction_changes_the_value_and_the_times_only() {
        let script = script();
        let (first, corrected) = (script.lab().expect("a"), script.corrected_lab().expect("b"));
        assert_eq!(first.identifier, corrected.identifier);
        assert!(holds(&first.body, r#""value":41.0,"#));
        assert!(holds(&corrected.body, r#""value":4.10,"#));
        let names = |parcel| {
            let items = items(parcel).expect("items").into_iter();
            items.map(|item| item.identifier).collect::<Vec<_>>()
        };
        assert_eq!(names(&first), names(&corrected));
    }

    #[test]
    fn the_mix_up_has_the_same_bundle_identifier_and_another_person() {
        let script = script();
        let (right, wrong) = (script.lab().expect("a"), script.mixed_up_lab().expect("b"));
        assert_eq!(right.identifier, wrong.identifier);
        let number = |person: &Person| person.identifier.value().expose().clone();
        assert!(holds(&right.body, &number(&script.patient)));
        assert!(holds(&wrong.body, &number(&script.relative)));
        assert!(!holds(&wrong.body, &number(&script.patient)));
    }

    #[test]
    fn every_other_bundle_has_an_identifier_of_its_own() {
        let script = script();
        let mut all = script.newer_labs();
        all.extend([script.conditions(), script.allergies(), script.relatives_lab()]);
        all.push(script.lab().expect("a report"));
        let identifiers: std::collections::HashSet<_> =
            all.iter().map(|parcel| parcel.identifier.value().to_owned()).collect();
        assert_eq!(identifiers.len(), all.len());
    }

    #[test]
    fn the_bulk_file_is_six_lines_of_different_bundles() {
        let file = script().bulk_file().expect("a file");
        assert_eq!(file.text_from(1).lines().count(), 6);
        let identifier = |line: &String| {
            let bundle: Value = serde_json::from_str(line).expect("JSON");
            bundle["identifier"]["value"].as_str().expect("an identifier").to_owned()
        };
        let all: std::collections::HashSet<_> = file.lines.iter().map(identifier).collect();
        assert_eq!(all.len(), 6);
        assert!(CUT_LINE > file.broken_line && CUT_LINE < file.lines.len());
    }

    #[test]
    fn one_disease_carries_each_flag() {
        let diseases = script().diseases().expect("diseases");
        let set = |flag: fn(&Flags) -> bool| diseases.iter().filter(|one| flag(&one.1)).count();
        assert_eq!(diseases.len(), 5);
        assert_eq!(
            (set(|f| f.uninformed), set(|f| f.undelivered), set(|f| f.long_term)),
            (1, 1, 1)
        );
    }

    #[test]
    fn the_broken_bundle_ends_with_its_patient() {
        let script = script();
        let broken = with_patient_last(&script.lab().expect("a report")).expect("a Bundle");
        let bundle: Value = serde_json::from_str(&broken).expect("JSON");
        let entries = bundle["entry"].as_array().expect("entries");
        assert_eq!(entries.last().expect("one")["resource"]["resourceType"], "Patient");
        assert!(broken.lines().count() > 50);
    }
}
