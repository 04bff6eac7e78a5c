//! What is shared out of letters.

use kyoyu_domain::entry::Flags;
use kyoyu_synth::{AllergyKind, DischargeSummary, LabReport, Referral, Results};
use kyoyu_tests::app::{Answer, cancellation};

use super::Scene;

const RECORD: &[&str] = &["Condition", "AllergyIntolerance", "Observation"];

impl Scene {
    async fn shown(&self, of: &str) -> usize {
        self.app.doctor.search_for(of, &self.person).await.must_be(200).matches().len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn diseases_allergies_and_results_of_a_letter_are_shared_within_consent() {
    let scene = Scene::new().await;
    let id = scene.sent_with("", &scene.letter()).await;
    scene.app.full_consent(&scene.person).await;
    for of in RECORD {
        assert!(scene.shown(of).await > 0, "{of}");
    }
    let drugs = scene.app.doctor.search_for("MedicationRequest", &scene.person).await;
    assert!(drugs.must_be(200).matches().is_empty(), "not by the policy of December 2025");
    scene.receive(&scene.clinic, &id).await.must_refuse(404, "kyoyu-not-found");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_is_extracted_only_where_it_is_switched_on() {
    let scene = Scene::with(|options| {
        let keep = |code: &str| matches!(code, "condition" | "prescription");
        let all = kyoyu_domain::catalogue::CATALOGUE.iter();
        options.documents.extracted =
            all.filter(|kind| !kind.is_document() && keep(kind.code)).collect();
    })
    .await;
    scene.sent(&scene.letter()).await;
    scene.app.full_consent(&scene.person).await;
    assert!(scene.shown("Condition").await > 0);
    assert!(scene.shown("MedicationRequest").await > 0);
    assert_eq!(scene.shown("AllergyIntolerance").await, 0);
    assert_eq!(scene.shown("Observation").await, 0);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_of_a_letters_diseases_hold_where_they_are_shared() {
    let scene = Scene::new().await;
    let flags = vec![
        Flags { uninformed: true, ..Flags::default() },
        Flags { undelivered: true, ..Flags::default() },
    ];
    let letter = Referral { diseases: 2, flags, ..Referral::least(scene.app.sending()) };
    scene.sent(&scene.letter_of(&letter)).await;
    scene.app.full_consent(&scene.person).await;
    let told = scene.shown("Condition").await;
    let patient = scene.app.patient(&scene.person);
    let own = patient.get("/fhir/Condition").await.must_be(200).matches().len();
    assert!(own < told, "what the patient is not told of is not shown: {own} of {told}");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_directly_goes_before_what_stood_in_a_letter() {
    let scene = Scene::new().await;
    let sending = scene.app.sending();
    let report = LabReport {
        sending,
        collected_at: scene.app.now() - chrono::TimeDelta::hours(1),
        results: Results::AsInLife(3),
    };
    let direct = kyoyu_synth::labs(&scene.app.institution(), &scene.person, &report);
    scene.app.register(&direct).await;
    scene.app.full_consent(&scene.person).await;
    let before = scene.app.doctor.search_for("Observation", &scene.person).await;
    scene.app.pass(chrono::TimeDelta::minutes(1));
    let letter = Referral { results: Some(report), ..Referral::least(scene.app.sending()) };
    let letter = scene.letter_of(&letter);
    scene.sent(&letter).await;
    let after = scene.app.doctor.search_for("Observation", &scene.person).await;
    let ids = |reply: &kyoyu_devkit::Reply| {
        let mut ids: Vec<String> =
            reply.must_be(200).matches().into_iter().map(|(id, _)| id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&before), ids(&after), "the same copies as before, each once");
    let cancel = cancellation(direct.identifier.value(), &scene.person.identifier);
    scene.app.hospital.post("/fhir/Bundle/$cancel", cancel).await.must_be(200);
    let instead = scene.app.doctor.search_for("Observation", &scene.person).await;
    assert_eq!(ids(&instead).len(), ids(&before).len(), "the letter's own show instead");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_a_letter_takes_away_what_was_extracted_of_it() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    scene.sent(&letter).await;
    scene.app.full_consent(&scene.person).await;
    assert!(scene.shown("Condition").await > 0);
    let cancel = cancellation(letter.identifier.value(), &scene.person.identifier);
    scene.app.hospital.post("/fhir/Bundle/$cancel", cancel).await.must_be(200);
    for of in RECORD {
        assert_eq!(scene.shown(of).await, 0, "{of}");
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extraction_goes_into_a_nested_discharge_summary() {
    let scene = Scene::new().await;
    let summary = DischargeSummary {
        diseases: 3,
        allergies: vec![AllergyKind::Food],
        ..DischargeSummary::new(scene.app.sending())
    };
    let letter = Referral { summary: Some(summary), ..Referral::least(scene.app.sending()) };
    let letter = scene.letter_of(&letter);
    let reply = scene.app.hospital.post("/fhir/Bundle", letter.json.clone()).await;
    let receipt = kyoyu_tests::app::Receipt::of(reply.must_be(201));
    assert_eq!(receipt.kind("referral"), [1, 0, 0]);
    assert_eq!(receipt.kind("discharge-summary"), [1, 0, 0]);
    scene.app.full_consent(&scene.person).await;
    assert!(scene.shown("AllergyIntolerance").await > 0, "of the nested summary");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nested_summary_of_another_patient_is_refused() {
    let scene = Scene::new().await;
    let other = scene.app.announced(1).await;
    let of = |person| {
        let summary = Some(DischargeSummary::new(kyoyu_synth::Sending::new(77, scene.app.now())));
        let letter = Referral { summary, ..Referral::least(scene.app.sending()) };
        let letter =
            kyoyu_synth::referral(&scene.app.institution(), &scene.addressee(), person, &letter);
        letter.json
    };
    let (own, foreign) = (of(&scene.person), of(&other));
    let number = |person: &kyoyu_synth::Person| person.identifier.value().expose().clone();
    // The nested Patient stands behind the letter's own.
    let (head, tail) = own.rsplit_once(&number(&scene.person)).expect("two Patients");
    assert!(foreign.contains(&number(&other)));
    let mixed = format!("{head}{}{tail}", number(&other));
    let reply = scene.app.hospital.post("/fhir/Bundle", mixed).await;
    reply.must_be(422);
    assert!(reply.text().contains("kyoyu-nested-patient"), "{}", reply.text());
    scene.app.finish().await;
}
