//! 診療情報提供書 — the referral letter.
//!
//! Source: S1.4, S1.6, S2.2, S2.5, S9.1.

use chrono::Duration;
use kyoyu_domain::{entry::Flags, identifiers::BundleIdentifier};

use super::{
    attachments::{self, Attachment},
    composition::{Event, Heading, Kind, Section, composition},
    discharge_summary::{self, DischargeSummary},
    draft::{Draft, Link},
    encounters,
    findings::{self, Plan, written_on},
    medications, parties,
    prescription::{self, DrugCodes, Occasion, Prescription},
    shared::{self, Diseases},
    words,
};
use crate::{
    allergies::AllergyKind,
    bundle::{Carried, Case, SynthBundle},
    institution::Institution,
    lab_choice::Results,
    labs::LabReport,
    parts::Visit,
    person::Person,
    phrases,
    seed::{Dice, Purpose},
    sending::Sending,
};

const KIND: Kind = Kind {
    profile: "http://jpfhir.jp/fhir/eReferral/StructureDefinition/JP_Composition_eReferral",
    document_type: ("57133-1", "診療情報提供書"),
    title: "診療情報提供書",
};

/// 診療情報提供書の内容 — what a letter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// What it is called and when it is sent.
    pub sending: Sending,
    /// How many diseases of the person's list: at least one.
    pub diseases: usize,
    /// Flags of the diseases by position; those beyond the end have none.
    pub flags: Vec<Flags>,
    /// 510 — allergies; none: the section says that nothing is known.
    pub allergies: Vec<AllergyKind>,
    /// 620 — results. With the sending of a report that was sent directly they are copies.
    pub results: Option<LabReport>,
    /// 430 — drugs.
    pub prescription: Option<Prescription>,
    /// The other sections that it has.
    pub sections: Vec<LetterSection>,
    /// 210 — files.
    pub attachments: Vec<Attachment>,
    /// 210 — a discharge summary of the same patient, nested as a Bundle.
    pub summary: Option<DischargeSummary>,
    /// An earlier letter that this one adds to.
    pub follows: Option<BundleIdentifier>,
}

/// 任意の節 — sections that a letter may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterSection {
    /// 370 既往歴
    PastIllness,
    /// 550 家族歴
    FamilyHistory,
    /// 640 社会歴・生活習慣
    SocialHistory,
    /// 610 身体所見
    Findings,
    /// 330 臨床経過
    Course,
    /// 420 診療方針指示
    Plan,
    /// 220 備考・連絡情報
    Remarks,
}

impl LetterSection {
    /// Every one, in the order of the document.
    pub const ALL: [Self; 7] = [
        Self::PastIllness,
        Self::FamilyHistory,
        Self::SocialHistory,
        Self::Findings,
        Self::Course,
        Self::Plan,
        Self::Remarks,
    ];
}

impl Referral {
    /// A letter as most are: diseases, an allergy, some results, a prescription; about 30 kB.
    pub fn new(sending: Sending) -> Self {
        let results = LabReport {
            // Reports of their own have smaller serials.
            sending: Sending { serial: sending.serial + 60_000_000, ..sending },
            collected_at: sending.sent_at - Duration::hours(26),
            results: Results::AsInLife(2),
        };
        Self {
            sending,
            diseases: 2,
            flags: vec![],
            allergies: vec![AllergyKind::Drug],
            results: Some(results),
            prescription: Some(Prescription { lines: 2, codes: DrugCodes::AllYj }),
            sections: vec![
                LetterSection::PastIllness,
                LetterSection::Findings,
                LetterSection::Course,
                LetterSection::Remarks,
            ],
            attachments: vec![],
            summary: None,
            follows: None,
        }
    }

    /// A letter with nothing but what the profile demands.
    pub fn least(sending: Sending) -> Self {
        Self {
            diseases: 1,
            allergies: vec![],
            results: None,
            prescription: None,
            sections: vec![],
            ..Self::new(sending)
        }
    }

    fn has(&self, section: LetterSection) -> bool {
        self.sections.contains(&section)
    }
}

/// A letter from one institution to exactly one other. Days and instants hang on the day on
/// which it is sent; all else but full URLs is the same whenever the same letter is sent.
pub fn referral(
    from: &Institution,
    to: &Institution,
    person: &Person,
    letter: &Referral,
) -> SynthBundle {
    let case = Case::new(from, person, letter.sending, Carried::Referral);
    let parts = [from.index, person.index, letter.sending.serial];
    let mut writing = Writing {
        visit: Visit::of(&case, 3_000_000 + letter.sending.serial),
        dice: from.seed.dice(Purpose::Letter, &parts),
        letter,
        draft: Draft::new(case),
    };
    let from_part = writing.sender(from);
    let (author, custodian) = (from_part.1.clone(), from_part.0.clone());
    let to_part = writing.addressee(to);
    let encounter = encounters::visit(&mut writing.draft, &writing.visit);
    let mut sections = vec![from_part.2, to_part];
    sections.push(Section::structured(writing.structured()));
    sections.extend(writing.appendix());
    let Writing { draft, .. } = writing;
    let heading = Heading {
        kind: &KIND,
        category: ("OUTPATIENT", "外来文書"),
        encounter: &encounter,
        authors: vec![&author, &custodian],
        custodian: Some(&custodian),
        event: Event::Issued(written_on(&draft.case).to_string()),
        follows: letter.follows.as_ref(),
    };
    draft.bundle(|w, case| composition(w, case, &heading, &sections))
}

/// A letter that is being written.
struct Writing<'a> {
    letter: &'a Referral,
    draft: Draft<'a>,
    dice: Dice,
    visit: Visit,
}

impl Writing<'_> {
    /// 920 — institution, doctor and section.
    fn sender(&mut self, from: &Institution) -> (Link, Link, Section) {
        let institution = parties::institution(&mut self.draft, from, Some(self.visit.department));
        let doctor = parties::doctor(&mut self.draft, from, &self.visit.doctor);
        let text = format!(
            "{} {} {} {}",
            from.name,
            self.visit.department.own_name,
            self.visit.doctor.family_name.kanji,
            self.visit.doctor.given_name.kanji
        );
        let section = Section::new("920", text, vec![institution.clone(), doctor.clone()]);
        (institution, doctor, section)
    }

    /// 910 — one institution; some letters name a doctor or a department as well.
    fn addressee(&mut self, to: &Institution) -> Section {
        let doctor = &to.doctors[self.dice.index(to.doctors.len())];
        let department = to.departments[doctor.department];
        let mut entries = vec![parties::institution(&mut self.draft, to, None)];
        let mut text = format!("{} {}", to.name, department.own_name);
        if self.dice.percent(60) {
            entries.push(parties::doctor(&mut self.draft, to, doctor));
            text.push_str(&format!(" {} {}", doctor.family_name.kanji, doctor.given_name.kanji));
        }
        if self.dice.percent(35) {
            let institution = entries[0].clone();
            entries.push(parties::department(&mut self.draft, &institution, department));
        }
        Section::new("910", format!("{text} 先生 御侍史"), entries)
    }

    /// The sections of 300, in the order of the guide.
    fn structured(&mut self) -> Vec<Section> {
        let letter = self.letter;
        let diseases = shared::diseases(&mut self.draft, letter.diseases.max(1), &letter.flags);
        let mut sections = vec![
            self.purpose(&diseases),
            Section::new("340", diseases.present.text(), diseases.present.links.clone()),
            self.present_illness(&diseases),
        ];
        sections.extend(self.past_illness(diseases));
        sections.push(self.allergies());
        if letter.has(LetterSection::FamilyHistory) {
            let (links, text) = findings::family(&mut self.draft, &mut self.dice);
            sections.push(Section::new("550", text, links));
        }
        if letter.has(LetterSection::Findings) {
            let found = findings::examination(&mut self.dice);
            let (links, text) = findings::observations(&mut self.draft, &found);
            sections.push(Section::new("610", text, links));
        }
        if letter.has(LetterSection::SocialHistory) {
            let age = self.draft.case.person.age_on(written_on(&self.draft.case));
            let habits = findings::habits(&mut self.dice, age);
            let (links, text) = findings::observations(&mut self.draft, &habits);
            sections.push(Section::new("640", text, links));
        }
        sections.extend(self.medications());
        sections.extend(letter.results.as_ref().map(|report| {
            let links = shared::results(&mut self.draft, report);
            Section::new("620", "検査結果は別記のとおりです。", links)
        }));
        if letter.has(LetterSection::Course) {
            let text = self.sentences(words::COURSE);
            let link = attachments::text(&mut self.draft, "臨床経過", &text);
            sections.push(Section::new("330", text, vec![link]));
        }
        if letter.has(LetterSection::Plan) {
            sections.push(self.plan());
        }
        sections
    }

    fn sentences(&mut self, choices: &[&str]) -> String {
        let now = self.letter.sending.sent_at;
        format!("{}。", phrases::sentences(&mut self.dice, now, choices))
    }

    fn purpose(&mut self, diseases: &Diseases) -> Section {
        let main = diseases.present.names.first().map_or("上記疾患", String::as_str);
        let text = self.dice.pick(words::PURPOSES).replace("{}", main);
        let link = encounters::purpose(&mut self.draft, &self.visit, &text);
        Section::new("950", text, vec![link])
    }

    fn present_illness(&mut self, diseases: &Diseases) -> Section {
        let text = self.sentences(words::PRESENT_ILLNESS);
        let main = diseases.present.links.iter().take(1).cloned().collect();
        Section::new("360", text, main)
    }

    /// 370 — ended diseases stay with the others where there is no such section.
    fn past_illness(&mut self, diseases: Diseases) -> Option<Section> {
        let Diseases { past, .. } = diseases;
        if past.links.is_empty() {
            let wanted = self.letter.has(LetterSection::PastIllness);
            return wanted.then(|| Section::none("370", "特記すべき既往歴なし"));
        }
        Some(Section::new("370", past.text(), past.links))
    }

    fn allergies(&mut self) -> Section {
        if self.letter.allergies.is_empty() {
            return Section::none("510", "なし");
        }
        let told = shared::allergies(&mut self.draft, &self.letter.allergies);
        Section::new("510", told.text(), told.links)
    }

    fn medications(&mut self) -> Option<Section> {
        let wanted = self.letter.prescription?;
        let lines = prescription::lines(&self.draft.case, wanted, Occasion::Visit);
        let links = medications::add_all(&mut self.draft, &lines, &self.visit);
        Some(Section::new("430", medications::summary(&lines), links))
    }

    fn plan(&mut self) -> Section {
        let text = self.sentences(words::PLANS);
        let plan = Plan {
            category: ("followup-plan", "外来診療経過中プラン"),
            title: "診療方針",
            description: &text,
        };
        let link = findings::care_plan(&mut self.draft, &plan);
        Section::new("420", text, vec![link])
    }

    /// 210 and 220.
    fn appendix(&mut self) -> Vec<Section> {
        let mut links: Vec<Link> = self
            .letter
            .attachments
            .iter()
            .enumerate()
            .map(|(nth, attachment)| attachments::file(&mut self.draft, nth, *attachment))
            .collect();
        if let Some(summary) = &self.letter.summary {
            let Case { institution, person, .. } = self.draft.case;
            let nested = discharge_summary::discharge_summary(institution, person, summary);
            links.push(self.draft.add_written("Bundle", nested.json));
        }
        let mut sections = Vec::new();
        if !links.is_empty() {
            sections.push(Section::new("210", "添付情報をご参照ください。", links));
        }
        if self.letter.has(LetterSection::Remarks) {
            sections.push(Section::new("220", self.dice.pick(words::REMARKS), vec![]));
        }
        sections
    }
}
