//! 削除 — what is due, plans, runs, the lease, and what is left of a deletion.

use chrono::{DateTime, NaiveDate, Utc};
use kyoyu_domain::identifiers::{Bucket, PersonKey, SubmissionId};
use sqlx::{Postgres, pool::PoolConnection};
use uuid::Uuid;

use crate::{
    Store, Tx, body, directory,
    error::{Error, Result, expect_rows},
    segment::{KeyColumns, Segment, SegmentKey},
};

/// The advisory lock that the acting worker holds; an arbitrary number of ours.
const LEASE_LOCK: i64 = 0x6b79_6f79_7501;

/// 作業権 — the right to purge, held by one worker at a time.
#[derive(Debug)]
pub struct Lease {
    connection: PoolConnection<Postgres>,
    token: i64,
}

impl Lease {
    /// Takes the lease unless another worker holds it. It ends with [`Lease::release`] or
    /// with its connection.
    pub async fn try_take(store: &Store) -> Result<Option<Self>> {
        let now = store.now().await?;
        let mut connection = store.pool().acquire().await?;
        let taken = sqlx::query_scalar!(
            r#"-- purge.take_lock
            select pg_try_advisory_lock($1) as "taken!""#,
            LEASE_LOCK
        )
        .fetch_one(&mut *connection)
        .await?;
        if !taken {
            return Ok(None);
        }
        let token = sqlx::query_scalar!(
            "-- purge.raise_token
            update worker_lease
            set token = token + 1, taken_at = $1
            where name = 'purge'
            returning token",
            now
        )
        .fetch_one(&mut *connection)
        .await?;
        Ok(Some(Self { connection, token }))
    }

    /// Gives the lease back.
    pub async fn release(mut self) -> Result<()> {
        sqlx::query!(
            r#"-- purge.release_lock
            select pg_advisory_unlock($1) as "released!""#,
            LEASE_LOCK
        )
        .fetch_one(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Fails when another worker has taken the lease since.
    pub async fn check(&self, tx: &mut Tx) -> Result<()> {
        let token = sqlx::query_scalar!(
            "-- purge.check_token
            select token
            from worker_lease
            where name = 'purge'"
        )
        .fetch_one(tx.connection())
        .await?;
        if token == self.token { Ok(()) } else { Err(Error::LeaseLost) }
    }
}

/// How far a walk over what is due has come: by day, bucket and person.
pub type Position = (NaiveDate, i16, Uuid);

/// The persons of whom something may be due by `day`, oldest first, after `position`.
pub async fn due(
    tx: &mut Tx,
    day: NaiveDate,
    position: Option<Position>,
    limit: i64,
) -> Result<Vec<(Position, PersonKey)>> {
    let (after_day, after_bucket, after_person) =
        position.unwrap_or((NaiveDate::MIN, -1, Uuid::nil()));
    // NaiveDate::MIN is beyond what Postgres can hold as a date.
    let after_day = after_day.max(NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date"));
    let rows = sqlx::query!(
        r#"-- purge.due
        select distinct due_on as "due_on!", bucket as "bucket!", person as "person!"
        from segment
        where due_on <= $1 and (due_on, bucket, person) > ($2, $3, $4)
        order by 1, 2, 3
        limit $5"#,
        day,
        after_day,
        after_bucket,
        after_person,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let persons = rows
        .into_iter()
        .map(|row| ((row.due_on, row.bucket, row.person), PersonKey::new(row.person)));
    Ok(persons.collect())
}

/// Those of the persons whom a legal hold covers.
pub async fn held(tx: &mut Tx, persons: &[PersonKey]) -> Result<Vec<PersonKey>> {
    let (buckets, keys) = crate::person::split(persons);
    let rows = sqlx::query!(
        r#"-- purge.held
        select distinct h.person
        from unnest($1::smallint[], $2::uuid[]) as wanted (bucket, person)
        join legal_hold h on h.bucket = wanted.bucket and h.person = wanted.person
        where h.released_at is null
        order by h.person"#,
        &buckets,
        &keys
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| PersonKey::new(row.person)).collect())
}

/// Places a legal hold on a person.
pub async fn hold(tx: &mut Tx, person: PersonKey, reason: &str) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- purge.hold
        insert into legal_hold (bucket, person, placed_at, reason)
        values ($1, $2, $3, $4)",
        person.bucket().number(),
        person.uuid(),
        now,
        reason
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.hold", 1, done.rows_affected())
}

/// Releases every legal hold on a person; answers how many there were.
pub async fn release_hold(tx: &mut Tx, person: PersonKey) -> Result<u64> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- purge.release_hold
        update legal_hold
        set released_at = $3
        where bucket = $1 and person = $2 and released_at is null",
        person.bucket().number(),
        person.uuid(),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected())
}

/// Deletes segments as a whole.
pub async fn delete(tx: &mut Tx, keys: &[SegmentKey]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let columns = KeyColumns::of(keys.iter());
    let done = sqlx::query!(
        "-- purge.delete
        delete from segment s
        using unnest($1::smallint[], $2::uuid[], $3::boolean[], $4::text[])
            as wanted (bucket, submission, long_term, kind)
        where s.bucket = wanted.bucket
            and s.submission = wanted.submission
            and s.long_term = wanted.long_term
            and s.kind = wanted.kind",
        &columns.bucket,
        &columns.submission,
        &columns.long_term,
        &columns.kind
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.delete", keys.len() as u64, done.rows_affected())
}

/// Keeps only some resources of a segment: those at `kept` positions of its directory.
pub async fn shrink(
    tx: &mut Tx,
    segment: &Segment,
    kept: &[usize],
    due_on: Option<NaiveDate>,
) -> Result<()> {
    let key = segment.key;
    let packed = sqlx::query_scalar!(
        "-- purge.body
        select body
        from segment
        where bucket = $1 and submission = $2 and long_term = $3 and kind = $4",
        key.submission.bucket.number(),
        key.submission.uuid,
        key.long_term,
        key.kind.code
    )
    .fetch_one(tx.connection())
    .await?;
    let text_bytes = segment.entries.iter().map(|entry| entry.text_bytes as usize).sum();
    let texts = body::unpack(&packed, text_bytes)?;
    let mut remaining = Vec::new();
    let mut entries = Vec::new();
    let mut start = 0;
    for (position, entry) in segment.entries.iter().enumerate() {
        let end = start + entry.text_bytes as usize;
        if kept.contains(&position) {
            remaining.extend_from_slice(&texts[start..end]);
            entries.push(entry.clone());
        }
        start = end;
    }
    let done = sqlx::query!(
        "-- purge.shrink
        update segment
        set directory = $5, body = $6, due_on = $7
        where bucket = $1 and submission = $2 and long_term = $3 and kind = $4",
        key.submission.bucket.number(),
        key.submission.uuid,
        key.long_term,
        key.kind.code,
        directory::encode(&entries, segment.registered_at),
        body::pack(&remaining),
        due_on
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.shrink", 1, done.rows_affected())
}

/// 墓標 — what a run leaves of a version: counts per kind and reason, no content.
#[derive(Debug, Clone)]
pub struct Burial {
    /// The version.
    pub submission: SubmissionId,
    /// `lab expired 18;condition cancelled 3`.
    pub counts: String,
}

/// Leaves a tombstone for each version, and removes the ledger rows (with their
/// envelopes) of those of which nothing is left.
pub async fn bury(tx: &mut Tx, run: Uuid, burials: &[Burial]) -> Result<()> {
    let now = tx.now();
    let buckets: Vec<i16> = burials.iter().map(|one| one.submission.bucket.number()).collect();
    let submissions: Vec<Uuid> = burials.iter().map(|one| one.submission.uuid).collect();
    let counts: Vec<String> = burials.iter().map(|one| one.counts.clone()).collect();
    let done = sqlx::query!(
        "-- purge.bury
        insert into tombstone (bucket, submission, institution, identifier, version, sha256,
            registered_at, deleted_at, run, counts, complete)
        select s.bucket, s.submission, s.institution, s.identifier, s.version, s.sha256,
            s.registered_at, $4, $5, wanted.counts,
            not exists (
                select 1
                from segment g
                where g.bucket = s.bucket and g.submission = s.submission
            )
        from unnest($1::smallint[], $2::uuid[], $3::text[]) as wanted (bucket, submission, counts)
        join submission s on s.bucket = wanted.bucket and s.submission = wanted.submission",
        &buckets,
        &submissions,
        &counts,
        now,
        run
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.bury", burials.len() as u64, done.rows_affected())?;
    sqlx::query!(
        "-- purge.close_ledger
        delete from submission s
        using tombstone t
        where t.bucket = s.bucket
            and t.submission = s.submission
            and t.deleted_at = $3
            and t.run = $4
            and t.complete
            and s.bucket = any($1)
            and s.submission = any($2)",
        &buckets,
        &submissions,
        now,
        run
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

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
    /// Why it stopped early.
    pub error: Option<String>,
    /// The certificate of deletion.
    pub certificate: Option<String>,
    /// Its Ed25519 signature.
    pub signature: Option<Vec<u8>>,
}

/// Stores the beginning of a run.
pub async fn insert_run(tx: &mut Tx, run: Uuid, plan: Uuid) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- purge.insert_run
        insert into purge_run (run, plan, started_at, batches, segments, resources)
        values ($1, $2, $3, 0, 0, 0)",
        run,
        plan,
        now
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.insert_run", 1, done.rows_affected())
}

/// Adds a batch to a run.
pub async fn add_batch(tx: &mut Tx, run: Uuid, segments: i64, resources: i64) -> Result<()> {
    let done = sqlx::query!(
        "-- purge.add_batch
        update purge_run
        set batches = batches + 1, segments = segments + $2, resources = resources + $3
        where run = $1 and ended_at is null",
        run,
        segments,
        resources
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

/// The newest runs.
pub async fn runs(tx: &mut Tx, limit: i64) -> Result<Vec<Run>> {
    let runs = sqlx::query_as!(
        Run,
        "-- purge.runs
        select run, plan, started_at, ended_at, batches, segments, resources, error, certificate,
            signature
        from purge_run
        order by started_at desc, run desc
        limit $1",
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(runs)
}

/// What a certificate is signed over: the tombstones of a run, in the order of their keys.
#[derive(Debug, Clone)]
pub struct Tombstone {
    /// The version that lost resources.
    pub submission: SubmissionId,
    /// SHA-256 of the body as it was received.
    pub sha256: Vec<u8>,
    /// What it lost.
    pub counts: String,
    /// Whether nothing of it was left.
    pub complete: bool,
    /// When.
    pub deleted_at: DateTime<Utc>,
}

/// The tombstones of a run after a key.
pub async fn tombstones(
    tx: &mut Tx,
    run: Uuid,
    after: Option<(i16, Uuid, DateTime<Utc>)>,
    limit: i64,
) -> Result<Vec<Tombstone>> {
    let (bucket, submission, deleted_at) = after.unwrap_or((-1, Uuid::nil(), DateTime::UNIX_EPOCH));
    let rows = sqlx::query!(
        "-- purge.tombstones
        select bucket, submission, sha256, counts, complete, deleted_at
        from tombstone
        where run = $1 and (bucket, submission, deleted_at) > ($2, $3, $4)
        order by bucket, submission, deleted_at
        limit $5",
        run,
        bucket,
        submission,
        deleted_at,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let bucket = Bucket::from_number(row.bucket).ok_or(Error::Corrupt {
                table: "tombstone",
                column: "bucket",
                what: "out of range",
            })?;
            Ok(Tombstone {
                submission: SubmissionId { bucket, uuid: row.submission },
                sha256: row.sha256,
                counts: row.counts,
                complete: row.complete,
                deleted_at: row.deleted_at,
            })
        })
        .collect()
}

/// 未処理 — how much is due, for `purge status` and the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The oldest day on which a segment was to be looked at.
    pub oldest_due_on: Option<NaiveDate>,
    /// Segments to be looked at by a day.
    pub segments: i64,
}

/// What is due by `day`.
pub async fn backlog(tx: &mut Tx, day: NaiveDate) -> Result<Backlog> {
    let backlog = sqlx::query_as!(
        Backlog,
        r#"-- purge.backlog
        select min(due_on) as oldest_due_on, count(*) as "segments!"
        from segment
        where due_on <= $1"#,
        day
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(backlog)
}

/// 残存 — how many rows with content are left of a version, table by table.
pub async fn remaining(tx: &mut Tx, submission: SubmissionId) -> Result<[(&'static str, i64); 2]> {
    let row = sqlx::query!(
        r#"-- purge.remaining
        select
            (select count(*) from segment where bucket = $1 and submission = $2) as "segments!",
            (select count(*) from submission where bucket = $1 and submission = $2) as "ledger!""#,
        submission.bucket.number(),
        submission.uuid
    )
    .fetch_one(tx.connection())
    .await?;
    Ok([("segment", row.segments), ("submission", row.ledger)])
}
