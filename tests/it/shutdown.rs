//! 停止 — `serve` is asked to end while it is at work.

use std::{
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use kyoyu_devkit::Reply;
use kyoyu_synth::{Seed, World, WorldSize};
use kyoyu_tests::{
    database::START,
    process::{Installation, Running, until},
};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

const SETTINGS: &str = "registry.interval_ms = 50\npurge.enabled = false";

const REQUESTS: u64 = 8;

/// `drain_time` of the gateway, and some for stopping Postgres.
const DRAIN: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_is_answered_and_everything_ends_in_order() {
    let installation = Installation::new(SETTINGS);
    let world = World::new(Seed(5), WorldSize { institutions: 3, persons: 100 });
    installation.register_cast(&world);
    let mut gateway = installation.start(&["serve"]);
    let address = gateway.ready().await;
    installation.announce(&world, address).await;

    // Whoever registers stops at this lock, and has begun.
    let mut owner = installation.as_owner().await.expect("Postgres answers");
    let mut lock = owner.begin().await.expect("Postgres answers");
    let sql = "lock table submission in access exclusive mode";
    sqlx::query(sql).execute(&mut *lock).await.expect("nobody else locks it");
    let mut answers = send(&installation, &world, address);
    all_have_begun(&installation).await;

    let began_at = Instant::now();
    gateway.terminate();
    until("the listener's end", || TcpStream::connect(address).err()).await;
    assert!(is_running(&gateway), "it did not wait: {}", gateway.log());
    lock.rollback().await.expect("Postgres answers still");
    while let Some(answer) = answers.join_next().await {
        let reply: Reply = answer.expect("it was answered");
        assert_eq!(reply.status.as_u16(), 201, "{}", String::from_utf8_lossy(&reply.body));
    }
    drop(owner);

    let status = gateway.ended().await;
    assert!(status.success(), "{status}: {}", gateway.log());
    assert!(began_at.elapsed() < DRAIN, "{:?}", began_at.elapsed());
    assert!(!gateway.log().contains("\"ERROR\""), "{}", gateway.log());
    assert!(installation.postmaster().is_none(), "Postgres still runs");
    starts_without_repair(&installation).await;
}

/// Sends Bundles, each over a connection of its own.
fn send(installation: &Installation, world: &World, address: SocketAddr) -> JoinSet<Reply> {
    let client = installation.client("ehr", address, REQUESTS as usize);
    let at = START.parse().expect("an RFC 3339 instant");
    let mut answers = JoinSet::new();
    for index in 0..REQUESTS {
        let (client, bundle) = (client.clone(), world.bundle(index, 5, at).1);
        answers.spawn(async move {
            let reply = client.post_json("/fhir/Bundle", None, bundle.json).await;
            reply.expect("what has begun is answered")
        });
    }
    answers
}

/// Waits until every request holds a connection of the database in a transaction.
async fn all_have_begun(installation: &Installation) {
    let mut watcher = installation.as_owner().await.expect("Postgres answers");
    let began_at = Instant::now();
    while waiting(&mut watcher).await < REQUESTS as i64 {
        assert!(began_at.elapsed() < DRAIN, "the requests do not begin");
        tokio::time::sleep(kyoyu_tests::process::LOOK_EVERY).await;
    }
}

async fn waiting(watcher: &mut PgConnection) -> i64 {
    let sql = "select count(distinct pid) from pg_locks where not granted";
    sqlx::query_scalar(sql).fetch_one(watcher).await.expect("Postgres answers")
}

fn is_running(gateway: &Running) -> bool {
    kyoyu_tests::process::is_alive(gateway.pid())
}

/// Postgres has written everything: the next start has nothing to repair.
async fn starts_without_repair(installation: &Installation) {
    let before = installation.database_log().len();
    let mut gateway = installation.start(&["serve"]);
    gateway.ready().await;
    let told = installation.database_log().split_off(before);
    for repair in ["not properly shut down", "was interrupted", "redo starts"] {
        assert!(!told.contains(repair), "{told}");
    }
    gateway.terminate();
    assert!(gateway.ended().await.success());
}
