//! What a reader gets to see, and who is a reader.

use kyoyu_domain::consent::ConsentCategory;
use kyoyu_synth::AllergyKind;
use kyoyu_tests::app::{Answer, BASE_URL, TestApp, number_of};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decimals_stay_as_they_were_sent() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    let report = app.lab(&person, &[221]);
    let start = report.json.find(r#""value":"#).expect("a value");
    let mark = r#""valueQuantity":{"value":"#;
    let start = report.json.find(mark).map_or(start, |at| at + mark.len());
    let end = start + report.json[start..].find([',', '}']).expect("it ends");
    let body = format!("{}4.10{}", &report.json[..start], &report.json[end..]);
    app.hospital.post("/fhir/Bundle", body).await.must_be(201);
    let page = app.doctor.search_for("Observation", &person).await;
    assert!(page.must_be(200).text().contains("\"value\":4.10,"), "{}", page.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_carry_registration_dates_and_the_sender() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    app.register(&app.lab(&person, &[221])).await;
    let page = app.doctor.search_for("Observation", &person).await;
    let json = page.must_be(200).json().expect("JSON");
    let (id, entry) = page.matches()[0].clone();
    assert_eq!(entry["fullUrl"], format!("{BASE_URL}/Observation/{id}"));
    let facts = entry["extension"][0]["extension"].to_string();
    let number = app.cast.hospital.institution.expect("a number").to_string();
    for expected in
        ["\"lab\"", "2026-04-01T09:00:00.000+09:00", "registeredAt", "firstRegisteredAt", &number]
    {
        assert!(facts.contains(expected), "{expected}: {facts}");
    }
    let entries = json["entry"].as_array().expect("entries");
    let organization = entries.iter().find(|one| one["resource"]["resourceType"] == "Organization");
    assert_eq!(
        organization.expect("included")["resource"]["name"],
        app.cast.hospital.name.as_str()
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doctor_finds_the_patient_by_number_and_reads_the_key() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    let number = number_of(&person.identifier);
    let page = app.doctor.search("/fhir/Patient/_search", &[("identifier", &number)]).await;
    let key = format!("Patient/{}", page.must_be(200).matches()[0].0);
    assert_eq!(key, app.key_of(&person).await);
    let patient = app.doctor.get(&format!("/fhir/{key}")).await.must_be(200).json().expect("JSON");
    assert_eq!(patient["birthDate"], person.birth_on.to_string());
    app.patient(&person).get(&format!("/fhir/{key}")).await.must_be(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pharmacy_with_consent_reads_and_cannot_send() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.register(&app.allergies(&person, &[AllergyKind::Drug, AllergyKind::Food])).await;
    let pharmacist = app.user(&app.cast.pharmacy, "pharmacist-1", Some("pharmacist"));
    let refused = pharmacist.search_for("AllergyIntolerance", &person).await;
    refused.must_refuse(403, "kyoyu-consent-required");
    let number = app.cast.pharmacy.institution.expect("a number");
    app.consent_at(number, &person, &[ConsentCategory::Record]).await;
    let page = pharmacist.search_for("AllergyIntolerance", &person).await;
    assert_eq!(page.must_be(200).matches().len(), 2);
    let kinds = [("kind", "drug-allergy"), ("patient:identifier", &number_of(&person.identifier))];
    let page = pharmacist.search("/fhir/AllergyIntolerance/_search", &kinds).await;
    assert_eq!(page.must_be(200).matches().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insurer_sees_nothing_clinical() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let receipt = app.register(&app.diseases(&person, 2, &[])).await;
    app.register(&app.lab(&person, &[221])).await;
    app.register(&app.allergies(&person, &[AllergyKind::Drug])).await;
    let insurer = app.user(&app.cast.insurer, "clerk-1", None);
    for of in ["Condition", "AllergyIntolerance", "Observation"] {
        let page = insurer.search_for(of, &person).await;
        assert!(page.must_be(200).matches().is_empty());
        assert!(!page.text().contains("\"entry\""), "{}", page.text());
    }
    let by_id = format!("/fhir/Condition/{}-1", receipt.id);
    insurer.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_portal_reads_the_patient_of_its_token_and_nobody_else() {
    let app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    app.register(&app.lab(&person, &[221])).await;
    let theirs = app.register(&app.lab(&other, &[221])).await;
    let patient = app.patient(&person);
    assert_eq!(patient.get("/fhir/Observation").await.must_be(200).matches().len(), 1);
    let (own, foreign) = (app.key_of(&person).await, app.key_of(&other).await);
    patient.get(&format!("/fhir/Observation?patient={own}")).await.must_be(200);
    let reply = patient.get(&format!("/fhir/Observation?patient={foreign}")).await;
    reply.must_refuse(403, "kyoyu-consent-required");
    let by_number = patient.search_for("Observation", &other).await;
    by_number.must_refuse(403, "kyoyu-consent-required");
    let by_id = format!("/fhir/Observation/{}-1", theirs.id);
    patient.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    let nameless = app.user(&app.cast.portal, "portal-user", None);
    nameless.get("/fhir/Observation").await.must_refuse(400, "kyoyu-patient-required");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_need_a_token_and_a_purpose_that_reads() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    let system = app.system(&app.cast.clinic);
    system.search_for("Condition", &person).await.must_refuse(401, "kyoyu-token-missing");
    app.hospital.search_for("Condition", &person).await.must_refuse(401, "kyoyu-token-missing");
    for purpose in [
        kyoyu_domain::policy::Purpose::EmergencyTreat,
        kyoyu_domain::policy::Purpose::Operations,
        kyoyu_domain::policy::Purpose::PatientRequest,
    ] {
        let doctor = app.doctor.claiming(|claims| claims.purpose = purpose);
        doctor.search_for("Condition", &person).await.must_refuse(403, "kyoyu-role");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_lists_what_there_is_and_nothing_else() {
    let app = TestApp::start().await;
    let statement = app.hospital.get("/fhir/metadata").await;
    let statement = statement.must_be(200).json().expect("JSON");
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    assert_eq!(statement["fhirVersion"], "4.0.1");
    let resources = statement["rest"][0]["resource"].as_array().expect("resources").clone();
    let mut types: Vec<&str> = resources.iter().filter_map(|one| one["type"].as_str()).collect();
    types.sort_unstable();
    let expected = [
        "AllergyIntolerance",
        "AuditEvent",
        "Binary",
        "Bundle",
        "Condition",
        "Consent",
        "DocumentReference",
        "MedicationRequest",
        "Observation",
        "Organization",
        "Patient",
    ];
    assert_eq!(types, expected);
    for resource in &resources {
        let of = resource["type"].as_str().expect("a type");
        for path in offered(resource) {
            let reply = match path.split_once(' ').expect("method and path") {
                ("GET", path) => app.hospital.get(path).await,
                ("POST", path) if path.ends_with("_search") => app.hospital.search(path, &[]).await,
                ("PUT", path) => app.hospital.put(path, "{}").await,
                (_, path) => app.hospital.post(path, "{}").await,
            };
            let rule = reply.rule().unwrap_or_default();
            assert!(
                !["kyoyu-unknown-address", "kyoyu-method"].contains(&rule.as_str()),
                "{of} {path}"
            );
        }
    }
    for nothing in ["/", "/fhir", "/fhir/Encounter", "/fhir/Procedure", "/fhir/Bundle/x/$y"] {
        app.hospital.get(nothing).await.must_refuse(404, "kyoyu-unknown-address");
    }
    let reply = app.hospital.call(hyper::Method::DELETE, "/fhir/Bundle", "").await;
    reply.must_refuse(405, "kyoyu-method");
    app.finish().await;
}

/// Every call that a resource's part of the statement offers.
fn offered(resource: &Value) -> Vec<String> {
    let of = resource["type"].as_str().expect("a type");
    let list = |name: &str| resource[name].as_array().cloned().unwrap_or_default();
    let interactions = list("interaction").into_iter().map(|one| match one["code"].as_str() {
        Some("read") => format!("GET /fhir/{of}/x"),
        Some("search-type") => format!("POST /fhir/{of}/_search"),
        Some("create") => format!("POST /fhir/{of}"),
        Some("update") => format!("PUT /fhir/{of}?identifier=a%7Cb"),
        other => panic!("{of}: an interaction without a route: {other:?}"),
    });
    let operations = list("operation").into_iter().map(|one| {
        let name = one["name"].as_str().expect("a name").to_owned();
        let is_one_of = |names: &[&str]| names.contains(&name.as_str());
        let method = if is_one_of(&["submissions", "lastn", "assemble"]) { "GET" } else { "POST" };
        let one = if is_one_of(&["receive", "answer", "assemble"]) { "/x" } else { "" };
        format!("{method} /fhir/{of}{one}/${name}")
    });
    interactions.chain(operations).collect()
}
