//! 閲覧保留 — a letter that waits for the patient's answer is, to everybody but its sender and
//! the patient, as if it had never been.

use bytes::Bytes;
use kyoyu_devkit::Reply;
use kyoyu_domain::{identifiers::BundleIdentifier, participant::Role};
use kyoyu_synth::Referral;
use kyoyu_tests::app::{Answer, Desk, cancellation, number_of, url_encoded};

use super::{Scene, decision, decision_at};

/// An id that no document has.
const NOWHERE: &str = "0ab0196a4e2000070008000000000000001-1";

/// Who has nothing to do with the letter, or not yet.
async fn others(scene: &mut Scene) -> Vec<(&'static str, Desk)> {
    let stranger = scene.app.announced(1).await;
    let number = scene.app.world.institution(3).number.to_string();
    let centre = scene.app.add_participant("centre", Role::CheckupCentre, &[&number]).await;
    let cast = &scene.app.cast;
    vec![
        ("the addressee's system", scene.clinic.clone()),
        ("the addressee's doctor", scene.app.doctor.clone()),
        ("another institution", scene.app.system(&cast.pharmacy)),
        ("a user there", scene.app.user(&cast.pharmacy, "pharmacist", Some("pharmacist"))),
        ("an insurer", scene.app.user(&cast.insurer, "clerk", None)),
        ("another patient", scene.app.patient(&stranger)),
        ("a checkup centre", centre),
        ("the eligibility network", scene.app.eligibility.clone()),
    ]
}

fn answer(reply: &Reply) -> (u16, Bytes) {
    (reply.status.as_u16(), reply.body.clone())
}

/// What a desk is told by lists, whatever that is.
async fn told(scene: &Scene, desk: &Desk, key: &str) -> Vec<(String, (u16, Bytes))> {
    let lists = [
        "/fhir/DocumentReference".to_owned(),
        "/fhir/DocumentReference?since=2020-01-01T00:00:00Z".to_owned(),
        format!("/fhir/DocumentReference?patient={key}&_count=1"),
        format!("/fhir/Bundle?patient={key}"),
        format!("/fhir/Bundle?patient={key}&kind=referral"),
        "/fhir/Bundle".to_owned(),
        "/fhir/Bundle/$submissions".to_owned(),
        "/fhir/$import".to_owned(),
    ];
    let mut told = Vec::new();
    for list in lists {
        let reply = desk.get(&list).await;
        told.push((list, answer(&reply)));
    }
    let pharmacy = scene.app.cast.pharmacy.institution.expect("a number").to_string();
    let number = number_of(&scene.person.identifier);
    let search = [("patient:identifier", number.as_str()), ("addressee", &pharmacy)];
    let reply = desk.search("/fhir/DocumentReference/_search", &search).await;
    told.push(("at a card reader elsewhere".to_owned(), answer(&reply)));
    told
}

/// What a desk is told of a document and of a Bundle identifier.
async fn told_of(scene: &Scene, desk: &Desk, (id, identifier): (&str, &str)) -> Vec<(u16, Bytes)> {
    let receipt = id.strip_suffix("-1").expect("a document's id");
    let named = format!("{}|{identifier}", BundleIdentifier::SYSTEM);
    let mut told = Vec::new();
    for address in [
        format!("/fhir/Bundle/{id}"),
        format!("/fhir/Bundle/{id}/$assemble"),
        format!("/fhir/Binary/{id}"),
        format!("/fhir/Bundle/$submissions?receipt={receipt}"),
        format!("/fhir/Bundle/$submissions?identifier={}", url_encoded(&named)),
    ] {
        told.push(answer(&desk.get(&address).await));
    }
    told.push(answer(&scene.receive(desk, id).await));
    let elsewhere = scene.app.cast.pharmacy.institution.expect("a number");
    let elsewhere = decision_at(Some(elsewhere.as_str()), &scene.person, "permit");
    for permit in [decision("permit"), elsewhere] {
        told.push(answer(&scene.answer(desk, id, &permit).await));
    }
    for operation in ["$cancel", "$undo-cancel"] {
        let body = cancellation(identifier, &scene.person.identifier);
        told.push(answer(&desk.post(&format!("/fhir/Bundle/{operation}"), body).await));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_waits_is_to_everybody_else_as_if_it_had_never_been() {
    let mut scene = Scene::new().await;
    let others = others(&mut scene).await;
    scene.app.full_consent(&scene.person).await;
    let key = scene.app.key_of(&scene.person).await;
    let mut before = Vec::new();
    for (_, desk) in &others {
        before.push(told(&scene, desk, &key).await);
    }
    let letter = scene.letter_of(&Referral::least(scene.app.sending()));
    let unsent = scene.letter_of(&Referral::least(scene.app.sending()));
    let id = scene.sent_with("", &letter).await;
    let patient = scene.app.patient(&scene.person);
    for state in ["held", "refused"] {
        if state == "refused" {
            scene.answer(&patient, &id, &decision("deny")).await.must_be(200);
        }
        assert_eq!(scene.state(&letter).await, state);
        for ((who, desk), before) in others.iter().zip(&before) {
            for (now, before) in told(&scene, desk, &key).await.into_iter().zip(before) {
                assert_eq!(now, *before, "{who}, {state}");
            }
            let real = told_of(&scene, desk, (&id, letter.identifier.value())).await;
            let made_up = told_of(&scene, desk, (NOWHERE, unsent.identifier.value())).await;
            assert_eq!(real, made_up, "{who}, {state}");
        }
        assert_eq!(scene.state(&letter).await, state, "nobody has moved it");
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_with_another_ordinal_is_no_letter() {
    let scene = Scene::new().await;
    let id = scene.sent(&scene.letter()).await;
    scene.receive(&scene.clinic, &id).await.must_be(200);
    let receipt = id.strip_suffix("-1").expect("a document's id");
    let odd = format!("{receipt}-2");
    scene.receive(&scene.clinic, &odd).await.must_refuse(404, "kyoyu-not-found");
    let read = scene.clinic.get(&format!("/fhir/Bundle/{odd}")).await;
    read.must_refuse(401, "kyoyu-token-missing");
    scene.app.finish().await;
}
