//! 一括登録 — jobs, the lines that wait, and what became of them.
//!
//! Everything that belongs to a job is found by the job's id. What a request does to a job is
//! committed with its audit record ([`crate::Tx`]); lines that come in, and what becomes of
//! them, are single statements, since each line leaves the record of a registration.

mod line;
mod outcome;

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    identifiers::InstitutionNumber,
    import::{ImportId, ImportJob},
};
use uuid::Uuid;

pub use self::{
    line::{Claimed, NewLine, Turn, append, claim, conclude, give_back, next_turn, sweep},
    outcome::{Conclusion, Page, delete_outcomes, page},
};
use crate::{
    Store, Tx,
    error::{Error, Result, expect_rows},
};

/// Held while a participant's open jobs are counted; an arbitrary number of ours.
const OPENING_LOCK: i32 = 0x6b79_6901;

struct Row {
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    received_bytes: i64,
    received_lines: i32,
    registered_lines: i32,
    known_lines: i32,
    refused_lines: i32,
    cancelled_lines: i32,
    participant: i32,
    job: Uuid,
    institution: Option<String>,
}

impl Row {
    fn into_job(self) -> Result<ImportJob> {
        let corrupt = |column| Error::Corrupt { table: "import_job", column, what: "bad form" };
        let lines = |count: i32| u32::try_from(count).map_err(|_| corrupt("received_lines"));
        Ok(ImportJob {
            id: ImportId::new(self.job),
            participant: self.participant,
            institution: self
                .institution
                .map(|number| number.parse::<InstitutionNumber>())
                .transpose()
                .map_err(|_| corrupt("institution"))?,
            created_at: self.created_at,
            completed_at: self.completed_at,
            cancelled_at: self.cancelled_at,
            ended_at: self.ended_at,
            received_lines: lines(self.received_lines)?,
            received_bytes: u64::try_from(self.received_bytes)
                .map_err(|_| corrupt("received_bytes"))?,
            registered_lines: lines(self.registered_lines)?,
            known_lines: lines(self.known_lines)?,
            refused_lines: lines(self.refused_lines)?,
            cancelled_lines: lines(self.cancelled_lines)?,
        })
    }
}

/// 受付 — a job that is about to be opened.
#[derive(Debug, Clone, Copy)]
pub struct NewJob {
    /// Its id.
    pub id: ImportId,
    /// Who sends it.
    pub participant: i32,
    /// For which institution, where the request names one.
    pub institution: Option<InstitutionNumber>,
}

/// Opens a job unless the participant has `most` open ones already; whether it did.
pub async fn open(tx: &mut Tx, new: NewJob, most: u32) -> Result<bool> {
    let now = tx.now();
    // Two that are opened at once are counted one after the other.
    sqlx::query!(
        "-- import.lock_opening
        select pg_advisory_xact_lock($1, $2)",
        OPENING_LOCK,
        new.participant
    )
    .fetch_one(tx.connection())
    .await?;
    let open = sqlx::query_scalar!(
        r#"-- import.count_open
        select count(*) as "count!"
        from import_job
        where participant = $1 and ended_at is null"#,
        new.participant
    )
    .fetch_one(tx.connection())
    .await?;
    if open >= i64::from(most) {
        return Ok(false);
    }
    let done = sqlx::query!(
        "-- import.open
        insert into import_job (created_at, received_at, participant, job, institution)
        values ($1, $1, $2, $3, $4)",
        now,
        new.participant,
        new.id.uuid(),
        new.institution.map(|number| number.to_string())
    )
    .execute(tx.connection())
    .await?;
    expect_rows("import.open", 1, done.rows_affected())?;
    Ok(true)
}

/// A participant's job, unless it ended before `kept_since`.
pub async fn find(
    tx: &mut Tx,
    id: ImportId,
    participant: i32,
    kept_since: DateTime<Utc>,
) -> Result<Option<ImportJob>> {
    let row = sqlx::query_as!(
        Row,
        "-- import.find
        select created_at, completed_at, cancelled_at, ended_at, received_bytes, received_lines,
            registered_lines, known_lines, refused_lines, cancelled_lines, participant, job,
            institution
        from import_job
        where job = $1 and participant = $2 and (ended_at is null or ended_at >= $3)",
        id.uuid(),
        participant,
        kept_since
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(Row::into_job).transpose()
}

/// A participant's jobs, newest first, without those that ended before `kept_since`.
pub async fn list(
    tx: &mut Tx,
    participant: i32,
    kept_since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ImportJob>> {
    let rows = sqlx::query_as!(
        Row,
        "-- import.list
        select created_at, completed_at, cancelled_at, ended_at, received_bytes, received_lines,
            registered_lines, known_lines, refused_lines, cancelled_lines, participant, job,
            institution
        from import_job
        where participant = $1 and (ended_at is null or ended_at >= $2)
        order by job desc
        limit $3",
        participant,
        kept_since,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter().map(Row::into_job).collect()
}

/// Ends an upload that has come so far; `false` when it has not, or was ended already.
pub async fn complete(
    store: &Store,
    id: ImportId,
    received_lines: u32,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut lent = store.writers.take().await?;
    let done = sqlx::query!(
        "-- import.complete
        update import_job
        set completed_at = $3::timestamptz,
            ended_at = case
                when registered_lines + known_lines + refused_lines = received_lines
                then $3::timestamptz
            end
        where job = $1
            and received_lines = $2
            and completed_at is null
            and cancelled_at is null",
        id.uuid(),
        number(received_lines),
        now
    )
    .execute(lent.statement())
    .await?;
    lent.answered();
    Ok(done.rows_affected() == 1)
}

/// Cancels a job that has not ended; its waiting lines are for [`sweep`].
pub async fn cancel(tx: &mut Tx, id: ImportId) -> Result<()> {
    let now = tx.now();
    // It may have ended between look and lock; then nothing is left to cancel.
    sqlx::query!(
        "-- import.cancel
        update import_job
        set cancelled_at = $2::timestamptz,
            ended_at = case
                when registered_lines + known_lines + refused_lines = received_lines
                then $2::timestamptz
            end
        where job = $1 and ended_at is null and cancelled_at is null",
        id.uuid(),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Jobs that were cancelled and still have lines.
pub async fn cancelled(store: &Store, limit: i64) -> Result<Vec<ImportId>> {
    let jobs = sqlx::query_scalar!(
        "-- import.cancelled
        select job
        from import_job
        where ended_at is null and cancelled_at is not null
        order by participant, job
        limit $1",
        limit
    )
    .fetch_all(store.pool())
    .await?;
    Ok(jobs.into_iter().map(ImportId::new).collect())
}

/// Ends uploads to which nothing came since `idle_since`; how many.
pub async fn complete_abandoned(
    store: &Store,
    idle_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "-- import.complete_abandoned
        update import_job
        set completed_at = $2::timestamptz,
            ended_at = case
                when registered_lines + known_lines + refused_lines = received_lines
                then $2::timestamptz
            end
        where ended_at is null
            and completed_at is null
            and cancelled_at is null
            and received_at < $1",
        idle_since,
        now
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected())
}

/// Jobs that ended before an instant, the earliest first.
pub async fn ended_before(
    store: &Store,
    instant: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ImportId>> {
    let jobs = sqlx::query_scalar!(
        "-- import.ended_before
        select job
        from import_job
        where ended_at < $1
        order by ended_at
        limit $2",
        instant,
        limit
    )
    .fetch_all(store.pool())
    .await?;
    Ok(jobs.into_iter().map(ImportId::new).collect())
}

/// Forgets a job that has neither lines nor outcomes any more.
pub async fn forget(store: &Store, id: ImportId) -> Result<()> {
    sqlx::query!(
        "-- import.forget
        delete from import_job
        where job = $1
            and not exists (select from import_line l where l.job = $1)
            and not exists (select from import_outcome o where o.job = $1)",
        id.uuid()
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// A number of lines, which configuration keeps far below the limit.
fn number(lines: u32) -> i32 {
    i32::try_from(lines).unwrap_or(i32::MAX)
}
