//! 閲覧履歴 — who looked, for the patient.

use kyoyu_domain::entry::Flags;
use kyoyu_tests::app::{Answer, TestApp};

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
