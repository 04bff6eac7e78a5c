//! 登録単位 — what the ledger knows of a Bundle that was sent.
//!
//! Source: S3.2; design §3.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    catalogue::Kind,
    identifiers::{BundleIdentifier, PersonKey, SubmissionId},
};

/// 状態 — where a version of a Bundle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// 登録済 — registered and, within retention, shared.
    Registered,
    /// 取消 — cancelled; restorable within the undo window.
    Cancelled,
    /// 変更済 — replaced by a newer version.
    Replaced,
    /// 削除済 — everything it brought has been deleted.
    Purged,
}

impl State {
    /// Every state with its code.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Registered, "registered"),
        (Self::Cancelled, "cancelled"),
        (Self::Replaced, "replaced"),
        (Self::Purged, "purged"),
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).expect("every state has a row").1
    }

    /// The state of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == code).map(|row| row.0)
    }
}

/// 内訳 — how many resources of one kind a version holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCount {
    /// The kind.
    pub kind: &'static Kind,
    /// How many were sent.
    pub sent: u32,
    /// How many of them carry 未提供 and are hidden from everybody.
    pub hidden: u32,
    /// The first day on which the kind's period is over; none where every resource is
    /// kept long-term. The last-N rule may keep results beyond it.
    pub due_on: Option<NaiveDate>,
}

/// 受付 — one accepted version of a Bundle, as its sender may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The receipt.
    pub id: SubmissionId,
    /// Whose data.
    pub person: PersonKey,
    /// The Bundle identifier.
    pub identifier: BundleIdentifier,
    /// 1 for the registration, one more for each change.
    pub version: i32,
    /// SHA-256 of the body as received.
    pub sha256: [u8; 32],
    /// `Bundle.timestamp`.
    pub sent_at: DateTime<Utc>,
    /// When it was accepted.
    pub registered_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub state_at: DateTime<Utc>,
    /// What it holds.
    pub counts: Vec<KindCount>,
    /// Codes of warnings that were part of the receipt, with their arguments.
    pub notes: Vec<(String, String)>,
}
