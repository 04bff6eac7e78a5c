//! 患者サマリー — what a doctor advises, for the patient to read.
//!
//! Source: S1.8, S2.4, S2.7, S2.17, S9.3, S11.7.

use chrono::NaiveDate;
use kyoyu_domain::entry::Flags;

use super::{
    composition::{Event, Heading, Kind, Section, composition},
    draft::{Draft, Link},
    encounters,
    findings::{plan_category, written_on},
    parties, shared, words,
};
use crate::{
    bundle::{Carried, Case, SynthBundle},
    institution::Institution,
    parts::{self, Visit},
    person::Person,
    seed::{Dice, Purpose},
    sending::Sending,
};

const KIND: Kind = Kind {
    profile: "http://jpfhir.jp/fhir/ePCS/StructureDefinition/JP_Composition_ePCS",
    document_type: ("56447-6", "計画書"),
    title: "患者サマリー（療養計画書）",
};

/// 患者サマリーの内容 — what a patient summary holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientSummary {
    /// What it is called and when it is sent.
    pub sending: Sending,
    /// How many diseases of the person's list the advice is about: at least one.
    pub diseases: usize,
    /// Flags of the diseases by position. A summary with a disease that the patient is not
    /// to see is refused by the service.
    pub flags: Vec<Flags>,
    /// 指導日 — the day on which the advice was given.
    pub guided_on: NaiveDate,
}

impl PatientSummary {
    /// A summary of two diseases, written on the day of the advice.
    pub fn new(sending: Sending) -> Self {
        let guided_on = crate::sending::in_japan(sending.sent_at).date_naive();
        Self { sending, diseases: 2, flags: vec![], guided_on }
    }
}

/// A patient summary. The same summary sent later differs in its instants and full URLs only.
pub fn patient_summary(
    institution: &Institution,
    person: &Person,
    summary: &PatientSummary,
) -> SynthBundle {
    let case = Case::new(institution, person, summary.sending, Carried::PatientSummary);
    let parts = [institution.index, person.index, summary.sending.serial];
    let mut dice = institution.seed.dice(Purpose::Advice, &parts);
    let mut visit = Visit::of(&case, 5_000_000 + summary.sending.serial);
    visit.inpatient = dice.percent(20);
    let mut draft = Draft::new(case);
    let doctor = parties::doctor(&mut draft, institution, &visit.doctor);
    let place = parties::institution(&mut draft, institution, Some(visit.department));
    let encounter = encounters::visit(&mut draft, &visit);
    let advice = advice(&mut dice);
    let mut entries = vec![care_plan(&mut draft, summary, &advice)];
    let diseases = shared::diseases(&mut draft, summary.diseases.max(1), &summary.flags);
    entries.extend(diseases.present.links);
    entries.extend(diseases.past.links);
    let category = if visit.inpatient {
        ("DISCHARGE", "退院時文書")
    } else {
        ("OUTPATIENT", "外来文書")
    };
    let heading = Heading {
        kind: &KIND,
        category,
        encounter: &encounter,
        authors: vec![&doctor, &place],
        custodian: None,
        event: Event::None,
        follows: None,
    };
    let sections = [Section::new("422", advice, entries)];
    draft.bundle(|w, case| composition(w, case, &heading, &sections))
}

/// 療養上のアドバイス — two to four sentences in plain words.
fn advice(dice: &mut Dice) -> String {
    let wanted = dice.between(2, 4) as usize;
    let start = dice.index(words::ADVICE.len());
    let chosen: Vec<&str> =
        (0..wanted).map(|nth| words::ADVICE[(start + nth * 3) % words::ADVICE.len()]).collect();
    chosen.join("\n")
}

/// 療養計画
fn care_plan(draft: &mut Draft<'_>, summary: &PatientSummary, advice: &str) -> Link {
    let id = draft.next_id("cpl");
    draft.add("CarePlan", |w, case| {
        w.text("id", &id);
        w.object("meta", |w| {
            w.text("lastUpdated", &case.sent_at);
            parts::profile(
                w,
                case,
                "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_CarePlan_ePCS",
            );
        });
        let which = format!("CPL{}{:08}", case.carried.prefix(), case.sending.serial);
        parts::resource_identifier(w, case, &which);
        w.text("status", "active");
        w.text("intent", "plan");
        let category = ("followup-plan", "外来診療経過中プラン");
        w.array("category", |w| w.item(|w| plan_category(w, category)));
        w.text("title", "療養計画");
        w.text("description", advice);
        parts::reference(w, "subject", &case.patient_url);
        let guided_on = summary.guided_on.min(written_on(case)).to_string();
        w.object("period", |w| w.text("start", &guided_on));
        w.text("created", &guided_on);
    })
}
