//! Who is let in, on every request anew.

use kyoyu_devkit::{Authority, Flaw};
use kyoyu_tests::app::{Answer, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_good_certificate_there_is_no_handshake_a01() {
    let app = TestApp::start().await;
    assert!(app.client(None).get("/fhir/metadata", None).await.is_err());
    let other =
        Authority::create().expect("another CA").client("hospital-a").expect("a certificate");
    assert!(app.client(Some(&other)).get("/fhir/metadata", None).await.is_err());
    for flaw in [Flaw::Expired, Flaw::NotYetValid, Flaw::WrongUsage] {
        let flawed = app.pki.authority().flawed_client("hospital-a", flaw).expect("a certificate");
        let answer = app.client(Some(&flawed)).get("/fhir/metadata", None).await;
        assert!(answer.is_err(), "{flaw:?}");
    }
    // No byte of an application came through: no record, and a good one is served.
    app.hospital.get("/fhir/metadata").await.must_be(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_no_participant_is_401_on_every_address() {
    let app = TestApp::start().await;
    let identity = app.pki.client("nobody").expect("a certificate");
    let nobody = app.desk_with(&identity);
    for path in ["/fhir/metadata", "/fhir/Condition", "/fhir/nothing", "/fhir/Bundle/$submissions"]
    {
        let reply = nobody.get(path).await;
        reply.must_refuse(401, "kyoyu-certificate-unknown");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_participant_is_refused_on_the_same_connection() {
    let app = TestApp::start().await;
    app.hospital.get("/fhir/metadata").await.must_be(200);
    let name = app.cast.hospital.name.clone();
    app.service.disable_participant("test", &name).await.expect("a participant");
    app.expect_records(1);
    let reply = app.hospital.get("/fhir/metadata").await;
    reply.must_refuse(401, "kyoyu-certificate-unknown");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_certificate_is_refused_on_the_same_connection_a02() {
    let app = TestApp::start().await;
    app.hospital.get("/fhir/metadata").await.must_be(200);
    let identity = app.pki.client(app.cast.hospital.certificate).expect("a certificate");
    app.service.remove_certificate("test", &identity.fingerprint).await.expect("known");
    app.expect_records(1);
    let reply = app.hospital.get("/fhir/metadata").await;
    reply.must_refuse(401, "kyoyu-certificate-unknown");
    app.finish().await;
}
