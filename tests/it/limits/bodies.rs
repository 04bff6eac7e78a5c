//! Bodies: too large, too deep, packed, or of another kind.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use kyoyu_devkit::Request;
use kyoyu_tests::{
    app::{Answer, TestApp},
    raw::RawConnection,
};

/// 10 MB of one send.
const MOST: usize = 10_485_760;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn posted(body: impl Into<bytes::Bytes>, headers: &[(HeaderName, &'static str)]) -> Request {
    let request = Request::post_json("/fhir/Bundle/$validate", body).expect("a path");
    headers.iter().fold(request, |request, (name, value)| {
        request.header(name.clone(), HeaderValue::from_static(value))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_have_10485760_bytes_and_not_one_more_a17() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let bundle = app.lab(&person, &[221]).json;
    let padded = |length: usize| format!("{bundle}{}", " ".repeat(length - bundle.len()));
    app.hospital.post("/fhir/Bundle", padded(MOST)).await.must_be(201);
    let reply = app.hospital.post("/fhir/Bundle/$validate", padded(MOST + 1)).await;
    reply.must_refuse(413, "kyoyu-body-too-large");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_in_chunks_without_end_is_413_a17() {
    let app = TestApp::start().await;
    let identity = app.pki.client(app.cast.hospital.certificate).expect("a certificate");
    let mut raw = RawConnection::open(app.address, app.pki.root_pem(), &identity).await;
    let head = "POST /fhir/Bundle HTTP/1.1\r\nhost: localhost\r\n\
        content-type: application/fhir+json\r\ntransfer-encoding: chunked\r\n\r\n";
    assert!(raw.send(head.as_bytes()).await);
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    for _ in 0..11 {
        if !raw.send(chunk.as_bytes()).await {
            break;
        }
    }
    let answer = raw.some().await;
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("kyoyu-body-too-large"),
        "{answer}"
    );
    app.expect_records(1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_bodies_are_measured_unpacked_and_bombs_refused_a16() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let bundle = app.lab(&person, &[221]).json;
    let packed = [(CONTENT_ENCODING, "gzip")];
    let good = app.hospital.send(posted(gzip(bundle.as_bytes()), &packed)).await;
    good.must_be(200);
    let bomb = gzip(&vec![b' '; MOST * 4]);
    assert!(bomb.len() < 100_000);
    let reply = app.hospital.send(posted(bomb, &packed)).await;
    reply.must_refuse(413, "kyoyu-body-too-large");
    let twice = [(CONTENT_ENCODING, "gzip, gzip")];
    let reply = app.hospital.send(posted(gzip(&gzip(bundle.as_bytes())), &twice)).await;
    reply.must_refuse(415, "kyoyu-content-encoding");
    let reply = app.hospital.send(posted("{}", &[(CONTENT_ENCODING, "br")])).await;
    reply.must_refuse(415, "kyoyu-content-encoding");
    let cut = &gzip(bundle.as_bytes())[..200];
    let reply = app.hospital.send(posted(cut.to_vec(), &packed)).await;
    reply.must_refuse(400, "kyoyu-body-incomplete");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_json_is_taken_a24() {
    let app = TestApp::start().await;
    let xml =
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Bundle/>";
    for media_type in [
        "application/fhir+xml",
        "application/xml",
        "text/xml",
        "text/plain",
        "application/json; charset=shift_jis",
    ] {
        let reply = app.hospital.send(posted(xml, &[(CONTENT_TYPE, media_type)])).await;
        reply.must_refuse(415, "kyoyu-media-type");
    }
    // XML that calls itself JSON is JSON that cannot be read.
    app.hospital.post("/fhir/Bundle", xml).await.must_refuse(400, "kyoyu-json-syntax");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_nesting_is_refused_at_the_level_beyond_the_limit_a15() {
    let app = TestApp::start().await;
    for body in ["[".repeat(1_000_000), r#"{"extension":["#.repeat(200_000)] {
        let reply = app.hospital.post("/fhir/Bundle", body).await;
        reply.must_refuse(400, "kyoyu-json-depth");
        // The reader went no further than that.
        assert!(reply.text().contains("line 1, column "), "{}", reply.text());
        assert!(!reply.text().contains("column 1000"), "{}", reply.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_bounded_before_anything_is_checked_a18() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let bundle = app.lab(&person, &[221]);
    let many_entries = bundle.edited(|bundle| {
        let entries = bundle["entry"].as_array_mut().expect("entries");
        let small = serde_json::json!({"fullUrl": "urn:uuid:x"});
        entries.resize(100_000, small);
    });
    let many_tags = bundle.edited(|bundle| {
        let tag = bundle["meta"]["tag"][0].clone();
        bundle["meta"]["tag"] = serde_json::Value::Array(vec![tag; 10_000]);
    });
    let long_text = bundle.edited(|bundle| bundle["language"] = "x".repeat(5_000_000).into());
    for (body, rule) in [
        (many_entries, "kyoyu-limit-entries"),
        (many_tags, "kyoyu-limit-tags"),
        (long_text, "kyoyu-json-string-length"),
    ] {
        let reply = app.hospital.post("/fhir/Bundle", body).await;
        assert!(reply.status.is_client_error(), "{}", reply.text());
        assert!(reply.text().contains(rule), "{rule}: {}", reply.text());
    }
    assert_eq!(app.stored().await, [0; 4]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_address_is_414_and_points_to_the_body_a17() {
    let app = TestApp::start().await;
    let long = format!("/fhir/Observation?patient={}", "x".repeat(5_000));
    let reply = app.doctor.get(&long).await;
    reply.must_refuse(414, "kyoyu-address-too-long");
    app.finish().await;
}
