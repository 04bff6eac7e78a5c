//! 監査記録の書込みと照会.
//!
//! Writes are recorded in their own transaction. Reads and refusals are recorded through
//! a [`Recorder`], which lets records that arrive together share one commit: each caller
//! still waits until its record is durable.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard},
};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent, Outcome},
    identifiers::PersonKey,
    policy::Purpose,
    randomness::Randomness,
};
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    Store, Surroundings, Tx,
    error::{Error, Result},
};

/// At most so many records share a commit.
const BATCH: usize = 256;

/// Records that wait for the writer; beyond that a caller waits for a place.
const QUEUE: usize = 4096;

/// Months known to exist; a month is made when the first record of it is written.
#[derive(Debug, Default)]
pub(crate) struct KnownMonths(Mutex<HashSet<NaiveDate>>);

impl KnownMonths {
    fn lock(&self) -> MutexGuard<'_, HashSet<NaiveDate>> {
        self.0.lock().expect("no holder of the lock panics")
    }
}

pub(crate) async fn append(
    connection: &mut PgConnection,
    surroundings: &Surroundings,
    events: &[(DateTime<Utc>, &AuditEvent)],
) -> Result<()> {
    Columns::of(events, surroundings.randomness.as_ref()).insert(connection).await
}

/// So many batches are on their way at once. A commit waits for the one that is being
/// flushed and then for its own flush; a batch that also had to wait for the batch before
/// it would wait for three.
pub(crate) const WRITERS: u32 = 3;

/// 記録係 — writes the records of reads and refusals, many in one commit.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    at: Option<DateTime<Utc>>,
    event: AuditEvent,
    written: oneshot::Sender<bool>,
}

impl Recorder {
    /// Starts the writers; they end when the last recorder is dropped.
    pub fn start(store: &Store) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        for _ in 0..WRITERS {
            tokio::spawn(write_batches(store.clone(), Arc::clone(&waiting)));
        }
        Self { queue }
    }

    /// Writes a record and returns when it is durable. `at` is the instant of the call;
    /// none: the instant of writing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the record could not be written; then nothing that it
    /// speaks of may be answered.
    pub async fn record(&self, at: Option<DateTime<Utc>>, event: AuditEvent) -> Result<()> {
        let (written, done) = oneshot::channel();
        let lost = || Error::Unavailable(sqlx::Error::WorkerCrashed);
        self.queue.send(Waiting { at, event, written }).await.map_err(|_| lost())?;
        if done.await.unwrap_or(false) { Ok(()) } else { Err(lost()) }
    }
}

async fn write_batches(store: Store, waiting: Arc<tokio::sync::Mutex<mpsc::Receiver<Waiting>>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.lock().await.recv_many(&mut batch, BATCH).await > 0 {
        let written = write_batch(&store, &batch).await;
        if let Err(error) = &written {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "audit records were not written"
            );
        }
        for one in batch.drain(..) {
            if one.written.send(written.is_ok()).is_err() {
                tracing::debug!("a caller went away before its audit record was durable");
            }
        }
    }
}

async fn write_batch(store: &Store, batch: &[Waiting]) -> Result<()> {
    let now = if batch.iter().any(|one| one.at.is_none()) {
        store.now().await?
    } else {
        DateTime::UNIX_EPOCH
    };
    let events: Vec<(DateTime<Utc>, &AuditEvent)> =
        batch.iter().map(|one| (one.at.unwrap_or(now), &one.event)).collect();
    for (at, _) in &events {
        store.know_month(*at).await?;
    }
    let mut lent = store.recorders.take().await?;
    append(lent.statement(), &store.surroundings, &events).await?;
    lent.answered();
    Ok(())
}

/// 記録 — one row of the table.
pub(crate) struct Record {
    pub(crate) at: DateTime<Utc>,
    pub(crate) event: Uuid,
    pub(crate) bucket: Option<i16>,
    pub(crate) person: Option<Uuid>,
    pub(crate) participant: Option<i32>,
    pub(crate) institution: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) qualification: Option<String>,
    pub(crate) purpose: Option<&'static str>,
    pub(crate) action: &'static str,
    pub(crate) kinds: String,
    pub(crate) outcome: &'static str,
    pub(crate) quantity: i32,
}

impl Record {
    pub(crate) fn of(at: DateTime<Utc>, event: &AuditEvent, randomness: &dyn Randomness) -> Self {
        let actor = &event.actor;
        let (outcome, quantity) = match event.outcome {
            Outcome::Done { resources } => ("done", resources),
            Outcome::Refused { rule, times } => (rule, times),
        };
        let kinds: Vec<&str> = event.kinds.iter().map(|kind| kind.code).collect();
        Self {
            at,
            event: randomness.uuid_v7(at),
            bucket: event.person.map(|person| person.bucket().number()),
            person: event.person.map(PersonKey::uuid),
            participant: actor.participant,
            institution: actor.institution.map(|number| number.to_string()),
            user: actor.user.clone(),
            qualification: actor.qualification.clone(),
            purpose: actor.purpose.map(Purpose::code),
            action: event.action.code(),
            kinds: kinds.join(","),
            outcome,
            quantity: i32::try_from(quantity).unwrap_or(i32::MAX),
        }
    }
}

/// Records as columns, for one statement whatever their number.
#[derive(Default)]
struct Columns {
    at: Vec<DateTime<Utc>>,
    event: Vec<Uuid>,
    bucket: Vec<Option<i16>>,
    person: Vec<Option<Uuid>>,
    participant: Vec<Option<i32>>,
    institution: Vec<Option<String>>,
    user: Vec<Option<String>>,
    qualification: Vec<Option<String>>,
    purpose: Vec<Option<String>>,
    action: Vec<String>,
    kinds: Vec<String>,
    outcome: Vec<String>,
    quantity: Vec<i32>,
}

impl Columns {
    fn of(events: &[(DateTime<Utc>, &AuditEvent)], randomness: &dyn Randomness) -> Self {
        let mut columns = Self::default();
        for (at, event) in events {
            columns.push(Record::of(*at, event, randomness));
        }
        columns
    }

    fn push(&mut self, record: Record) {
        self.at.push(record.at);
        self.event.push(record.event);
        self.bucket.push(record.bucket);
        self.person.push(record.person);
        self.participant.push(record.participant);
        self.institution.push(record.institution);
        self.user.push(record.user);
        self.qualification.push(record.qualification);
        self.purpose.push(record.purpose.map(str::to_owned));
        self.action.push(record.action.to_owned());
        self.kinds.push(record.kinds);
        self.outcome.push(record.outcome.to_owned());
        self.quantity.push(record.quantity);
    }

    async fn insert(self, connection: &mut PgConnection) -> Result<()> {
        sqlx::query!(
            "-- audit.append
            insert into audit_event (at, event, bucket, person, participant, institution,
                user_name, qualification, purpose, action, kinds, outcome, quantity)
            select *
            from unnest($1::timestamptz[], $2::uuid[], $3::smallint[], $4::uuid[], $5::integer[],
                $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                $12::text[], $13::integer[])",
            &self.at,
            &self.event,
            &self.bucket as _,
            &self.person as _,
            &self.participant as _,
            &self.institution as _,
            &self.user as _,
            &self.qualification as _,
            &self.purpose as _,
            &self.action,
            &self.kinds,
            &self.outcome,
            &self.quantity,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Makes the partition of the month of `at`, once per process and month, in a
    /// transaction of its own: who waits for it must hold nothing of the audit records, so
    /// that it happens when a transaction begins and not when it commits.
    pub(crate) async fn know_month(&self, at: DateTime<Utc>) -> Result<()> {
        let month = month_of(at);
        if self.surroundings.audit_months.lock().contains(&month) {
            return Ok(());
        }
        let mut lent = self.recorders.take().await?;
        sqlx::query!(
            r#"-- audit.make_month
            select make_audit_month($1)::text as made"#,
            month
        )
        .fetch_one(lent.statement())
        .await?;
        lent.answered();
        self.surroundings.audit_months.lock().insert(month);
        Ok(())
    }

    /// Whether records of this instant have their partition.
    pub(crate) fn knows_month(&self, at: DateTime<Utc>) -> bool {
        self.surroundings.audit_months.lock().contains(&month_of(at))
    }
}

fn month_of(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive().with_day(1).expect("every month has a first day")
}

/// 閲覧履歴 — one access to a patient's data, as the store has it.
#[derive(Debug, Clone)]
pub struct Access {
    /// When.
    pub at: DateTime<Utc>,
    /// The record's id; pages of the log go by instant and id.
    pub event: Uuid,
    /// The participant's name.
    pub participant: Option<String>,
    /// The institution's number.
    pub institution: Option<String>,
    /// The person who acted.
    pub user: Option<String>,
    /// That person's qualification.
    pub qualification: Option<String>,
    /// The purpose's HL7 code.
    pub purpose: Option<String>,
    /// What was done.
    pub action: Action,
    /// The codes of the kinds.
    pub kinds: Vec<String>,
    /// `done` or the code of the refusing rule.
    pub outcome: String,
    /// How many resources, or how many refusals.
    pub quantity: i32,
}

/// The accesses to a patient's data, newest first, before the given position; also those to
/// the data of persons that were joined into this one.
pub async fn list(
    tx: &mut Tx,
    person: PersonKey,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Access>> {
    let (before_at, before_event) = before.unzip();
    let rows = sqlx::query!(
        r#"-- audit.list
        select
            a.at,
            a.event,
            p.name as "participant?",
            a.institution,
            a.user_name,
            a.qualification,
            a.purpose,
            a.action,
            a.kinds,
            a.outcome,
            a.quantity
        from audit_event a
        left join participant p on p.id = a.participant
        where (a.bucket, a.person) in (
                select $1::smallint, $2::uuid
                union all
                select bucket, person
                from person
                where joined_bucket = $1 and joined_person = $2
            )
            and ($3::timestamptz is null or (a.at, a.event) < ($3, $4::uuid))
        order by a.at desc, a.event desc
        limit $5"#,
        person.bucket().number(),
        person.uuid(),
        before_at,
        before_event,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let accesses = rows.into_iter().map(|row| Access {
        at: row.at,
        event: row.event,
        participant: row.participant,
        institution: row.institution,
        user: row.user_name,
        qualification: row.qualification,
        purpose: row.purpose,
        action: Action::from_code(&row.action).unwrap_or(Action::Unknown),
        kinds: row.kinds.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect(),
        outcome: row.outcome,
        quantity: row.quantity,
    });
    Ok(accesses.collect())
}
