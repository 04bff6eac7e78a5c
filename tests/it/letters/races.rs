//! What happens when two act at once.

use kyoyu_synth::Referral;
use kyoyu_tests::app::{Answer, cancellation, change_address};

use super::{Scene, decision};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_fetch_at_once_get_the_same_letter_and_one_receipt() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let id = scene.sent(&letter).await;
    let (one, other) =
        tokio::join!(scene.receive(&scene.clinic, &id), scene.receive(&scene.clinic, &id));
    assert_eq!(one.must_be(200).text(), letter.json);
    assert_eq!(other.must_be(200).text(), letter.json);
    assert_eq!(scene.app.count("letter where state = 'received'").await, 1);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fetching_and_cancelling_at_once_exactly_one_succeeds() {
    let scene = Scene::new().await;
    for _ in 0..6 {
        let letter = scene.letter_of(&Referral::least(scene.app.sending()));
        let id = scene.sent(&letter).await;
        let cancel = cancellation(letter.identifier.value(), &scene.person.identifier);
        let (fetched, cancelled) = tokio::join!(
            scene.receive(&scene.clinic, &id),
            scene.app.hospital.post("/fhir/Bundle/$cancel", cancel)
        );
        if fetched.status.as_u16() == 200 {
            cancelled.must_refuse(409, "kyoyu-letter-received");
        } else {
            fetched.must_refuse(404, "kyoyu-not-found");
            cancelled.must_be(200);
        }
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fetching_and_changing_at_once_the_addressee_never_has_half_a_letter() {
    let scene = Scene::new().await;
    for _ in 0..6 {
        let sending = scene.app.sending();
        let letter = scene.letter_of(&Referral::least(sending));
        let id = scene.sent(&letter).await;
        let later = sending.sent_at + chrono::TimeDelta::seconds(1);
        let later = kyoyu_synth::Sending { sent_at: later, ..sending };
        let changed = scene.letter_of(&Referral { diseases: 3, ..Referral::least(later) });
        let address = change_address(&changed.identifier);
        let (fetched, change) = tokio::join!(
            scene.receive(&scene.clinic, &id),
            scene.app.hospital.put(&address, changed.json.clone())
        );
        if fetched.status.as_u16() == 200 {
            assert_eq!(fetched.text(), letter.json);
            change.must_refuse(409, "kyoyu-letter-received");
        } else {
            // The id is that of the version that was replaced.
            fetched.must_refuse(404, "kyoyu-not-found");
            change.must_be(200);
        }
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fetching_and_denying_at_once_exactly_one_succeeds() {
    let scene = Scene::new().await;
    let patient = scene.app.patient(&scene.person);
    for _ in 0..6 {
        let letter = scene.letter_of(&Referral::least(scene.app.sending()));
        let id = scene.sent(&letter).await;
        let deny = decision("deny");
        let (fetched, denied) =
            tokio::join!(scene.receive(&scene.clinic, &id), scene.answer(&patient, &id, &deny));
        if fetched.status.as_u16() == 200 {
            denied.must_refuse(409, "kyoyu-letter-received");
            assert_eq!(scene.state(&letter).await, "received");
        } else {
            fetched.must_refuse(404, "kyoyu-not-found");
            denied.must_be(200);
            assert_eq!(scene.state(&letter).await, "refused");
        }
    }
    scene.app.finish().await;
}
