//! 電子署名 — what became of the signatures of documents, beside their segments.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    identifiers::SubmissionId,
    phi::Phi,
    signature::{HealthcareRole, Reason, Signer, Verdict, Verification},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Reader, Tx,
    error::{Error, Result, expect_rows},
};

struct Row {
    verified_at: DateTime<Utc>,
    claimed_at: Option<DateTime<Utc>>,
    submission: Uuid,
    reason: Option<String>,
    signer: Option<String>,
    role: Option<String>,
    issuer: Option<String>,
    serial: Option<String>,
}

impl Row {
    fn into_verification(self) -> Result<(Uuid, Verification)> {
        let corrupt =
            |column| Error::Corrupt { table: "document_signature", column, what: "bad form" };
        let verdict = match self.reason {
            Some(code) => Verdict::Unverified(Reason::from_code(&code).ok_or(corrupt("reason"))?),
            None => Verdict::Verified(Signer {
                name: Phi::new(self.signer.ok_or(corrupt("signer"))?),
                role: self.role.as_deref().and_then(HealthcareRole::new),
                issuer: self.issuer.ok_or(corrupt("issuer"))?,
                serial: self.serial.ok_or(corrupt("serial"))?,
            }),
        };
        let (claimed_at, verified_at) = (self.claimed_at, self.verified_at);
        Ok((self.submission, Verification { verdict, claimed_at, verified_at }))
    }
}

/// Stores what became of the signature of a document.
pub(crate) async fn insert(tx: &mut Tx, id: SubmissionId, of: &Verification) -> Result<()> {
    let signer = of.signer();
    let done = sqlx::query!(
        "-- signature.insert
        insert into document_signature (verified_at, claimed_at, bucket, submission, reason,
            signer, role, issuer, serial)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        of.verified_at,
        of.claimed_at,
        id.bucket.number(),
        id.uuid,
        of.reason().map(|reason| reason.rule().code),
        signer.map(|signer| signer.name.expose()),
        signer.and_then(|signer| signer.role.as_ref()).map(HealthcareRole::as_str),
        signer.map(|signer| &signer.issuer),
        signer.map(|signer| &signer.serial)
    )
    .execute(tx.connection())
    .await?;
    expect_rows("signature.insert", 1, done.rows_affected())
}

/// What became of the signatures of these documents; those without one are left out. For whom
/// may read the documents.
pub async fn of(tx: &mut Tx, ids: &[SubmissionId]) -> Result<HashMap<Uuid, Verification>> {
    find(tx.connection(), ids).await
}

/// The same, for a reader.
pub async fn of_read(
    reader: &mut Reader,
    ids: &[SubmissionId],
) -> Result<HashMap<Uuid, Verification>> {
    // A connection that is asked nothing would never be answered, and be closed as broken.
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = find(reader.statement(), ids).await?;
    reader.answered();
    Ok(found)
}

async fn find(
    connection: &mut PgConnection,
    ids: &[SubmissionId],
) -> Result<HashMap<Uuid, Verification>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let buckets: Vec<i16> = ids.iter().map(|id| id.bucket.number()).collect();
    let submissions: Vec<Uuid> = ids.iter().map(|id| id.uuid).collect();
    let rows = sqlx::query_as!(
        Row,
        "-- signature.find
        select s.verified_at, s.claimed_at, s.submission, s.reason, s.signer, s.role, s.issuer,
            s.serial
        from document_signature s
        join unnest($1::smallint[], $2::uuid[]) as w (bucket, submission)
            on s.bucket = w.bucket and s.submission = w.submission
        order by s.submission
        limit $3",
        &buckets,
        &submissions,
        ids.len() as i64
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::into_verification).collect()
}
