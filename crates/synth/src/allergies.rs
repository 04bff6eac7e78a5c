//! アレルギー — Bundles with the whole list of a person's allergies at an institution.
//!
//! Source: S2.10 (`JP_AllergyIntolerance_eCS`), S3.6, S5.1.

use chrono::{DateTime, Days, NaiveDate};
use kyoyu_domain::entry::Flags;

use crate::{
    allergens::{ALLERGENS, Allergen},
    bundle::{Carried, Case, SynthBundle},
    institution::Institution,
    json::Writer,
    parts::{self, Visit},
    person::{Person, TODAY},
    phrases,
    seed::{Dice, Purpose},
    sending::{Sending, in_japan},
};

/// アレルゲンの区分 — what somebody is allergic to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllergyKind {
    /// 医薬品 — category `medication`.
    Drug,
    /// 食品 — category `food`.
    Food,
    /// その他 — category `environment` or none.
    Other,
}

/// アレルギー一覧 — the allergies to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllergyList {
    /// What it is called and when it is sent.
    pub sending: Sending,
    /// The kinds, in the order in which they are to stand.
    pub kinds: Vec<AllergyKind>,
    /// 長期保存 by position; those beyond the end have none.
    pub long_term: Vec<bool>,
}

/// A Bundle with the list. The n-th allergy of a kind is the same, with the same resource
/// identifier, whenever the institution sends the person's list.
pub fn allergies(institution: &Institution, person: &Person, list: &AllergyList) -> SynthBundle {
    let case = Case::new(institution, person, list.sending, Carried::AllergyIntolerance);
    let entries = entries_of(&case, &list.kinds, &list.long_term);
    case.bundle(&entries, 1_700, allergy)
}

/// Allergies of these kinds, with 長期保存 by position.
pub(crate) fn entries_of(case: &Case<'_>, kinds: &[AllergyKind], long_term: &[bool]) -> Vec<Entry> {
    kinds
        .iter()
        .enumerate()
        .map(|(nth, kind)| {
            let number = kinds[..nth].iter().filter(|other| *other == kind).count();
            Entry {
                place: nth + 1,
                number: number + 1,
                allergen: allergen_of(case, *kind, number),
                long_term: long_term.get(nth).copied().unwrap_or_default(),
            }
        })
        .collect()
}

/// One allergy of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    place: usize,
    /// Its number among those of its kind, counted from 1.
    number: usize,
    allergen: &'static Allergen,
    long_term: bool,
}

impl Entry {
    /// What the institution calls it.
    pub(crate) fn text(&self, case: &Case<'_>) -> &'static str {
        Story::of(case, self).text
    }
}

/// The person's n-th allergen of a kind, at every institution the same.
fn allergen_of(case: &Case<'_>, kind: AllergyKind, number: usize) -> &'static Allergen {
    let known: Vec<&Allergen> = ALLERGENS.iter().filter(|allergen| allergen.kind == kind).collect();
    let seed = case.institution.seed;
    let first = seed.dice(Purpose::Allergy, &[case.person.index, kind as u64]);
    let start = first.clone().index(known.len());
    known[(start + number) % known.len()]
}

/// What is the same whenever the allergy is sent.
struct Story {
    text: &'static str,
    /// Clinical status, verification status.
    statuses: (Clinical, Verification),
    criticality: Option<&'static str>,
    is_intolerance: Option<bool>,
    category: Option<&'static str>,
    onset_on: Option<NaiveDate>,
    recorded_on: NaiveDate,
    reaction: Option<Reaction>,
    note: Option<String>,
    visit: Visit,
}

type Clinical = (&'static str, &'static str);
type Verification = Option<(&'static str, &'static str)>;

struct Reaction {
    manifestations: Vec<&'static str>,
    severity: Option<&'static str>,
}

impl Story {
    fn of(case: &Case<'_>, entry: &Entry) -> Self {
        let Case { institution, person, .. } = case;
        let kind = entry.allergen.kind;
        let parts = [institution.index, person.index, kind as u64, entry.number as u64];
        let mut dice = institution.seed.dice(Purpose::Allergy, &parts);
        // Past dates hang on a fixed day, so that a list sent again later is the same.
        let last_on = in_japan(case.sending.sent_at).date_naive().min(TODAY);
        let recorded_on = (last_on - Days::new(20 + dice.below(2_500))).max(person.birth_on);
        let lived = (recorded_on - person.birth_on).num_days();
        let onset_on = recorded_on - Days::new(dice.between(0, lived.min(7_000)).unsigned_abs());
        let category = match kind {
            AllergyKind::Drug => Some("medication"),
            AllergyKind::Food => Some("food"),
            AllergyKind::Other => dice.percent(70).then_some("environment"),
        };
        let severe = dice.pick(&[None, Some("low"), Some("high"), Some("unable-to-assess")]);
        Self {
            text: dice.pick(&entry.allergen.texts),
            statuses: statuses(&mut dice),
            criticality: severe,
            is_intolerance: dice.percent(50).then(|| dice.percent(15)),
            category,
            onset_on: dice.percent(45).then_some(onset_on),
            recorded_on,
            reaction: dice.percent(65).then(|| reaction(&mut dice)),
            note: (entry.allergen.is_uncoded() || dice.percent(institution.habits.notes))
                .then(|| phrases::allergy(&mut dice, noon(last_on))),
            visit: Visit::of(case, 2_000_000 + dice.below(4)),
        }
    }
}

fn noon(day: NaiveDate) -> DateTime<chrono::Utc> {
    day.and_hms_opt(3, 0, 0).expect("three o'clock exists").and_utc()
}

fn statuses(dice: &mut Dice) -> (Clinical, Verification) {
    const ACTIVE: Clinical = ("active", "Active");
    match dice.below(20) {
        0 => (("resolved", "Resolved"), Some(("confirmed", "Confirmed"))),
        1 => (("inactive", "Inactive"), Some(("refuted", "Refuted"))),
        2..=7 => (ACTIVE, Some(("unconfirmed", "Unconfirmed"))),
        8..=10 => (ACTIVE, None),
        _ => (ACTIVE, Some(("confirmed", "Confirmed"))),
    }
}

fn reaction(dice: &mut Dice) -> Reaction {
    const SIGNS: &[&str] = &[
        "全身性蕁麻疹",
        "発疹",
        "紅斑",
        "掻痒感",
        "呼吸困難",
        "喘鳴",
        "アナフィラキシー",
        "アナフィラキシーショック",
        "血圧低下",
        "口唇腫脹",
        "眼瞼浮腫",
        "嘔吐",
        "下痢",
        "腹痛",
        "鼻汁・くしゃみ",
        "結膜充血",
        "接触皮膚炎",
        "薬疹",
        "発熱",
        "肝機能障害",
        "咽頭違和感",
    ];
    let wanted = dice.pick(&[1, 1, 1, 2, 2, 3]);
    let start = dice.index(SIGNS.len());
    let manifestations = (0..wanted).map(|nth| SIGNS[(start + nth * 5) % SIGNS.len()]).collect();
    let severity = dice.pick(&[None, None, Some("mild"), Some("moderate"), Some("severe")]);
    Reaction { manifestations, severity }
}

/// The AllergyIntolerance.
pub(crate) fn allergy(w: &mut Writer, case: &Case<'_>, entry: &Entry) {
    let story = Story::of(case, entry);
    w.text("resourceType", "AllergyIntolerance");
    w.text("id", &format!("alg-{}", entry.place));
    let flags = Flags { long_term: entry.long_term, ..Flags::default() };
    parts::meta(
        w,
        case,
        "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_AllergyIntolerance_eCS",
        flags,
    );
    parts::language(w, case);
    parts::narrative(w, case, story.text);
    let contained_encounter = case.institution.habits.contained_recorder;
    if contained_encounter {
        w.array("contained", |w| parts::encounter(w, &story.visit));
    }
    w.array("extension", |w| {
        parts::institution_extension(w, case);
        parts::department_extension(w, &story.visit);
    });
    let which = format!("ALG{}{:03}", entry.allergen.kind as u64, entry.number);
    parts::resource_identifier(w, case, &which);
    head(w, &story);
    code(w, entry.allergen, &story);
    parts::reference(w, "patient", &case.patient_url);
    if contained_encounter {
        parts::reference(w, "encounter", "#enc");
    }
    let onset = story.onset_on.map(|day| day.to_string());
    w.optional_text("onsetDateTime", onset.as_deref());
    w.text("recordedDate", &story.recorded_on.to_string());
    parts::note(w, story.note.as_deref());
    if let Some(reaction) = &story.reaction {
        reaction_part(w, reaction);
    }
}

/// From the statuses to the criticality, in the order of FHIR.
fn head(w: &mut Writer, story: &Story) {
    let ((clinical, clinical_display), verification) = story.statuses;
    let system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
    parts::concept(w, "clinicalStatus", system, clinical, clinical_display);
    if let Some((code, display)) = verification {
        let system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
        parts::concept(w, "verificationStatus", system, code, display);
    }
    let kind = story.is_intolerance.map(|is| if is { "intolerance" } else { "allergy" });
    w.optional_text("type", kind);
    if let Some(category) = story.category {
        w.array("category", |w| w.text_item(category));
    }
    w.optional_text("criticality", story.criticality);
}

fn code(w: &mut Writer, allergen: &Allergen, story: &Story) {
    w.object("code", |w| {
        w.array("coding", |w| {
            parts::coding(w, allergen.system(), allergen.code, allergen.display);
        });
        w.text("text", story.text);
    });
}

fn reaction_part(w: &mut Writer, reaction: &Reaction) {
    w.array("reaction", |w| {
        w.item(|w| {
            w.array("manifestation", |w| {
                for sign in &reaction.manifestations {
                    w.item(|w| w.text("text", sign));
                }
            });
            w.optional_text("severity", reaction.severity);
        });
    });
}
