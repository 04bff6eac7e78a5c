//! 舞台裏 — what the story needs from the program that runs the server.

use std::pin::Pin;

use chrono::{DateTime, Utc};
use kyoyu_domain::identifiers::{PersonIdentifier, SubmissionId};

/// Work that is going on.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// 舞台裏 — the clock, the purge and SQL: what no caller of the public API can reach.
pub trait Backstage: Send + Sync {
    /// The instant that the service acts on.
    fn now(&self) -> Doing<'_, DateTime<Utc>>;

    /// Moves the service's clock by whole days.
    fn move_clock(&self, days: i64) -> Doing<'_, ()>;

    /// Plans the purge and runs the plan. No other purge must be running by itself.
    fn purge_plan_and_run(&self) -> Doing<'_, PurgeReport>;

    /// The rows that SQL finds for a receipt (bucket and submission), per table that holds
    /// content: `segment` and `submission`, also where there are none.
    fn remaining(&self, receipt: SubmissionId) -> Doing<'_, Vec<(String, i64)>>;

    /// What `kyoyu audit` prints about a person, newest first.
    fn audit_of<'a>(&'a self, person: &'a PersonIdentifier) -> Doing<'a, Vec<String>>;
}

/// 削除報告 — a plan and what its run did.
#[derive(Debug, Clone)]
pub struct PurgeReport {
    /// What was planned, such as `lab expired 4`.
    pub planned: String,
    /// How many resources were deleted.
    pub deleted: u64,
    /// 削除証明書 — the certificate's text.
    pub certificate: String,
    /// Whether its signature is that of the purge's key.
    pub certificate_verified: bool,
}
