//! Both sides of every limit, cancellation, and the end of what is kept.

use hyper::{
    Method,
    header::{CONTENT_TYPE, HeaderValue},
};
use kyoyu_devkit::Request;
use kyoyu_service::{ImportTurns, Tidied, Worked};
use kyoyu_tests::app::{Answer, TestApp};

use super::{Job, PREFER, counts, reports, told, upload, work_off};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_taken_asynchronously_and_as_ndjson_only() {
    let app = TestApp::start().await;
    let ndjson = HeaderValue::from_static("application/fhir+ndjson");
    let post = || Request::new(Method::POST, "/fhir/$import", "").expect("a path");
    let reply = app.hospital.send(post().header(CONTENT_TYPE, ndjson)).await;
    reply.must_refuse(400, "kyoyu-import-async");
    let json = HeaderValue::from_static("application/fhir+json");
    let asynchronous = HeaderValue::from_static("respond-async");
    let reply = app.hospital.send(post().header(CONTENT_TYPE, json).header(PREFER, asynchronous));
    reply.await.must_refuse(415, "kyoyu-import-media-type");
    let reply = app.hospital.send(upload("?consent=oral", &[])).await;
    reply.must_refuse(400, "kyoyu-parameter-unknown");
    let reply = app.eligibility.send(upload("", &[])).await;
    reply.must_refuse(403, "kyoyu-role");
    assert_eq!(app.count("import_job").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_has_so_many_lines_and_not_one_more() {
    let app = TestApp::with(|_| {}, |options| options.imports.lines = 3).await;
    let person = app.announced(0).await;
    let lines = reports(&app, &person, 4);
    Job::of(&app.hospital, &lines[..3]).await;
    let reply = app.hospital.send(upload("", &lines)).await;
    reply.must_refuse(413, "kyoyu-import-limit");
    app.expect_records(1);
    // What fits was kept, and the upload can be ended.
    assert_eq!(app.count("import_line").await, 6);
    work_off(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_has_so_many_bytes_and_not_one_more() {
    let app = TestApp::with(|_| {}, |options| options.imports.bytes = 100).await;
    Job::of(&app.hospital, &["x".repeat(60), "x".repeat(40)]).await;
    let reply = app.hospital.send(upload("", &["x".repeat(60), "x".repeat(41)])).await;
    reply.must_refuse(413, "kyoyu-import-limit");
    app.expect_records(1);
    assert_eq!(app.count("import_line").await, 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_participant_has_so_many_open_jobs_and_others_do_not_count() {
    let mut app = TestApp::with(|_| {}, |options| options.imports.open_jobs = 2).await;
    let other = app.add_institution("other", "別の病院", &["4710000010"]).await;
    let person = app.announced(0).await;
    let line = reports(&app, &person, 1);
    let first = Job::of(&app.hospital, &line).await;
    Job::begun(&app.hospital, "?complete=false", &[]).await;
    let reply = app.hospital.send(upload("", &line)).await;
    reply.must_refuse(409, "kyoyu-import-jobs");
    Job::begun(&other, "?complete=false", &[]).await;
    work_off(&app).await;
    first.status(&app.hospital).await.must_be(200);
    Job::of(&app.hospital, &line).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_worked_on_is_cancelled_and_what_was_stays() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let lines = reports(&app, &person, 5);
    let job = Job::begun(&app.hospital, "?complete=false", &lines).await;
    let mut turns = ImportTurns::default();
    for _ in 0..2 {
        let worked = app.service.import_next(&mut turns).await.expect("a database");
        assert!(matches!(worked, Worked::Line(_)));
    }
    app.expect_records(2);
    let reply = app.hospital.call(Method::DELETE, &job.address(), "").await;
    assert_eq!(told(reply.must_be(202), "state", "valueCode"), "cancelled");
    assert_eq!(work_off(&app).await, 0, "nothing is worked on any more");
    job.more(&app.hospital, "from=6", &lines[..1]).await.must_refuse(409, "kyoyu-import-ended");
    let tidied = app.service.import_tidy().await.expect("a database");
    assert_eq!(tidied, Tidied { lines: 3, ..Tidied::default() });
    assert_eq!(app.count("import_line").await, 0, "no body stays");
    let status = job.status(&app.hospital).await;
    assert_eq!(counts(status.must_be(200)), [5, 2, 0, 0, 3]);
    assert_eq!(job.outcomes(&app.hospital, "").await.len(), 2);
    // A second time nothing happens.
    let again = app.hospital.call(Method::DELETE, &job.address(), "").await;
    assert_eq!(counts(again.must_be(200)), [5, 2, 0, 0, 3]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outcomes_are_kept_through_the_last_day_in_japan_and_gone_after_it() {
    let app = TestApp::with(|_| {}, |options| options.imports.keep_days = 3).await;
    let person = app.announced(0).await;
    app.set_clock("2026-04-01T03:00:00Z");
    let job = Job::of(&app.hospital, &reports(&app, &person, 2)).await;
    work_off(&app).await;
    app.set_clock("2026-04-04T14:59:59Z");
    app.service.import_tidy().await.expect("a database");
    job.status(&app.hospital).await.must_be(200);
    assert_eq!(job.outcomes(&app.hospital, "").await.len(), 2);
    // 00:00 in Japan: it is not there, whether or not it was deleted.
    app.set_clock("2026-04-04T15:00:00Z");
    job.status(&app.hospital).await.must_refuse(404, "kyoyu-not-found");
    let tidied = app.service.import_tidy().await.expect("a database");
    assert_eq!(tidied, Tidied { jobs: 1, ..Tidied::default() });
    for table in ["import_job", "import_line", "import_outcome"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_nobody_goes_on_with_is_ended() {
    let app = TestApp::with(|_| {}, |options| options.imports.keep_days = 3).await;
    let person = app.announced(0).await;
    app.set_clock("2026-04-01T03:00:00Z");
    let job = Job::begun(&app.hospital, "?complete=false", &reports(&app, &person, 1)).await;
    app.set_clock("2026-04-04T14:59:59Z");
    assert_eq!(app.service.import_tidy().await.expect("a database"), Tidied::default());
    app.set_clock("2026-04-04T15:00:00Z");
    let tidied = app.service.import_tidy().await.expect("a database");
    assert_eq!(tidied, Tidied { abandoned: 1, ..Tidied::default() });
    let status = job.status(&app.hospital).await;
    assert_eq!(told(status.must_be(202), "state", "valueCode"), "working");
    work_off(&app).await;
    job.status(&app.hospital).await.must_be(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_outcomes_follow_one_another_and_wait_for_lines_that_wait() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let job = Job::of(&app.hospital, &reports(&app, &person, 5)).await;
    let first = format!("{}/outcomes?_count=2", job.address());
    let page = app.hospital.get(&first).await;
    assert_eq!(page.must_be(200).text(), "");
    let next = page.headers["link"].to_str().expect("a link");
    assert!(next.contains("after=0"), "{next}");
    work_off(&app).await;
    let page = app.hospital.get(&first).await;
    assert_eq!(page.headers["content-type"], "application/fhir+ndjson");
    assert_eq!(page.text().lines().count(), 2);
    assert_eq!(job.outcomes(&app.hospital, "_count=2").await.len(), 5);
    for bad in ["after=x", "_count=-1", "status=unknown"] {
        let reply = app.hospital.get(&format!("{}/outcomes?{bad}", job.address())).await;
        reply.must_refuse(400, "kyoyu-parameter-value");
    }
    app.finish().await;
}
