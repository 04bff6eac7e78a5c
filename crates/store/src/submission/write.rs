//! 台帳への記入 — a version, its segments and its audit record, in one statement.

use chrono::NaiveDate;
use kyoyu_domain::{
    audit::AuditEvent,
    identifiers::{Bucket, SubmissionId},
    letter::Letter,
    signature::Verification,
    submission::Submission,
};

use super::{counts_to, notes_to};
use crate::{
    Tx,
    audit::Record,
    document::{self, NewAttachment},
    error::{Result, expect_rows},
    letter,
    segment::{self, NewSegment},
    signature,
};

/// A version that is about to be stored.
#[derive(Debug)]
pub struct NewSubmission<'a> {
    /// What the ledger says of it.
    pub submission: &'a Submission,
    /// Who sent it.
    pub participant: i32,
    /// The Bundle's head and Patient, packed.
    pub envelope: Vec<u8>,
    /// Its resources.
    pub segments: Vec<NewSegment>,
    /// The attachments of a document.
    pub attachments: Vec<NewAttachment>,
    /// The exchange of a letter.
    pub letter: Option<Letter>,
    /// What became of the signature of a document.
    pub signature: Option<&'a Verification>,
    /// The first day on which the purge must look at the person again because of it.
    pub due_on: Option<NaiveDate>,
}

/// Stores the first version of a Bundle with the record of it, and commits. Answers `false`
/// when the identifier was taken in the meantime; then nothing is stored.
pub async fn insert(mut tx: Tx, new: NewSubmission<'_>, event: &AuditEvent) -> Result<bool> {
    let expected = new.segments.len() as u64;
    let stored = store(&mut tx, None, new, event).await?;
    if stored == 0 {
        return Ok(false);
    }
    expect_rows("submission.store", expected, stored)?;
    tx.commit_recorded().await?;
    Ok(true)
}

/// Replaces the current version with the record of it, and commits: the old one leaves a
/// tombstone, and nothing else.
pub async fn replace(
    mut tx: Tx,
    old: &Submission,
    new: NewSubmission<'_>,
    event: &AuditEvent,
) -> Result<()> {
    segment::delete_all(&mut tx, old.person, old.id).await?;
    bury_replaced(&mut tx, old).await?;
    let expected = new.segments.len() as u64;
    let letter = new.letter.clone();
    let stored = store(&mut tx, Some(old.id), new, event).await?;
    expect_rows("submission.store", expected, stored)?;
    if let Some(letter) = letter {
        letter::follow(&mut tx, old.id, &letter).await?;
    }
    tx.commit_recorded().await
}

async fn bury_replaced(tx: &mut Tx, old: &Submission) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- submission.bury_replaced
        with gone as (
            delete from submission
            where bucket = $1 and submission = $2
            returning bucket, submission, institution, identifier, version, sha256,
                registered_at, counts
        )
        insert into tombstone (bucket, submission, institution, identifier, version, sha256,
            registered_at, deleted_at, run, counts, complete)
        select bucket, submission, institution, identifier, version, sha256, registered_at,
            $3, null, counts, true
        from gone",
        old.id.bucket.number(),
        old.id.uuid,
        now
    )
    .execute(tx.connection())
    .await?;
    expect_rows("submission.bury_replaced", 1, done.rows_affected())
}

/// Identifier, ledger row, the person's day, audit record and segments. The identifier is
/// new, or belongs to `old`; otherwise nothing is written. Answers the number of segments.
async fn store(
    tx: &mut Tx,
    old: Option<SubmissionId>,
    new: NewSubmission<'_>,
    event: &AuditEvent,
) -> Result<u64> {
    let NewSubmission { submission, participant, envelope, due_on, .. } = new;
    document::insert(tx, submission.id, &new.attachments).await?;
    if let Some(letter) = &new.letter {
        letter::insert(tx, letter).await?;
    }
    if let Some(verification) = new.signature {
        signature::insert(tx, submission.id, verification).await?;
    }
    let columns = segment::Columns::of(new.segments);
    let identifier = &submission.identifier;
    let (digest, institution) = (identifier.digest(), identifier.institution());
    let record = Record::of(tx.now(), event, tx.randomness());
    let done = sqlx::query!(
        "-- submission.store
        with claimed as (
            insert into bundle_identifier as b (identifier_bucket, digest, bucket, person,
                submission)
            values ($1, $2, $3, $5, $4)
            on conflict (identifier_bucket, digest) do update
            set submission = excluded.submission
            where b.submission = $6
            returning 1 as one
        ), ledger as (
            insert into submission (bucket, submission, person, institution, identifier, version,
                sha256, sent_at, registered_at, participant, counts, notes, envelope)
            select $3, $4, $5, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
            from claimed
        ), day as (
            insert into purge_due (bucket, person, due_on)
            select $3, $5, $17
            from claimed
            where $17::date is not null and not exists (
                select 1
                from purge_due
                where bucket = $3 and person = $5 and due_on <= $17
            )
            on conflict (bucket, person) do update
            set due_on = excluded.due_on
        ), record as (
            insert into audit_event (at, event, bucket, person, participant, institution,
                user_name, qualification, purpose, action, kinds, outcome, quantity)
            select $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34
            from claimed
        )
        insert into segment (kind, bucket, person, submission, long_term, institution,
            registered_at, directory, body)
        select s.kind, $3, $5, $4, s.long_term, $7, $12, s.directory, s.body
        from claimed
        cross join unnest($18::text[], $19::boolean[], $20::bytea[], $21::bytea[])
            as s (kind, long_term, directory, body)",
        Bucket::of(&digest).number(),
        &digest[..],
        submission.id.bucket.number(),
        submission.id.uuid,
        submission.person.uuid(),
        old.map(|old| old.uuid),
        institution.as_str(),
        identifier.value(),
        submission.version,
        &submission.sha256[..],
        submission.sent_at,
        submission.registered_at,
        participant,
        counts_to(&submission.counts),
        notes_to(&submission.notes),
        envelope,
        due_on,
        &columns.kind,
        &columns.long_term,
        &columns.directory,
        &columns.body,
        record.at,
        record.event,
        record.bucket,
        record.person,
        record.participant,
        record.institution,
        record.user,
        record.qualification,
        record.purpose,
        record.action,
        record.kinds,
        record.outcome,
        record.quantity,
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected())
}
