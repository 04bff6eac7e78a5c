//! セグメント — the resources of one version, one kind and one long-term flag in a row.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    catalogue::{self, Kind},
    entry::Entry,
    identifiers::{Bucket, InstitutionNumber, PersonKey, ResourceId, SubmissionId},
    policy::ReadGrant,
    retention,
};
use uuid::Uuid;

use crate::{
    Reader, Tx, body, directory, document,
    error::{Error, Result},
    mark,
};

/// No patient has more segments of one FHIR type than this; a list that is longer is an
/// error and never cut silently.
pub(crate) const MOST_SEGMENTS: i64 = 20_000;

/// The key of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentKey {
    /// Whose data.
    pub person: PersonKey,
    /// The version of the Bundle.
    pub submission: SubmissionId,
    /// The kind.
    pub kind: &'static Kind,
    /// Whether its resources carry 長期保存.
    pub long_term: bool,
}

impl SegmentKey {
    fn own(self) -> OwnKey {
        (self.submission.uuid, self.kind.code.to_owned(), self.long_term)
    }
}

/// A segment.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its key.
    pub key: SegmentKey,
    /// Who sent it.
    pub institution: InstitutionNumber,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// When it was cancelled, if it is.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When its addressee received it, if it is a letter.
    pub received_at: Option<DateTime<Utc>>,
    /// Its resources.
    pub entries: Vec<Entry>,
    /// Its packed texts, where they were read along.
    body: Option<Vec<u8>>,
}

impl Segment {
    /// Its resources as retention sees them.
    pub fn copies(&self) -> impl Iterator<Item = retention::Copy<'_>> {
        self.entries.iter().map(|entry| retention::Copy {
            kind: self.key.kind,
            institution: self.institution,
            submission: self.key.submission,
            registered_at: self.registered_at,
            cancelled_at: self.cancelled_at,
            received_at: self.received_at,
            entry,
        })
    }

    /// Drops the packed texts.
    pub(crate) fn forget_body(&mut self) {
        self.body = None;
    }

    #[cfg(test)]
    pub(crate) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    fn text_bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.text_bytes as usize).sum()
    }
}

/// A segment that is about to be stored.
#[derive(Debug)]
pub struct NewSegment {
    /// The kind.
    pub kind: &'static Kind,
    /// Whether its resources carry 長期保存.
    pub long_term: bool,
    /// Its resources.
    pub entries: Vec<Entry>,
    /// When it is registered.
    pub registered_at: DateTime<Utc>,
    /// Their texts with marks ([`crate::mark`]), one after another, packed
    /// ([`body::pack`]).
    pub body: Vec<u8>,
}

/// New segments as columns, for one statement whatever their number.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) kind: Vec<String>,
    pub(crate) long_term: Vec<bool>,
    pub(crate) directory: Vec<Vec<u8>>,
    pub(crate) body: Vec<Vec<u8>>,
}

impl Columns {
    pub(crate) fn of(segments: Vec<NewSegment>) -> Self {
        let mut columns = Self::default();
        for segment in segments {
            columns.kind.push(segment.kind.code.to_owned());
            columns.long_term.push(segment.long_term);
            columns.directory.push(directory::encode(&segment.entries, segment.registered_at));
            columns.body.push(segment.body);
        }
        columns
    }
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) bucket: i16,
    pub(crate) person: Uuid,
    pub(crate) submission: Uuid,
    pub(crate) long_term: bool,
    pub(crate) institution: String,
    pub(crate) registered_at: DateTime<Utc>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    pub(crate) received_at: Option<DateTime<Utc>>,
    pub(crate) directory: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Row {
    fn into_segment(self) -> Result<Segment> {
        let corrupt = |column, what| Error::Corrupt { table: "segment", column, what };
        let bucket = Bucket::from_number(self.bucket).ok_or(corrupt("bucket", "out of range"))?;
        Ok(Segment {
            key: SegmentKey {
                person: PersonKey::new(self.person),
                submission: SubmissionId { bucket, uuid: self.submission },
                kind: catalogue::find(&self.kind).ok_or(corrupt("kind", "not in the catalogue"))?,
                long_term: self.long_term,
            },
            institution: self
                .institution
                .parse()
                .map_err(|_| corrupt("institution", "bad form"))?,
            registered_at: self.registered_at,
            cancelled_at: self.cancelled_at,
            received_at: self.received_at,
            entries: directory::decode(&self.directory, self.registered_at)?,
            body: self.body,
        })
    }
}

pub(crate) fn segments(rows: Vec<Row>) -> Result<Vec<Segment>> {
    if rows.len() as i64 >= MOST_SEGMENTS {
        return Err(Error::Corrupt { table: "segment", column: "person", what: "too many rows" });
    }
    rows.into_iter().map(Row::into_segment).collect()
}

pub(crate) fn codes<'a>(kinds: impl IntoIterator<Item = &'a &'static Kind>) -> Vec<String> {
    kinds.into_iter().map(|kind| kind.code.to_owned()).collect()
}

/// All segments of a patient and some kinds, without bodies, for deciding about retention.
pub async fn list(
    tx: &mut Tx,
    persons: &[PersonKey],
    kinds: &[&'static Kind],
) -> Result<Vec<Segment>> {
    let (buckets, keys) = crate::person::split(persons);
    let rows = sqlx::query_as!(
        Row,
        "-- segment.list
        select s.kind, s.bucket, s.person, s.submission, s.long_term, s.institution,
            s.registered_at, s.cancelled_at, s.received_at, s.directory, null::bytea as body
        from unnest($1::smallint[], $2::uuid[]) as wanted (bucket, person)
        join segment s on s.bucket = wanted.bucket and s.person = wanted.person
        where s.kind = any($3)
        order by s.person, s.registered_at, s.submission, s.kind, s.long_term
        limit $4",
        &buckets,
        &keys,
        &codes(kinds),
        MOST_SEGMENTS
    )
    .fetch_all(tx.connection())
    .await?;
    segments(rows)
}

/// The person whose Bundle an id names. Whether the caller may know that is for the policy
/// to say.
pub async fn owner(reader: &mut Reader, submission: SubmissionId) -> Result<Option<PersonKey>> {
    let person = sqlx::query_scalar!(
        "-- segment.owner
        select person
        from submission
        where bucket = $1 and submission = $2",
        submission.bucket.number(),
        submission.uuid
    )
    .fetch_optional(reader.statement())
    .await?;
    reader.answered();
    Ok(person.map(PersonKey::new))
}

/// A segment's texts, in the order of its entries.
#[derive(Debug, Clone)]
pub struct Texts {
    unpacked: Bytes,
    ends: Vec<usize>,
}

impl Texts {
    fn of(segment: &Segment, packed: &[u8]) -> Result<Self> {
        let marked = body::unpack(packed, segment.text_bytes())?;
        if segment.key.kind.is_document() {
            // A document is kept as it was sent: nothing in it is marked.
            return Ok(Self { ends: vec![marked.len()], unpacked: Bytes::from(marked) });
        }
        let mut unpacked = Vec::with_capacity(marked.len() + segment.entries.len() * 128);
        let mut ends = Vec::with_capacity(segment.entries.len());
        let reference = format!("Patient/{}", segment.key.person);
        let mut start = 0;
        for entry in &segment.entries {
            let end = start + entry.text_bytes as usize;
            let id = ResourceId { submission: segment.key.submission, ordinal: entry.ordinal };
            mark::fill(&marked[start..end], &id.to_string(), &reference, &mut unpacked);
            ends.push(unpacked.len());
            start = end;
        }
        Ok(Self { unpacked: Bytes::from(unpacked), ends })
    }

    /// The text of the entry at this position of the directory.
    pub fn text(&self, position: usize) -> Bytes {
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.unpacked.slice(start..self.ends[position])
    }
}

/// The texts of segments, in the order given; only with a grant for that patient.
///
/// # Errors
/// [`Error::Corrupt`] when a body cannot be read. A segment that was deleted in between
/// is `None`.
pub async fn texts(
    reader: &mut Reader,
    grant: &ReadGrant,
    wanted: &[&Segment],
) -> Result<Vec<Option<Texts>>> {
    let without: Vec<&Segment> =
        wanted.iter().copied().filter(|segment| segment.body.is_none()).collect();
    let fetched = bodies(reader, grant, &without).await?;
    let body_of = |segment: &Segment| {
        fetched.iter().find(|(key, _)| *key == segment.key.own()).map(|(_, body)| body.as_slice())
    };
    wanted
        .iter()
        .map(|segment| {
            let packed = segment.body.as_deref().or_else(|| body_of(segment));
            packed.map(|packed| Texts::of(segment, packed)).transpose()
        })
        .collect()
}

/// What tells a patient's segments apart.
type OwnKey = (Uuid, String, bool);

async fn bodies(
    reader: &mut Reader,
    grant: &ReadGrant,
    wanted: &[&Segment],
) -> Result<Vec<(OwnKey, Vec<u8>)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let submissions: Vec<Uuid> = wanted.iter().map(|one| one.key.submission.uuid).collect();
    let kinds: Vec<String> = wanted.iter().map(|one| one.key.kind.code.to_owned()).collect();
    let rows = sqlx::query!(
        "-- segment.bodies
        select kind, submission, long_term, body
        from segment
        where bucket = $1
            and person = $2
            and submission = any($3)
            and kind = any($4)
        order by submission
        limit $5",
        grant.person().bucket().number(),
        grant.person().uuid(),
        &submissions,
        &kinds,
        MOST_SEGMENTS
    )
    .fetch_all(reader.statement())
    .await?;
    reader.answered();
    let bodies = rows.into_iter().map(|row| ((row.submission, row.kind, row.long_term), row.body));
    Ok(bodies.collect())
}

/// Deletes every segment of a version, with what lies beside them; answers nothing, since a
/// version may have lost all of them to the purge.
pub async fn delete_all(tx: &mut Tx, person: PersonKey, submission: SubmissionId) -> Result<()> {
    document::delete(tx, &[submission]).await?;
    sqlx::query!(
        "-- segment.delete_all
        delete from segment
        where bucket = $1 and person = $2 and submission = $3",
        submission.bucket.number(),
        person.uuid(),
        submission.uuid
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Hides every segment of a version, or shows it again.
pub async fn set_cancelled(
    tx: &mut Tx,
    person: PersonKey,
    submission: SubmissionId,
    cancelled_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "-- segment.set_cancelled
        update segment
        set cancelled_at = $4
        where bucket = $1 and person = $2 and submission = $3",
        submission.bucket.number(),
        person.uuid(),
        submission.uuid,
        cancelled_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Keys as columns.
pub(crate) struct KeyColumns {
    pub(crate) bucket: Vec<i16>,
    pub(crate) person: Vec<Uuid>,
    pub(crate) submission: Vec<Uuid>,
    pub(crate) long_term: Vec<bool>,
    pub(crate) kind: Vec<String>,
}

impl KeyColumns {
    pub(crate) fn of<'a>(keys: impl Iterator<Item = &'a SegmentKey>) -> Self {
        let mut columns = Self {
            bucket: vec![],
            person: vec![],
            submission: vec![],
            long_term: vec![],
            kind: vec![],
        };
        for key in keys {
            columns.bucket.push(key.submission.bucket.number());
            columns.person.push(key.person.uuid());
            columns.submission.push(key.submission.uuid);
            columns.long_term.push(key.long_term);
            columns.kind.push(key.kind.code.to_owned());
        }
        columns
    }
}
