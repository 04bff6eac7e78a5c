//! 傷病名 — Bundles with the whole list of a person's diseases at an institution.
//!
//! Source: S2.9 (`JP_Condition_eCS`), S3.2 (whole lists are resent), S3.5, S4.

use chrono::{Datelike, Days, NaiveDate};
use kyoyu_domain::entry::Flags;

use crate::{
    bundle::{Carried, Case, SynthBundle},
    diseases::{DISEASES, Disease, Who},
    institution::{Institution, InstitutionKind},
    json::Writer,
    parts::{self, Visit},
    person::{Person, Sex, TODAY},
    phrases,
    seed::{Dice, Purpose},
    sending::{Sending, in_japan},
};

/// 傷病名一覧 — the diseases to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionList {
    /// What it is called and when it is sent.
    pub sending: Sending,
    /// How many diseases of the person's list, from its beginning.
    pub count: usize,
    /// The flags by position; those beyond the end have none.
    pub flags: Vec<Flags>,
}

/// A Bundle with the list. A person has the same diseases in the same order, with the same
/// resource identifiers and dates, whenever an institution sends its list.
pub fn conditions(institution: &Institution, person: &Person, list: &ConditionList) -> SynthBundle {
    let case = Case::new(institution, person, list.sending, Carried::Condition);
    let entries = entries_of(&case, list.count, &list.flags);
    case.bundle(&entries, 2_600, condition)
}

/// The first diseases of the person's list, with flags by position.
pub(crate) fn entries_of(case: &Case<'_>, count: usize, flags: &[Flags]) -> Vec<Entry> {
    diseases_of(case, count)
        .into_iter()
        .enumerate()
        .map(|(nth, disease)| Entry {
            place: nth + 1,
            disease,
            flags: flags.get(nth).copied().unwrap_or_default(),
        })
        .collect()
}

/// One disease of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    place: usize,
    disease: Disease,
    flags: Flags,
}

impl Entry {
    /// Whether the disease is over.
    pub(crate) fn has_ended(&self, case: &Case<'_>) -> bool {
        Story::of(case, self).has_ended()
    }

    /// 傷病名 — with prefix and suffix.
    pub(crate) fn name(&self, case: &Case<'_>) -> String {
        full_name(self.disease, &Story::of(case, self))
    }
}

/// The person's list at the institution; a second round begins when all are used up.
fn diseases_of(case: &Case<'_>, count: usize) -> Vec<Disease> {
    let Case { institution, person, .. } = case;
    let mut dice = institution.seed.dice(Purpose::Condition, &[institution.index, person.index]);
    let treated = |disease: &Disease| match disease.who {
        Who::All => institution.kind != InstitutionKind::Dental,
        Who::Men => institution.kind != InstitutionKind::Dental && person.sex == Sex::Male,
        Who::Women => institution.kind != InstitutionKind::Dental && person.sex == Sex::Female,
        Who::Dental => institution.kind == InstitutionKind::Dental,
    };
    let mut ranked: Vec<(u64, Disease)> = DISEASES
        .iter()
        .filter(|disease| treated(disease))
        .enumerate()
        // The head of the table is what most people have.
        .map(|(nth, disease)| (nth as u64 + dice.below(160), *disease))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.iter().map(|(_, disease)| *disease).cycle().take(count).collect()
}

/// How a disease stands (S3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Active,
    Suspected,
    Cured,
    Remitted,
}

/// What is the same whenever the disease is sent.
struct Story {
    standing: Standing,
    left: bool,
    /// Sometimes only the year, or year and month are known.
    onset: String,
    ended_on: NaiveDate,
    recorded_on: NaiveDate,
    visit: Visit,
    note: Option<String>,
    principal: bool,
}

impl Story {
    fn of(case: &Case<'_>, entry: &Entry) -> Self {
        let Case { institution, person, .. } = case;
        let mut dice = institution
            .seed
            .dice(Purpose::Condition, &[institution.index, person.index, entry.place as u64]);
        let standing = standing(&mut dice, entry.disease.acute);
        // Past dates hang on a fixed day, so that a list sent again later is the same.
        let last_on = in_japan(case.sending.sent_at).date_naive().min(TODAY);
        let days = if entry.disease.acute { dice.below(1_500) } else { dice.below(5_500) } + 30;
        let onset_on = (last_on - Days::new(days)).max(person.birth_on);
        let passed = (last_on - onset_on).num_days().max(0);
        let longest = if entry.disease.acute { 90 } else { 1_800 };
        let ended_on = onset_on + Days::new(dice.between(0, passed.min(longest)).unsigned_abs());
        let recorded_on = onset_on + Days::new(dice.between(0, passed.min(20)).unsigned_abs());
        Self {
            standing,
            left: entry.disease.sided && dice.percent(50),
            onset: onset(&mut dice, onset_on),
            ended_on,
            recorded_on,
            visit: Visit::of(case, 1_000_000 + dice.below(6)),
            note: dice
                .percent(institution.habits.notes)
                .then(|| phrases::condition(&mut dice, in_noon(last_on))),
            principal: entry.place == 1 && dice.percent(70),
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.standing, Standing::Cured | Standing::Remitted)
    }
}

fn in_noon(day: NaiveDate) -> chrono::DateTime<chrono::Utc> {
    day.and_hms_opt(3, 0, 0).expect("three o'clock exists").and_utc()
}

fn standing(dice: &mut Dice, acute: bool) -> Standing {
    let ended_of_a_hundred = if acute { 75 } else { 12 };
    if dice.percent(ended_of_a_hundred) {
        return if dice.percent(70) { Standing::Cured } else { Standing::Remitted };
    }
    if dice.percent(14) { Standing::Suspected } else { Standing::Active }
}

fn onset(dice: &mut Dice, day: NaiveDate) -> String {
    match dice.below(20) {
        0 => format!("{:04}", day.year()),
        1 | 2 => format!("{:04}-{:02}", day.year(), day.month()),
        _ => day.to_string(),
    }
}

/// The Condition.
pub(crate) fn condition(w: &mut Writer, case: &Case<'_>, entry: &Entry) {
    let story = Story::of(case, entry);
    let name = full_name(entry.disease, &story);
    w.text("resourceType", "Condition");
    w.text("id", &format!("dis-{}", entry.place));
    parts::meta(
        w,
        case,
        "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Condition_eCS",
        entry.flags,
    );
    parts::language(w, case);
    parts::narrative(w, case, &name);
    let contained_recorder = case.institution.habits.contained_recorder;
    w.array("contained", |w| {
        parts::encounter(w, &story.visit);
        if contained_recorder {
            parts::practitioner(w, case, &story.visit.doctor);
        }
    });
    w.array("extension", |w| {
        parts::institution_extension(w, case);
        parts::department_extension(w, &story.visit);
        if story.principal {
            diagnosis_type(w);
        }
    });
    parts::resource_identifier(w, case, &format!("DIS{:04}", entry.place));
    statuses(w, &story);
    w.array("category", |w| {
        w.item(|w| {
            w.array("coding", |w| {
                let system = "http://terminology.hl7.org/CodeSystem/condition-category";
                parts::coding(w, system, "encounter-diagnosis", "Encounter Diagnosis");
            });
        });
    });
    code(w, case, entry.disease, &story, &name);
    parts::reference(w, "subject", &case.patient_url);
    parts::reference(w, "encounter", "#enc");
    w.text("onsetDateTime", &story.onset);
    if story.has_ended() {
        w.text("abatementDateTime", &story.ended_on.to_string());
    }
    w.text("recordedDate", &story.recorded_on.to_string());
    w.object("recorder", |w| {
        if contained_recorder {
            w.text("reference", "#dr");
        } else {
            let doctor = &story.visit.doctor;
            let department = story.visit.department.own_name;
            w.text("display", &format!("{department} {}", doctor.family_name.kanji));
        }
    });
    parts::note(w, story.note.as_deref());
}

fn full_name(disease: Disease, story: &Story) -> String {
    let prefix = if story.left { "左" } else { "" };
    let postfix = if story.standing == Standing::Suspected { "の疑い" } else { "" };
    format!("{prefix}{}{postfix}", disease.name)
}

/// 主傷病
fn diagnosis_type(w: &mut Writer) {
    w.item(|w| {
        w.text(
            "url",
            "http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_DiagnosisType",
        );
        parts::concept(
            w,
            "valueCodeableConcept",
            "http://terminology.hl7.org/CodeSystem/ex-diagnosistype",
            "principal",
            "Principal Diagnosis",
        );
    });
}

fn statuses(w: &mut Writer, story: &Story) {
    let (clinical, clinical_display, verification, verification_display) = match story.standing {
        Standing::Active => ("active", "Active", "confirmed", "Confirmed"),
        Standing::Suspected => ("active", "Active", "unconfirmed", "Unconfirmed"),
        Standing::Cured => ("resolved", "Resolved", "confirmed", "Confirmed"),
        Standing::Remitted => ("remission", "Remission", "confirmed", "Confirmed"),
    };
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    parts::concept(w, "clinicalStatus", system, clinical, clinical_display);
    let system = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
    parts::concept(w, "verificationStatus", system, verification, verification_display);
}

fn code(w: &mut Writer, case: &Case<'_>, disease: Disease, story: &Story, name: &str) {
    w.object("code", |w| {
        if story.left || story.standing == Standing::Suspected {
            w.array("extension", |w| modifiers(w, story));
        }
        w.array("coding", |w| {
            let key_numbers = "http://medis.or.jp/CodeSystem/master-disease-keyNumber";
            parts::coding(w, key_numbers, disease.key_number, disease.name);
            if case.institution.habits.more_disease_codes {
                let exchange = "http://medis.or.jp/CodeSystem/master-disease-exCode";
                parts::coding(w, exchange, disease.exchange, disease.name);
                let icd10 = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full";
                parts::coding(w, icd10, disease.icd10, disease.icd10_display);
            }
        });
        w.text("text", name);
    });
}

/// 修飾語 — prefix and suffix with their MEDIS numbers.
fn modifiers(w: &mut Writer, story: &Story) {
    if story.left {
        modifier(w, "JP_Condition_DiseasePrefixModifier", "27000358", "左");
    }
    if story.standing == Standing::Suspected {
        modifier(w, "JP_Condition_DiseasePostfixModifier", "27000001", "の疑い");
    }
}

fn modifier(w: &mut Writer, extension: &str, number: &str, word: &str) {
    w.item(|w| {
        let url = format!("http://jpfhir.jp/fhir/core/Extension/StructureDefinition/{extension}");
        w.text("url", &url);
        let system = "http://medis.or.jp/CodeSystem/master-disease-modKeyNumber";
        parts::concept(w, "valueCodeableConcept", system, number, word);
    });
}
