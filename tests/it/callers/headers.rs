//! Headers that say nothing about the caller, and answers that say nothing about us.

use hyper::header::{HeaderName, HeaderValue};
use kyoyu_devkit::Request;
use kyoyu_tests::app::{Answer, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_comes_from_the_connection_only_a38() {
    let app = TestApp::start().await;
    let nobody = app.desk_with(&app.pki.client("nobody").expect("a certificate"));
    let hospital = app.pki.client(app.cast.hospital.certificate).expect("a certificate");
    let pem = hospital.certificate_pem.replace('\n', "%0A");
    let mut request = Request::get("/fhir/metadata").expect("a path");
    for (name, value) in [
        ("x-client-cert", pem.as_str()),
        ("x-forwarded-client-cert", pem.as_str()),
        ("x-ssl-client-verify", "SUCCESS"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("x-forwarded-user", "hospital-a"),
    ] {
        let value = HeaderValue::from_str(value).expect("visible characters");
        request = request.header(HeaderName::from_static(name), value);
    }
    nobody.send(request).await.must_refuse(401, "kyoyu-certificate-unknown");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_institution_header_must_name_ones_own_a03() {
    let app = TestApp::start().await;
    for number in ["1310009999", "x"] {
        let value = HeaderValue::from_static(if number == "x" { "x" } else { "1310009999" });
        let request = Request::get("/fhir/Bundle/$submissions").expect("a path");
        let request = request.header(HeaderName::from_static("kyoyu-institution"), value);
        app.hospital.send(request).await.must_refuse(403, "kyoyu-institution-foreign");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_cached_and_no_error_tells_how_we_are_built_a30_a39() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    let stranger = app.desk_with(&app.pki.client("nobody").expect("a certificate"));
    let answers = [
        app.hospital.get("/fhir/metadata").await,
        app.hospital.get("/fhir/%27;%20drop%20table%20segment").await,
        app.hospital.post("/fhir/Bundle", "{").await,
        app.hospital.post("/fhir/Bundle", r#"{"resourceType":"Bundle"}"#).await,
        app.hospital.get("/fhir/Bundle/$submissions?receipt=%27%22%00").await,
        app.doctor.get("/fhir/Observation?patient=%27%22%00").await,
        app.doctor.search_for("Condition", &person).await,
        app.doctor.get("/fhir/Condition/%27%22").await,
        stranger.get("/fhir/metadata").await,
    ];
    for answer in &answers {
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(
            !answer.headers.contains_key("server") && !answer.headers.contains_key("x-powered-by")
        );
        assert!(
            answer.headers["content-type"]
                .to_str()
                .expect("text")
                .starts_with("application/fhir+json")
        );
        if answer.status.is_success() {
            continue;
        }
        let text = answer.text();
        assert!(answer.status.as_u16() < 500, "{text}");
        let leaks = [
            "/home",
            "/work",
            "/usr",
            ".rs",
            "select ",
            "postgres",
            "sqlx",
            "panicked",
            "0.1.0",
            "backtrace",
        ];
        for leak in leaks {
            assert!(!text.to_ascii_lowercase().contains(leak), "{leak}: {text}");
        }
    }
    app.finish().await;
}
