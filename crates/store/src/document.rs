//! 文書 — whole documents: a text with places for the attachments that lie beside it, so that
//! one attachment can be read without the rest, and the whole again to the byte.

use std::ops::Range;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use kyoyu_domain::{
    identifiers::{PersonKey, SubmissionId},
    policy::{LetterGrant, ReadGrant},
};
use uuid::Uuid;

use crate::{
    Reader, Tx, body, directory,
    error::{Error, Result, expect_rows},
};

/// No document has more; the check of what is sent has a smaller limit.
const MOST_ATTACHMENTS: i64 = 10_000;

/// 添付 — an attachment that is about to be stored.
#[derive(Debug)]
pub struct NewAttachment {
    /// Where its base64 goes in the text.
    pub at: usize,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// Cuts attachments out of a document: the text without them, and they themselves.
///
/// `cuts` are the places of base64 texts, each of which encoding its bytes gives again, in
/// ascending order.
pub fn take_apart(
    text: &[u8],
    cuts: &[(Range<usize>, &'static str)],
) -> (Vec<u8>, Vec<NewAttachment>) {
    let mut rest =
        Vec::with_capacity(text.len() - cuts.iter().map(|(cut, _)| cut.len()).sum::<usize>());
    let mut attachments = Vec::with_capacity(cuts.len());
    let mut from = 0;
    for (cut, media_type) in cuts {
        // What does not decode stays in the text.
        let Ok(data) = STANDARD.decode(&text[cut.clone()]) else { continue };
        rest.extend_from_slice(&text[from..cut.start]);
        attachments.push(NewAttachment { at: rest.len(), media_type, data });
        from = cut.end;
    }
    rest.extend_from_slice(&text[from..]);
    (rest, attachments)
}

/// Puts attachments back: the document as it was sent.
fn put_together(text: &[u8], attachments: &[Row]) -> Result<Vec<u8>> {
    let added: usize = attachments.iter().map(|one| one.data.len().div_ceil(3) * 4).sum();
    let mut whole = Vec::with_capacity(text.len() + added);
    let mut from = 0;
    for attachment in attachments {
        let at = attachment.at as usize;
        whole.extend_from_slice(text.get(from..at).ok_or(corrupt("at", "outside of the text"))?);
        let start = whole.len();
        whole.resize(start + attachment.data.len().div_ceil(3) * 4, 0);
        let written = STANDARD.encode_slice(&attachment.data, &mut whole[start..]);
        written.map_err(|_| corrupt("data", "does not encode"))?;
        from = at;
    }
    whole.extend_from_slice(&text[from..]);
    Ok(whole)
}

fn corrupt(column: &'static str, what: &'static str) -> Error {
    Error::Corrupt { table: "attachment", column, what }
}

/// Stores the attachments of a document, one statement each: the largest are megabytes.
pub async fn insert(tx: &mut Tx, id: SubmissionId, attachments: &[NewAttachment]) -> Result<()> {
    for (position, attachment) in attachments.iter().enumerate() {
        let done = sqlx::query!(
            "-- document.insert
            insert into attachment (at, bucket, ordinal, submission, media_type, data)
            values ($1, $2, $3, $4, $5, $6)",
            attachment.at as i32,
            id.bucket.number(),
            position as i16 + 1,
            id.uuid,
            attachment.media_type,
            &attachment.data
        )
        .execute(tx.connection())
        .await?;
        expect_rows("document.insert", 1, done.rows_affected())?;
    }
    Ok(())
}

/// Deletes what lies beside the segments of documents: attachments, letters and what became of
/// signatures.
pub(crate) async fn delete(tx: &mut Tx, ids: &[SubmissionId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let buckets: Vec<i16> = ids.iter().map(|id| id.bucket.number()).collect();
    let submissions: Vec<Uuid> = ids.iter().map(|id| id.uuid).collect();
    sqlx::query!(
        "-- document.delete
        with wanted as (
            select bucket, submission
            from unnest($1::smallint[], $2::uuid[]) as w (bucket, submission)
        ), letters as (
            delete from letter l
            using wanted w
            where l.bucket = w.bucket and l.submission = w.submission
        ), signatures as (
            delete from document_signature s
            using wanted w
            where s.bucket = w.bucket and s.submission = w.submission
        )
        delete from attachment a
        using wanted w
        where a.bucket = w.bucket and a.submission = w.submission",
        &buckets,
        &submissions
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

struct Row {
    at: i32,
    data: Vec<u8>,
}

/// The document of a segment, whose text is at hand, as it was sent; only with a grant.
pub async fn whole(
    reader: &mut Reader,
    grant: &ReadGrant,
    id: SubmissionId,
    text: &[u8],
) -> Result<Bytes> {
    debug_assert_eq!(grant.person().bucket(), id.bucket);
    let attachments = sqlx::query_as!(
        Row,
        "-- document.whole
        select at, data
        from attachment
        where bucket = $1 and submission = $2
        order by ordinal
        limit $3",
        id.bucket.number(),
        id.uuid,
        MOST_ATTACHMENTS
    )
    .fetch_all(reader.statement())
    .await?;
    reader.answered();
    Ok(put_together(text, &attachments)?.into())
}

/// 紹介状の本文 — a letter as it was sent; only with the grant of its addressee. None when it
/// has been deleted.
pub async fn letter(tx: &mut Tx, grant: &LetterGrant) -> Result<Option<Bytes>> {
    let id = grant.submission();
    let row = sqlx::query!(
        "-- document.letter
        select directory, body, registered_at
        from segment
        where bucket = $1 and person = $2 and submission = $3 and kind = $4",
        id.bucket.number(),
        grant.person().uuid(),
        id.uuid,
        grant.kind().code
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let entries = directory::decode(&row.directory, row.registered_at)?;
    let text_bytes = entries.iter().map(|entry| entry.text_bytes as usize).sum();
    let text = body::unpack(&row.body, text_bytes)?;
    let attachments = sqlx::query_as!(
        Row,
        "-- document.attachments_of_letter
        select at, data
        from attachment
        where bucket = $1 and submission = $2
        order by ordinal
        limit $3",
        id.bucket.number(),
        id.uuid,
        MOST_ATTACHMENTS
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(Some(put_together(&text, &attachments)?.into()))
}

/// 添付の一部 — what is read of an attachment.
#[derive(Debug, Clone)]
pub struct Part {
    /// The media type of the whole.
    pub media_type: String,
    /// The bytes of the whole.
    pub whole_bytes: u64,
    /// Where the part begins.
    pub first: u64,
    /// The part.
    pub data: Bytes,
}

/// 添付の許可 — a grant of either sort, for one document.
#[derive(Debug, Clone, Copy)]
pub enum Granted<'a> {
    /// By the addressee of a letter.
    Letter(&'a LetterGrant),
    /// By a reader of the patient's documents; the document was found with the grant.
    Document(&'a ReadGrant, SubmissionId),
}

impl Granted<'_> {
    fn key(self) -> (PersonKey, SubmissionId) {
        match self {
            Self::Letter(grant) => (grant.person(), grant.submission()),
            Self::Document(grant, id) => (grant.person(), id),
        }
    }
}

/// 範囲 — which bytes of an attachment are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// All of them.
    Whole,
    /// Those from `first` on, `last` included; without a last: to the end.
    From {
        /// The first one, counted from 0.
        first: u64,
        /// The last one.
        last: Option<u64>,
    },
    /// So many at the end: all of an attachment that has no more.
    Last(u64),
}

/// The largest number of bytes: Postgres adds two of them, and their sum has to stay in its
/// range.
const MOST_BYTES: u64 = i32::MAX as u64 / 2 - 1;

impl ByteRange {
    /// The first byte, how many, and whether the first is counted from the end.
    fn bounds(self) -> (i32, i32, bool) {
        let (first, bytes, from_end) = match self {
            Self::Whole => (0, MOST_BYTES, false),
            Self::From { first, last } => {
                let bytes = last.map(|last| last.saturating_sub(first).saturating_add(1));
                (first, bytes.unwrap_or(MOST_BYTES), false)
            }
            Self::Last(bytes) => (0, bytes, true),
        };
        (first.min(MOST_BYTES) as i32, bytes.min(MOST_BYTES) as i32, from_end)
    }
}

/// A part of an attachment, without reading the rest. A part behind the end is empty.
pub async fn part(
    tx: &mut Tx,
    granted: Granted<'_>,
    ordinal: i16,
    range: ByteRange,
) -> Result<Option<Part>> {
    let (person, id) = granted.key();
    debug_assert_eq!(person.bucket(), id.bucket);
    let (first, bytes, from_end) = range.bounds();
    let row = sqlx::query!(
        r#"-- document.part
        select
            media_type,
            octet_length(data) as "whole_bytes!",
            first as "first!",
            substring(data from first + 1 for $5) as "data!"
        from (
            select
                media_type,
                data,
                case when $6 then greatest(octet_length(data) - $5, 0) else $4 end as first
            from attachment
            where bucket = $1 and submission = $2 and ordinal = $3
        ) as asked"#,
        id.bucket.number(),
        id.uuid,
        ordinal,
        first,
        bytes,
        from_end
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Part {
        media_type: row.media_type,
        whole_bytes: row.whole_bytes as u64,
        first: row.first as u64,
        data: row.data.into(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_back_to_the_byte() {
        let (first, second) = (STANDARD.encode(b"%PDF-1.7 \x00\xff"), STANDARD.encode(b"ab"));
        let text = format!(r#"{{"a":{{"data":"{first}"}},"b":4.10,"c":[{{"data":"{second}"}}]}}"#);
        let place = |part: &str| {
            let start = text.find(part).expect("it is there");
            start..start + part.len()
        };
        let cuts = [(place(&first), "application/pdf"), (place(&second), "text/plain")];
        let (rest, attachments) = take_apart(text.as_bytes(), &cuts);
        assert_eq!(rest, br#"{"a":{"data":""},"b":4.10,"c":[{"data":""}]}"#);
        assert_eq!(attachments[0].data, b"%PDF-1.7 \x00\xff");
        let rows: Vec<Row> =
            attachments.into_iter().map(|one| Row { at: one.at as i32, data: one.data }).collect();
        assert_eq!(put_together(&rest, &rows).expect("readable"), text.as_bytes());
    }

    #[test]
    fn a_place_outside_of_the_text_is_an_error() {
        assert!(put_together(b"ab", &[Row { at: 3, data: vec![1] }]).is_err());
    }
}
