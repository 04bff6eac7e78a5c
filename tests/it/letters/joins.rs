//! A letter follows its patient when the eligibility network says who the patient is.

use kyoyu_synth::{Attachment, AttachmentFormat, Referral, announcement};
use kyoyu_tests::app::Answer;
use serde_json::Value;

use super::{Scene, decision};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_waits_goes_on_when_its_patient_is_joined_with_another() {
    let scene = Scene::new().await;
    let attachments = vec![Attachment { format: AttachmentFormat::Pdf, bytes: 20_000 }];
    let letter = Referral { attachments, ..Referral::new(scene.app.sending()) };
    let letter = scene.letter_of(&letter);
    scene.sent_with("?consent=portal", &letter).await;
    let files = scene.app.count("attachment").await;

    let other = scene.app.persons().nth(1).expect("the world has many persons");
    let mut known: Value = serde_json::from_str(&announcement(&scene.person)).expect("JSON");
    let mut alike: Value = serde_json::from_str(&announcement(&other)).expect("JSON");
    alike["birthDate"] = known["birthDate"].clone();
    let network = &scene.app.eligibility;
    network.post("/fhir/Patient/$announce", alike.to_string()).await.must_be(200);
    let theirs = alike["identifier"].as_array().expect("identifiers").clone();
    known["identifier"].as_array_mut().expect("identifiers").extend(theirs);
    network.post("/fhir/Patient/$announce", known.to_string()).await.must_be(200);

    let patient = scene.app.patient(&other);
    let [id] = &scene.listed(&patient).await[..] else { panic!("one letter waits") };
    assert!(scene.listed(&scene.clinic).await.is_empty());
    scene.answer(&patient, id, &decision("permit")).await.must_be(200);
    assert_eq!(&scene.listed(&scene.clinic).await[..], std::slice::from_ref(id));
    assert_eq!(scene.receive(&scene.clinic, id).await.must_be(200).text(), letter.json);
    assert_eq!(scene.state(&letter).await, "received");
    let stem = id.strip_suffix("-1").expect("a document's id");
    let file = scene.clinic.get(&format!("/fhir/Binary/{stem}-1")).await;
    assert!(!file.must_be(200).body.is_empty());
    assert_eq!(scene.app.count("attachment").await, files, "there is one copy of each");
    scene.app.finish().await;
}
