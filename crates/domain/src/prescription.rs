//! 処方の語彙 — what is known of prescriptions besides their texts: where in a document they
//! stood, whether the document's list was taken whole, and who prescribes electronically.
//!
//! Source: S6, S11.6; design §2.

use crate::coded::coded;

/// 文書区分 — of which part of a stay or of care a list of drugs is (S6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// 入院時 — what the patient took when admitted.
    Admission,
    /// 入院中 — during the stay.
    Stay,
    /// 退院時 — to go on with after the discharge.
    Discharge,
    /// 外来時 — of an outpatient.
    Outpatient,
}

impl Occasion {
    /// Every occasion with its code and what the screen prints; the place is the stored number.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Admission, "admission", "入院時"),
        (Self::Stay, "stay", "入院中"),
        (Self::Discharge, "discharge", "退院時"),
        (Self::Outpatient, "outpatient", "外来時"),
    ];
}

coded!(Occasion);

/// 完全性 — whether the list of a document could be taken out of it whole (S6.9, S6.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Completeness {
    /// Every line that the document lists was taken, each with a standard code.
    Whole,
    /// 不完全 — a line has no standard code, or could not be taken at all.
    Incomplete,
}

impl Completeness {
    /// Both with code and Japanese name.
    pub const ALL: &[(Self, &str, &str)] =
        &[(Self::Whole, "whole", "全て抽出"), (Self::Incomplete, "incomplete", "一部のみ抽出")];
}

coded!(Completeness);

/// 文書での位置 — what only the document knows of a line that was extracted of it; decided
/// at registration and kept with the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listed {
    /// 文書区分, where the document tells.
    pub occasion: Option<Occasion>,
    /// Whether the document's list is whole.
    pub completeness: Completeness,
}

/// In [`Listed::bits`].
const INCOMPLETE: u8 = 1 << 7;

impl Listed {
    /// As one byte, never 0: the number of the occasion from 2 on (1: none), and whether the
    /// list is incomplete.
    pub fn bits(self) -> u8 {
        let of = |occasion| Occasion::ALL.iter().position(|row| row.0 == occasion);
        let number = self.occasion.and_then(of).map_or(1, |place| place as u8 + 2);
        number | if self.completeness == Completeness::Whole { 0 } else { INCOMPLETE }
    }

    /// What a byte of [`Listed::bits`] means; none for any other.
    pub fn from_bits(bits: u8) -> Option<Self> {
        let occasion = match bits & !INCOMPLETE {
            0 => return None,
            1 => None,
            number => Some(Occasion::ALL.get(usize::from(number) - 2)?.0),
        };
        let whole = bits & INCOMPLETE == 0;
        let completeness = if whole { Completeness::Whole } else { Completeness::Incomplete };
        Some(Self { occasion, completeness })
    }
}

/// 処方の方式 — how an institution prescribes to outpatients, as the operator knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Medium {
    /// 電子処方箋 — the e-prescription service knows what it prescribes.
    Electronic,
    /// 紙の処方箋 — nobody but the institution knows. Also where nothing is known.
    Paper,
}

impl Medium {
    /// Both with code and Japanese name.
    pub const ALL: &[(Self, &str, &str)] =
        &[(Self::Electronic, "electronic", "電子処方箋"), (Self::Paper, "paper", "紙の処方箋")];
}

coded!(Medium);

/// 処方の一行 — what is read of one MedicationRequest, as a page draws it (S11.6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// 用法区分
    pub usage: Option<Usage>,
    /// 処方オーダ番号 — the number of the prescription, where it has one.
    pub order_number: Option<String>,
    /// RP番号 — lines with the same number are taken together.
    pub group: Option<String>,
    /// RP内連番 — the place in the group.
    pub place: Option<String>,
    /// 調剤指示, each as it is to be printed.
    pub dispensing: Vec<String>,
    /// 補足指示, each as it is to be printed.
    pub supplementary: Vec<String>,
    /// 持参薬 — whether the patient brought it along from elsewhere.
    pub brought_along: bool,
}

/// 用法区分 — 内服, 外用 and so on, or in more detail 経口, 貼付 and so on (S6.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The system of the code.
    pub system: &'static str,
    /// One digit, or two in detail.
    pub code: String,
    /// What the screen prints.
    pub text: String,
}

/// 出所 — where a prescription that is shown comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// 文書 — a letter or discharge summary lists it.
    Document,
    /// 電子処方箋管理サービス
    EPrescription,
}

impl Source {
    /// Both with code and Japanese name.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Document, "document", "文書"),
        (Self::EPrescription, "e-prescription", "電子処方箋管理サービス"),
    ];
}

coded!(Source);

/// 処方の見出し — what a reader is told of a prescription besides its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Where it comes from.
    pub source: Source,
    /// What its document says of it; none where it comes of no document.
    pub listed: Option<Listed>,
    /// What its text says.
    pub line: Line,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_document_comes_back_from_its_byte_and_every_other_byte_is_none() {
        let occasions = Occasion::ALL.iter().map(|row| Some(row.0)).chain([None]);
        let mut written = Vec::new();
        for occasion in occasions {
            for (completeness, ..) in Completeness::ALL {
                let listed = Listed { occasion, completeness: *completeness };
                assert_eq!(Listed::from_bits(listed.bits()), Some(listed));
                written.push(listed.bits());
            }
        }
        assert!(!written.contains(&0));
        let others = (0..=u8::MAX).filter(|bits| !written.contains(bits));
        assert!(others.into_iter().all(|bits| Listed::from_bits(bits).is_none()));
    }
}
