//! 行 — lines that wait for their turn, and who works on them.

use chrono::{DateTime, Utc};
use kyoyu_domain::{identifiers::InstitutionNumber, import::ImportId};
use uuid::Uuid;

use super::{number, outcome::Conclusion};
use crate::{
    Store, body,
    error::{Error, Result},
};

/// 受信した行 — a line that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// Its body, packed; empty where it was longer than a body may be.
    pub packed: Vec<u8>,
    /// The length of its text; none where it was longer than a body may be.
    pub text_bytes: Option<usize>,
}

/// Stores lines that follow the first `received` ones of a job whose upload is open; `false`
/// when it is not, or has come to another line. Durable when it returns.
pub async fn append(
    store: &Store,
    id: ImportId,
    received: u32,
    lines: Vec<NewLine>,
) -> Result<bool> {
    let now = store.now().await?;
    let count = lines.len();
    let numbers: Vec<i32> = (received + 1..).take(count).map(number).collect();
    let bytes: usize = lines.iter().filter_map(|line| line.text_bytes).sum();
    let lengths =
        lines.iter().map(|line| line.text_bytes.and_then(|length| length.try_into().ok()));
    let lengths: Vec<Option<i32>> = lengths.collect();
    let bodies: Vec<Vec<u8>> = lines.into_iter().map(|line| line.packed).collect();
    let mut lent = store.writers.take().await?;
    let done = sqlx::query!(
        "-- import.append
        with receiving as (
            update import_job
            set received_lines = received_lines + cardinality($4::integer[]),
                received_bytes = received_bytes + $3,
                received_at = $7
            where job = $1
                and received_lines = $2
                and completed_at is null
                and cancelled_at is null
            returning job
        )
        insert into import_line (job, line, text_bytes, body)
        select $1, l.line, l.text_bytes, l.body
        from unnest($4::integer[], $5::integer[], $6::bytea[]) as l (line, text_bytes, body)
        where exists (select from receiving)",
        id.uuid(),
        number(received),
        i64::try_from(bytes).unwrap_or(i64::MAX),
        &numbers,
        &lengths as _,
        &bodies,
        now
    )
    .execute(lent.statement())
    .await?;
    lent.answered();
    Ok(done.rows_affected() == count as u64)
}

/// 順番 — the job of which a line is next.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// The job.
    pub job: ImportId,
    /// Its participant.
    pub participant: i32,
    /// The institution that it named.
    pub institution: Option<InstitutionNumber>,
}

/// The oldest job of the participant that comes after `last`, of those with lines that
/// nobody works on; participants take turns, so that a long job delays nobody else's.
pub async fn next_turn(store: &Store, last: i32, now: DateTime<Utc>) -> Result<Option<Turn>> {
    let found = sqlx::query!(
        "-- import.next_turn
        select j.job, j.participant, j.institution
        from import_job j
        where j.ended_at is null
            and j.cancelled_at is null
            and exists (
                select
                from import_line l
                where l.job = j.job and (l.claimed_until is null or l.claimed_until < $2)
            )
        order by j.participant <= $1, j.participant, j.job
        limit 1",
        last,
        now
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = found else { return Ok(None) };
    let corrupt = Error::Corrupt { table: "import_job", column: "institution", what: "bad form" };
    let institution = row.institution.map(|number| number.parse()).transpose();
    Ok(Some(Turn {
        job: ImportId::new(row.job),
        participant: row.participant,
        institution: institution.map_err(|_| corrupt)?,
    }))
}

/// 作業中の行 — a line that nobody else works on until the claim is over.
#[derive(Debug)]
pub struct Claimed {
    /// Its job.
    pub job: ImportId,
    /// Its number.
    pub line: u32,
    /// Names the claim.
    claim: Uuid,
    text_bytes: Option<i32>,
    packed: Vec<u8>,
}

impl Claimed {
    /// The line's text; none where it was longer than a body may be.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it cannot be read.
    pub fn text(&self) -> Result<Option<Vec<u8>>> {
        let Some(text_bytes) = self.text_bytes else { return Ok(None) };
        let corrupt = Error::Corrupt { table: "import_line", column: "body", what: "bad form" };
        let text_bytes = usize::try_from(text_bytes).map_err(|_| corrupt)?;
        body::unpack(&self.packed, text_bytes).map(Some)
    }
}

/// Claims the first line of a job that nobody works on.
pub async fn claim(
    store: &Store,
    job: ImportId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Claimed>> {
    let claim = store.randomness().uuid_v4();
    let found = sqlx::query!(
        "-- import.claim
        update import_line
        set claimed_until = $3, claim = $4
        where job = $1 and line = (
            select line
            from import_line
            where job = $1 and (claimed_until is null or claimed_until < $2)
            order by line
            limit 1
            for update skip locked
        )
        returning line, text_bytes, body",
        job.uuid(),
        now,
        until,
        claim
    )
    .fetch_optional(store.pool())
    .await?;
    let claimed = |line: i32, text_bytes, packed| Claimed {
        job,
        line: line.unsigned_abs(),
        claim,
        text_bytes,
        packed,
    };
    Ok(found.map(|row| claimed(row.line, row.text_bytes, row.body)))
}

/// Lets others have a line at once: it could not be worked on now.
pub async fn give_back(store: &Store, claimed: &Claimed) -> Result<()> {
    sqlx::query!(
        "-- import.give_back
        update import_line
        set claimed_until = null, claim = null
        where job = $1 and line = $2 and claim = $3",
        claimed.job.uuid(),
        number(claimed.line),
        claimed.claim
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Writes what became of a line, whose body goes. `false` when the claim was over and
/// somebody else has the line: then theirs is the outcome.
pub async fn conclude(
    store: &Store,
    claimed: &Claimed,
    conclusion: &Conclusion,
    now: DateTime<Utc>,
) -> Result<bool> {
    let findings = conclusion.findings.as_deref().map(body::pack);
    let findings_bytes = conclusion.findings.as_ref().map(|text| text.len() as i32);
    let done = sqlx::query!(
        "-- import.conclude
        with gone as (
            delete from import_line
            where job = $1 and line = $2 and claim = $3
            returning line
        ), told as (
            insert into import_outcome (job, line, state, receipt, findings_bytes, findings)
            select $1, $2, $4, $5, $6, $7
            where exists (select from gone)
        )
        update import_job
        set registered_lines = registered_lines + ($4 = 'registered')::integer,
            known_lines = known_lines + ($4 = 'known')::integer,
            refused_lines = refused_lines + ($4 = 'refused')::integer,
            ended_at = case
                when coalesce(completed_at, cancelled_at) is not null
                    and registered_lines + known_lines + refused_lines + cancelled_lines + 1
                        = received_lines
                then $8::timestamptz
            end
        where job = $1 and exists (select from gone)",
        claimed.job.uuid(),
        number(claimed.line),
        claimed.claim,
        conclusion.state.code(),
        conclusion.receipt.map(|receipt| receipt.to_string()),
        findings_bytes,
        findings,
        now
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Throws away lines of a cancelled job that nobody works on; how many.
pub async fn sweep(store: &Store, job: ImportId, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let gone = sqlx::query_scalar!(
        r#"-- import.sweep
        with gone as (
            delete from import_line
            where job = $1 and line in (
                select line
                from import_line
                where job = $1 and (claimed_until is null or claimed_until < $2)
                order by line
                limit $3
                for update skip locked
            )
            returning line
        ), counted as (
            select count(*)::integer as lines
            from gone
        )
        update import_job
        set cancelled_lines = cancelled_lines + counted.lines,
            ended_at = case
                when registered_lines + known_lines + refused_lines + cancelled_lines
                        + counted.lines = received_lines
                then $2::timestamptz
            end
        from counted
        where job = $1 and cancelled_at is not null and ended_at is null
        returning counted.lines as "lines!""#,
        job.uuid(),
        now,
        limit
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(gone.map_or(0, |lines| u64::from(lines.unsigned_abs())))
}
