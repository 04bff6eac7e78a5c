//! Callers that ask too often, or hold too many connections.

use std::num::NonZeroU32;

use kyoyu_devkit::{Client, ClientOptions};
use kyoyu_tests::app::{Answer, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_institution_that_floods_is_told_to_wait_and_another_is_served_a35() {
    let app = TestApp::with_limits(|limits| {
        limits.requests_per_second = NonZeroU32::MIN;
        limits.burst = NonZeroU32::new(3).expect("not zero");
    })
    .await;
    let mut refused = 0;
    for _ in 0..10 {
        let reply = app.hospital.get("/fhir/metadata").await;
        if reply.status.as_u16() == 429 {
            reply.must_refuse(429, "kyoyu-throttled");
            let wait: u64 =
                reply.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
            assert!(wait >= 1);
            refused += 1;
        }
    }
    assert!(refused >= 5, "{refused}");
    app.system(&app.cast.clinic).get("/fhir/metadata").await.must_be(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_has_so_many_connections_and_another_is_served_a32() {
    let app = TestApp::with_limits(|limits| limits.connections_per_certificate = 2).await;
    let identity = app.pki.client(app.cast.hospital.certificate).expect("a certificate");
    let own = || {
        Client::with(app.address, app.pki.root_pem(), Some(&identity), ClientOptions::once())
            .expect("certificates of our own")
    };
    let (first, second, third) = (own(), own(), own());
    for client in [&first, &second] {
        let reply = client.get("/fhir/metadata", None).await.expect("an answer");
        reply.must_be(200);
    }
    assert!(third.get("/fhir/metadata", None).await.is_err(), "the third is hung up on");
    first.get("/fhir/metadata", None).await.expect("an answer").must_be(200);
    app.expect_records(3);
    app.system(&app.cast.clinic).get("/fhir/metadata").await.must_be(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttled_calls_leave_one_record_with_a_count() {
    let app = TestApp::with_limits(|limits| {
        limits.requests_per_second = NonZeroU32::MIN;
        limits.burst = NonZeroU32::MIN;
    })
    .await;
    for _ in 0..6 {
        app.hospital.get("/fhir/metadata").await;
    }
    let throttled = "audit_event where outcome = 'kyoyu-throttled'";
    assert_eq!(app.count(throttled).await, 0, "told together, after a minute or at the end");
    app.finish().await;
}
