//! 文書授受 — the rows that say where letters stand.

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    catalogue,
    identifiers::{Bucket, BundleIdentifier, InstitutionNumber, PersonKey, SubmissionId},
    letter::{ConsentPattern, Letter, LetterState},
};
use uuid::Uuid;

use crate::{
    Tx,
    error::{Error, Result, expect_rows},
};

struct Row {
    registered_at: DateTime<Utc>,
    visible_at: Option<DateTime<Utc>>,
    received_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    bucket: i16,
    person: Uuid,
    submission: Uuid,
    belongs_to: Option<Uuid>,
    kind: String,
    identifier: String,
    addressee: String,
    pattern: Option<String>,
    state: String,
}

impl Row {
    fn into_letter(self) -> Result<Letter> {
        let corrupt = |column| Error::Corrupt { table: "letter", column, what: "bad form" };
        let bucket = Bucket::from_number(self.bucket).ok_or(corrupt("bucket"))?;
        let pattern = self.pattern.as_deref();
        Ok(Letter {
            submission: SubmissionId { bucket, uuid: self.submission },
            person: PersonKey::new(self.person),
            kind: catalogue::find(&self.kind).ok_or(corrupt("kind"))?,
            identifier: self.identifier.parse().map_err(|_| corrupt("identifier"))?,
            addressee: self.addressee.parse().map_err(|_| corrupt("addressee"))?,
            belongs_to: self.belongs_to.map(|uuid| SubmissionId { bucket, uuid }),
            pattern: pattern
                .map(|code| ConsentPattern::from_code(code).ok_or(corrupt("pattern")))
                .transpose()?,
            state: LetterState::from_code(&self.state).ok_or(corrupt("state"))?,
            registered_at: self.registered_at,
            visible_at: self.visible_at,
            received_at: self.received_at,
            cancelled_at: self.cancelled_at,
        })
    }
}

fn letters(rows: Vec<Row>) -> Result<Vec<Letter>> {
    rows.into_iter().map(Row::into_letter).collect()
}

/// 受信箱の順番 — the instant from which an addressee sees what this transaction shows it. The
/// addressee is held until the transaction ends, so that letters come into sight in the order
/// of their instants: who asks for what came since the last one misses none.
pub async fn turn(tx: &mut Tx, addressee: InstitutionNumber) -> Result<DateTime<Utc>> {
    let database = sqlx::query_scalar!(
        r#"-- letter.turn
        select clock_timestamp() as "now!"
        from (
            select pg_advisory_xact_lock(hashtextextended('letters to ' || $1, 0))::text as held
            offset 0
        ) as locked
        where held is not null"#,
        addressee.as_str()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(tx.instant_of(database))
}

/// Stores a new letter.
pub async fn insert(tx: &mut Tx, letter: &Letter) -> Result<()> {
    let done = sqlx::query!(
        "-- letter.insert
        insert into letter (registered_at, visible_at, received_at, cancelled_at, bucket, person,
            submission, belongs_to, kind, identifier, addressee, pattern, state)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        letter.registered_at,
        letter.visible_at,
        letter.received_at,
        letter.cancelled_at,
        letter.submission.bucket.number(),
        letter.person.uuid(),
        letter.submission.uuid,
        letter.belongs_to.map(|referral| referral.uuid),
        letter.kind.code,
        letter.identifier.value(),
        letter.addressee.as_str(),
        letter.pattern.map(ConsentPattern::code),
        letter.state.code()
    )
    .execute(tx.connection())
    .await?;
    expect_rows("letter.insert", 1, done.rows_affected())
}

/// Writes where a letter stands now.
pub async fn update(tx: &mut Tx, letter: &Letter) -> Result<()> {
    let done = sqlx::query!(
        "-- letter.update
        update letter
        set visible_at = $3, received_at = $4, cancelled_at = $5, state = $6
        where bucket = $1 and submission = $2",
        letter.submission.bucket.number(),
        letter.submission.uuid,
        letter.visible_at,
        letter.received_at,
        letter.cancelled_at,
        letter.state.code()
    )
    .execute(tx.connection())
    .await?;
    expect_rows("letter.update", 1, done.rows_affected())
}

/// Lets the segment of a received letter know; its other segments live by their own rules.
pub async fn mark_received(tx: &mut Tx, letter: &Letter) -> Result<()> {
    let done = sqlx::query!(
        "-- letter.mark_received
        update segment
        set received_at = $4
        where bucket = $1 and person = $2 and submission = $3 and kind = $5",
        letter.submission.bucket.number(),
        letter.person.uuid(),
        letter.submission.uuid,
        letter.received_at,
        letter.kind.code
    )
    .execute(tx.connection())
    .await?;
    expect_rows("letter.mark_received", 1, done.rows_affected())
}

/// One letter. Whether the caller may know of it is for the policy to say.
pub async fn find(tx: &mut Tx, id: SubmissionId) -> Result<Option<Letter>> {
    let row = sqlx::query_as!(
        Row,
        "-- letter.find
        select registered_at, visible_at, received_at, cancelled_at, bucket, person, submission,
            belongs_to, kind, identifier, addressee, pattern, state
        from letter
        where bucket = $1 and submission = $2",
        id.bucket.number(),
        id.uuid
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(Row::into_letter).transpose()
}

/// 待っている文書 — which of the letters about a person are asked for that nobody has received.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// About whom.
    pub person: PersonKey,
    /// Only those for this addressee.
    pub addressee: Option<InstitutionNumber>,
    /// Only what comes behind this place: registration and version.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: i64,
}

/// The letters about a person that wait for an answer or for their addressee, newest first.
/// What is over by its period is among them until it is purged.
pub async fn open_of(tx: &mut Tx, wanted: &Open) -> Result<Vec<Letter>> {
    let (after_at, after_id) = wanted.after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "-- letter.open_of
        select registered_at, visible_at, received_at, cancelled_at, bucket, person, submission,
            belongs_to, kind, identifier, addressee, pattern, state
        from letter
        where bucket = $1
            and person = $2
            and received_at is null
            and cancelled_at is null
            and ($3::text is null or addressee = $3)
            and ($4::timestamptz is null or (registered_at, submission) < ($4, $5::uuid))
        order by registered_at desc, submission desc
        limit $6",
        wanted.person.bucket().number(),
        wanted.person.uuid(),
        wanted.addressee.map(|number| number.to_string()),
        after_at,
        after_id,
        wanted.limit
    )
    .fetch_all(tx.connection())
    .await?;
    letters(rows)
}

/// Lets the discharge summaries of a referral follow its new version or its new answer: same
/// addressee, same state. What has been received stays as it is.
pub async fn follow(tx: &mut Tx, former: SubmissionId, referral: &Letter) -> Result<()> {
    sqlx::query!(
        "-- letter.follow
        update letter
        set belongs_to = $4,
            addressee = $5,
            pattern = $6,
            state = $7,
            visible_at = case when state = $7 and addressee = $5 then visible_at else $8 end
        where bucket = $1 and person = $2 and belongs_to = $3 and received_at is null",
        former.bucket.number(),
        referral.person.uuid(),
        former.uuid,
        referral.submission.uuid,
        referral.addressee.as_str(),
        referral.pattern.map(ConsentPattern::code),
        referral.state.code(),
        referral.visible_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes the discharge summaries of a referral out of sight with it, or puts back those that
/// went with it, visible from when the referral is. What has been received stays as it is.
pub async fn cancel_following(tx: &mut Tx, referral: &Letter, from_now_on: &Letter) -> Result<()> {
    sqlx::query!(
        "-- letter.cancel_following
        update letter
        set cancelled_at = $5,
            visible_at = case when visible_at is null then null else $6::timestamptz end
        where bucket = $1 and person = $2 and belongs_to = $3 and received_at is null
            and cancelled_at is not distinct from $4",
        referral.submission.bucket.number(),
        referral.person.uuid(),
        referral.submission.uuid,
        referral.cancelled_at,
        from_now_on.cancelled_at,
        from_now_on.visible_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// 一覧の位置 — a place in a list of letters: instant and version.
pub type Position = (DateTime<Utc>, Uuid);

/// 受信箱 — which letters of an inbox are asked for.
#[derive(Debug, Clone)]
pub struct Inbox<'a> {
    /// The addressees.
    pub institutions: &'a [InstitutionNumber],
    /// About one person only.
    pub person: Option<PersonKey>,
    /// Only what became visible later than this.
    pub since: Option<DateTime<Utc>>,
    /// Only what comes behind this place.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: i64,
}

/// 受信箱 — the letters that their addressees may see, newest first. What is over by its
/// period is among them until it is purged.
pub async fn inbox(tx: &mut Tx, wanted: &Inbox<'_>) -> Result<Vec<Letter>> {
    let institutions: Vec<String> = wanted.institutions.iter().map(ToString::to_string).collect();
    let (after_at, after_id) = wanted.after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "-- letter.inbox
        select registered_at, visible_at, received_at, cancelled_at, bucket, person, submission,
            belongs_to, kind, identifier, addressee, pattern, state
        from letter
        where addressee = any($1)
            and visible_at is not null
            and cancelled_at is null
            and ($2::uuid is null or person = $2)
            and ($3::timestamptz is null or visible_at > $3)
            and ($4::timestamptz is null or (visible_at, submission) < ($4, $5::uuid))
        order by visible_at desc, submission desc
        limit $6",
        &institutions,
        wanted.person.map(PersonKey::uuid),
        wanted.since,
        after_at,
        after_id,
        wanted.limit
    )
    .fetch_all(tx.connection())
    .await?;
    letters(rows)
}

/// 状態の照会 — where letters stand, by their versions; what is no letter is left out.
pub async fn states(tx: &mut Tx, ids: &[SubmissionId]) -> Result<Vec<Letter>> {
    let buckets: Vec<i16> = ids.iter().map(|id| id.bucket.number()).collect();
    let submissions: Vec<Uuid> = ids.iter().map(|id| id.uuid).collect();
    let rows = sqlx::query_as!(
        Row,
        "-- letter.states
        select l.registered_at, l.visible_at, l.received_at, l.cancelled_at, l.bucket, l.person,
            l.submission, l.belongs_to, l.kind, l.identifier, l.addressee, l.pattern, l.state
        from unnest($1::smallint[], $2::uuid[]) as wanted (bucket, submission)
        join letter l on l.bucket = wanted.bucket and l.submission = wanted.submission
        order by l.submission
        limit $3",
        &buckets,
        &submissions,
        ids.len() as i64
    )
    .fetch_all(tx.connection())
    .await?;
    letters(rows)
}

/// The current version of a referral by its Bundle identifier, if it is kept.
pub async fn by_identifier(
    tx: &mut Tx,
    person: PersonKey,
    identifier: &BundleIdentifier,
) -> Result<Option<Letter>> {
    let row = sqlx::query_as!(
        Row,
        "-- letter.by_identifier
        select registered_at, visible_at, received_at, cancelled_at, bucket, person, submission,
            belongs_to, kind, identifier, addressee, pattern, state
        from letter
        where bucket = $1 and person = $2 and identifier = $3
        order by registered_at desc
        limit 1",
        person.bucket().number(),
        person.uuid(),
        identifier.value()
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(Row::into_letter).transpose()
}
