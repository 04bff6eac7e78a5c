//! 閲覧履歴 — who looked, for the patient.

use kyoyu_domain::entry::Flags;
use kyoyu_profile::announcement::LOG_CLOSED;
use kyoyu_synth::announcement;
use kyoyu_tests::app::{Answer, TestApp};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_patient_reads_who_looked_at_what_and_nobody_else_does() {
    let app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    let uninformed = Flags { uninformed: true, ..Flags::default() };
    app.register(&app.diseases(&person, 2, &[uninformed])).await;
    app.doctor.search_for("Condition", &person).await.must_be(403);
    app.full_consent(&person).await;
    app.doctor.search_for("Condition", &person).await.must_be(200);
    let log = app.patient(&person).get("/fhir/AuditEvent?_count=50").await;
    let text = log.must_be(200).text();
    assert!(text.contains(&app.cast.clinic.name), "{text}");
    assert!(text.contains("TREAT") && text.contains("doctor-1"), "{text}");
    assert!(text.contains("kyoyu-consent-required"), "a refusal is told too: {text}");
    let of_other = app.patient(&other).get("/fhir/AuditEvent").await;
    assert!(!of_other.must_be(200).text().contains("doctor-1"));
    app.doctor.get("/fhir/AuditEvent").await.must_refuse(403, "kyoyu-role");
    app.hospital.get("/fhir/AuditEvent").await.must_refuse(403, "kyoyu-role");
    let key = app.key_of(&person).await;
    let foreign = app.patient(&other).get(&format!("/fhir/AuditEvent?patient={key}")).await;
    foreign.must_refuse(403, "kyoyu-consent-required");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_the_network_closes_is_closed_at_once_and_to_one_patient_only() {
    let app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    for patient in [&person, &other] {
        app.patient(patient).get("/fhir/AuditEvent").await.must_be(200);
    }
    let announced = announcement(&person);
    let flagged = |closed: bool| {
        let extension = json!([{"url": LOG_CLOSED, "valueBoolean": closed}]);
        let mut patient: Value = serde_json::from_str(&announced).expect("JSON");
        patient["extension"] = extension;
        patient.to_string()
    };
    app.eligibility.post("/fhir/Patient/$announce", flagged(true)).await.must_be(200);
    let log = app.patient(&person).get("/fhir/AuditEvent").await;
    log.must_refuse(403, "kyoyu-log-closed");
    app.patient(&other).get("/fhir/AuditEvent").await.must_be(200);
    // An announcement without a word about it leaves it closed.
    app.eligibility.post("/fhir/Patient/$announce", announced.clone()).await.must_be(200);
    app.patient(&person).get("/fhir/AuditEvent").await.must_refuse(403, "kyoyu-log-closed");
    app.eligibility.post("/fhir/Patient/$announce", flagged(false)).await.must_be(200);
    app.patient(&person).get("/fhir/AuditEvent").await.must_be(200);
    app.finish().await;
}
