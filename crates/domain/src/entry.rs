//! 明細 — what the store keeps beside one resource, so that retention and reads decide
//! without unpacking its text.

use chrono::{DateTime, Utc};

use crate::{
    identifiers::{DepartmentHash, IdentifierHash},
    prescription::Listed,
};

/// 表示区分 — the flags that an institution may set on a resource (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags {
    /// 長期保存 LTS — kept beyond the normal period.
    pub long_term: bool,
    /// 未告知 UNINFORMED — hidden from the patient.
    pub uninformed: bool,
    /// 未提供 UNDELIVERED — hidden from everybody but the sender.
    pub undelivered: bool,
}

impl Flags {
    /// The system of the flags in `meta.tag`.
    pub const SYSTEM: &str = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication";

    /// All eight combinations, for tables and tests.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..8).map(Self::from_bits)
    }

    /// The flags as three bits: 1 LTS, 2 UNINFORMED, 4 UNDELIVERED.
    pub fn bits(self) -> u8 {
        u8::from(self.long_term) | u8::from(self.uninformed) << 1 | u8::from(self.undelivered) << 2
    }

    /// The flags of three bits; higher bits are ignored.
    pub fn from_bits(bits: u8) -> Self {
        Self { long_term: bits & 1 != 0, uninformed: bits & 2 != 0, undelivered: bits & 4 != 0 }
    }
}

/// 状態 — what the resource says of its own standing, as far as showing and counting
/// depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Standing {
    /// Stands as written.
    #[default]
    Standing,
    /// 否定 — `verificationStatus` is `refuted`.
    Refuted,
    /// 誤登録 — entered in error.
    EnteredInError,
    /// 未実施・結果待ち — an Observation `registered`: ordered, no result yet.
    Awaited,
    /// 検査中止 — an Observation `cancelled`.
    Cancelled,
}

/// 転帰 — `clinicalStatus`; an unknown one counts as active (design §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ClinicalStatus {
    /// `active`, or no status at all.
    #[default]
    Active,
    /// `inactive`.
    Inactive,
    /// `recurrence`.
    Recurrence,
    /// `relapse`.
    Relapse,
    /// `remission`.
    Remission,
    /// `resolved`.
    Resolved,
}

impl ClinicalStatus {
    /// Every status with its FHIR code; the position is the stored number.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Active, "active"),
        (Self::Inactive, "inactive"),
        (Self::Recurrence, "recurrence"),
        (Self::Relapse, "relapse"),
        (Self::Remission, "remission"),
        (Self::Resolved, "resolved"),
    ];

    /// The status of a FHIR code; none for a code that FHIR does not have.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == code).map(|(status, _)| *status)
    }
}

/// 由来 — how a resource came to be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub enum Origin {
    /// 文書抽出 — it stood in a letter. What its institution sends itself goes before it
    /// (S13, 27).
    Extracted,
    /// It was sent as such.
    #[default]
    Sent,
}

/// 明細 — one resource of a stored Bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The resource's place in its Bundle, counted from 1.
    pub ordinal: u16,
    /// Bytes of its stored text.
    pub text_bytes: u32,
    /// The item within its kind ([`crate::lab_items`]); 0 where the kind has none.
    pub item: u16,
    /// The resource identifier, hashed.
    pub identifier: IdentifierHash,
    /// 診療科 — whose list it stands in; only of kinds that are sent as lists
    /// ([`crate::catalogue::Kind::sent_as_list`]), and there where it is told.
    pub department: Option<DepartmentHash>,
    /// 採取日時・発症日 — when it happened; a date without time is the start of its day in
    /// Japan. Whole milliseconds.
    pub dated_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub standing: Standing,
    /// Its clinical status.
    pub clinical: ClinicalStatus,
    /// Its flags.
    pub flags: Flags,
    /// How it came to be shared.
    pub origin: Origin,
    /// 文書での位置 — what its document says of it; only of extracted prescriptions.
    pub listed: Option<Listed>,
    /// 初回登録日時 — when this institution first registered this resource identifier.
    pub first_registered_at: DateTime<Utc>,
    /// フラグ設定日時 — when the flags that it has now were set; none without flags.
    pub flagged_at: Option<DateTime<Utc>>,
}
