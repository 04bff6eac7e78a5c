//! 参加者台帳 — participants, certificates, institutions' names and token issuers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    identifiers::{InstitutionNumber, InsurerNumber},
    participant::{Fingerprint, Issuer, IssuerKey, Participant, Role, SignatureAlgorithm},
    prescription::Medium,
};

use crate::{
    Store, Tx,
    error::{Error, Result, expect_rows},
};

/// 参加者台帳 — all of it, as servers keep it in memory.
#[derive(Debug, Default)]
pub struct Registry {
    /// Moves with every change.
    pub version: i64,
    /// Participants by number.
    pub participants: HashMap<i32, Participant>,
    /// Whose certificate it is.
    pub certificates: HashMap<Fingerprint, i32>,
    /// Names of institutions, each with the instant from which it holds.
    pub institution_names: HashMap<InstitutionNumber, BTreeMap<DateTime<Utc>, String>>,
    /// 承継 — who has succeeded an institution.
    pub successions: Successions,
    /// How institutions prescribe, each with the instant from which it holds.
    pub prescribing: HashMap<InstitutionNumber, BTreeMap<DateTime<Utc>, Medium>>,
    /// Token issuers by name.
    pub issuers: HashMap<String, Issuer>,
}

/// 承継 — who has succeeded whom.
#[derive(Debug, Default)]
pub struct Successions(HashMap<InstitutionNumber, InstitutionNumber>);

impl Successions {
    /// Who has succeeded an institution, and who has succeeded that one, to the end.
    pub fn after(&self, institution: InstitutionNumber) -> impl Iterator<Item = InstitutionNumber> {
        let first = self.0.get(&institution).copied();
        // No institution is succeeded twice, so that a chain is at most as long as the table.
        std::iter::successors(first, |one| self.0.get(one).copied()).take(self.0.len())
    }
}

fn corrupt(table: &'static str, column: &'static str) -> Error {
    Error::Corrupt { table, column, what: "bad form" }
}

/// The version of the registry; changes with every change.
pub async fn version(store: &Store) -> Result<i64> {
    let version = sqlx::query_scalar!(
        "-- registry.version
        select version
        from registry_version"
    )
    .fetch_one(store.pool())
    .await?;
    Ok(version)
}

/// Reads the whole registry.
pub async fn load(store: &Store) -> Result<Registry> {
    let mut registry = Registry { version: version(store).await?, ..Registry::default() };
    load_participants(store, &mut registry).await?;
    load_successions(store, &mut registry).await?;
    load_names(store, &mut registry).await?;
    load_prescribing(store, &mut registry).await?;
    load_issuers(store, &mut registry).await?;
    Ok(registry)
}

async fn load_participants(store: &Store, registry: &mut Registry) -> Result<()> {
    let rows = sqlx::query!(
        "-- registry.participants
        select id, name, role, insurer, starts_at, ends_at
        from participant
        order by id
        limit 1000000"
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let insurer: Option<InsurerNumber> = row
            .insurer
            .map(|number| number.parse())
            .transpose()
            .map_err(|_| corrupt("participant", "insurer"))?;
        let participant = Participant {
            id: row.id,
            name: row.name,
            role: row.role.parse().map_err(|_| corrupt("participant", "role"))?,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            institutions: BTreeSet::new(),
            predecessors: BTreeMap::new(),
            insurer,
        };
        registry.participants.insert(row.id, participant);
    }
    let rows = sqlx::query!(
        "-- registry.institutions
        select participant, institution
        from participant_institution
        order by participant, institution
        limit 10000000"
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let number = row
            .institution
            .parse()
            .map_err(|_| corrupt("participant_institution", "institution"))?;
        if let Some(participant) = registry.participants.get_mut(&row.participant) {
            participant.institutions.insert(number);
        }
    }
    let rows = sqlx::query!(
        "-- registry.certificates
        select fingerprint, participant
        from participant_certificate
        order by fingerprint
        limit 10000000"
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let fingerprint = row
            .fingerprint
            .try_into()
            .map_err(|_| corrupt("participant_certificate", "fingerprint"))?;
        registry.certificates.insert(Fingerprint(fingerprint), row.participant);
    }
    Ok(())
}

/// Reads who succeeded whom, and tells participants which institutions theirs have succeeded.
async fn load_successions(store: &Store, registry: &mut Registry) -> Result<()> {
    let rows = sqlx::query!(
        "-- registry.successions
        select predecessor, institution
        from institution_succession
        order by predecessor
        limit 1000000"
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let number = |text: String, column| {
            text.parse().map_err(|_| corrupt("institution_succession", column))
        };
        let predecessor = number(row.predecessor, "predecessor")?;
        registry.successions.0.insert(predecessor, number(row.institution, "institution")?);
    }
    let Registry { participants, successions, .. } = registry;
    for participant in participants.values_mut() {
        for predecessor in successions.0.keys() {
            for successor in successions.after(*predecessor) {
                if participant.institutions.contains(&successor) {
                    participant.predecessors.entry(successor).or_default().insert(*predecessor);
                }
            }
        }
    }
    Ok(())
}

async fn load_names(store: &Store, registry: &mut Registry) -> Result<()> {
    let rows = sqlx::query!(
        "-- registry.names
        select institution, named_from, name
        from institution_name
        order by institution, named_from
        limit 10000000"
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let number =
            row.institution.parse().map_err(|_| corrupt("institution_name", "institution"))?;
        registry.institution_names.entry(number).or_default().insert(row.named_from, row.name);
    }
    Ok(())
}

async fn load_prescribing(store: &Store, registry: &mut Registry) -> Result<()> {
    let rows = sqlx::query!(
        "-- registry.prescribing
        select institution, since, medium
        from institution_prescribing
        order by institution, since
        limit 10000000"
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let bad = |column| corrupt("institution_prescribing", column);
        let number = row.institution.parse().map_err(|_| bad("institution"))?;
        let medium = Medium::from_code(&row.medium).ok_or(bad("medium"))?;
        registry.prescribing.entry(number).or_default().insert(row.since, medium);
    }
    Ok(())
}

async fn load_issuers(store: &Store, registry: &mut Registry) -> Result<()> {
    let rows = sqlx::query!(
        r#"-- registry.issuers
        select
            i.name,
            i.role,
            k.kid,
            k.algorithm,
            k.public_pem
        from issuer i
        join issuer_key k on k.issuer = i.name
        order by i.name, k.kid
        limit 100000"#
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let role = row.role.parse().map_err(|_| corrupt("issuer", "role"))?;
        let algorithm = SignatureAlgorithm::from_code(&row.algorithm)
            .ok_or(corrupt("issuer_key", "algorithm"))?;
        let issuer = registry.issuers.entry(row.name.clone()).or_insert_with(|| Issuer {
            name: row.name,
            role,
            keys: Vec::new(),
            institutions: BTreeSet::new(),
        });
        issuer.keys.push(IssuerKey { kid: row.kid, algorithm, public_pem: row.public_pem });
    }
    let rows = sqlx::query!(
        "-- registry.issuer_institutions
        select issuer, institution
        from issuer_institution
        order by issuer, institution
        limit 10000000"
    )
    .fetch_all(store.pool())
    .await?;
    for row in rows {
        let number =
            row.institution.parse().map_err(|_| corrupt("issuer_institution", "institution"))?;
        if let Some(issuer) = registry.issuers.get_mut(&row.issuer) {
            issuer.institutions.insert(number);
        }
    }
    Ok(())
}

/// A participant that is about to be registered.
#[derive(Debug, Clone)]
pub struct NewParticipant {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The insurer that it is.
    pub insurer: Option<InsurerNumber>,
    /// The institutions that it acts for.
    pub institutions: BTreeSet<InstitutionNumber>,
    /// Its certificates.
    pub certificates: Vec<Fingerprint>,
}

/// Registers a participant, or adds rights and certificates to the one with this name.
///
/// Answers its number; `None` when the name is known under another role.
pub async fn add_participant(tx: &mut Tx, new: &NewParticipant) -> Result<Option<i32>> {
    let now = tx.now();
    let id = sqlx::query_scalar!(
        "-- registry.add_participant
        insert into participant (name, role, insurer, starts_at)
        values ($1, $2, $3, $4)
        on conflict (name) do update
        set ends_at = null
        where participant.role = excluded.role
        returning id",
        new.name,
        new.role.code(),
        new.insurer.as_ref().map(InsurerNumber::as_str),
        now
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(id) = id else { return Ok(None) };
    let institutions: Vec<String> = new.institutions.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "-- registry.add_institutions
        insert into participant_institution (participant, institution)
        select $1, institution
        from unnest($2::text[]) as added (institution)
        on conflict do nothing",
        id,
        &institutions
    )
    .execute(tx.connection())
    .await?;
    let fingerprints: Vec<Vec<u8>> = new.certificates.iter().map(|one| one.0.to_vec()).collect();
    sqlx::query!(
        "-- registry.add_certificates
        insert into participant_certificate (fingerprint, participant, added_at)
        select fingerprint, $1, $3
        from unnest($2::bytea[]) as added (fingerprint)
        on conflict (fingerprint) do update
        set participant = excluded.participant",
        id,
        &fingerprints,
        now
    )
    .execute(tx.connection())
    .await?;
    touch(tx).await?;
    Ok(Some(id))
}

/// Takes a participant's rights away from now on; answers whether there was one.
pub async fn disable_participant(tx: &mut Tx, name: &str) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- registry.disable_participant
        update participant
        set ends_at = $2
        where name = $1 and (ends_at is null or ends_at > $2)",
        name,
        now
    )
    .execute(tx.connection())
    .await?;
    touch(tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Takes one certificate out of use; answers whether it was known.
pub async fn remove_certificate(tx: &mut Tx, fingerprint: &Fingerprint) -> Result<bool> {
    let done = sqlx::query!(
        "-- registry.remove_certificate
        delete from participant_certificate
        where fingerprint = $1",
        &fingerprint.0[..]
    )
    .execute(tx.connection())
    .await?;
    touch(tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Names an institution from now on.
pub async fn name_institution(tx: &mut Tx, number: InstitutionNumber, name: &str) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- registry.name_institution
        insert into institution_name (institution, named_from, name)
        values ($1, $2, $3)
        on conflict (institution, named_from) do update
        set name = excluded.name",
        number.as_str(),
        now,
        name
    )
    .execute(tx.connection())
    .await?;
    expect_rows("registry.name_institution", 1, done.rows_affected())?;
    touch(tx).await
}

/// 承継 — lets an institution manage the Bundles of its predecessor from now on; answers
/// whether the predecessor had no successor.
pub async fn succeed(
    tx: &mut Tx,
    institution: InstitutionNumber,
    predecessor: InstitutionNumber,
) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- registry.succeed
        insert into institution_succession (predecessor, institution, since)
        values ($1, $2, $3)
        on conflict do nothing",
        predecessor.as_str(),
        institution.as_str(),
        now
    )
    .execute(tx.connection())
    .await?;
    touch(tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Notes how an institution prescribes from now on.
pub async fn set_prescribing(tx: &mut Tx, number: InstitutionNumber, medium: Medium) -> Result<()> {
    let now = tx.now();
    let done = sqlx::query!(
        "-- registry.set_prescribing
        insert into institution_prescribing (institution, since, medium)
        values ($1, $2, $3)
        on conflict (institution, since) do update
        set medium = excluded.medium",
        number.as_str(),
        now,
        medium.code()
    )
    .execute(tx.connection())
    .await?;
    expect_rows("registry.set_prescribing", 1, done.rows_affected())?;
    touch(tx).await
}

/// Registers a token issuer, or adds keys and institutions to the one with this name.
///
/// Answers `false` when the name is known under another role.
pub async fn add_issuer(tx: &mut Tx, issuer: &Issuer) -> Result<bool> {
    let done = sqlx::query!(
        "-- registry.add_issuer
        insert into issuer (name, role)
        values ($1, $2)
        on conflict (name) do update
        set role = excluded.role
        where issuer.role = excluded.role",
        issuer.name,
        issuer.role.code()
    )
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for key in &issuer.keys {
        sqlx::query!(
            "-- registry.add_issuer_key
            insert into issuer_key (issuer, kid, algorithm, public_pem)
            values ($1, $2, $3, $4)
            on conflict (issuer, kid) do update
            set algorithm = excluded.algorithm, public_pem = excluded.public_pem",
            issuer.name,
            key.kid,
            key.algorithm.code(),
            key.public_pem
        )
        .execute(tx.connection())
        .await?;
    }
    let institutions: Vec<String> = issuer.institutions.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "-- registry.add_issuer_institutions
        insert into issuer_institution (issuer, institution)
        select $1, institution
        from unnest($2::text[]) as added (institution)
        on conflict do nothing",
        issuer.name,
        &institutions
    )
    .execute(tx.connection())
    .await?;
    touch(tx).await?;
    Ok(true)
}

async fn touch(tx: &mut Tx) -> Result<()> {
    let done = sqlx::query!(
        "-- registry.touch
        update registry_version
        set version = version + 1"
    )
    .execute(tx.connection())
    .await?;
    expect_rows("registry.touch", 1, done.rows_affected())
}
