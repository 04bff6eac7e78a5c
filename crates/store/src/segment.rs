//! セグメント — the resources of one version, one kind and one long-term flag in a row.

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use kyoyu_domain::{
    catalogue::{self, Kind},
    entry::Entry,
    identifiers::{Bucket, InstitutionNumber, PersonKey, SubmissionId},
    policy::ReadGrant,
    retention,
};
use uuid::Uuid;

use crate::{
    Store, Tx, body, directory,
    error::{Error, Result, expect_rows},
};

/// No patient has more segments of one FHIR type than this; a list that is longer is an
/// error and never cut silently.
const MOST_SEGMENTS: i64 = 20_000;

/// The key of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentKey {
    /// The version of the Bundle.
    pub submission: SubmissionId,
    /// The kind.
    pub kind: &'static Kind,
    /// Whether its resources carry 長期保存.
    pub long_term: bool,
}

/// A segment without its body.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its key.
    pub key: SegmentKey,
    /// Whose data.
    pub person: PersonKey,
    /// Who sent it.
    pub institution: InstitutionNumber,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// When it was cancelled, if it is.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The first day on which the purge looks at it.
    pub due_on: Option<NaiveDate>,
    /// Its resources.
    pub entries: Vec<Entry>,
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
            entry,
        })
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
    /// The first day on which the purge looks at it.
    pub due_on: Option<NaiveDate>,
    /// Its resources.
    pub entries: Vec<Entry>,
    /// When it is registered.
    pub registered_at: DateTime<Utc>,
    /// Their texts, one after another, packed ([`body::pack`]).
    pub body: Vec<u8>,
}

/// New segments as columns, for one statement whatever their number.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) kind: Vec<String>,
    pub(crate) long_term: Vec<bool>,
    pub(crate) due_on: Vec<Option<NaiveDate>>,
    pub(crate) directory: Vec<Vec<u8>>,
    pub(crate) body: Vec<Vec<u8>>,
}

impl Columns {
    pub(crate) fn of(segments: Vec<NewSegment>) -> Self {
        let mut columns = Self::default();
        for segment in segments {
            columns.kind.push(segment.kind.code.to_owned());
            columns.long_term.push(segment.long_term);
            columns.due_on.push(segment.due_on);
            columns.directory.push(directory::encode(&segment.entries, segment.registered_at));
            columns.body.push(segment.body);
        }
        columns
    }
}

struct Row {
    kind: String,
    bucket: i16,
    person: Uuid,
    submission: Uuid,
    long_term: bool,
    institution: String,
    registered_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
    due_on: Option<NaiveDate>,
    directory: Vec<u8>,
}

impl Row {
    fn into_segment(self) -> Result<Segment> {
        let corrupt = |column, what| Error::Corrupt { table: "segment", column, what };
        let bucket = Bucket::from_number(self.bucket).ok_or(corrupt("bucket", "out of range"))?;
        Ok(Segment {
            key: SegmentKey {
                submission: SubmissionId { bucket, uuid: self.submission },
                kind: catalogue::find(&self.kind).ok_or(corrupt("kind", "not in the catalogue"))?,
                long_term: self.long_term,
            },
            person: PersonKey::new(self.person),
            institution: self
                .institution
                .parse()
                .map_err(|_| corrupt("institution", "bad form"))?,
            registered_at: self.registered_at,
            cancelled_at: self.cancelled_at,
            due_on: self.due_on,
            entries: directory::decode(&self.directory, self.registered_at)?,
        })
    }
}

fn segments(rows: Vec<Row>) -> Result<Vec<Segment>> {
    if rows.len() as i64 >= MOST_SEGMENTS {
        return Err(Error::Corrupt { table: "segment", column: "person", what: "too many rows" });
    }
    rows.into_iter().map(Row::into_segment).collect()
}

fn codes<'a>(kinds: impl IntoIterator<Item = &'a &'static Kind>) -> Vec<String> {
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
            s.registered_at, s.cancelled_at, s.due_on, s.directory
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

/// The segments that a grant lets one see, without bodies. `kinds` are those of the
/// resource types asked for: copies of a kind that is not granted still hide older ones.
pub async fn granted(
    store: &Store,
    grant: &ReadGrant,
    kinds: &[&'static Kind],
) -> Result<Vec<Segment>> {
    if grant.kinds().is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Row,
        "-- segment.granted
        select kind, bucket, person, submission, long_term, institution, registered_at,
            cancelled_at, due_on, directory
        from segment
        where bucket = $1 and person = $2 and kind = any($3)
        order by registered_at, submission, kind, long_term
        limit $4",
        grant.person().bucket().number(),
        grant.person().uuid(),
        &codes(kinds),
        MOST_SEGMENTS
    )
    .fetch_all(store.pool())
    .await?;
    segments(rows)
}

/// The person whose resource an id names, if it is stored under one of these kinds.
/// Whether the caller may know that is for the policy to say.
pub async fn owner(
    store: &Store,
    submission: SubmissionId,
    kinds: &[&'static Kind],
) -> Result<Option<PersonKey>> {
    let person = sqlx::query_scalar!(
        "-- segment.owner
        select person
        from segment
        where bucket = $1 and submission = $2 and kind = any($3)
        order by kind, long_term
        limit 1",
        submission.bucket.number(),
        submission.uuid,
        &codes(kinds)
    )
    .fetch_optional(store.pool())
    .await?;
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
        let unpacked = Bytes::from(body::unpack(packed, segment.text_bytes())?);
        let ends = segment
            .entries
            .iter()
            .scan(0, |end, entry| {
                *end += entry.text_bytes as usize;
                Some(*end)
            })
            .collect();
        Ok(Self { unpacked, ends })
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
pub async fn bodies(
    store: &Store,
    grant: &ReadGrant,
    wanted: &[&Segment],
) -> Result<Vec<Option<Texts>>> {
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
            and submission = any($2)
            and kind = any($3)
            and person = $4
        order by submission
        limit $5",
        grant.person().bucket().number(),
        &submissions,
        &kinds,
        grant.person().uuid(),
        MOST_SEGMENTS
    )
    .fetch_all(store.pool())
    .await?;
    wanted
        .iter()
        .map(|segment| {
            let key = segment.key;
            rows.iter()
                .find(|row| {
                    row.submission == key.submission.uuid
                        && row.kind == key.kind.code
                        && row.long_term == key.long_term
                })
                .map(|row| Texts::of(segment, &row.body))
                .transpose()
        })
        .collect()
}

/// Deletes every segment of a version; answers nothing, since a version may have lost
/// all of them to the purge.
pub async fn delete_all(tx: &mut Tx, submission: SubmissionId) -> Result<()> {
    sqlx::query!(
        "-- segment.delete_all
        delete from segment
        where bucket = $1 and submission = $2",
        submission.bucket.number(),
        submission.uuid
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Hides every segment of a version, or shows it again.
pub async fn set_cancelled(
    tx: &mut Tx,
    submission: SubmissionId,
    cancelled_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "-- segment.set_cancelled
        update segment
        set cancelled_at = $3
        where bucket = $1 and submission = $2",
        submission.bucket.number(),
        submission.uuid,
        cancelled_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Sets the day on which the purge looks at segments.
pub async fn reschedule(tx: &mut Tx, days: &[(SegmentKey, Option<NaiveDate>)]) -> Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    let keys = KeyColumns::of(days.iter().map(|(key, _)| key));
    let due_on: Vec<Option<NaiveDate>> = days.iter().map(|(_, day)| *day).collect();
    let done = sqlx::query!(
        "-- segment.reschedule
        update segment s
        set due_on = wanted.due_on
        from unnest($1::smallint[], $2::uuid[], $3::boolean[], $4::text[], $5::date[])
            as wanted (bucket, submission, long_term, kind, due_on)
        where s.bucket = wanted.bucket
            and s.submission = wanted.submission
            and s.long_term = wanted.long_term
            and s.kind = wanted.kind",
        &keys.bucket,
        &keys.submission,
        &keys.long_term,
        &keys.kind,
        &due_on as _
    )
    .execute(tx.connection())
    .await?;
    expect_rows("segment.reschedule", days.len() as u64, done.rows_affected())
}

/// Keys as columns.
pub(crate) struct KeyColumns {
    pub(crate) bucket: Vec<i16>,
    pub(crate) submission: Vec<Uuid>,
    pub(crate) long_term: Vec<bool>,
    pub(crate) kind: Vec<String>,
}

impl KeyColumns {
    pub(crate) fn of<'a>(keys: impl Iterator<Item = &'a SegmentKey>) -> Self {
        let mut columns =
            Self { bucket: vec![], submission: vec![], long_term: vec![], kind: vec![] };
        for key in keys {
            columns.bucket.push(key.submission.bucket.number());
            columns.submission.push(key.submission.uuid);
            columns.long_term.push(key.long_term);
            columns.kind.push(key.kind.code.to_owned());
        }
        columns
    }
}
