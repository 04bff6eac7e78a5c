//! 追送 — discharge summaries that follow their referral.

use chrono::TimeDelta;
use kyoyu_synth::{DischargeSummary, Referral, Sending, SynthBundle, discharge_summary, referral};
use kyoyu_tests::app::{Answer, cancellation, change_address};

use super::{Scene, decision};

impl Scene {
    /// Registers a summary that follows a letter; gives it and its id.
    async fn followed(&self, letter: &SynthBundle) -> (SynthBundle, String) {
        let summary = DischargeSummary {
            follows: Some(letter.identifier.clone()),
            ..DischargeSummary::new(self.app.sending())
        };
        let summary = discharge_summary(&self.app.institution(), &self.person, &summary);
        let id = self.sent_with("", &summary).await;
        (summary, id)
    }

    /// `$cancel` or `$undo-cancel`, which must succeed.
    async fn take_back(&self, operation: &str, letter: &SynthBundle) {
        let body = cancellation(letter.identifier.value(), &self.person.identifier);
        self.app.hospital.post(&format!("/fhir/Bundle/{operation}"), body).await.must_be(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_follows_its_referral_under_the_same_consent() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let referral = scene.sent_with("", &letter).await;
    let (summary, id) = scene.followed(&letter).await;
    assert!(scene.listed(&scene.clinic).await.is_empty());
    let patient = scene.app.patient(&scene.person);
    scene.answer(&patient, &referral, &decision("permit")).await.must_be(200);
    assert_eq!(scene.listed(&scene.clinic).await.len(), 2, "one answer for both");
    scene.answer(&patient, &referral, &decision("deny")).await.must_be(200);
    assert!(scene.listed(&scene.clinic).await.is_empty(), "also when it is another");
    scene.answer(&patient, &referral, &decision("permit")).await.must_be(200);
    let received = scene.receive(&scene.clinic, &id).await;
    assert_eq!(received.must_be(200).text(), summary.json);
    assert_eq!(scene.state(&letter).await, "readable", "each is received by itself");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_without_its_referral_is_refused() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let of = |follows| {
        let sending = scene.app.sending();
        let summary = DischargeSummary { follows, ..DischargeSummary::new(sending) };
        discharge_summary(&scene.app.institution(), &scene.person, &summary).json
    };
    let alone = scene.app.hospital.post("/fhir/Bundle", of(None)).await;
    alone.must_refuse(422, "kyoyu-discharge-alone");
    let unknown = of(Some(letter.identifier.clone()));
    let unknown = scene.app.hospital.post("/fhir/Bundle", unknown).await;
    unknown.must_refuse(422, "kyoyu-referral-unknown");
    scene.sent(&letter).await;
    let cancel = cancellation(letter.identifier.value(), &scene.person.identifier);
    scene.app.hospital.post("/fhir/Bundle/$cancel", cancel).await.must_be(200);
    let cancelled = of(Some(letter.identifier.clone()));
    let cancelled = scene.app.hospital.post("/fhir/Bundle", cancelled).await;
    cancelled.must_refuse(422, "kyoyu-referral-unknown");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_is_seen_with_its_referral_only() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    scene.sent(&letter).await;
    let (summary, _) = scene.followed(&letter).await;
    assert_eq!(scene.listed(&scene.clinic).await.len(), 2);
    scene.take_back("$cancel", &letter).await;
    assert!(scene.listed(&scene.clinic).await.is_empty(), "both are gone");
    assert!(scene.told(&summary, "cancelledAt").await.is_some(), "and their sender knows");
    scene.take_back("$undo-cancel", &letter).await;
    assert_eq!(scene.listed(&scene.clinic).await.len(), 2, "both are back");
    assert!(scene.told(&summary, "cancelledAt").await.is_none());

    scene.take_back("$cancel", &summary).await;
    scene.app.pass(TimeDelta::minutes(1));
    scene.take_back("$cancel", &letter).await;
    scene.take_back("$undo-cancel", &summary).await;
    assert!(scene.listed(&scene.clinic).await.is_empty(), "not before its referral");
    scene.take_back("$undo-cancel", &letter).await;
    assert_eq!(scene.listed(&scene.clinic).await.len(), 2, "with its referral");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_that_was_received_stays_when_its_referral_is_cancelled() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    scene.sent(&letter).await;
    let (summary, id) = scene.followed(&letter).await;
    scene.receive(&scene.clinic, &id).await.must_be(200);
    scene.take_back("$cancel", &letter).await;
    assert_eq!(scene.listed(&scene.clinic).await, [id.as_str()]);
    assert_eq!(scene.receive(&scene.clinic, &id).await.must_be(200).text(), summary.json);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_goes_to_the_new_addressee_of_its_referral() {
    let scene = Scene::new().await;
    let sending = scene.app.sending();
    let letter = scene.letter_of(&Referral::new(sending));
    scene.sent(&letter).await;
    let (summary, _) = scene.followed(&letter).await;
    scene.app.pass(TimeDelta::minutes(1));
    let later = Sending { sent_at: scene.app.now(), ..sending };
    let hospital = scene.app.institution();
    let corrected = referral(&hospital, &hospital, &scene.person, &Referral::new(later));
    let address = format!("{}&consent=oral", change_address(&corrected.identifier));
    scene.app.hospital.put(&address, corrected.json).await.must_be(200);
    assert!(scene.listed(&scene.clinic).await.is_empty(), "it was the wrong addressee");
    assert_eq!(scene.listed(&scene.app.hospital).await.len(), 2);
    assert_eq!(scene.state(&summary).await, "readable");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_of_both_is_answered_the_consent_is_one() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let referral = scene.sent_with("", &letter).await;
    let (summary, id) = scene.followed(&letter).await;
    let patient = scene.app.patient(&scene.person);
    scene.answer(&patient, &id, &decision("permit")).await.must_be(200);
    assert_eq!([scene.state(&letter).await, scene.state(&summary).await], ["readable"; 2]);
    scene.answer(&patient, &id, &decision("deny")).await.must_be(200);
    assert_eq!([scene.state(&letter).await, scene.state(&summary).await], ["refused"; 2]);
    assert!(scene.listed(&scene.clinic).await.is_empty());
    scene.receive(&scene.clinic, &id).await.must_refuse(404, "kyoyu-not-found");
    scene.receive(&scene.clinic, &referral).await.must_refuse(404, "kyoyu-not-found");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_received_referral_a_summary_is_readable_and_answered_by_itself() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let referral = scene.sent(&letter).await;
    scene.receive(&scene.clinic, &referral).await.must_be(200);
    let sending = scene.app.sending();
    let summary = |sending| {
        let follows = Some(letter.identifier.clone());
        let summary = DischargeSummary { follows, ..DischargeSummary::new(sending) };
        discharge_summary(&scene.app.institution(), &scene.person, &summary)
    };
    let first = summary(sending);
    let id = scene.sent_with("", &first).await;
    assert_eq!(scene.state(&first).await, "readable");
    let patient = scene.app.patient(&scene.person);
    scene.answer(&patient, &id, &decision("deny")).await.must_be(200);
    assert_eq!(scene.state(&letter).await, "received", "once and for ever");

    // A change of the sender's does not take the patient's answer back.
    scene.app.pass(TimeDelta::minutes(1));
    let changed = summary(Sending { sent_at: scene.app.now(), ..sending });
    let address = change_address(&changed.identifier);
    scene.app.hospital.put(&address, changed.json.clone()).await.must_be(200);
    assert_eq!(scene.state(&changed).await, "refused");
    assert_eq!(scene.listed(&scene.clinic).await, [referral.as_str()]);
    let [waiting] = &scene.listed(&patient).await[..] else { panic!("one that waits") };
    scene.answer(&patient, waiting, &decision("permit")).await.must_be(200);
    let received = scene.receive(&scene.clinic, waiting).await;
    assert_eq!(received.must_be(200).text(), changed.json);
    let late = scene.answer(&patient, waiting, &decision("deny")).await;
    late.must_refuse(409, "kyoyu-letter-received");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_follows_its_own_senders_referral_of_the_same_patient_only() {
    let mut scene = Scene::new().await;
    let letter = scene.letter();
    scene.sent(&letter).await;
    let follows = |sending| DischargeSummary {
        follows: Some(letter.identifier.clone()),
        ..DischargeSummary::new(sending)
    };
    let other = scene.app.announced(1).await;
    let of_other =
        discharge_summary(&scene.app.institution(), &other, &follows(scene.app.sending()));
    let refused = scene.app.hospital.post("/fhir/Bundle", of_other.json).await;
    refused.must_refuse(422, "kyoyu-referral-unknown");
    let elsewhere = scene.app.world.institution(3);
    let number = elsewhere.number.to_string();
    let desk = scene.app.add_institution("elsewhere", &elsewhere.name, &[&number]).await;
    let of_another = discharge_summary(&elsewhere, &scene.person, &follows(scene.app.sending()));
    let refused = desk.post("/fhir/Bundle", of_another.json).await;
    refused.must_refuse(422, "kyoyu-referral-unknown");
    assert_eq!(scene.app.count("letter").await, 1, "nothing of it is kept");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_names_no_consent_of_its_own_and_can_be_switched_off() {
    for later in [true, false] {
        let scene = Scene::with(|options| options.documents.later_discharge_summary = later).await;
        let letter = scene.letter();
        scene.sent_with("", &letter).await;
        let summary = DischargeSummary {
            follows: Some(letter.identifier.clone()),
            ..DischargeSummary::new(scene.app.sending())
        };
        let summary = discharge_summary(&scene.app.institution(), &scene.person, &summary).json;
        let oral = scene.app.hospital.post("/fhir/Bundle?consent=oral", summary.clone()).await;
        oral.must_refuse(400, "kyoyu-parameter-unknown");
        let plain = scene.app.hospital.post("/fhir/Bundle", summary).await;
        if later {
            plain.must_be(201);
        } else {
            plain.must_refuse(422, "kyoyu-kind-closed");
        }
        scene.app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_summary_has_180_and_seven_days_of_its_own() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let referral = scene.sent(&letter).await;
    scene.app.pass(TimeDelta::days(100));
    let (_, early) = scene.followed(&letter).await;
    scene.app.pass(TimeDelta::days(80));
    assert!(scene.listed(&scene.clinic).await.contains(&referral), "its 180th day");
    let (_, late) = scene.followed(&letter).await;
    scene.app.pass(TimeDelta::days(1));
    scene.app.purge().await;
    assert_eq!(scene.listed(&scene.clinic).await, [late.as_str(), early.as_str()]);
    let follows = Some(letter.identifier.clone());
    let summary = DischargeSummary { follows, ..DischargeSummary::new(scene.app.sending()) };
    let summary = discharge_summary(&scene.app.institution(), &scene.person, &summary);
    let refused = scene.app.hospital.post("/fhir/Bundle", summary.json).await;
    refused.must_refuse(422, "kyoyu-referral-unknown");

    scene.receive(&scene.clinic, &late).await.must_be(200);
    scene.app.pass(TimeDelta::days(7));
    assert_eq!(scene.listed(&scene.clinic).await.len(), 2, "the seventh day");
    scene.app.pass(TimeDelta::days(1));
    assert_eq!(scene.listed(&scene.clinic).await, [early.as_str()]);
    scene.app.purge().await;
    assert_eq!(scene.app.count("letter").await, 1);
    scene.app.pass(TimeDelta::days(91));
    assert_eq!(scene.listed(&scene.clinic).await, [early.as_str()], "its 180th day");
    scene.app.pass(TimeDelta::days(1));
    assert!(scene.listed(&scene.clinic).await.is_empty());
    scene.app.finish().await;
}
