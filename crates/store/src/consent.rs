//! 閲覧同意 — versions of consents, and what is in force.

use std::ops::Range;

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    consent::{Categories, Consent},
    identifiers::{PersonIdentifier, PersonKey},
};
use sha2::{Digest, Sha256};

use crate::{
    Reader, Tx,
    error::{Error, Result, expect_rows},
};

/// The key of a consent: a digest of the sender's identifier for it.
pub fn identifier_digest(system: &str, value: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update((system.len() as u64).to_be_bytes());
    hash.update(system);
    hash.update(value);
    hash.finalize()[..16].try_into().expect("SHA-256 has 32 bytes")
}

/// A stored version of a consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// 1 for the first.
    pub version: i32,
    /// What it says.
    pub consent: Consent,
}

/// The current version of a person's consent with this key.
pub async fn find(
    tx: &mut Tx,
    person: PersonKey,
    identifier_digest: [u8; 16],
) -> Result<Option<Version>> {
    let row = sqlx::query!(
        "-- consent.find
        select version, institution, categories, starts_at, ends_at, active
        from consent
        where bucket = $1 and person = $2 and identifier_digest = $3 and current
        order by version desc
        limit 1",
        person.bucket().number(),
        person.uuid(),
        &identifier_digest[..]
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| {
        let institution = row.institution.parse().map_err(|_| Error::Corrupt {
            table: "consent",
            column: "institution",
            what: "bad form",
        })?;
        let consent = Consent {
            person,
            institution,
            categories: Categories::from_bits(row.categories as u8),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            active: row.active,
        };
        Ok(Version { version: row.version, consent })
    })
    .transpose()
}

/// Adds a version, which becomes the current one.
pub async fn put(
    tx: &mut Tx,
    identifier_digest: [u8; 16],
    version: &Version,
    recorded_at: DateTime<Utc>,
) -> Result<()> {
    let Version { version, consent } = version;
    let bucket = consent.person.bucket().number();
    sqlx::query!(
        "-- consent.retire
        update consent
        set current = false
        where bucket = $1 and person = $2 and identifier_digest = $3 and current",
        bucket,
        consent.person.uuid(),
        &identifier_digest[..]
    )
    .execute(tx.connection())
    .await?;
    let done = sqlx::query!(
        "-- consent.put
        insert into consent (bucket, person, identifier_digest, version, current, institution,
            categories, starts_at, ends_at, active, recorded_at)
        values ($1, $2, $3, $4, true, $5, $6, $7, $8, $9, $10)",
        bucket,
        consent.person.uuid(),
        &identifier_digest[..],
        version,
        consent.institution.as_str(),
        i16::from(consent.categories.bits()),
        consent.starts_at,
        consent.ends_at,
        consent.active,
        recorded_at
    )
    .execute(tx.connection())
    .await?;
    expect_rows("consent.put", 1, done.rows_affected())
}

/// 閲覧の前提 — what a read needs to know before it may ask for a grant.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The instant of the read.
    pub now: DateTime<Utc>,
    /// The categories of all consents in force, joined; none: no consent in force.
    pub categories: Option<Categories>,
    /// A number that changes with every change of these consents; cursors are bound to it.
    pub fingerprint: i64,
}

/// A consent's version, categories, period and whether it is active.
type Row = (i32, i16, Range<DateTime<Utc>>, bool);

impl Standing {
    /// What current consents come to at an instant.
    pub(crate) fn of(now: DateTime<Utc>, consents: Vec<Row>) -> Self {
        let mut standing = Self { now, categories: None, fingerprint: 0 };
        for (version, categories, period, active) in consents {
            standing.fingerprint += i64::from(version) + 1_000 * i64::from(active);
            if active && period.contains(&now) {
                let bits = standing.categories.map_or(0, Categories::bits) | categories as u8;
                standing.categories = Some(Categories::from_bits(bits));
                standing.fingerprint += 1_000_000;
            }
        }
        standing
    }
}

/// The person whom an identifier means, for a read: exactly one, or none.
pub async fn person_of(
    reader: &mut Reader,
    identifier: &PersonIdentifier,
) -> Result<Option<PersonKey>> {
    let persons = crate::person::find(reader, identifier).await?;
    Ok(if let [person] = persons[..] { Some(person) } else { None })
}
