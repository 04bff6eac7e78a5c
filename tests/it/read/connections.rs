//! Connections: what one read leaves is what the next one uses.

use kyoyu_synth::Person;
use kyoyu_tests::app::{Answer, TestApp};

async fn every_kind_of_read(app: &TestApp, person: &Person) {
    let key = app.key_of(person).await;
    for resource_type in
        ["Condition", "AllergyIntolerance", "Observation", "MedicationRequest", "Bundle"]
    {
        let path = format!("/fhir/{resource_type}?patient={key}");
        app.doctor.get(&path).await.must_be(200);
    }
    let page = app.doctor.get(&format!("/fhir/Condition?patient={key}")).await;
    for (id, _) in page.must_be(200).matches() {
        app.doctor.get(&format!("/fhir/Condition/{id}")).await.must_be(200);
    }
    app.doctor.get(&format!("/fhir/Observation/$lastn?patient={key}")).await.must_be(200);
    app.doctor.get(&format!("/fhir/{key}")).await.must_be(200);
    app.patient(person).get("/fhir/AuditEvent").await.must_be(200);
}

/// A connection that is closed after a read costs every read ten times its own time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_closes_its_connection() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.register(&app.diseases(&person, 2, &[])).await;
    app.full_consent(&person).await;
    every_kind_of_read(&app, &person).await;
    let open = app.backends().await;
    assert!(!open.is_empty());
    every_kind_of_read(&app, &person).await;
    let still = app.backends().await;
    assert!(still.is_superset(&open), "closed: {:?}", open.difference(&still));
    app.finish().await;
}
