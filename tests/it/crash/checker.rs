//! 検査役 — holds what is stored against what senders know.
//!
//! Source: guide on reliability, "One checker serves all fault rows": acknowledged ⊆
//! stored, stored ⊆ sent, each identifier once, the ledger's digest equal, an audit record
//! for every stored version and a stored version for every record, no Bundle in part.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use kyoyu_tests::process::Installation;
use serde_json::Value;
use sqlx::{Connection, PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::load::{Known, Senders};

/// One row of the ledger.
struct Stored {
    receipt: String,
    person: Uuid,
    identifier: String,
    version: i32,
    sha256: Vec<u8>,
    registered_at: DateTime<Utc>,
    counts: String,
    segments: i64,
}

/// Checks everything; how many Bundles are stored. The senders may go on meanwhile: what
/// they knew before must be stored, and what is stored they must know after.
pub(super) async fn check(installation: &Installation, senders: &Senders) -> usize {
    let known = senders.known();
    let mut connection = installation.as_owner().await.expect("Postgres is back");
    let mut tx = connection.begin().await.expect("Postgres is back");
    run(&mut tx, "set transaction isolation level repeatable read").await;
    let ledger = ledger(&mut tx).await;
    let records = records(&mut tx).await;
    assert_eq!(count(&mut tx, ORPHANS).await, 0, "segments without a ledger row");
    assert_eq!(count(&mut tx, UNNAMED).await, 0, "identifiers without a ledger row");
    tx.rollback().await.expect("Postgres is back");
    each_once(&ledger);
    acknowledged_is_stored(&ledger, &known);
    let known = senders.known();
    for stored in &ledger {
        is_whole(stored, &known);
    }
    recorded(&ledger, records);
    ledger.len()
}

const ORPHANS: &str = "select count(*) from segment as s where not exists
    (select from submission as l where l.bucket = s.bucket and l.submission = s.submission)";

const UNNAMED: &str = "select count(*) from bundle_identifier as i where not exists
    (select from submission as l where l.bucket = i.bucket and l.submission = i.submission)";

fn each_once(ledger: &[Stored]) {
    let mut seen = BTreeSet::new();
    for stored in ledger {
        assert!(seen.insert(&stored.identifier), "{} is stored twice", stored.identifier);
        assert_eq!(stored.version, 1, "{} was replaced", stored.identifier);
    }
}

fn acknowledged_is_stored(ledger: &[Stored], known: &Known) {
    let stored: HashMap<&str, &str> =
        ledger.iter().map(|stored| (stored.identifier.as_str(), stored.receipt.as_str())).collect();
    for (identifier, answer) in &known.acknowledged {
        let answer: Value = serde_json::from_slice(answer).expect("a receipt is JSON");
        let parameters = answer["parameter"].as_array().expect("a receipt has parameters");
        let receipt = parameters.iter().find(|one| one["name"] == "receipt");
        let receipt = receipt.and_then(|one| one["valueId"].as_str());
        let found = stored.get(identifier.as_str()).copied();
        assert!(found.is_some(), "{identifier} was acknowledged and is lost");
        assert_eq!(found, receipt, "{identifier} has another receipt");
    }
}

/// What is stored was sent, to the byte, and nothing of it is missing.
fn is_whole(stored: &Stored, known: &Known) {
    let identifier = &stored.identifier;
    let sent = known.sent.get(identifier);
    let sent = sent.unwrap_or_else(|| panic!("{identifier} is stored and was never sent"));
    assert_eq!(stored.sha256, sent.sha256, "{identifier} has another digest");
    assert_eq!(resources(&stored.counts), sent.resources, "{identifier}: {}", stored.counts);
    let kinds = stored.counts.split(';').count() as i64;
    assert!(stored.segments >= kinds, "{identifier} has {} segments", stored.segments);
}

/// `lab 18 0 2027-04-02;condition 3 1 -`: the second word is how many were sent.
fn resources(counts: &str) -> usize {
    let parts = counts.split(';').filter_map(|part| part.split(' ').nth(1));
    parts.map(|number| number.parse::<usize>().expect("a number")).sum()
}

/// Records and ledger agree: one registration each, by person and instant.
fn recorded(ledger: &[Stored], records: Vec<Registration>) {
    let mut of_ledger = BTreeMap::new();
    for stored in ledger {
        let registration = (stored.person, stored.registered_at, resources(&stored.counts) as i32);
        *of_ledger.entry(registration).or_insert(0) += 1;
    }
    let mut of_records = BTreeMap::new();
    for record in records {
        *of_records.entry(record).or_insert(0) += 1;
    }
    assert_eq!(of_ledger, of_records, "audit records and ledger differ");
}

/// Person, instant, number of resources.
type Registration = (Uuid, DateTime<Utc>, i32);

/// Registrations that stored something; an answer to a repeated call records no resource.
async fn records(connection: &mut PgConnection) -> Vec<Registration> {
    let sql = "select person, at, quantity from audit_event
        where action = 'register' and outcome = 'done' and quantity > 0";
    let rows = sqlx::query(sql).fetch_all(connection).await.expect("Postgres is back");
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

async fn ledger(connection: &mut PgConnection) -> Vec<Stored> {
    let sql = "select l.bucket, l.submission, l.person, l.identifier, l.version, l.sha256,
            l.registered_at, l.counts,
            (select count(*) from segment as s
             where s.bucket = l.bucket and s.person = l.person and s.submission = l.submission)
        from submission as l";
    let rows = sqlx::query(sql).fetch_all(connection).await.expect("Postgres is back");
    rows.iter().map(Stored::of).collect()
}

impl Stored {
    fn of(row: &PgRow) -> Self {
        let (bucket, submission): (i16, Uuid) = (row.get(0), row.get(1));
        Self {
            receipt: format!("{bucket:03x}{}", submission.simple()),
            person: row.get(2),
            identifier: row.get(3),
            version: row.get(4),
            sha256: row.get(5),
            registered_at: row.get(6),
            counts: row.get(7),
            segments: row.get(8),
        }
    }
}

async fn count(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.expect("Postgres is back")
}

async fn run(connection: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.expect("Postgres is back");
}
