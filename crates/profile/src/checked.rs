//! 検査済 — what the check of a Bundle tells the service.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};

use kyoyu_domain::{
    catalogue::Kind,
    entry::{ClinicalStatus, Flags, Standing},
    identifiers::{
        BundleIdentifier, DepartmentHash, IdentifierHash, InstitutionNumber, PersonIdentifier,
    },
    phi::Phi,
    prescription::Listed,
    problem::Place,
};

use crate::json::Value;

/// 検査済Bundle — a Bundle that passed, as far as the service has to know it.
#[derive(Debug)]
pub struct CheckedBundle {
    /// The Bundle identifier.
    pub identifier: BundleIdentifier,
    /// `Bundle.timestamp`.
    pub sent_at: DateTime<Utc>,
    /// Whose data.
    pub patient: PatientFacts,
    /// The bytes of the body that remain when every entry but the Patient's is cut out; one
    /// after another they are a readable JSON text. Empty for a document, which is kept whole.
    pub envelope: Vec<Range<usize>>,
    /// What is shared resource by resource, in document order: the entries after the Patient
    /// of a collection, at least one unless [`crate::rules::EMPTY_SET`] is waived; what can be
    /// extracted of a letter, possibly nothing.
    pub resources: Vec<CheckedResource>,
    /// What it is as a document; none for a collection.
    pub document: Option<DocumentFacts>,
}

impl CheckedBundle {
    /// 空の送信 — whether it holds the Patient only.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.document.is_none()
    }
}

/// 患者 — what identifies the Bundle's patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientFacts {
    /// The insured-person identifier.
    pub identifier: PersonIdentifier,
    /// The birth date.
    pub birth_on: Phi<NaiveDate>,
}

/// 差し替え — a place of the body at which a quoted JSON string is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// What the string replaces, counted from the start of the body; empty: an insertion.
    pub range: Range<usize>,
    /// What goes before the string.
    pub prefix: &'static str,
    /// What goes behind the string.
    pub suffix: &'static str,
}

/// 明細 — one resource of a Bundle that passed.
#[derive(Debug, Clone)]
pub struct CheckedResource {
    /// What it is.
    pub kind: &'static Kind,
    /// The bytes of the resource in the body.
    pub text: Range<usize>,
    /// Where its `id` goes.
    pub id: Splice,
    /// Where the reference to its patient goes.
    pub patient: Splice,
    /// Further references to the Patient within the resource, such as `asserter`.
    pub patient_again: Vec<Splice>,
    /// The position of its entry; the Patient is 0.
    pub ordinal: u16,
    /// The item of [`kyoyu_domain::lab_items`]; 0 where the kind has none.
    pub item: u16,
    /// Its resource identifier.
    pub identifier: IdentifierHash,
    /// Whose list it stands in, of kinds that are sent as lists.
    pub department: Option<DepartmentHash>,
    /// 採取日時・発症日 — when it happened, in whole milliseconds; a date without time is
    /// the start of its first day in Japan.
    pub dated_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub standing: Standing,
    /// Its clinical status.
    pub clinical: ClinicalStatus,
    /// Its flags.
    pub flags: Flags,
    /// 文書での位置 — of a prescription that a document lists.
    pub listed: Option<Listed>,
}

impl CheckedResource {
    /// Appends the resource to `out` with `id` and `patient_reference` in place; every other
    /// byte stays as it was sent.
    ///
    /// `body` is the one that was checked. Both texts are of our own making and need no
    /// escape in JSON.
    pub fn rewritten(&self, body: &[u8], id: &str, patient_reference: &str, out: &mut Vec<u8>) {
        let again = self.patient_again.iter().map(|splice| (splice, patient_reference));
        let mut splices = vec![(&self.id, id), (&self.patient, patient_reference)];
        splices.extend(again);
        splices.sort_by_key(|(splice, _)| splice.range.start);
        let mut at = self.text.start;
        for (splice, text) in splices {
            out.extend_from_slice(&body[at..splice.range.start]);
            for piece in [splice.prefix, "\"", text, "\"", splice.suffix] {
                out.extend_from_slice(piece.as_bytes());
            }
            at = splice.range.end;
        }
        out.extend_from_slice(&body[at..self.text.end]);
    }
}

impl Splice {
    pub(crate) fn replacing(value: Value<'_>) -> Self {
        Self { range: value.span(), prefix: "", suffix: "" }
    }

    /// An `id` for a resource that has none. A resource has at least its type, so that a
    /// comma follows.
    pub(crate) fn inserting_id(resource: Value<'_>) -> Self {
        let behind_brace = resource.span().start + 1;
        Self { range: behind_brace..behind_brace, prefix: "\"id\":", suffix: "," }
    }
}

/// 文書 — what the service has to know of a document Bundle.
#[derive(Debug, Clone)]
pub struct DocumentFacts {
    /// What it is.
    pub kind: &'static Kind,
    /// What makes it the same document: of a checkup its day and programme, otherwise the
    /// Bundle identifier.
    pub identifier: IdentifierHash,
    /// `Composition.date`; of a checkup the first day of its event.
    pub dated_at: Option<DateTime<Utc>>,
    /// 紹介先 — the one addressee of a referral letter.
    pub addressee: Option<InstitutionNumber>,
    /// The referral that a discharge summary sent later belongs to.
    pub belongs_to: Option<BundleIdentifier>,
    /// How many discharge summaries are nested in it.
    pub nested: u16,
    /// The attachments that can be cut out and put back, in document order.
    pub attachments: Vec<Attachment>,
    /// Whether it brings any file at all: base64 that encoding its bytes does not give again stays
    /// in the text.
    pub has_files: bool,
}

/// 署名 — the electronic signature of a document, as far as JSON has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFacts {
    /// The root's `signature` member in the body, from the quote of its key to the end of its
    /// value.
    pub member: Range<usize>,
    /// `Signature.data`, base64; its certificates name the signer.
    pub data: Option<Phi<String>>,
    /// `Signature.when`.
    pub when: Option<DateTime<Utc>>,
    /// Where it stands.
    pub place: Place,
}

/// 添付 — one attachment of a document, whose base64 text can be cut out and put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The media type, as its magic bytes prove it.
    pub media_type: &'static str,
    /// The base64 text in the body, without its quotes.
    pub base64: Range<usize>,
}
