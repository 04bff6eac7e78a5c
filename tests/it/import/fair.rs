//! Lines stand back while anybody waits, and participants take turns.

use std::pin::pin;

use kyoyu_service::{ImportTurns, Worked};
use kyoyu_tests::app::{Answer, Receipt, TestApp};

use super::{Job, counts, reports, work_off};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_answered_before_lines_that_stand_back() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let job = Job::of(&app.hospital, &reports(&app, &person, 20)).await;
    let waiting = app.service.traffic().wait();
    let service = app.service.clone();
    let mut go_on = pin!(service.import_may_go_on());
    assert!(!is_ready(go_on.as_mut()).await, "somebody waits");
    // Whoever waits is served.
    let alone = app.hospital.post("/fhir/Bundle", app.lab(&person, &[221]).json).await;
    Receipt::of(alone.must_be(201));
    assert!(!is_ready(go_on.as_mut()).await);
    let status = job.status(&app.hospital).await;
    assert_eq!(counts(status.must_be(202)), [20, 0, 0, 0, 0], "not one line came first");
    drop(waiting);
    go_on.await;
    assert_eq!(work_off(&app).await, 20);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_go_through_while_a_job_is_worked_on() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let job = Job::of(&app.hospital, &reports(&app, &person, 30)).await;
    let work = async {
        let (mut turns, mut lines) = (ImportTurns::default(), 0);
        loop {
            app.service.import_may_go_on().await;
            match app.service.import_next(&mut turns).await.expect("a database") {
                Worked::Line(_) => lines += 1,
                Worked::Overtaken => {}
                Worked::Nothing => return lines,
            }
        }
    };
    let alone = async {
        for _ in 0..5 {
            let reply = app.hospital.post("/fhir/Bundle", app.lab(&person, &[221]).json).await;
            reply.must_be(201);
        }
    };
    let (lines, ()) = tokio::join!(work, alone);
    app.expect_records(lines);
    assert_eq!(counts(&job.status(&app.hospital).await), [30, 30, 0, 0, 0]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_job_does_not_keep_a_short_one_waiting() {
    let mut app = TestApp::start().await;
    let other = app.add_institution("other", "別の病院", &["4710000010"]).await;
    let person = app.announced(0).await;
    let long = Job::of(&app.hospital, &reports(&app, &person, 20)).await;
    let short = Job::of(&other, &reports(&app, &person, 3)).await;
    let mut turns = ImportTurns::default();
    for _ in 0..6 {
        app.service.import_next(&mut turns).await.expect("a database");
    }
    app.expect_records(6);
    short.status(&other).await.must_be(200);
    let status = long.status(&app.hospital).await;
    assert_eq!(counts(status.must_be(202)), [20, 3, 0, 0, 0], "three turns each");
    work_off(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_lines_and_none_is_worked_on_twice() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let job = Job::of(&app.hospital, &reports(&app, &person, 20)).await;
    let worker = || async {
        let (mut turns, mut lines) = (ImportTurns::default(), 0_i64);
        loop {
            match app.service.import_next(&mut turns).await.expect("a database") {
                Worked::Line(_) => lines += 1,
                Worked::Overtaken => {}
                Worked::Nothing => return lines,
            }
        }
    };
    let (one, two) = tokio::join!(worker(), worker());
    assert_eq!(one + two, 20);
    app.expect_records(20);
    assert_eq!(counts(&job.status(&app.hospital).await), [20, 20, 0, 0, 0]);
    app.finish().await;
}

/// Whether it is done, asked once.
async fn is_ready(mut future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}
