//! 削除 — what is due, and what is left of a deletion.

mod lease;
mod plan;

use chrono::NaiveDate;
use kyoyu_domain::identifiers::{Bucket, PersonKey, SubmissionId};
use uuid::Uuid;

pub use self::{
    lease::Lease,
    plan::{
        Batch, Plan, Run, add_batch, end_run, find_plan, find_run, insert_plan, insert_run,
        move_plan, runs,
    },
};
use crate::{
    Tx, body, directory, document,
    error::{Error, Result, expect_rows},
    segment::{KeyColumns, Segment, SegmentKey},
};

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
        "-- purge.due
        select due_on, bucket, person
        from purge_due
        where due_on <= $1 and (due_on, bucket, person) > ($2, $3, $4)
        order by due_on, bucket, person
        limit $5",
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

/// Lets the purge look at a person by `due_on`, unless it does so earlier anyway.
pub async fn bring_forward(tx: &mut Tx, person: PersonKey, due_on: NaiveDate) -> Result<()> {
    sqlx::query!(
        "-- purge.bring_forward
        insert into purge_due (bucket, person, due_on)
        select $1, $2, $3
        where not exists (
            select 1
            from purge_due
            where bucket = $1 and person = $2 and due_on <= $3
        )
        on conflict (bucket, person) do update
        set due_on = excluded.due_on",
        person.bucket().number(),
        person.uuid(),
        due_on
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Sets the days on which the purge looks at persons again; none: as long as nothing is
/// written for the person, never.
pub async fn put_off(tx: &mut Tx, days: &[(PersonKey, Option<NaiveDate>)]) -> Result<()> {
    let persons: Vec<PersonKey> = days.iter().map(|(person, _)| *person).collect();
    let (buckets, keys) = crate::person::split(&persons);
    let days: Vec<Option<NaiveDate>> = days.iter().map(|(_, day)| *day).collect();
    let done = sqlx::query!(
        "-- purge.put_off
        with wanted as (
            select bucket, person, due_on
            from unnest($1::smallint[], $2::uuid[], $3::date[]) as w (bucket, person, due_on)
        ), never as (
            delete from purge_due d
            using wanted w
            where d.bucket = w.bucket and d.person = w.person and w.due_on is null
        )
        update purge_due d
        set due_on = w.due_on
        from wanted w
        where d.bucket = w.bucket and d.person = w.person and w.due_on is not null",
        &buckets,
        &keys,
        &days as _
    )
    .execute(tx.connection())
    .await?;
    let later = days.iter().filter(|day| day.is_some()).count() as u64;
    expect_rows("purge.put_off", later, done.rows_affected())
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
    let documents: Vec<SubmissionId> =
        keys.iter().filter(|key| key.kind.is_document()).map(|key| key.submission).collect();
    document::delete(tx, &documents).await?;
    let columns = KeyColumns::of(keys.iter());
    let done = sqlx::query!(
        "-- purge.delete
        delete from segment s
        using unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::boolean[], $5::text[])
            as wanted (bucket, person, submission, long_term, kind)
        where s.bucket = wanted.bucket
            and s.person = wanted.person
            and s.submission = wanted.submission
            and s.long_term = wanted.long_term
            and s.kind = wanted.kind",
        &columns.bucket,
        &columns.person,
        &columns.submission,
        &columns.long_term,
        &columns.kind
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.delete", keys.len() as u64, done.rows_affected())
}

/// Keeps only some resources of a segment: those at `kept` positions of its directory.
pub async fn shrink(tx: &mut Tx, segment: &Segment, kept: &[usize]) -> Result<()> {
    let key = segment.key;
    let packed = sqlx::query_scalar!(
        "-- purge.body
        select body
        from segment
        where bucket = $1 and person = $2 and submission = $3 and long_term = $4 and kind = $5",
        key.submission.bucket.number(),
        key.person.uuid(),
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
        set directory = $6, body = $7
        where bucket = $1 and person = $2 and submission = $3 and long_term = $4 and kind = $5",
        key.submission.bucket.number(),
        key.person.uuid(),
        key.submission.uuid,
        key.long_term,
        key.kind.code,
        directory::encode(&entries, segment.registered_at),
        body::pack(&remaining)
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

/// What a certificate is signed over: a tombstone that a run left.
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
}

/// Leaves a tombstone for each version, and removes the ledger rows (with their
/// envelopes) of those of which nothing is left. Answers the tombstones in the order of
/// their versions.
pub async fn bury(tx: &mut Tx, run: Uuid, burials: &[Burial]) -> Result<Vec<Tombstone>> {
    let now = tx.now();
    let buckets: Vec<i16> = burials.iter().map(|one| one.submission.bucket.number()).collect();
    let submissions: Vec<Uuid> = burials.iter().map(|one| one.submission.uuid).collect();
    let counts: Vec<String> = burials.iter().map(|one| one.counts.clone()).collect();
    let rows = sqlx::query!(
        "-- purge.bury
        insert into tombstone (bucket, submission, institution, identifier, version, sha256,
            registered_at, deleted_at, run, counts, complete)
        select s.bucket, s.submission, s.institution, s.identifier, s.version, s.sha256,
            s.registered_at, $4, $5, wanted.counts,
            not exists (
                select 1
                from segment g
                where g.bucket = s.bucket
                    and g.person = s.person
                    and g.submission = s.submission
            )
        from unnest($1::smallint[], $2::uuid[], $3::text[]) as wanted (bucket, submission, counts)
        join submission s on s.bucket = wanted.bucket and s.submission = wanted.submission
        returning bucket, submission, sha256, counts, complete",
        &buckets,
        &submissions,
        &counts,
        now,
        run
    )
    .fetch_all(tx.connection())
    .await?;
    expect_rows("purge.bury", burials.len() as u64, rows.len() as u64)?;
    let mut stones = Vec::new();
    for row in rows {
        let out_of_range =
            Error::Corrupt { table: "tombstone", column: "bucket", what: "out of range" };
        let bucket = Bucket::from_number(row.bucket).ok_or(out_of_range)?;
        let submission = SubmissionId { bucket, uuid: row.submission };
        let (sha256, counts, complete) = (row.sha256, row.counts, row.complete);
        stones.push(Tombstone { submission, sha256, counts, complete });
    }
    stones.sort_by_key(|stone| (stone.submission.bucket.number(), stone.submission.uuid));
    close_ledger(tx, &stones).await?;
    Ok(stones)
}

async fn close_ledger(tx: &mut Tx, stones: &[Tombstone]) -> Result<()> {
    let complete = || stones.iter().filter(|stone| stone.complete).map(|stone| stone.submission);
    let buckets: Vec<i16> = complete().map(|id| id.bucket.number()).collect();
    let submissions: Vec<Uuid> = complete().map(|id| id.uuid).collect();
    let done = sqlx::query!(
        "-- purge.close_ledger
        delete from submission s
        using unnest($1::smallint[], $2::uuid[]) as gone (bucket, submission)
        where s.bucket = gone.bucket and s.submission = gone.submission",
        &buckets,
        &submissions
    )
    .execute(tx.connection())
    .await?;
    expect_rows("purge.close_ledger", submissions.len() as u64, done.rows_affected())
}

/// 未処理 — how much is due, for `purge status` and the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The oldest day on which a patient was to be looked at.
    pub oldest_due_on: Option<NaiveDate>,
    /// Patients to be looked at by a day.
    pub persons: i64,
}

/// What is due by `day`.
pub async fn backlog(tx: &mut Tx, day: NaiveDate) -> Result<Backlog> {
    let backlog = sqlx::query_as!(
        Backlog,
        r#"-- purge.backlog
        select min(due_on) as oldest_due_on, count(*) as "persons!"
        from purge_due
        where due_on <= $1"#,
        day
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(backlog)
}

/// 残存 — how many rows with content are left of a version, table by table.
pub async fn remaining(tx: &mut Tx, submission: SubmissionId) -> Result<[(&'static str, i64); 5]> {
    let row = sqlx::query!(
        r#"-- purge.remaining
        select
            (select count(*) from segment where bucket = $1 and submission = $2) as "segments!",
            (select count(*) from submission where bucket = $1 and submission = $2) as "ledger!",
            (select count(*) from letter where bucket = $1 and submission = $2) as "letters!",
            (select count(*) from attachment where bucket = $1 and submission = $2)
                as "attachments!",
            (select count(*) from document_signature where bucket = $1 and submission = $2)
                as "signatures!""#,
        submission.bucket.number(),
        submission.uuid
    )
    .fetch_one(tx.connection())
    .await?;
    Ok([
        ("segment", row.segments),
        ("submission", row.ledger),
        ("letter", row.letters),
        ("attachment", row.attachments),
        ("document_signature", row.signatures),
    ])
}
