//! Processes are killed while lines come and while they are worked on: none is lost, none is
//! stored twice.

use std::time::{Duration, Instant};

use kyoyu_devkit::{BulkImport, Client};
use kyoyu_synth::{Seed, World, WorldSize};
use kyoyu_tests::{
    app::Answer,
    database::START,
    process::{Installation, LIMIT, LOOK_EVERY, Running},
};
use serde_json::Value;

use super::{Job, counts, told};

/// Claims of killed workers are soon over.
const SETTINGS: &str = "registry.interval_ms = 50\n\
    limits.requests_per_second = 100000\n\
    limits.burst = 100000\n\
    purge.enabled = false\n\
    import.claim_s = 1";

const LINES: u64 = 120;

fn world() -> World {
    World::new(Seed(11), WorldSize { institutions: 3, persons: 40 })
}

fn lines(world: &World) -> Vec<String> {
    let at = START.parse().expect("an RFC 3339 instant");
    (0..LINES).map(|index| world.bundle(index, 4, at).1.json).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_survive_whatever_is_killed_and_are_stored_once() {
    let installation = Installation::new(SETTINGS);
    let world = world();
    installation.register_cast(&world);
    let mut gateway = installation.start(&["serve"]);
    let address = gateway.ready().await;
    installation.announce(&world, address).await;
    let lines = lines(&world);

    // Killed with lines that were acknowledged, an upload that was not ended, and work begun.
    let (half, rest) = lines.split_at(LINES as usize / 2);
    let client = installation.client("ehr", address, 2);
    let request = super::upload("?complete=false", half);
    let job = Job::named_by(&client.send(&request).await.expect("an answer"));
    some_worked_on(&client, &job, 3).await;
    gateway.kill();

    let (mut gateway, client) = again(&installation).await;
    let reply = client.get(&job.address(), None).await.expect("an answer");
    assert_eq!(told(&reply, "next", "valueUnsignedInt"), half.len() as u64 + 1, "all are there");
    let worker = installation.start(&["work"]);
    let request = super::upload(&format!("?job={}&from={}", job.id, half.len() + 1), rest);
    client.send(&request).await.expect("an answer").must_be(202);
    some_worked_on(&client, &job, half.len() as u64 + 3).await;
    worker.kill();
    gateway.kill();

    let (next, client) = again(&installation).await;
    gateway = next;
    let ended = ended(&client, &job).await;
    assert_eq!(ended[0], LINES);
    assert_eq!(ended[1] + ended[2], LINES, "{ended:?}");
    stored_once(&installation).await;

    // It ends in order with work left to do, and goes on with it when it starts again.
    let again_all =
        Job::named_by(&client.send(&super::upload("", &lines)).await.expect("an answer"));
    gateway.terminate();
    assert!(gateway.ended().await.success(), "{}", gateway.log());
    let (mut gateway, client) = again(&installation).await;
    assert_eq!(self::ended(&client, &again_all).await, [LINES, 0, LINES, 0, 0]);
    stored_once(&installation).await;
    nothing_is_told_of_bodies(&gateway, &lines);
    gateway.terminate();
    assert!(gateway.ended().await.success(), "{}", gateway.log());
}

/// The reference client sends a file in pieces and follows it.
#[tokio::test(flavor = "multi_thread")]
async fn the_reference_client_sends_a_file_and_tells_what_was_refused() {
    let installation = Installation::new(SETTINGS);
    let world = world();
    installation.register_cast(&world);
    let mut gateway = installation.start(&["serve"]);
    let address = gateway.ready().await;
    installation.announce(&world, address).await;
    let mut lines = lines(&world);
    lines.truncate(5);
    lines[2] = "{}".to_owned();
    let client = installation.client("ehr", address, 1);
    let mut import = BulkImport::open(&client).await.expect("a job");
    import.send_all(lines.join("\n").as_bytes()).await.expect("all lines");
    let status = import.follow(|_| Ok(())).await.expect("an end");
    assert_eq!((status.received, status.registered, status.refused), (5, 4, 1));
    let mut refused = String::new();
    let take = |page: &str| {
        refused.push_str(page);
        Ok(())
    };
    import.refused(take).await.expect("pages");
    let refused: Value = serde_json::from_str(&refused).expect("one line");
    assert_eq!(super::summary(&refused).0, 3);

    let file = installation.file("lines.ndjson");
    std::fs::write(&file, lines.join("\n")).expect("a file can be written");
    let address = address.to_string();
    let (certificate, key, root) = (
        installation.file("pki/ehr.pem"),
        installation.file("pki/ehr.key"),
        installation.file("pki/root.pem"),
    );
    let arguments = ["submit", &file, "--verb", "import", "--address", &address];
    let arguments = [&arguments[..], &["--certificate", &certificate, "--key", &key]].concat();
    let arguments = [&arguments[..], &["--root", &root]].concat();
    let output = installation.command(&arguments).output().expect("the program runs");
    let said = kyoyu_tests::process::said(&output);
    assert!(!output.status.success(), "a line was refused: {said}");
    assert!(said.contains("5 of 5 lines: 0 registered, 4 known, 1 refused"), "{said}");
    gateway.terminate();
    assert!(gateway.ended().await.success(), "{}", gateway.log());
}

async fn again(installation: &Installation) -> (Running, Client) {
    let mut gateway = installation.start(&["serve"]);
    let address = gateway.ready().await;
    (gateway, installation.client("ehr", address, 2))
}

/// Waits until so many lines have their outcome.
async fn some_worked_on(client: &Client, job: &Job, count: u64) {
    wait_for(client, job, |counts, _| counts[1..].iter().sum::<u64>() >= count).await;
}

/// Waits until the job has ended.
async fn ended(client: &Client, job: &Job) -> [u64; 5] {
    wait_for(client, job, |_, status| status == 200).await
}

async fn wait_for(client: &Client, job: &Job, enough: impl Fn([u64; 5], u16) -> bool) -> [u64; 5] {
    let began_at = Instant::now();
    loop {
        let reply = client.get(&job.address(), None).await.expect("an answer");
        assert!(reply.status.is_success(), "{}", reply.text());
        let counts = counts(&reply);
        if enough(counts, reply.status.as_u16()) {
            return counts;
        }
        assert!(began_at.elapsed() < LIMIT + Duration::from_mins(1), "{}", reply.text());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Each Bundle is in the ledger once, in its first version, and no line waits.
async fn stored_once(installation: &Installation) {
    let mut connection = installation.as_owner().await.expect("Postgres answers");
    let sql = "select count(*), count(distinct identifier), max(version)::bigint,
            (select count(*) from import_line),
            (select count(*) from audit_event
             where action = 'register' and outcome = 'done' and quantity > 0)
        from submission";
    let found = sqlx::query_as::<_, (i64, i64, i64, i64, i64)>(sql).fetch_one(&mut connection);
    let lines = LINES as i64;
    assert_eq!(found.await.expect("Postgres answers"), (lines, lines, 1, 0, lines));
}

/// Neither names nor numbers of the patients stand in the log.
fn nothing_is_told_of_bodies(gateway: &Running, lines: &[String]) {
    let log = gateway.log();
    let first: Value = serde_json::from_str(&lines[0]).expect("a Bundle");
    let patient = &first["entry"][0]["resource"];
    for told in [&patient["identifier"][0]["value"], &patient["name"][0]["text"]] {
        let told = told.as_str().expect("a patient has it");
        assert!(!log.contains(told), "{log}");
    }
}
