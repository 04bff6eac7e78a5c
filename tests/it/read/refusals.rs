//! Refusals that are equal to the byte, whatever stands behind them.

use chrono::TimeDelta;
use kyoyu_devkit::Reply;
use kyoyu_domain::{consent::ConsentCategory, entry::Flags, identifiers::PersonKey};
use kyoyu_tests::app::{Answer, TestApp, cancellation, number_of};

/// Status, headers but the two that differ between any two answers, and body.
fn shape(reply: &Reply) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .filter(|(name, _)| !["date", "kyoyu-request"].contains(&name.as_str()))
        .map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    headers.sort();
    (reply.status.as_u16(), headers, reply.body.to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_consent_unknown_and_wrong_person_are_one_403_to_the_byte() {
    let app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    let stranger = app.persons().nth(2).expect("somebody");
    app.register(&app.lab(&person, &[221])).await;
    // The consent of another person, of another institution, and one that has ended.
    app.full_consent(&other).await;
    let hospital = app.cast.hospital.institution.expect("a number");
    app.consent_at(hospital, &person, &[ConsentCategory::Record]).await;
    let revoked = app.full_consent(&person).await;
    app.revoke(&revoked).await;
    let key = app.key_of(&person).await;
    let nobody = format!("Patient/{}", PersonKey::new(uuid::Uuid::from_u128(99)));
    for of in ["Condition", "AllergyIntolerance", "Observation"] {
        let mut answers = vec![
            app.doctor.search_for(of, &person).await,
            app.doctor.search_for(of, &stranger).await,
        ];
        for patient in [&key, &nobody] {
            let path = format!("/fhir/{of}/_search");
            answers.push(app.doctor.search(&path, &[("patient", patient)]).await);
            answers.push(app.doctor.get(&format!("/fhir/{of}?patient={patient}")).await);
        }
        for answer in &answers {
            answer.must_refuse(403, "kyoyu-consent-required");
            assert_eq!(shape(answer), shape(&answers[0]));
        }
    }
    let find = |person: &kyoyu_synth::Person| number_of(&person.identifier);
    let (known, unknown) = (find(&person), find(&stranger));
    let known = app.doctor.search("/fhir/Patient/_search", &[("identifier", &known)]).await;
    let unknown = app.doctor.search("/fhir/Patient/_search", &[("identifier", &unknown)]).await;
    assert_eq!(shape(known.must_refuse(403, "kyoyu-consent-required")), shape(&unknown));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_id_everything_that_cannot_be_seen_is_one_404_to_the_byte_a11() {
    let app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    let undelivered = Flags { undelivered: true, ..Flags::default() };
    let diseases = app.register(&app.diseases(&person, 2, &[Flags::default(), undelivered])).await;
    let gone = app.lab(&person, &[221]);
    let cancelled = app.register(&gone).await;
    let of_other = app.register(&app.diseases(&other, 1, &[])).await;
    let body = cancellation(gone.identifier.value(), &person.identifier);
    app.hospital.post("/fhir/Bundle/$cancel", body).await.must_be(200);
    app.full_consent(&person).await;
    let seen = app.doctor.get(&format!("/fhir/Condition/{}-1", diseases.id)).await;
    seen.must_be(200);
    let key = app.key_of(&other).await;
    let paths = [
        format!("/fhir/Condition/{}-2", diseases.id), // UNDELIVERED
        format!("/fhir/Condition/{}-3", diseases.id), // not there
        format!("/fhir/Condition/{}-0", diseases.id), // the Patient's own place
        format!("/fhir/Observation/{}-1", diseases.id), // another type
        format!("/fhir/Observation/{}-1", cancelled.id), // cancelled
        format!("/fhir/Condition/{}-1", of_other.id), // no consent
        format!("/fhir/{key}"),                       // no consent
        format!("/fhir/Patient/{}", "0".repeat(32)),  // nobody
        "/fhir/Condition/x".to_owned(),               // no id at all
        "/fhir/AllergyIntolerance/00000000000000000000000000000000000-1".to_owned(),
    ];
    let mut shapes = Vec::new();
    for path in &paths {
        let answer = app.doctor.get(path).await;
        answer.must_refuse(404, "kyoyu-not-found");
        shapes.push(shape(&answer));
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:#?}");
    // The patient sees own data by id, and no more than others do of somebody else's.
    let patient = app.patient(&person);
    patient.get(&format!("/fhir/Condition/{}-1", diseases.id)).await.must_be(200);
    for path in &paths {
        assert_eq!(shape(&patient.get(path).await), shapes[0], "{path}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_is_invisible_from_midnight_in_japan_whenever_the_purge_last_ran() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let receipt = app.register(&app.diseases(&person, 1, &[])).await;
    let patient = app.patient(&person);
    let path = format!("/fhir/Condition/{}-1", receipt.id);
    // Registered on 1 April 2026: five years, readable through the last day.
    app.set_clock("2031-03-31T14:59:59Z");
    patient.get(&path).await.must_be(200);
    app.set_clock("2031-04-01T14:59:59Z");
    patient.get(&path).await.must_be(200);
    app.set_clock("2031-04-01T15:00:00Z");
    patient.get(&path).await.must_refuse(404, "kyoyu-not-found");
    assert!(patient.get("/fhir/Condition").await.must_be(200).matches().is_empty());
    assert_eq!(app.count("segment").await, 1, "no purge has run");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partial_consent_names_what_is_withheld_whether_or_not_there_are_data() {
    let app = TestApp::start().await;
    let (full, empty) = (app.announced(0).await, app.announced(1).await);
    app.register(&app.diseases(&full, 2, &[])).await;
    for person in [&full, &empty] {
        app.consent(person, &[ConsentCategory::Record]).await;
    }
    let answers = [
        app.doctor.search_for("Condition", &full).await,
        app.doctor.search_for("Condition", &empty).await,
    ];
    assert_eq!(shape(answers[0].must_be(200)), shape(answers[1].must_be(200)));
    assert!(answers[0].text().contains("\"code\":\"conditions\""), "{}", answers[0].text());
    assert!(answers[0].text().contains("\"mode\":\"outcome\""));
    assert!(answers[0].matches().is_empty());
    let labs = app.doctor.search_for("Observation", &full).await;
    assert!(labs.must_be(200).text().contains("\"code\":\"infections\""), "{}", labs.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_ends_with_the_visit_after_24_hours() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.register(&app.lab(&person, &[221])).await;
    app.full_consent(&person).await;
    app.pass(TimeDelta::hours(24) - TimeDelta::seconds(1));
    app.doctor.search_for("Observation", &person).await.must_be(200);
    app.pass(TimeDelta::seconds(1));
    let reply = app.doctor.search_for("Observation", &person).await;
    reply.must_refuse(403, "kyoyu-consent-required");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_is_the_eligibility_networks_and_what_is_not_understood_is_refused() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let clinic = app.cast.clinic.institution.expect("a number");
    let visit = app.visit(clinic, &person);
    let body = visit.active(&[ConsentCategory::Record]);
    for desk in [&app.hospital, &app.doctor, &app.patient(&person)] {
        desk.post("/fhir/Consent", body.clone()).await.must_refuse(403, "kyoyu-role");
    }
    let mut narrower = visit.body("active", &[ConsentCategory::Record]);
    narrower["provision"]["provision"] = serde_json::json!([{"type": "deny"}]);
    let reply = app.eligibility.post("/fhir/Consent", narrower.to_string()).await;
    reply.must_refuse(422, "kyoyu-consent-shape");
    let mut everything = visit.body("active", &[]);
    everything["provision"]["type"] = "permit".into();
    let reply = app.eligibility.post("/fhir/Consent", everything.to_string()).await;
    reply.must_refuse(422, "kyoyu-consent-shape");
    assert_eq!(app.count("consent").await, 0);
    app.eligibility.put(&visit.address(), body.clone()).await.must_refuse(404, "kyoyu-not-found");
    app.eligibility.post("/fhir/Consent", body.clone()).await.must_be(201);
    app.eligibility.post("/fhir/Consent", body).await.must_be(200);
    let other = visit.active(&[ConsentCategory::Conditions]);
    app.eligibility.post("/fhir/Consent", other).await.must_refuse(409, "kyoyu-consent-exists");
    app.finish().await;
}
