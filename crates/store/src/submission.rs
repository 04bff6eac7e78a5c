//! 台帳 — Bundle identifiers, versions of Bundles, and what is left of deleted ones.

mod look_up;
mod write;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kyoyu_domain::{
    catalogue,
    identifiers::{Bucket, InstitutionNumber, PersonKey, SubmissionId},
    submission::{KindCount, State, Submission},
};
use uuid::Uuid;

pub use self::{
    look_up::{find, look_up},
    write::{NewSubmission, insert, replace},
};
use crate::{
    Tx,
    error::{Error, Result, expect_rows},
};

/// 識別子の持主 — whose a Bundle identifier is.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The person that it belongs to for ever.
    pub person: PersonKey,
    /// The version that was registered last.
    pub last: SubmissionId,
    /// That version, unless nothing of it is left.
    pub current: Option<Submission>,
}

/// Marks a version as cancelled.
pub async fn cancel(tx: &mut Tx, id: SubmissionId) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- submission.cancel
        update submission
        set cancelled_at = $3
        where bucket = $1 and submission = $2",
        id.bucket.number(),
        id.uuid,
        now
    )
    .execute(tx.connection())
    .await?;
    expect_rows("submission.cancel", 1, done.rows_affected())
}

/// Marks a cancelled version as registered again.
pub async fn restore(tx: &mut Tx, id: SubmissionId) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- submission.restore
        update submission
        set cancelled_at = null, restored_at = $3
        where bucket = $1 and submission = $2",
        id.bucket.number(),
        id.uuid,
        now
    )
    .execute(tx.connection())
    .await?;
    expect_rows("submission.restore", 1, done.rows_affected())
}

/// One accepted version by its receipt, whether kept, replaced or purged; only the
/// institution that sent it may know. A receipt from before its person was joined with
/// another names the former bucket.
pub async fn find_by_receipt(
    tx: &mut Tx,
    id: SubmissionId,
    institutions: &[InstitutionNumber],
) -> Result<Option<Submission>> {
    let institutions: Vec<String> = institutions.iter().map(ToString::to_string).collect();
    let rows = sqlx::query_as!(
        LedgerRow,
        r#"-- submission.find_by_receipt
        select
            bucket as "bucket!",
            submission as "submission!",
            identifier as "identifier!",
            version as "version!",
            sha256 as "sha256!",
            sent_at,
            registered_at as "registered_at!",
            state as "state!",
            state_at as "state_at!",
            counts as "counts!",
            notes as "notes!"
        from (
            select bucket, submission, institution, identifier, version, sha256, sent_at,
                registered_at,
                case when cancelled_at is null then 'registered' else 'cancelled' end as state,
                coalesce(cancelled_at, restored_at, registered_at) as state_at,
                counts, notes
            from submission
            union all
            select bucket, submission, institution, identifier, version, sha256, null,
                registered_at, case when run is null then 'replaced' else 'purged' end,
                deleted_at, case when run is null then counts else '' end, ''
            from tombstone
            where complete
        ) as known
        where submission = $2
            and institution = any($3)
            and bucket = any(
                select $1::smallint
                union all
                select to_bucket from submission_move where bucket = $1 and submission = $2
            )
        order by state_at
        limit 1"#,
        id.bucket.number(),
        id.uuid,
        &institutions
    )
    .fetch_optional(tx.connection())
    .await?;
    rows.map(LedgerRow::into_submission).transpose()
}

/// The versions that institutions have, oldest first, after a receipt.
pub async fn list(
    tx: &mut Tx,
    institutions: &[InstitutionNumber],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Submission>> {
    let institutions: Vec<String> = institutions.iter().map(ToString::to_string).collect();
    let rows = sqlx::query_as!(
        LedgerRow,
        r#"-- submission.list
        select
            bucket,
            submission,
            identifier,
            version,
            sha256,
            sent_at as "sent_at?",
            registered_at,
            case when cancelled_at is null then 'registered' else 'cancelled' end as "state!",
            coalesce(cancelled_at, restored_at, registered_at) as "state_at!",
            counts,
            notes
        from submission
        where institution = any($1)
            and ($2::uuid is null or submission > $2)
        order by submission
        limit $3"#,
        &institutions,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter().map(LedgerRow::into_submission).collect()
}

struct LedgerRow {
    bucket: i16,
    submission: Uuid,
    identifier: String,
    version: i32,
    sha256: Vec<u8>,
    sent_at: Option<DateTime<Utc>>,
    registered_at: DateTime<Utc>,
    state: String,
    state_at: DateTime<Utc>,
    counts: String,
    notes: String,
}

impl LedgerRow {
    fn into_submission(self) -> Result<Submission> {
        Ok(Submission {
            id: SubmissionId { bucket: bucket(self.bucket)?, uuid: self.submission },
            // The sender's own ledger names no person.
            person: PersonKey::new(Uuid::nil()),
            identifier: self.identifier.parse().map_err(|_| corrupt("identifier"))?,
            version: self.version,
            sha256: self.sha256.try_into().map_err(|_| corrupt("sha256"))?,
            sent_at: self.sent_at.unwrap_or(self.registered_at),
            registered_at: self.registered_at,
            state: state(&self.state)?,
            state_at: self.state_at,
            counts: counts_from(&self.counts)?,
            notes: notes_from(&self.notes),
        })
    }
}

fn bucket(number: i16) -> Result<Bucket> {
    Bucket::from_number(number).ok_or(corrupt("bucket"))
}

fn state(code: &str) -> Result<State> {
    State::from_code(code).ok_or(corrupt("state"))
}

fn corrupt(column: &'static str) -> Error {
    Error::Corrupt { table: "submission", column, what: "bad form" }
}

/// `lab 18 0 20545;condition 3 1 -`: kind, sent, hidden, due day (days since 1970).
pub(crate) fn counts_to(counts: &[KindCount]) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|count| {
            let day = |day: NaiveDate| (day - NaiveDate::default()).num_days().to_string();
            let due_on = count.due_on.map_or("-".to_owned(), day);
            format!("{} {} {} {due_on}", count.kind.code, count.sent, count.hidden)
        })
        .collect();
    parts.join(";")
}

fn counts_from(text: &str) -> Result<Vec<KindCount>> {
    text.split(';').filter(|part| !part.is_empty()).map(count_from).collect()
}

fn count_from(part: &str) -> Result<KindCount> {
    let bad = || corrupt("counts");
    let mut words = part.split(' ');
    let mut word = || words.next().ok_or_else(bad);
    let kind = catalogue::find(word()?).ok_or_else(bad)?;
    let sent = word()?.parse().map_err(|_| bad())?;
    let hidden = word()?.parse().map_err(|_| bad())?;
    let due_on = match word()? {
        "-" => None,
        day => {
            let days = day.parse().ok().and_then(TimeDelta::try_days);
            Some(
                days.and_then(|days| NaiveDate::default().checked_add_signed(days))
                    .ok_or_else(bad)?,
            )
        }
    };
    Ok(KindCount { kind, sent, hidden, due_on })
}

/// `kyoyu-older-hidden=3;…`
fn notes_to(notes: &[(String, String)]) -> String {
    let parts: Vec<String> = notes.iter().map(|(code, value)| format!("{code}={value}")).collect();
    parts.join(";")
}

fn notes_from(text: &str) -> Vec<(String, String)> {
    text.split(';')
        .filter_map(|part| part.split_once('='))
        .map(|(code, value)| (code.to_owned(), value.to_owned()))
        .collect()
}
