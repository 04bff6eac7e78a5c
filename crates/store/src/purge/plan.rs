//! 計画と実行 — the rows that operators see.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    Tx,
    error::{Result, expect_rows},
};

/// 削除計画 — a plan as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its id.
    pub plan: Uuid,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// It covers what is due by this day.
    pub due_through: NaiveDate,
    /// Under which policy.
    pub policy_version: i32,
    /// `lab expired 18;condition cancelled 3`.
    pub counts: String,
    /// How many resources are due.
    pub resources: i64,
    /// How many more are due but held.
    pub held: i64,
    /// `open`, `waits-for-approval`, `approved`, `done`, `abandoned`.
    pub state: String,
}

/// Stores a plan; older ones that were never run are abandoned.
pub async fn insert_plan(tx: &mut Tx, plan: &Plan) -> Result<()> {
    sqlx::query!(
        "-- purge.abandon_plans
        update purge_plan
        set state = 'abandoned'
        where state in ('open', 'waits-for-approval', 'approved')"
    )
    .execute(tx.connection())
    .await?;
    let done = sqlx::query!(
        "-- purge.insert_plan
        insert into purge_plan (plan, made_at, due_through, policy_version, counts, resources,
            held, state)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
        plan.plan,
        plan.made_at,
        plan.due_through,
        plan.policy_version,
        plan.counts,
        plan.resources,
        plan.held,
        plan.state
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.insert_plan", 1, done.rows_affected())
}

/// A plan by its id, or the newest.
pub async fn find_plan(tx: &mut Tx, plan: Option<Uuid>) -> Result<Option<Plan>> {
    let plan = sqlx::query_as!(
        Plan,
        "-- purge.find_plan
        select plan, made_at, due_through, policy_version, counts, resources, held, state
        from purge_plan
        where $1::uuid is null or plan = $1
        order by made_at desc, plan desc
        limit 1",
        plan
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(plan)
}

/// Moves a plan from one state to another; answers whether it was in the first.
pub async fn move_plan(tx: &mut Tx, plan: Uuid, from: &str, to: &str, by: &str) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- purge.move_plan
        update purge_plan
        set state = $3,
            approved_by = case when $3 = 'approved' then $4 else approved_by end,
            approved_at = case when $3 = 'approved' then $5 else approved_at end
        where plan = $1 and state = $2",
        plan,
        from,
        to,
        by,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// 削除実行 — a run as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub run: Uuid,
    /// The plan that it carries out.
    pub plan: Uuid,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Transactions.
    pub batches: i32,
    /// Segments deleted or rewritten.
    pub segments: i64,
    /// Resources deleted.
    pub resources: i64,
    /// Tombstones left.
    pub tombstones: i64,
    /// What the certificate says of them, 32 bytes: each batch's tombstones, hashed onto
    /// those before it.
    pub root: Vec<u8>,
    /// Why it stopped early.
    pub error: Option<String>,
    /// The certificate of deletion.
    pub certificate: Option<String>,
    /// Its Ed25519 signature.
    pub signature: Option<Vec<u8>>,
}

/// Stores the beginning of a run.
pub async fn insert_run(tx: &mut Tx, run: Uuid, plan: Uuid, root: &[u8]) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- purge.insert_run
        insert into purge_run (run, plan, started_at, batches, segments, resources, tombstones,
            root)
        values ($1, $2, $3, 0, 0, 0, 0, $4)",
        run,
        plan,
        now,
        root
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.insert_run", 1, done.rows_affected())
}

/// 一括 — what one transaction of a run did.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Segments deleted or rewritten.
    pub segments: i64,
    /// Resources deleted.
    pub resources: i64,
    /// Tombstones left.
    pub tombstones: i64,
    /// The run's root after them.
    pub root: &'a [u8],
}

/// Adds a batch to a run.
pub async fn add_batch(tx: &mut Tx, run: Uuid, batch: Batch<'_>) -> Result<()> {
    let done = sqlx::query!(
        "-- purge.add_batch
        update purge_run
        set batches = batches + 1,
            segments = segments + $2,
            resources = resources + $3,
            tombstones = tombstones + $4,
            root = $5
        where run = $1 and ended_at is null",
        run,
        batch.segments,
        batch.resources,
        batch.tombstones,
        batch.root
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.add_batch", 1, done.rows_affected())
}

/// Ends a run, with its certificate or with the reason why it stopped.
pub async fn end_run(
    tx: &mut Tx,
    run: Uuid,
    error: Option<&str>,
    certificate: Option<(&str, &[u8])>,
) -> Result<()> {
    let now = tx.now();
    let (certificate, signature) = certificate.unzip();
    let done = sqlx::query!(
        "-- purge.end_run
        update purge_run
        set ended_at = $2, error = $3, certificate = $4, signature = $5
        where run = $1 and ended_at is null",
        run,
        now,
        error,
        certificate,
        signature
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.end_run", 1, done.rows_affected())
}

/// A run by its id.
pub async fn find_run(tx: &mut Tx, run: Uuid) -> Result<Option<Run>> {
    let run = sqlx::query_as!(
        Run,
        "-- purge.find_run
        select run, plan, started_at, ended_at, batches, segments, resources, tombstones, root,
            error, certificate, signature
        from purge_run
        where run = $1",
        run
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(run)
}

/// The newest runs.
pub async fn runs(tx: &mut Tx, limit: i64) -> Result<Vec<Run>> {
    let runs = sqlx::query_as!(
        Run,
        "-- purge.runs
        select run, plan, started_at, ended_at, batches, segments, resources, tombstones, root,
            error, certificate, signature
        from purge_run
        order by started_at desc, run desc
        limit $1",
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(runs)
}
