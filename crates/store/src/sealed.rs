//! 封緘 — a read's consents and segments from one statement; the segments stay sealed until
//! a grant opens them.
//!
//! Consent is decided after the statement, by the policy. What it does not grant is dropped
//! undecoded, apart from the directories of kinds that hide or are hidden by others of
//! their type.

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    catalogue::Kind,
    identifiers::{InstitutionNumber, PersonKey},
    policy::ReadGrant,
};
use uuid::Uuid;

use crate::{
    Reader,
    consent::Standing,
    error::{Error, Result},
    segment::{self, MOST_SEGMENTS, Segment},
};

/// So many of the newest segments come with their bodies, so that most reads are one
/// statement; [`segment::texts`] fetches the others when they are wanted.
const NEWEST: i64 = 24;

/// No person has more consents for one institution than are looked at.
const MOST_CONSENTS: i64 = 1000;

/// 封緘 — a person's segments as they came from the database. Nothing but [`Sealed::open`]
/// gets at them.
#[derive(Debug)]
pub struct Sealed {
    person: PersonKey,
    rows: Vec<segment::Row>,
}

/// 閲覧の請求 — whose data, for which institution, of which kinds.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Whose.
    pub person: PersonKey,
    /// The institution that reads, which consents name.
    pub institution: Option<InstitutionNumber>,
    /// All kinds of the resource type asked for: copies of a kind that is not granted
    /// still hide older ones. None: only the consents are read.
    pub kinds: &'a [&'static Kind],
}

/// Reads the clock, the consents and the segments.
pub async fn fetch(reader: &mut Reader, wanted: &Wanted<'_>) -> Result<(Standing, Sealed)> {
    let rows = sqlx::query_as!(
        Row,
        "-- sealed.fetch
        (
            select
                clock_timestamp() as now,
                c.version,
                c.categories,
                c.starts_at,
                c.ends_at,
                c.active,
                null::text as kind,
                null::uuid as submission,
                null::boolean as long_term,
                null::text as sender,
                null::timestamptz as registered_at,
                null::timestamptz as cancelled_at,
                null::timestamptz as received_at,
                null::bytea as directory,
                null::bytea as body
            from (values (1)) as once (one)
            left join consent c on c.bucket = $1
                and c.person = $2
                and c.institution = $3
                and c.current
            order by c.identifier_digest
            limit $4
        )
        union all
        (
            select null, null, null, null, null, null, kind, submission, long_term,
                institution, registered_at, cancelled_at, received_at, directory,
                case
                    when row_number() over (order by registered_at desc, submission) <= $7
                    then body
                end
            from segment
            where bucket = $1 and person = $2 and kind = any($5)
            order by registered_at desc, submission, kind, long_term
            limit $6
        )",
        wanted.person.bucket().number(),
        wanted.person.uuid(),
        wanted.institution.as_ref().map_or("", |number| number.as_str()),
        MOST_CONSENTS,
        &segment::codes(wanted.kinds),
        MOST_SEGMENTS,
        NEWEST
    )
    .fetch_all(reader.statement())
    .await?;
    reader.answered();
    split(reader, wanted.person, rows)
}

impl Sealed {
    /// The segments, newest first; bodies only of the kinds that are granted.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a row cannot be read, or is another person's.
    pub fn open(self, grant: &ReadGrant) -> Result<Vec<Segment>> {
        if grant.kinds().is_empty() {
            return Ok(Vec::new());
        }
        if grant.person() != self.person {
            let what = "not the person of the grant";
            return Err(Error::Corrupt { table: "segment", column: "person", what });
        }
        let mut segments = segment::segments(self.rows)?;
        for segment in &mut segments {
            if !grant.kinds().contains(&segment.key.kind) {
                segment.forget_body();
            }
        }
        Ok(segments)
    }
}

/// A row of the statement: of a consent (or of nothing but the clock), or of a segment.
struct Row {
    now: Option<DateTime<Utc>>,
    version: Option<i32>,
    categories: Option<i16>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    active: Option<bool>,
    kind: Option<String>,
    submission: Option<Uuid>,
    long_term: Option<bool>,
    sender: Option<String>,
    registered_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    received_at: Option<DateTime<Utc>>,
    directory: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
}

fn split(reader: &Reader, person: PersonKey, rows: Vec<Row>) -> Result<(Standing, Sealed)> {
    let corrupt = |table, column| Error::Corrupt { table, column, what: "missing" };
    let mut now = None;
    let mut consents = Vec::new();
    let mut segments = Vec::with_capacity(rows.len());
    for row in rows {
        now = now.or(row.now);
        let Row { version, categories, starts_at, ends_at, active, kind, .. } = row;
        if let (Some(version), Some(categories), Some(starts_at), Some(ends_at), Some(active)) =
            (version, categories, starts_at, ends_at, active)
        {
            consents.push((version, categories, starts_at..ends_at, active));
        }
        let Some(kind) = kind else { continue };
        segments.push(segment::Row {
            kind,
            bucket: person.bucket().number(),
            person: person.uuid(),
            submission: row.submission.ok_or(corrupt("segment", "submission"))?,
            long_term: row.long_term.ok_or(corrupt("segment", "long_term"))?,
            institution: row.sender.ok_or(corrupt("segment", "institution"))?,
            registered_at: row.registered_at.ok_or(corrupt("segment", "registered_at"))?,
            cancelled_at: row.cancelled_at,
            received_at: row.received_at,
            directory: row.directory.ok_or(corrupt("segment", "directory"))?,
            body: row.body,
        });
    }
    let database = now.ok_or(corrupt("consent", "now"))?;
    let now = reader.surroundings.clock.now(database);
    Ok((Standing::of(now, consents), Sealed { person, rows: segments }))
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::{
        catalogue,
        consent::{Categories, ConsentCategory},
        participant::Role,
        policy::{self, Purpose, ReadRequest},
    };

    use super::*;
    use crate::directory;

    fn person(number: u128) -> PersonKey {
        PersonKey::new(Uuid::from_u128(number))
    }

    fn grant(person: PersonKey, categories: &[ConsentCategory]) -> ReadGrant {
        let consent: Categories = categories.iter().copied().collect();
        let request = ReadRequest {
            role: Role::Institution,
            purpose: Purpose::Treat,
            person,
            consent: Some(consent),
            kinds: catalogue::of_type("Observation").collect(),
            now: DateTime::UNIX_EPOCH,
        };
        policy::grant(request).expect("a consent for something").grant
    }

    /// One segment of each kind of Observation, with bodies.
    fn sealed(person: PersonKey) -> Sealed {
        let row = |kind: &Kind| segment::Row {
            kind: kind.code.to_owned(),
            bucket: person.bucket().number(),
            person: person.uuid(),
            submission: Uuid::from_u128(7),
            long_term: false,
            institution: "1310000001".to_owned(),
            registered_at: DateTime::UNIX_EPOCH,
            cancelled_at: None,
            received_at: None,
            directory: directory::encode(&[], DateTime::UNIX_EPOCH),
            body: Some(vec![1]),
        };
        Sealed { person, rows: catalogue::of_type("Observation").map(row).collect() }
    }

    #[test]
    fn another_persons_grant_opens_nothing() {
        let other = grant(person(2), &[ConsentCategory::Record]);
        assert!(sealed(person(1)).open(&other).is_err());
    }

    #[test]
    fn kinds_that_are_not_granted_keep_only_what_hides_others() {
        let record = grant(person(1), &[ConsentCategory::Record]);
        let segments = sealed(person(1)).open(&record).expect("readable rows");
        assert_eq!(segments.len(), catalogue::of_type("Observation").count());
        for segment in segments {
            assert_eq!(segment.has_body(), segment.key.kind.code == "lab", "{:?}", segment.key);
        }
    }

    #[test]
    fn without_a_granted_kind_nothing_is_even_decoded() {
        let none = grant(person(1), &[ConsentCategory::Conditions]);
        let mut sealed = sealed(person(1));
        sealed.rows[0].directory = vec![0xff];
        assert!(sealed.open(&none).expect("nothing was decoded").is_empty());
    }
}
