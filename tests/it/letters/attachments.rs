//! Attachments of letters: what is taken, and how one is read alone.

use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::{
    Method,
    header::{HeaderValue, RANGE},
};
use kyoyu_devkit::Request;
use kyoyu_synth::{Attachment, AttachmentFormat, Referral};
use kyoyu_tests::app::Answer;
use serde_json::Value;

use super::Scene;

const FORMATS: [AttachmentFormat; 4] =
    [AttachmentFormat::Png, AttachmentFormat::Jpeg, AttachmentFormat::Tiff, AttachmentFormat::Pdf];

fn with_files(scene: &Scene, bytes: usize) -> kyoyu_synth::SynthBundle {
    let attachments = FORMATS.map(|format| Attachment { format, bytes }).to_vec();
    scene.letter_of(&Referral { attachments, ..Referral::new(scene.app.sending()) })
}

/// The attachments of a letter in document order.
fn files_of(letter: &str) -> Vec<(String, Vec<u8>)> {
    let bundle: Value = serde_json::from_str(letter).expect("JSON");
    let entries = bundle["entry"].as_array().expect("entries");
    let attachments = entries.iter().map(|entry| &entry["resource"]["content"][0]["attachment"]);
    attachments
        .filter(|attachment| attachment["data"].is_string())
        .map(|attachment| {
            let text = |name: &str| attachment[name].as_str().expect("text");
            let data = BASE64_STANDARD.decode(text("data")).expect("base64");
            let media_type = text("contentType").split(';').next().expect("a type").to_owned();
            (media_type, data)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_with_files_comes_back_to_the_byte_and_each_file_alone() {
    let scene = Scene::new().await;
    let letter = with_files(&scene, 40_000);
    let id = scene.sent(&letter).await;
    assert_eq!(scene.receive(&scene.clinic, &id).await.must_be(200).text(), letter.json);
    let files = files_of(&letter.json);
    assert!(files.len() >= FORMATS.len());
    let stem = id.strip_suffix("-1").expect("a document's id");
    for (position, (media_type, data)) in files.iter().enumerate() {
        let address = format!("/fhir/Binary/{stem}-{}", position + 1);
        let whole = scene.clinic.get(&address).await;
        assert_eq!(whole.must_be(200).body.as_ref(), data);
        assert_eq!(whole.headers["content-type"].to_str().expect("text"), media_type);
        assert_eq!(whole.headers["content-disposition"], "attachment");
    }
    let beyond = format!("/fhir/Binary/{stem}-{}", files.len() + 1);
    scene.clinic.get(&beyond).await.must_refuse(404, "kyoyu-not-found");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_a_file_is_read_by_its_range() {
    let scene = Scene::new().await;
    let letter = with_files(&scene, 40_000);
    let id = scene.sent(&letter).await;
    scene.receive(&scene.clinic, &id).await.must_be(200);
    let files = files_of(&letter.json);
    let largest = (0..files.len()).max_by_key(|nth| files[*nth].1.len()).expect("files");
    let data = &files[largest].1;
    let stem = id.strip_suffix("-1").expect("a document's id");
    let address = format!("/fhir/Binary/{stem}-{}", largest + 1);
    let ask = |range: &str| {
        let request = Request::new(Method::GET, &address, "").expect("a request");
        let range = HeaderValue::from_str(range).expect("a header");
        scene.clinic.send(request.header(RANGE, range))
    };
    let size = data.len();
    for (range, first, last) in [
        ("bytes=100-199".to_owned(), 100, 199),
        ("bytes=0-".to_owned(), 0, size - 1),
        ("bytes=0-0".to_owned(), 0, 0),
        (format!("bytes={}-", size - 1), size - 1, size - 1),
        (format!("bytes={}-{size}", size - 10), size - 10, size - 1),
        ("bytes=5-99999999999999999999".to_owned(), 5, size - 1),
        ("bytes=-1".to_owned(), size - 1, size - 1),
        ("bytes=-500".to_owned(), size - 500, size - 1),
        (format!("bytes=-{size}"), 0, size - 1),
        (format!("bytes=-{}", size + 1), 0, size - 1),
    ] {
        let part = ask(&range).await;
        assert!(part.must_be(206).body == data[first..=last], "{range}");
        let told = format!("bytes {first}-{last}/{size}");
        assert_eq!(part.headers["content-range"].to_str().expect("text"), told, "{range}");
    }
    let beyond = format!("bytes={size}-");
    for range in [&beyond, "bytes=9999999-", "bytes=-0", "bytes=5-4", "bytes=0-1,3-4", "bytes=x"] {
        ask(range).await.must_refuse(416, "kyoyu-range");
    }
    let other_unit = ask("items=0-1").await;
    assert!(other_unit.must_be(200).body == data, "RFC 9110, 14.2: as if it did not ask");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_another_type_another_content_or_elsewhere_is_refused() {
    let scene = Scene::new().await;
    let letter = with_files(&scene, 4_096).json;
    let pdf = "\"contentType\":\"application/pdf\"";
    assert!(letter.contains(pdf));
    let data = BASE64_STANDARD.encode("%PDF-");
    let head = &data[..6];
    assert!(letter.contains(&format!("\"data\":\"{head}")));
    let with_url = |url: &str| {
        let beside = format!("\"url\":\"{url}\",{pdf}");
        (letter.replace(pdf, &beside), "kyoyu-attachment-url")
    };
    for (broken, rule) in [
        (letter.replace(pdf, "\"contentType\":\"application/zip\""), "kyoyu-attachment-type"),
        (letter.replace(pdf, "\"contentType\":\"image/png\""), "kyoyu-attachment-magic"),
        with_url("file:///etc/passwd"),
        with_url("http://127.0.0.1/"),
        with_url("https://example.com/letter.pdf"),
    ] {
        let reply = scene.app.hospital.post("/fhir/Bundle", broken).await;
        reply.must_be(422);
        assert!(reply.text().contains(rule), "{rule}: {}", reply.text());
    }
    assert_eq!(scene.app.count("attachment").await, 0);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_of_seven_megabytes_goes_through() {
    let scene = Scene::new().await;
    let attachments = vec![Attachment { format: AttachmentFormat::Jpeg, bytes: 7_000_000 }];
    let letter = Referral { attachments, ..Referral::new(scene.app.sending()) };
    let letter = scene.letter_of(&letter);
    assert!(letter.json.len() > 9_000_000);
    let id = scene.sent(&letter).await;
    let received = scene.receive(&scene.clinic, &id).await;
    assert!(received.must_be(200).body.as_ref() == letter.json.as_bytes(), "to the byte");
    scene.app.finish().await;
}
