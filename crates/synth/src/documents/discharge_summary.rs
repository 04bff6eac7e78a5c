//! 退院時サマリー — the discharge summary, alone or nested in a referral letter.
//!
//! Source: S1.5, S1.6, S2.3, S2.6, S9.2.

use chrono::{Days, Duration};
use kyoyu_domain::identifiers::BundleIdentifier;

use super::{
    attachments,
    composition::{Event, Heading, Kind, Section, composition},
    draft::{Draft, Link},
    encounters::{self, Stay},
    findings::{self, Plan, written_on},
    medications, parties,
    prescription::{self, DrugCodes, Occasion, Prescription},
    shared::{self, Diseases, Told},
    words,
};
use crate::{
    allergies::AllergyKind,
    bundle::{Carried, Case, SynthBundle},
    institution::Institution,
    labs::LabReport,
    parts::Visit,
    person::Person,
    phrases,
    seed::{Dice, Purpose},
    sending::Sending,
};

const KIND: Kind = Kind {
    profile: "http://jpfhir.jp/fhir/eDischargeSummary/StructureDefinition/JP_Composition_eDischargeSummary",
    document_type: ("18842-5", "退院時サマリー"),
    title: "退院時サマリー",
};

/// 退院時サマリーの内容 — what a discharge summary holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DischargeSummary {
    /// What it is called and when it is sent.
    pub sending: Sending,
    /// How many diseases of the person's list: at least one.
    pub diseases: usize,
    /// 510 — allergies.
    pub allergies: Vec<AllergyKind>,
    /// 623 — results of the stay.
    pub results: Option<LabReport>,
    /// 432 — drugs that the patient brought along.
    pub brought: Option<Prescription>,
    /// 444 — drugs to go on with.
    pub prescription: Option<Prescription>,
    /// 紹介状 — the letter that it belongs to, where it is sent by itself.
    pub follows: Option<BundleIdentifier>,
}

impl DischargeSummary {
    /// A summary as most are.
    pub fn new(sending: Sending) -> Self {
        let of = |lines| Some(Prescription { lines, codes: DrugCodes::AllYj });
        Self {
            sending,
            diseases: 2,
            allergies: vec![AllergyKind::Food],
            results: None,
            brought: of(2),
            prescription: of(4),
            follows: None,
        }
    }
}

/// A discharge summary. The days of the stay hang on the day on which it is sent; all else is
/// the same whenever the same summary is sent.
pub fn discharge_summary(
    institution: &Institution,
    person: &Person,
    summary: &DischargeSummary,
) -> SynthBundle {
    let case = Case::new(institution, person, summary.sending, Carried::DischargeSummary);
    let parts = [institution.index, person.index, summary.sending.serial];
    let mut dice = institution.seed.dice(Purpose::Stay, &parts);
    let mut stay = stay(&mut dice, &case);
    let mut draft = Draft::new(case);
    let diseases = shared::diseases(&mut draft, summary.diseases.max(1), &[]);
    stay.reason = dice
        .pick(words::ADMISSION_REASONS)
        .replace("{}", diseases.present.names.first().map_or("", String::as_str));
    let place = parties::institution(&mut draft, institution, Some(stay.visit.department));
    let doctor = parties::doctor(&mut draft, institution, &stay.visit.doctor);
    let encounter = encounters::stay(&mut draft, &stay);
    let heading = Heading {
        kind: &KIND,
        category: ("DISCHARGE", "退院時文書"),
        encounter: &encounter,
        authors: vec![&doctor, &place],
        custodian: Some(&place),
        event: Event::Stay(stay.admitted_on.to_string(), stay.discharged_on.to_string()),
        follows: summary.follows.as_ref(),
    };
    let mut writing = Writing { summary, draft, dice, stay };
    let sections = [Section::structured(writing.sections(&diseases, &encounter))];
    writing.draft.bundle(|w, case| composition(w, case, &heading, &sections))
}

fn stay(dice: &mut Dice, case: &Case<'_>) -> Stay {
    let mut visit = Visit::of(case, 4_000_000 + case.sending.serial);
    visit.inpatient = true;
    let discharged_on = written_on(case) - Days::new(dice.below(6));
    Stay {
        visit,
        admitted_on: discharged_on - Days::new(3 + dice.below(40)),
        discharged_on,
        source: dice.pick(words::SOURCES),
        outcome: dice.pick(words::OUTCOMES),
        reason: String::new(),
    }
}

/// A summary that is being written.
struct Writing<'a> {
    summary: &'a DischargeSummary,
    draft: Draft<'a>,
    dice: Dice,
    stay: Stay,
}

impl Writing<'_> {
    /// The sections of 300, in the order of the guide.
    fn sections(&mut self, diseases: &Diseases, encounter: &Link) -> Vec<Section> {
        let Diseases { present, past } = diseases;
        let mut sections = vec![
            Section::new("322", self.admission(), vec![encounter.clone()]),
            Section::new("342", present.text(), present.links.clone()),
        ];
        sections.extend(self.allergies());
        sections.extend(self.story(present));
        if !past.links.is_empty() {
            sections.push(Section::new("370", past.text(), past.links.clone()));
        }
        sections.extend(self.brought());
        sections.push(self.findings("612"));
        sections.push(self.course());
        sections.push(Section::new("324", self.discharge(), vec![encounter.clone()]));
        sections.push(Section::new("344", present.text(), present.links.clone()));
        sections.extend(self.afterwards());
        sections
    }

    fn sentences(&mut self, choices: &[&str]) -> String {
        let now = self.summary.sending.sent_at - Duration::days(20);
        format!("{}。", phrases::sentences(&mut self.dice, now, choices))
    }

    fn admission(&self) -> String {
        let Stay { admitted_on, source, visit, .. } = &self.stay;
        format!("入院日 {admitted_on} {} {}", visit.department.own_name, source.1)
    }

    fn discharge(&self) -> String {
        let Stay { discharged_on, outcome, .. } = &self.stay;
        format!("退院日 {discharged_on} {}", outcome.1)
    }

    fn allergies(&mut self) -> Option<Section> {
        if self.summary.allergies.is_empty() {
            return None;
        }
        let told = shared::allergies(&mut self.draft, &self.summary.allergies);
        Some(Section::new("510", told.text(), told.links))
    }

    /// 352, 312 and 360.
    fn story(&mut self, present: &Told) -> [Section; 3] {
        let main: Vec<_> = present.links.iter().take(1).cloned().collect();
        let complaint = self.dice.pick(words::COMPLAINTS);
        [
            Section::new("352", complaint, main.clone()),
            Section::new("312", self.stay.reason.clone(), vec![]),
            Section::new("360", self.sentences(words::PRESENT_ILLNESS), main),
        ]
    }

    fn brought(&mut self) -> Option<Section> {
        let wanted = self.summary.brought?;
        Some(self.drugs("432", wanted, Occasion::Admission))
    }

    fn drugs(&mut self, code: &'static str, wanted: Prescription, of: Occasion) -> Section {
        let lines = prescription::lines(&self.draft.case, wanted, of);
        let links = medications::add_all(&mut self.draft, &lines, &self.stay.visit);
        Section::new(code, medications::summary(&lines), links)
    }

    fn findings(&mut self, code: &'static str) -> Section {
        let found = findings::examination(&mut self.dice);
        let (links, text) = findings::observations(&mut self.draft, &found);
        Section::new(code, text, links)
    }

    fn course(&mut self) -> Section {
        let text = self.sentences(words::COURSE);
        let link = attachments::text(&mut self.draft, "入院中経過", &text);
        Section::new("333", text, vec![link])
    }

    /// What comes after the diagnoses: 444, 424, 614 and 623.
    fn afterwards(&mut self) -> Vec<Section> {
        let mut sections = vec![match self.summary.prescription {
            Some(wanted) => self.drugs("444", wanted, Occasion::Discharge),
            None => Section::none("444", "退院時処方なし"),
        }];
        let text = self.sentences(words::PLANS);
        let plan = Plan {
            category: ("discharge-plan", "退院時プラン"),
            title: "退院時方針",
            description: &text,
        };
        let link = findings::care_plan(&mut self.draft, &plan);
        sections.push(Section::new("424", text, vec![link]));
        sections.push(self.findings("614"));
        sections.extend(self.summary.results.as_ref().map(|report| {
            let links = shared::results(&mut self.draft, report);
            Section::new("623", "検査結果は別記のとおりです。", links)
        }));
        sections
    }
}
