//! Two workers never act at once, and one that lost the lease stops (F20, F21).

use kyoyu_service::RunOutcome;
use kyoyu_store::{Error, Store, purge::Lease};
use kyoyu_tests::{lifecycle::body::Invented, service::CERTIFICATE_KEY};
use sqlx::{Connection, PgConnection};

use super::{Ward, condition};

const PERSONS: u32 = 6;

/// A ward in which one Bundle of each of some persons is due.
async fn with_something_due() -> Ward {
    let ward = Ward::open_with(|options| options.purge.batch_persons = 1).await;
    for number in 1..=PERSONS {
        ward.admit(Invented(number)).await;
        ward.register(Invented(number), 1, &[condition(1)]).await.expect("it is valid");
    }
    ward.go_to("2031-04-02");
    ward
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_delete_everything_once() {
    let mut ward = with_something_due().await;
    let plan = ward.service.purge_plan("tests").await.expect("a plan").plan;
    let (service, other) = (ward.service.clone(), ward.service.clone());
    let first = tokio::spawn(async move { service.purge_run("one", Some(plan)).await });
    let second = tokio::spawn(async move { other.purge_run("two", Some(plan)).await });
    let outcomes = [first.await.expect("no panic"), second.await.expect("no panic")];
    let mut deleted = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(RunOutcome::Done { resources, .. }) => deleted.push(resources),
            Ok(RunOutcome::Busy) => {}
            // It came when the first had finished: a plan is carried out once.
            Err(problem) if problem.rule().code == "kyoyu-not-found" => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(deleted, [u64::from(PERSONS)]);
    assert_eq!(ward.count("segment").await, 0);
    assert_eq!(ward.count("tombstone").await, i64::from(PERSONS));
    assert_eq!(ward.count("purge_run where ended_at is not null").await, 1);
}

#[tokio::test]
async fn a_lease_is_held_by_one_worker_at_a_time_and_comes_back() {
    let ward = Ward::open().await;
    let store = ward.database.store().await;
    let lease = Lease::try_take(&store).await.expect("an answer").expect("nobody has it");
    assert!(Lease::try_take(&store).await.expect("an answer").is_none());
    lease.release().await.expect("it is held");
    let again = Lease::try_take(&store).await.expect("an answer").expect("it was released");
    again.release().await.expect("it is held");
}

#[tokio::test]
async fn a_lease_whose_connection_was_cut_is_lost_when_another_takes_it() {
    let mut ward = Ward::open().await;
    let store = ward.database.store().await;
    let frozen = Lease::try_take(&store).await.expect("an answer").expect("nobody has it");
    cut_the_lease(&mut ward.owner, &mut ward.database.as_app().await).await;
    let lease = taken(&store).await;
    let mut tx = store.begin().await.expect("an answer");
    assert!(matches!(frozen.check(&mut tx).await, Err(Error::LeaseLost)));
    lease.check(&mut tx).await.expect("this one holds it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_lost_its_lease_stops_and_says_so() {
    let mut ward = with_something_due().await;
    // The first batch waits for a row; meanwhile its worker loses the lease.
    let mut obstacle = ward.database.as_owner().await;
    let mut blocking = obstacle.begin().await.expect("a transaction");
    sqlx::query("select 1 from purge_due order by due_on, bucket, person limit 1 for update")
        .execute(&mut *blocking)
        .await
        .expect("the owner may lock");
    let plan = ward.service.purge_plan("tests").await.expect("a plan").plan;
    let service = ward.service.clone();
    let run = tokio::spawn(async move { service.purge_run("frozen", Some(plan)).await });
    while ward.count(WAITING).await == 0 {}
    cut_the_lease(&mut ward.owner, &mut ward.database.as_app().await).await;
    let store = ward.database.store().await;
    let take = tokio::spawn(async move { taken(&store).await });
    // Either it has the lease, or it waits for the batch that is under way.
    while !take.is_finished() && ward.count(WAITING).await < 2 {}
    blocking.rollback().await.expect("it is open");
    take.await.expect("no panic");
    run.await.expect("no panic").expect_err("the run stopped");
    let left = ward.count("segment").await;
    assert_eq!(left, i64::from(PERSONS) - 1, "only the batch that was under way went through");
    assert_eq!(ward.count("tombstone").await, i64::from(PERSONS) - left);
    let error = "the lease was taken by another worker";
    let stopped = format!("purge_run where error = '{error}' and certificate is null");
    assert_eq!(ward.count(&stopped).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_run_after_a_stopped_one_goes_on_where_it_is() {
    let mut ward = with_something_due().await;
    assert_eq!(ward.purge().await, u64::from(PERSONS));
    assert_eq!(ward.purge().await, 0, "a second run finds nothing");
    assert_eq!(ward.count("tombstone where run is not null").await, i64::from(PERSONS));
    let status = ward.service.purge_status().await.expect("an answer");
    assert_eq!((status.backlog.persons, status.backlog.oldest_due_on), (0, None));
    assert_eq!(status.runs.len(), 2);
    let key = kyoyu_service::CertificateKey::from_bytes(&CERTIFICATE_KEY).public();
    for run in status.runs {
        let (text, signature) = run.certificate.zip(run.signature).expect("it has ended");
        assert!(kyoyu_service::certificate_is_signed_by(&key, &text, &signature));
    }
}

const WAITING: &str = "pg_locks l join pg_database d on d.oid = l.database or l.database is null
    where d.datname = current_database() and not l.granted and l.pid in
    (select pid from pg_stat_activity where datname = current_database())";

/// Ends the connection that holds the advisory lock of the purge, as a frozen machine's
/// would be. The owner sees which it is; its own role may end it.
async fn cut_the_lease(owner: &mut PgConnection, app: &mut PgConnection) {
    let holder: i32 = sqlx::query_scalar(
        "select pid
        from pg_locks
        where locktype = 'advisory' and granted and objsubid = 1
            and database = (select oid from pg_database where datname = current_database())
            and (classid::bigint << 32 | objid::bigint) = 118169305445633",
    )
    .fetch_one(owner)
    .await
    .expect("somebody holds it");
    sqlx::query("select pg_terminate_backend($1, 5000)")
        .bind(holder)
        .execute(app)
        .await
        .expect("a role may end its own connections");
}

async fn taken(store: &Store) -> Lease {
    loop {
        if let Some(lease) = Lease::try_take(store).await.expect("an answer") {
            return lease;
        }
    }
}
