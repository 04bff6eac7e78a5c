//! 一括登録 — many Bundles in one upload, each registered as if it had come alone.
//!
//! An upload stores its lines as they come ([`Upload`]); workers take them one by one and
//! hand each to the same use case as a single Bundle ([`Service::import_next`]); what is left
//! of a job after its end goes some days later ([`Service::import_tidy`]).

mod tidy;
mod upload;
mod work;

use std::time::Duration;

use chrono::{DateTime, Days, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    clock::{japan_day, start_of_japan_day},
    import::{ImportId, ImportJob, LineOutcome, LineState},
    problem::{Issue, Problem},
    rules,
};
use kyoyu_store::{Tx, import};
use tokio::sync::Notify;

pub use self::{
    tidy::Tidied,
    upload::{ImportLine, ImportStart, Upload},
    work::{ImportTurns, Worked},
};
use crate::{Caller, Service, failure::Failure};

/// 一括登録の設定 — bounds and habits of bulk imports (`[import]`).
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Lines of one job.
    pub lines: u32,
    /// Bytes of one job's lines, decompressed.
    pub bytes: u64,
    /// Jobs of one participant that have not ended.
    pub open_jobs: u32,
    /// For how many days of the Japan calendar outcomes are kept after a job's end; an upload
    /// to which nothing came for as long is ended.
    pub keep_days: u16,
    /// How long a worker may take for a line before another one takes it.
    pub claim: Duration,
    /// How long a line stands back at most while other calls wait.
    pub patience: Duration,
    /// Writes findings as the OperationOutcome that a registration answers.
    pub findings: fn(&[Issue]) -> Vec<u8>,
}

/// Jobs of a list.
const LISTED: i64 = 200;
/// Outcomes of a page, unless the caller asks for fewer.
const PAGE: u32 = 1000;

/// What workers are woken by.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    /// There are lines.
    lines: Notify,
    /// Something was cancelled.
    cancelled: Notify,
}

/// 結果の頁 — outcomes of lines, by line.
#[derive(Debug)]
pub struct OutcomePage {
    /// What became of them.
    pub outcomes: Vec<LineOutcome>,
    /// After which line to ask again, when there is or will be more.
    pub next_after: Option<u32>,
}

/// 結果の条件 — which outcomes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    after: u32,
    count: u32,
    state: Option<LineState>,
}

impl Service {
    /// 一括登録の一覧 — the caller's own jobs, newest first: how an upload that was cut before
    /// its first answer is found again.
    ///
    /// # Errors
    /// When the caller may not send.
    pub async fn imports(&self, caller: &Caller) -> Result<Vec<ImportJob>, Problem> {
        let outcome = self.try_imports(caller).await;
        self.concluded(caller, Action::ImportStatus, None, outcome).await
    }

    async fn try_imports(&self, caller: &Caller) -> Result<Vec<ImportJob>, Failure> {
        caller.must_send()?;
        let mut tx = self.store.begin().await?;
        let kept_since = self.kept_since(tx.now());
        let jobs = import::list(&mut tx, caller.participant.id, kept_since, LISTED).await?;
        tx.commit(AuditEvent::done(&caller.actor(), Action::ImportStatus, jobs.len())).await?;
        Ok(jobs)
    }

    /// 一括登録の照会 — how far a job is.
    ///
    /// # Errors
    /// Unknown and foreign alike are not found.
    pub async fn import(&self, caller: &Caller, id: &str) -> Result<ImportJob, Problem> {
        let outcome = self.try_import(caller, id).await;
        self.concluded(caller, Action::ImportStatus, None, outcome).await
    }

    async fn try_import(&self, caller: &Caller, id: &str) -> Result<ImportJob, Failure> {
        let (tx, job) = self.own_import(caller, id).await?;
        tx.commit(AuditEvent::done(&caller.actor(), Action::ImportStatus, 1)).await?;
        Ok(job)
    }

    /// 行の結果 — what became of the lines of a job, after `after`, at most `_count`, of one
    /// `status` where it is named.
    ///
    /// # Errors
    /// Unknown and foreign alike are not found; the first parameter that is not understood.
    pub async fn import_outcomes(
        &self,
        caller: &Caller,
        id: &str,
        query: &[(String, String)],
    ) -> Result<OutcomePage, Problem> {
        let outcome = self.try_import_outcomes(caller, id, query).await;
        self.concluded(caller, Action::ImportStatus, None, outcome).await
    }

    async fn try_import_outcomes(
        &self,
        caller: &Caller,
        id: &str,
        query: &[(String, String)],
    ) -> Result<OutcomePage, Failure> {
        let asked = Asked::read(query)?;
        let (mut tx, job) = self.own_import(caller, id).await?;
        let limit = i64::from(asked.count);
        let page = import::Page { after: asked.after, state: asked.state, limit };
        let outcomes = import::page(&mut tx, job.id, page).await?;
        let shown = outcomes.len();
        tx.commit(AuditEvent::done(&caller.actor(), Action::ImportStatus, shown)).await?;
        // A page may also be short because its findings are long. While the job runs there is
        // always more to come.
        let last = outcomes.last().map(|outcome| outcome.line);
        let next_after = match last {
            Some(last) if last < job.received_lines || job.ended_at.is_none() => Some(last),
            None if job.ended_at.is_none() => Some(asked.after),
            _ => None,
        };
        Ok(OutcomePage { outcomes, next_after })
    }

    /// 一括登録の取消 — nothing of a job that has not been worked on will be. What has an
    /// outcome keeps it.
    ///
    /// # Errors
    /// Unknown and foreign alike are not found.
    pub async fn cancel_import(&self, caller: &Caller, id: &str) -> Result<ImportJob, Problem> {
        let outcome = self.try_cancel_import(caller, id).await;
        self.concluded(caller, Action::CancelImport, None, outcome).await
    }

    async fn try_cancel_import(&self, caller: &Caller, id: &str) -> Result<ImportJob, Failure> {
        let (mut tx, job) = self.own_import(caller, id).await?;
        import::cancel(&mut tx, job.id).await?;
        let job = self.find_import(&mut tx, caller, job.id).await?;
        let left = job.received_lines.saturating_sub(job.worked_lines());
        tx.commit(AuditEvent::done(&caller.actor(), Action::CancelImport, left as usize)).await?;
        self.bells.cancelled.notify_waiters();
        Ok(job)
    }

    /// A job of the caller's, in a transaction.
    async fn own_import(&self, caller: &Caller, id: &str) -> Result<(Tx, ImportJob), Failure> {
        caller.must_send()?;
        let id: ImportId = id.parse().map_err(|_| &rules::NOT_FOUND)?;
        let mut tx = self.store.begin().await?;
        let job = self.find_import(&mut tx, caller, id).await?;
        Ok((tx, job))
    }

    async fn find_import(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: ImportId,
    ) -> Result<ImportJob, Failure> {
        let kept_since = self.kept_since(tx.now());
        let found = import::find(tx, id, caller.participant.id, kept_since).await?;
        found.ok_or_else(|| (&rules::NOT_FOUND).into())
    }

    /// What ended earlier is not shown any more, whenever it is deleted: its days are over at
    /// 00:00 Japan time after the last one.
    fn kept_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let days = Days::new(u64::from(self.options.imports.keep_days));
        let first_day = japan_day(now).checked_sub_days(days);
        first_day.map_or(DateTime::<Utc>::MIN_UTC, start_of_japan_day)
    }
}

impl Asked {
    fn read(query: &[(String, String)]) -> Result<Self, Failure> {
        let mut asked = Self { after: 0, count: PAGE, state: None };
        for (name, value) in query {
            let bad = || Issue::of(&rules::PARAMETER_VALUE).with(crate::status::safe_name(name));
            match name.as_str() {
                "after" => asked.after = value.parse().map_err(|_| bad())?,
                "_count" => {
                    let count: u32 = value.parse().map_err(|_| bad())?;
                    asked.count = count.clamp(1, PAGE);
                }
                "status" => asked.state = Some(LineState::from_code(value).ok_or_else(bad)?),
                _ => {
                    let name = crate::status::safe_name(name);
                    return Err(Issue::of(&rules::PARAMETER_UNKNOWN).with(name).into());
                }
            }
        }
        Ok(asked)
    }
}
