//! Senders that take their time.

use std::time::{Duration, Instant};

use kyoyu_tests::{
    app::{Answer, TestApp},
    raw::RawConnection,
};

/// Far less than the defaults of five and thirty seconds.
const SHORT: Duration = Duration::from_millis(300);
/// More than any short limit, less than any default.
const ENOUGH: Duration = Duration::from_secs(4);

async fn raw(app: &TestApp) -> RawConnection {
    let identity = app.pki.client(app.cast.hospital.certificate).expect("a certificate");
    RawConnection::open(app.address, app.pki.root_pem(), &identity).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_drips_in_is_left_after_its_time_a32() {
    let app = TestApp::with_limits(|limits| limits.head_time = SHORT).await;
    let mut raw = raw(&app).await;
    let began = Instant::now();
    assert!(raw.send(b"GET /fhir/metadata HTTP/1.1\r\nhost: local").await);
    raw.rest().await;
    assert!(began.elapsed() < ENOUGH, "{:?}", began.elapsed());
    app.hospital.get("/fhir/metadata").await.must_be(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_connection_is_left_after_the_idle_time_a32() {
    let app = TestApp::with_limits(|limits| limits.idle_time = SHORT).await;
    let mut raw = raw(&app).await;
    let began = Instant::now();
    assert_eq!(raw.rest().await, "");
    assert!(began.elapsed() < ENOUGH, "{:?}", began.elapsed());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_stalls_is_refused_and_stores_nothing_a32() {
    let app = TestApp::with_limits(|limits| limits.body.grace = SHORT).await;
    let mut raw = raw(&app).await;
    let began = Instant::now();
    let head = "POST /fhir/Bundle HTTP/1.1\r\nhost: localhost\r\n\
        content-type: application/fhir+json\r\ncontent-length: 100000\r\n\r\n{";
    assert!(raw.send(head.as_bytes()).await);
    let answer = raw.some().await;
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("kyoyu-body-too-slow"),
        "{answer}"
    );
    assert!(began.elapsed() < ENOUGH, "{:?}", began.elapsed());
    assert_eq!(app.stored().await, [0; 4]);
    app.expect_records(1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_goes_away_in_the_middle_leaves_nothing_but_its_record() {
    let app = TestApp::start().await;
    let mut raw = raw(&app).await;
    let head = "POST /fhir/Bundle HTTP/1.1\r\nhost: localhost\r\n\
        content-type: application/fhir+json\r\ncontent-length: 100000\r\n\r\n{";
    assert!(raw.send(head.as_bytes()).await);
    drop(raw);
    // Until the record is there; bounded, so that its absence shows.
    let mut seen = 0;
    for _ in 0..200 {
        seen = app.count("audit_event where outcome = 'kyoyu-body-incomplete'").await;
        if seen > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(seen, 1);
    assert_eq!(app.stored().await, [0; 4]);
    app.expect_records(1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn smuggled_requests_are_refused_and_the_connection_closed_a31() {
    let app = TestApp::start().await;
    for head in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /fhir/metadata HTTP/1.1\r\nhost: a\r\n\r\n",
        "content-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        "transfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut raw = raw(&app).await;
        let before = app.count("audit_event").await;
        let request = format!(
            "POST /fhir/Bundle HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{head}"
        );
        assert!(raw.send(request.as_bytes()).await);
        let answer = raw.rest().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{head}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            usize::from(!answer.is_empty()),
            "{answer}"
        );
        app.expect_records(app.count("audit_event").await - before);
    }
    app.finish().await;
}
