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
    scene.take_back("$undo-cancel", &letter).await;
    assert_eq!(scene.listed(&scene.clinic).await.len(), 2, "both are back");

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
