//! The published referral, patient summary and checkup report, adapted only where the
//! specification lists them as wrong.

use kyoyu_domain::identifiers::{PersonIdentifier, PersonIdentifierSystem};
use kyoyu_tests::app::{Answer, Desk, TestApp};
use serde_json::{Value, json};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/examples/");
/// The first part of the examples' Bundle identifiers.
const SENDER: &str = "1318814790";

/// An example, when the machine has it.
#[expect(clippy::print_stderr, reason = "says what was left out")]
fn example(file: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("{EXAMPLES}{file}")).ok();
    if text.is_none() {
        eprintln!("left out: the official example {file} is not there");
    }
    text
}

/// A service that knows the sender and the patient of an example.
async fn scene(bundle: &Value) -> (TestApp, Desk, PersonIdentifier) {
    let mut app = TestApp::start().await;
    let sender = app.add_institution("official", "例示病院", &[SENDER]).await;
    let entries = bundle["entry"].as_array().expect("entries");
    let patient = entries
        .iter()
        .map(|entry| &entry["resource"])
        .find(|resource| resource["resourceType"] == "Patient")
        .expect("a Patient");
    let identifier = patient["identifier"]
        .as_array()
        .expect("identifiers")
        .iter()
        .find(|one| one["system"] == PersonIdentifierSystem::Insured.uri())
        .expect("an insured-person identifier");
    let announcement = json!({
        "resourceType": "Patient",
        "identifier": [{"system": identifier["system"], "value": identifier["value"]}],
        "gender": patient["gender"],
        "birthDate": patient["birthDate"],
    });
    app.eligibility.post("/fhir/Patient/$announce", announcement.to_string()).await.must_be(200);
    let value = identifier["value"].as_str().expect("text");
    let person = PersonIdentifier::new(PersonIdentifierSystem::Insured, value).expect("a form");
    (app, sender, person)
}

fn patient_of(app: &TestApp, person: PersonIdentifier) -> Desk {
    let portal = app.user(&app.cast.portal, "portal-user", None);
    portal.claiming(|claims| claims.patient = Some(person))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_referral_goes_through_once_its_file_is_in_it_s9_5() {
    let file = "clins-1.10.0/Bundle-Bundle-CLINS-Referral-Example-01.json";
    let Some(text) = example(file) else { return };
    let bundle: Value = serde_json::from_str(&text).expect("JSON");
    let (mut app, sender, _) = scene(&bundle).await;
    let refused = sender.post("/fhir/Bundle?consent=oral", text.clone()).await;
    refused.must_be(422);
    assert!(refused.text().contains("kyoyu-attachment-url"), "{}", refused.text());
    let mut adapted = bundle.clone();
    for entry in adapted["entry"].as_array_mut().expect("entries") {
        let attachment = entry.pointer_mut("/resource/content/0/attachment");
        if let Some(object) = attachment.and_then(Value::as_object_mut) {
            object.remove("url");
            object.insert("data".to_owned(), json!("JVBERi0xLjcK"));
            object.insert("contentType".to_owned(), json!("application/pdf"));
        }
    }
    let numbers: Vec<String> = numbers_of_section(&bundle, "910");
    let [to] = &numbers[..] else { panic!("one addressee: {numbers:?}") };
    let clinic = app.add_institution("official-to", "例示紹介先", &[to]).await;
    let sent = adapted.to_string();
    sender.post("/fhir/Bundle?consent=oral", sent.clone()).await.must_be(201);
    let inbox = clinic.get("/fhir/DocumentReference").await;
    let [(id, _)] = &inbox.must_be(200).matches()[..] else { panic!("{}", inbox.text()) };
    let received = clinic.post(&format!("/fhir/Bundle/{id}/$receive"), "").await;
    assert_eq!(received.must_be(200).text(), sent);
    app.finish().await;
}

/// The institution numbers of the Organizations that a section names.
fn numbers_of_section(bundle: &Value, code: &str) -> Vec<String> {
    let entries = bundle["entry"].as_array().expect("entries");
    let sections = entries[0]["resource"]["section"].as_array().expect("sections");
    let section = sections.iter().find(|one| one["code"]["coding"][0]["code"] == code);
    let references = section.expect("the section")["entry"].as_array().expect("references");
    let targets = references
        .iter()
        .filter_map(|one| entries.iter().find(|entry| entry["fullUrl"] == one["reference"]));
    targets
        .filter(|entry| entry["resource"]["resourceType"] == "Organization")
        .filter_map(|entry| entry["resource"]["identifier"][0]["value"].as_str())
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_patient_summary_goes_through_as_it_is() {
    let file = "clins-1.10.0/Bundle-Bundle-CLINS-PCS-Example-01.json";
    let Some(text) = example(file) else { return };
    let (app, sender, person) = scene(&serde_json::from_str(&text).expect("JSON")).await;
    sender.post("/fhir/Bundle", text.clone()).await.must_be(201);
    let page = patient_of(&app, person).get("/fhir/Bundle?kind=patient-summary").await;
    let [(id, _)] = &page.must_be(200).matches()[..] else { panic!("{}", page.text()) };
    assert!(!id.is_empty());
    assert!(page.text().contains(text.trim()), "to the byte");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_checkup_report_goes_through_as_it_is() {
    let file = "echeckup-1.5.0/Bundle-Bundle-eCheckupReport-Sample-01.json";
    let Some(text) = example(file) else { return };
    let (app, sender, person) = scene(&serde_json::from_str(&text).expect("JSON")).await;
    sender.post("/fhir/Bundle", text.clone()).await.must_be(201);
    let page = patient_of(&app, person).get("/fhir/Bundle?kind=checkup").await;
    assert_eq!(page.must_be(200).matches().len(), 1);
    assert!(page.text().contains(text.trim()), "to the byte");
    app.finish().await;
}
