//! 一括登録 — many Bundles in one upload, registered one after the other (design §3).

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    coded::coded,
    identifiers::{BadForm, InstitutionNumber, SubmissionId},
};

/// 一括登録ID — names a bulk import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportId(Uuid);

impl ImportId {
    /// Of a UUID that sorts by time.
    pub fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for ImportId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.simple())
    }
}

impl FromStr for ImportId {
    type Err = BadForm;

    fn from_str(text: &str) -> Result<Self, BadForm> {
        let form = BadForm { name: "the import id", form: "32 hexadecimal digits" };
        if text.len() != 32 {
            return Err(form);
        }
        Uuid::try_parse(text).map(Self).map_err(|_| form)
    }
}

/// 状態 — where a bulk import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// 受信中 — more lines may come; those that are there are worked on.
    Receiving,
    /// 処理中 — all lines are there.
    Working,
    /// 完了 — every line has its outcome.
    Done,
    /// 取消 — what had no outcome by then never gets one.
    Cancelled,
}

impl ImportState {
    /// Every state with its code and Japanese name.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Receiving, "receiving", "受信中"),
        (Self::Working, "working", "処理中"),
        (Self::Done, "done", "完了"),
        (Self::Cancelled, "cancelled", "取消"),
    ];
}

coded!(ImportState);

/// 行の結果 — what became of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// 登録 — it was stored.
    Registered,
    /// 登録済 — the same bytes were there already; the receipt is the one of then.
    Known,
    /// 拒否 — nothing of it was stored.
    Refused,
}

impl LineState {
    /// Every state with its code and Japanese name.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Registered, "registered", "登録"),
        (Self::Known, "known", "登録済"),
        (Self::Refused, "refused", "拒否"),
    ];
}

coded!(LineState);

/// 一括登録 — what its sender may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportJob {
    /// Its id.
    pub id: ImportId,
    /// The participant that sends it, the only one that may see it.
    pub participant: i32,
    /// The institution that the first request named.
    pub institution: Option<InstitutionNumber>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When its upload was ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Since when nothing is left to do.
    pub ended_at: Option<DateTime<Utc>>,
    /// Lines that are durable.
    pub received_lines: u32,
    /// Their bytes.
    pub received_bytes: u64,
    /// Lines that were stored.
    pub registered_lines: u32,
    /// Lines whose bytes were stored before.
    pub known_lines: u32,
    /// Lines that were refused.
    pub refused_lines: u32,
    /// Lines that a cancellation threw away.
    pub cancelled_lines: u32,
}

impl ImportJob {
    /// Where it stands.
    pub fn state(&self) -> ImportState {
        match (self.cancelled_at, self.ended_at, self.completed_at) {
            (Some(_), ..) => ImportState::Cancelled,
            (None, Some(_), _) => ImportState::Done,
            (None, None, Some(_)) => ImportState::Working,
            (None, None, None) => ImportState::Receiving,
        }
    }

    /// Lines with which nothing is left to do.
    pub fn worked_lines(&self) -> u32 {
        self.registered_lines + self.known_lines + self.refused_lines + self.cancelled_lines
    }

    /// The line with which an upload goes on; none when it was ended.
    pub fn next_line(&self) -> Option<u32> {
        (self.state() == ImportState::Receiving).then(|| self.received_lines + 1)
    }
}

/// 一行の結果 — what became of one line, as its sender reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOutcome {
    /// Its number in the upload, from 1.
    pub line: u32,
    /// What became of it.
    pub state: LineState,
    /// The receipt of what is stored.
    pub receipt: Option<SubmissionId>,
    /// The findings as the OperationOutcome that a registration would have answered, in JSON.
    pub findings: Option<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> ImportJob {
        ImportJob {
            id: ImportId::new(Uuid::from_u128(7)),
            participant: 1,
            institution: None,
            created_at: DateTime::UNIX_EPOCH,
            completed_at: None,
            cancelled_at: None,
            ended_at: None,
            received_lines: 5,
            received_bytes: 500,
            registered_lines: 1,
            known_lines: 1,
            refused_lines: 1,
            cancelled_lines: 0,
        }
    }

    #[test]
    fn an_upload_goes_on_with_the_line_after_the_last_until_it_is_ended() {
        let mut job = job();
        assert_eq!((job.state(), job.next_line()), (ImportState::Receiving, Some(6)));
        job.completed_at = Some(DateTime::UNIX_EPOCH);
        assert_eq!((job.state(), job.next_line()), (ImportState::Working, None));
        job.ended_at = Some(DateTime::UNIX_EPOCH);
        assert_eq!(job.state(), ImportState::Done);
        job.cancelled_at = Some(DateTime::UNIX_EPOCH);
        assert_eq!((job.state(), job.next_line()), (ImportState::Cancelled, None));
        assert_eq!(job.worked_lines(), 3);
    }

    #[test]
    fn an_id_is_32_hexadecimal_digits() {
        let id = ImportId::new(Uuid::from_u128(0xabc));
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "abc", &format!("{{{id}}}"), &id.uuid().to_string(), &"x".repeat(32)] {
            assert!(bad.parse::<ImportId>().is_err(), "{bad}");
        }
    }
}
