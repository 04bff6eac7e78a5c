//! 照会 — whose a Bundle identifier is, and what a registration must know beside it, in one
//! statement.

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    catalogue::Kind,
    identifiers::{Bucket, BundleIdentifier, PersonKey, SubmissionId},
    submission::{State, Submission},
};
use uuid::Uuid;

use super::{Owner, bucket, corrupt, counts_from, notes_from};
use crate::{
    Tx,
    error::Result,
    segment::{self, MOST_SEGMENTS, Segment},
};

/// Who owns a Bundle identifier, and its current version.
pub async fn find(tx: &mut Tx, identifier: &BundleIdentifier) -> Result<Option<Owner>> {
    let nobody = PersonKey::new(Uuid::nil());
    let (owner, _) = look_up(tx, identifier, nobody, &[]).await?;
    Ok(owner)
}

/// Who owns a Bundle identifier, and a person's segments of some kinds without their bodies,
/// as [`segment::list`] has them.
pub async fn look_up(
    tx: &mut Tx,
    identifier: &BundleIdentifier,
    person: PersonKey,
    kinds: &[&'static Kind],
) -> Result<(Option<Owner>, Vec<Segment>)> {
    let digest = identifier.digest();
    let rows = sqlx::query!(
        r#"-- submission.look_up
        select
            b.bucket as "bucket?",
            b.person as "person?",
            b.submission as "submission?",
            s.version as "version?",
            s.sha256 as "sha256?",
            s.sent_at as "sent_at?",
            s.registered_at as "registered_at?",
            s.cancelled_at as "cancelled_at?",
            s.restored_at as "restored_at?",
            s.counts as "counts?",
            s.notes as "notes?",
            g.kind as "of_kind?",
            g.submission as "of_submission?",
            g.long_term as "long_term?",
            g.institution as "institution?",
            g.registered_at as "stored_at?",
            g.cancelled_at as "hidden_at?",
            g.received_at as "received_at?",
            g.directory as "directory?"
        from (values (1)) as once (one)
        left join bundle_identifier b on b.identifier_bucket = $1 and b.digest = $2
        left join submission s on s.bucket = b.bucket and s.submission = b.submission
        left join segment g on g.bucket = $3 and g.person = $4 and g.kind = any($5)
        order by g.registered_at, g.submission, g.kind, g.long_term
        limit $6"#,
        Bucket::of(&digest).number(),
        &digest[..],
        person.bucket().number(),
        person.uuid(),
        &segment::codes(kinds),
        MOST_SEGMENTS
    )
    .fetch_all(tx.connection())
    .await?;
    let mut owner = OwnerRow::default();
    let mut segments = Vec::with_capacity(rows.len());
    for row in rows {
        let missing = || corrupt("segment");
        if let Some(kind) = row.of_kind {
            segments.push(segment::Row {
                kind,
                bucket: person.bucket().number(),
                person: person.uuid(),
                submission: row.of_submission.ok_or_else(missing)?,
                long_term: row.long_term.ok_or_else(missing)?,
                institution: row.institution.ok_or_else(missing)?,
                registered_at: row.stored_at.ok_or_else(missing)?,
                cancelled_at: row.hidden_at,
                received_at: row.received_at,
                directory: row.directory.ok_or_else(missing)?,
                body: None,
            });
        }
        // The same in every row.
        owner = OwnerRow {
            bucket: row.bucket,
            person: row.person,
            submission: row.submission,
            version: row.version,
            sha256: row.sha256,
            sent_at: row.sent_at,
            registered_at: row.registered_at,
            cancelled_at: row.cancelled_at,
            restored_at: row.restored_at,
            counts: row.counts,
            notes: row.notes,
        };
    }
    Ok((owner.into_owner(identifier)?, segment::segments(segments)?))
}

/// The row of a Bundle identifier with that of its last version; all absent: nobody has it.
#[derive(Debug, Default)]
struct OwnerRow {
    bucket: Option<i16>,
    person: Option<Uuid>,
    submission: Option<Uuid>,
    version: Option<i32>,
    sha256: Option<Vec<u8>>,
    sent_at: Option<DateTime<Utc>>,
    registered_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    restored_at: Option<DateTime<Utc>>,
    counts: Option<String>,
    notes: Option<String>,
}

impl OwnerRow {
    fn into_owner(self, identifier: &BundleIdentifier) -> Result<Option<Owner>> {
        let (Some(number), Some(person), Some(last)) = (self.bucket, self.person, self.submission)
        else {
            return Ok(None);
        };
        let person = PersonKey::new(person);
        let last = SubmissionId { bucket: bucket(number)?, uuid: last };
        let current = match (self.version, self.sha256, self.sent_at, self.registered_at) {
            (Some(version), Some(sha256), Some(sent_at), Some(registered_at)) => Some(Submission {
                id: last,
                person,
                identifier: identifier.clone(),
                version,
                sha256: sha256.try_into().map_err(|_| corrupt("sha256"))?,
                sent_at,
                registered_at,
                state: if self.cancelled_at.is_none() {
                    State::Registered
                } else {
                    State::Cancelled
                },
                state_at: self.cancelled_at.or(self.restored_at).unwrap_or(registered_at),
                counts: counts_from(self.counts.as_deref().unwrap_or(""))?,
                notes: notes_from(self.notes.as_deref().unwrap_or("")),
            }),
            _ => None,
        };
        Ok(Some(Owner { person, last, current }))
    }
}
