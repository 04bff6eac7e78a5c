//! 日常の文書 — documents by their running number alone, as varied as institutions send them.

use chrono::{DateTime, Utc};

use super::{
    Attachment, AttachmentFormat, Checkup, DischargeSummary, DrugCodes, LetterSection,
    PatientSummary, Prescription, Programme, Referral, checkup, discharge_summary, patient_summary,
    referral,
};
use crate::{
    AllergyKind, Results, Sending, SynthBundle, World,
    person::TODAY,
    seed::{Dice, Purpose},
    sending::in_japan,
};

/// 文書の種類 — what [`World::document`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// 診療情報提供書
    Referral,
    /// 退院時サマリー
    DischargeSummary,
    /// 患者サマリー
    PatientSummary,
    /// 健康診断結果報告書
    Checkup,
}

/// 発信 — a document with whom it comes from and whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SynthDocument {
    /// Index of the person.
    pub person: u64,
    /// The document.
    pub bundle: SynthBundle,
}

impl World {
    /// One document by its index alone, sent at `at`: content, attachments and codes vary as
    /// in life. Different indices have different Bundle identifiers.
    pub fn document(&self, kind: DocumentKind, index: u64, at: DateTime<Utc>) -> SynthDocument {
        let mut dice = self.seed.dice(Purpose::Document, &[kind as u64, index]);
        let person = match kind {
            DocumentKind::Checkup => self.adult(&mut dice),
            _ => dice.below(self.size().persons),
        };
        let home = self.home_of(person);
        let (from, patient) = (self.institution(home), self.person(person));
        let sending = Sending::new(index, at);
        let bundle = match kind {
            DocumentKind::Referral => {
                let others = (self.size().institutions - 1).max(1);
                let to = self.institution(home + 1 + dice.below(others));
                referral(&from, &to, &patient, &letter(&mut dice, sending))
            }
            DocumentKind::DischargeSummary => {
                discharge_summary(&from, &patient, &summary(&mut dice, sending))
            }
            DocumentKind::PatientSummary => {
                let diseases = dice.between(1, 5) as usize;
                let summary = PatientSummary { diseases, ..PatientSummary::new(sending) };
                patient_summary(&from, &patient, &summary)
            }
            DocumentKind::Checkup => {
                let centre = dice.percent(60).then(|| self.checkup_centre(dice.below(500)));
                let programme = Programme::usual_for(&patient, in_japan(at).date_naive());
                let examined = Checkup::new(sending, programme);
                checkup(centre.as_ref().unwrap_or(&from), &patient, &examined)
            }
        };
        SynthDocument { person, bundle }
    }

    /// Children have no checkups of this kind; where twelve draws find none, the first is taken.
    fn adult(&self, dice: &mut Dice) -> u64 {
        let draws: Vec<u64> = (0..12).map(|_| dice.below(self.size().persons)).collect();
        let is_adult = |person: &&u64| self.person(**person).age_on(TODAY) >= 20;
        *draws.iter().find(is_adult).unwrap_or(&draws[0])
    }
}

fn letter(dice: &mut Dice, sending: Sending) -> Referral {
    let usual = Referral::new(sending);
    let results = usual.results.clone().filter(|_| dice.percent(75)).map(|mut report| {
        report.results = Results::AsInLife(dice.pick(&[1, 2, 2, 4, 8, 16]));
        report
    });
    let summary_serial = Sending { serial: sending.serial + 70_000_000, ..sending };
    Referral {
        diseases: dice.between(1, 5) as usize,
        allergies: allergies(dice),
        results,
        prescription: dice.percent(85).then(|| prescription(dice)),
        sections: LetterSection::ALL.into_iter().filter(|_| dice.percent(55)).collect(),
        attachments: attachments(dice),
        summary: dice.percent(8).then(|| summary(dice, summary_serial)),
        ..usual
    }
}

fn summary(dice: &mut Dice, sending: Sending) -> DischargeSummary {
    DischargeSummary {
        diseases: dice.between(1, 4) as usize,
        allergies: allergies(dice),
        brought: dice.percent(60).then(|| prescription(dice)),
        prescription: dice.percent(90).then(|| prescription(dice)),
        ..DischargeSummary::new(sending)
    }
}

fn allergies(dice: &mut Dice) -> Vec<AllergyKind> {
    const KINDS: &[AllergyKind] = &[AllergyKind::Drug, AllergyKind::Food, AllergyKind::Other];
    let count = dice.pick(&[0, 0, 1, 1, 2]);
    (0..count).map(|_| dice.pick(KINDS)).collect()
}

/// Most institutions send YJ codes.
fn prescription(dice: &mut Dice) -> Prescription {
    let codes = match dice.below(10) {
        0 => DrugCodes::SomeLocal,
        1 => DrugCodes::SomeGeneral,
        _ => DrugCodes::AllYj,
    };
    Prescription { lines: dice.pick(&[1, 2, 3, 3, 4, 5, 7, 10]), codes }
}

fn attachments(dice: &mut Dice) -> Vec<Attachment> {
    const FORMATS: &[AttachmentFormat] = &[
        AttachmentFormat::Pdf,
        AttachmentFormat::Jpeg,
        AttachmentFormat::Png,
        AttachmentFormat::Tiff,
    ];
    let count = dice.pick(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    (0..count)
        .map(|_| Attachment {
            format: dice.pick(FORMATS),
            bytes: dice.between(20_000, 400_000) as usize,
        })
        .collect()
}
