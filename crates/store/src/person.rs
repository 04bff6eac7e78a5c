//! 個人 — persons, their identifiers, and the lock that orders everything written for one.

mod join;

use chrono::{DateTime, NaiveDate, Utc};
use kyoyu_domain::{
    identifiers::{Bucket, InsurerNumber, PersonIdentifier, PersonIdentifierSystem, PersonKey},
    person::{DatedIdentifier, Disclosure, Gender, Person},
    phi::Phi,
    policy::ReadGrant,
};

pub use self::join::Join;
use crate::{
    Reader, Store, Tx,
    error::{Error, Result, expect_rows},
};

/// 照合 — a person that an identifier may mean.
#[derive(Debug, Clone)]
pub struct Match {
    /// The person.
    pub person: PersonKey,
    /// The birth date that the eligibility network announced.
    pub birth_on: Phi<NaiveDate>,
    /// Whether the identifier is this person's to the letter; otherwise it lacks the
    /// branch and means somebody of the family.
    pub exact: bool,
    /// First day on which the stored identifier is valid.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_through: Option<NaiveDate>,
}

impl Match {
    /// Whether the identifier is valid on a day in Japan.
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
            && self.valid_through.is_none_or(|through| day <= through)
    }
}

fn identifier_bucket(identifier: &PersonIdentifier) -> Bucket {
    Bucket::of(&identifier.family_digest())
}

impl Store {
    /// Begins a transaction about the person whom an identifier means: everything that is
    /// written for one person happens one after another.
    ///
    /// One statement finds the person, takes the lock and reads the clock, in this order,
    /// so that registrations of a person are dated in the order in which they commit.
    ///
    /// # Errors
    /// [`Error::Overtaken`] when the person was joined with another while this waited.
    pub async fn begin_for(&self, identifier: &PersonIdentifier) -> Result<(Tx, Vec<Match>)> {
        let (tx, matches) = self.try_begin_for(identifier).await?;
        if self.knows_month(tx.now()) {
            return Ok((tx, matches));
        }
        let now = tx.now();
        drop(tx);
        self.know_month(now).await?;
        self.try_begin_for(identifier).await
    }

    async fn try_begin_for(&self, identifier: &PersonIdentifier) -> Result<(Tx, Vec<Match>)> {
        let mut open = self.open_transaction().await?;
        let rows = sqlx::query!(
            r#"-- person.begin_for
            select
                clock_timestamp() as "now!",
                found.locked as "locked?",
                person_is_there(found.bucket, found.person) as "is_there?",
                found.person as "person?",
                found.birth_on as "birth_on?",
                found.exact as "exact?",
                found.valid_from as "valid_from?",
                found.valid_through as "valid_through?"
            from (values (1)) as once (one)
            left join lateral (
                select
                    pg_advisory_xact_lock(i.bucket, hashtext(i.person::text))::text as locked,
                    i.bucket,
                    i.person,
                    p.birth_on,
                    i.digest = $2 as exact,
                    i.valid_from,
                    i.valid_through
                from person_identifier i
                join person p on p.bucket = i.bucket and p.person = i.person
                where i.identifier_bucket = $1
                    and (i.digest = $2 or ($3 and i.family_digest = $4))
                order by i.person
                limit 100
                offset 0
            ) as found on true"#,
            identifier_bucket(identifier).number(),
            &identifier.digest()[..],
            identifier.lacks_branch(),
            &identifier.family_digest()[..],
        )
        .fetch_all(open.connection())
        .await?;
        let now = rows.last().map(|row| row.now).ok_or(Error::Corrupt {
            table: "person",
            column: "now",
            what: "no row",
        })?;
        if rows.iter().any(|row| row.person.is_some() && row.is_there != Some(true)) {
            return Err(Error::Overtaken);
        }
        let matches = rows.into_iter().filter_map(|row| {
            Some(Match {
                person: PersonKey::new(row.person?),
                birth_on: Phi::new(row.birth_on?),
                exact: row.exact?,
                valid_from: row.valid_from,
                valid_through: row.valid_through,
            })
        });
        Ok((self.transaction(open, now), matches.collect()))
    }
}

/// Takes the lock of a person, waiting for whoever has it.
pub async fn lock(tx: &mut Tx, person: PersonKey) -> Result<()> {
    sqlx::query!(
        r#"-- person.lock
        select pg_advisory_xact_lock($1::integer, hashtext($2::uuid::text))::text as locked"#,
        i32::from(person.bucket().number()),
        person.uuid()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// Takes the lock of each person that nobody else holds; the others are left out.
pub async fn try_lock(tx: &mut Tx, persons: &[PersonKey]) -> Result<Vec<PersonKey>> {
    let (buckets, keys) = split(persons);
    let rows = sqlx::query!(
        r#"-- person.try_lock
        select
            person as "person!",
            pg_try_advisory_xact_lock(bucket, hashtext(person::text)) as "locked!"
        from unnest($1::smallint[], $2::uuid[]) as wanted (bucket, person)"#,
        &buckets,
        &keys
    )
    .fetch_all(tx.connection())
    .await?;
    let locked = rows.into_iter().filter(|row| row.locked);
    Ok(locked.map(|row| PersonKey::new(row.person)).collect())
}

pub(crate) fn split(persons: &[PersonKey]) -> (Vec<i16>, Vec<uuid::Uuid>) {
    persons.iter().map(|person| (person.bucket().number(), person.uuid())).unzip()
}

/// The persons whom an identifier means, without a lock.
pub async fn find(reader: &mut Reader, identifier: &PersonIdentifier) -> Result<Vec<PersonKey>> {
    let rows = sqlx::query!(
        r#"-- person.find
        select distinct person
        from person_identifier
        where identifier_bucket = $1
            and (digest = $2 or ($3 and family_digest = $4))
        order by person
        limit 100"#,
        identifier_bucket(identifier).number(),
        &identifier.digest()[..],
        identifier.lacks_branch(),
        &identifier.family_digest()[..],
    )
    .fetch_all(reader.statement())
    .await?;
    reader.answered();
    Ok(rows.into_iter().map(|row| PersonKey::new(row.person)).collect())
}

/// Whether a person is still there, and was not joined with another since its key was read.
pub async fn is_there(reader: &mut Reader, person: PersonKey) -> Result<bool> {
    let is_there = sqlx::query_scalar!(
        r#"-- person.is_there
        select person_is_there($1, $2) as "is_there!""#,
        person.bucket().number(),
        person.uuid()
    )
    .fetch_one(reader.statement())
    .await?;
    reader.answered();
    Ok(is_there)
}

/// 加入者 — whether a person is a member of an insurer on a day in Japan.
pub async fn is_member(
    reader: &mut Reader,
    person: PersonKey,
    insurer: &InsurerNumber,
    day: NaiveDate,
) -> Result<bool> {
    let member = sqlx::query_scalar!(
        r#"-- person.is_member
        select exists (
            select 1
            from person_identifier
            where bucket = $1
                and person = $2
                and system = $3
                and split_part(value, ':', 1) = $4
                and (valid_from is null or valid_from <= $5)
                and (valid_through is null or $5 <= valid_through)
        ) as "member!""#,
        person.bucket().number(),
        person.uuid(),
        PersonIdentifierSystem::Insured.uri(),
        insurer.as_str(),
        day
    )
    .fetch_one(reader.statement())
    .await?;
    reader.answered();
    Ok(member)
}

/// Whose identifier it is, to the letter.
pub async fn owner(tx: &mut Tx, identifier: &PersonIdentifier) -> Result<Option<PersonKey>> {
    let person = sqlx::query_scalar!(
        "-- person.owner
        select person
        from person_identifier
        where identifier_bucket = $1 and digest = $2",
        identifier_bucket(identifier).number(),
        &identifier.digest()[..],
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(person.map(PersonKey::new))
}

/// The person whom a grant lets one see.
pub async fn granted(tx: &mut Tx, grant: &ReadGrant) -> Result<Option<Person>> {
    get(tx, grant.person()).await
}

/// A person with the history of identifiers, for the eligibility network that announced it.
pub async fn get(tx: &mut Tx, key: PersonKey) -> Result<Option<Person>> {
    let Some(row) = sqlx::query!(
        "-- person.get
        select birth_on, gender
        from person
        where bucket = $1 and person = $2",
        key.bucket().number(),
        key.uuid()
    )
    .fetch_optional(tx.connection())
    .await?
    else {
        return Ok(None);
    };
    let gender = Gender::from_code(&row.gender).ok_or(Error::Corrupt {
        table: "person",
        column: "gender",
        what: "unknown code",
    })?;
    let identifiers = identifiers(tx, key).await?;
    Ok(Some(Person { key, birth_on: Phi::new(row.birth_on), gender, identifiers }))
}

async fn identifiers(tx: &mut Tx, key: PersonKey) -> Result<Vec<DatedIdentifier>> {
    let rows = sqlx::query!(
        "-- person.identifiers
        select system, value, valid_from, valid_through
        from person_identifier
        where bucket = $1 and person = $2
        order by valid_from desc nulls last, announced_at desc, digest
        limit 1000",
        key.bucket().number(),
        key.uuid()
    )
    .fetch_all(tx.connection())
    .await?;
    let corrupt = |column| Error::Corrupt { table: "person_identifier", column, what: "bad form" };
    rows.into_iter()
        .map(|row| {
            let system = PersonIdentifierSystem::from_uri(&row.system).ok_or(corrupt("system"))?;
            let identifier =
                PersonIdentifier::new(system, &row.value).map_err(|_| corrupt("value"))?;
            let (valid_from, valid_through) = (row.valid_from, row.valid_through);
            Ok(DatedIdentifier { identifier, valid_from, valid_through })
        })
        .collect()
}

/// Adds a person.
pub async fn insert(
    tx: &mut Tx,
    key: PersonKey,
    birth_on: &Phi<NaiveDate>,
    gender: Gender,
) -> Result<()> {
    let done = sqlx::query!(
        "-- person.insert
        insert into person (bucket, person, birth_on, gender)
        values ($1, $2, $3, $4)",
        key.bucket().number(),
        key.uuid(),
        birth_on.expose(),
        gender.code()
    )
    .execute(tx.connection())
    .await?;
    expect_rows("person.insert", 1, done.rows_affected())
}

/// Corrects what the eligibility network says of a person.
pub async fn update(
    tx: &mut Tx,
    key: PersonKey,
    birth_on: &Phi<NaiveDate>,
    gender: Gender,
) -> Result<()> {
    let done = sqlx::query!(
        "-- person.update
        update person
        set birth_on = $3, gender = $4
        where bucket = $1 and person = $2",
        key.bucket().number(),
        key.uuid(),
        birth_on.expose(),
        gender.code()
    )
    .execute(tx.connection())
    .await?;
    expect_rows("person.update", 1, done.rows_affected())
}

/// 不開示 — opens or closes a person's access log.
pub async fn disclose(tx: &mut Tx, key: PersonKey, disclosure: Disclosure) -> Result<()> {
    let closed_at = (disclosure == Disclosure::Closed).then(|| tx.now());
    let done = sqlx::query!(
        "-- person.disclose
        update person
        set log_closed_at = $3
        where bucket = $1 and person = $2",
        key.bucket().number(),
        key.uuid(),
        closed_at
    )
    .execute(tx.connection())
    .await?;
    expect_rows("person.disclose", 1, done.rows_affected())
}

/// Whether a person's access log may be shown.
pub async fn disclosure(tx: &mut Tx, key: PersonKey) -> Result<Disclosure> {
    let closed = sqlx::query_scalar!(
        r#"-- person.disclosure
        select log_closed_at is not null as "closed!"
        from person
        where bucket = $1 and person = $2"#,
        key.bucket().number(),
        key.uuid()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(if closed { Disclosure::Closed } else { Disclosure::Open })
}

/// Adds an identifier to a person's history, or corrects its days.
///
/// # Errors
/// [`Error::Overtaken`] when somebody has just made it another person's: the use case looks
/// whose it is before it comes here.
pub async fn put_identifier(
    tx: &mut Tx,
    key: PersonKey,
    dated: &DatedIdentifier,
    announced_at: DateTime<Utc>,
) -> Result<()> {
    let identifier = &dated.identifier;
    let done = sqlx::query!(
        "-- person.put_identifier
        insert into person_identifier (identifier_bucket, digest, family_digest, system, value,
            bucket, person, valid_from, valid_through, announced_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (identifier_bucket, digest) do update
        set valid_from = excluded.valid_from,
            valid_through = excluded.valid_through,
            announced_at = excluded.announced_at
        where person_identifier.person = excluded.person",
        identifier_bucket(identifier).number(),
        &identifier.digest()[..],
        &identifier.family_digest()[..],
        identifier.system().uri(),
        identifier.value().expose(),
        key.bucket().number(),
        key.uuid(),
        dated.valid_from,
        dated.valid_through,
        announced_at
    )
    .execute(tx.connection())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Overtaken) }
}
