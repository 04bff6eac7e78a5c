//! The published example of JP-CLINS 1.10.0, as it is.
//!
//! Its four results repeat one resource identifier, and one of them (eGFR) is outside the
//! shared items; both are taken, and told in the receipt.

use kyoyu_domain::{
    identifiers::{PersonIdentifier, PersonIdentifierSystem},
    person::Gender,
};
use kyoyu_tests::app::{ALL_CATEGORIES, Answer, Desk, Receipt, TestApp, url_encoded};
use serde_json::{Value, json};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/examples/clins-1.10.0/Bundle-Bundle-CLINS-Observations-Example-01.json"
);
const INSTITUTION: &str = "1318814790";

/// The example, when the machine has it.
#[expect(clippy::print_stderr, reason = "says what was left out")]
fn example() -> Option<String> {
    let text = std::fs::read_to_string(FILE).ok();
    if text.is_none() {
        eprintln!("left out: the official example is not at {FILE}");
    }
    text
}

struct Scene {
    app: TestApp,
    hospital: Desk,
    bundle: Value,
    text: String,
}

/// The hospital of the example is registered and its patient announced.
async fn scene() -> Option<Scene> {
    let text = example()?;
    let mut app = TestApp::start().await;
    let hospital = app.add_institution("official", "例示病院", &[INSTITUTION]).await;
    let bundle: Value = serde_json::from_str(&text).expect("JSON");
    let patient = &bundle["entry"][0]["resource"];
    let announcement = json!({
        "resourceType": "Patient",
        "identifier": [patient["identifier"][1].clone()],
        "gender": patient["gender"],
        "birthDate": patient["birthDate"],
    });
    assert_eq!(patient["gender"], Gender::Female.code());
    app.eligibility.post("/fhir/Patient/$announce", announcement.to_string()).await.must_be(200);
    Some(Scene { app, hospital, bundle, text })
}

impl Scene {
    /// The doctor gets the consent, for the visit of today.
    async fn consent(&self) {
        let person = self.app.persons().next().expect("somebody");
        let clinic = self.app.cast.clinic.institution.expect("a number");
        let mut consent = self.app.visit(clinic, &person).body("active", ALL_CATEGORIES);
        consent["patient"]["identifier"] = self.patient_identifier().clone();
        self.app.eligibility.post("/fhir/Consent", consent.to_string()).await.must_be(201);
    }

    fn patient_identifier(&self) -> &Value {
        &self.bundle["entry"][0]["resource"]["identifier"][1]
    }

    fn number(&self) -> String {
        let identifier = self.patient_identifier();
        let text = |name: &str| identifier[name].as_str().expect("text").to_owned();
        format!("{}|{}", text("system"), text("value"))
    }
}

/// The texts of the resources of a Bundle, byte for byte, in order.
fn resources_of(bundle: &str) -> Vec<&str> {
    const MARK: &str = "\"resource\"";
    let mut found = Vec::new();
    let mut rest = bundle;
    while let Some(mark) = rest.find(MARK) {
        let after = &rest[mark + MARK.len()..];
        let start = after.find('{').expect("an object follows");
        let object = &after[start..];
        let end = end_of_object(object);
        found.push(&object[..end]);
        rest = &object[end..];
    }
    found
}

fn end_of_object(text: &str) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return position + 1;
                }
            }
            _ => {}
        }
    }
    panic!("the object does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_example_reads_back_to_the_byte_apart_from_id_and_patient() {
    let Some(scene) = scene().await else { return };
    let reply = scene.hospital.post("/fhir/Bundle", scene.text.clone()).await;
    reply.must_be(201);
    let receipt = Receipt::of(&reply);
    assert_eq!(receipt.kind("lab"), [3, 0, 0]);
    assert_eq!(receipt.kind("lab-unlisted"), [1, 0, 1]);
    scene.consent().await;
    let number = scene.number();
    let search = [("patient:identifier", number.as_str())];
    let page = scene.app.doctor.search("/fhir/Observation/_search", &search).await;
    let shown = page.must_be(200).matches();
    let sent = resources_of(&scene.text);
    let urn = scene.bundle["entry"][0]["fullUrl"].as_str().expect("a URL");
    let mut seen = Vec::new();
    for (id, entry) in &shown {
        let ordinal: usize = id.rsplit('-').next().expect("a part").parse().expect("a number");
        let reference = entry["resource"]["subject"]["reference"].as_str().expect("a reference");
        assert!(reference.starts_with("Patient/"), "{reference}");
        let own_id = scene.bundle["entry"][ordinal]["resource"]["id"].as_str().expect("an id");
        let expected = sent[ordinal]
            .replacen(&format!("\"{own_id}\""), &format!("\"{id}\""), 1)
            .replace(&format!("\"{urn}\""), &format!("\"{reference}\""));
        let read = scene.app.doctor.get(&format!("/fhir/Observation/{id}")).await;
        assert_eq!(read.must_be(200).text(), expected);
        assert!(page.text().contains(&expected), "the search shows the same bytes");
        seen.push(ordinal);
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 4], "the three results of shared items");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_outside_the_shared_items_is_stored_and_shown_to_nobody() {
    let Some(scene) = scene().await else { return };
    let reply = scene.hospital.post("/fhir/Bundle", scene.text.clone()).await;
    let receipt = Receipt::of(reply.must_be(201));
    scene.consent().await;
    assert_eq!(scene.app.count("segment where kind = 'lab-unlisted'").await, 1);
    let number = scene.number();
    let search = [("patient:identifier", number.as_str())];
    let page = scene.app.doctor.search("/fhir/Observation/_search", &search).await;
    assert!(!page.must_be(200).text().contains("eGFR"), "not in any byte");
    let unlisted = [("patient:identifier", number.as_str()), ("kind", "lab-unlisted")];
    let page = scene.app.doctor.search("/fhir/Observation/_search", &unlisted).await;
    assert!(!page.text().contains("\"mode\":\"match\""), "{}", page.text());
    let by_id = format!("/fhir/Observation/{}-3", receipt.id);
    scene.app.doctor.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    let value = scene.patient_identifier()["value"].as_str().expect("text").to_owned();
    let identifier = PersonIdentifier::new(PersonIdentifierSystem::Insured, &value);
    let identifier = identifier.expect("well formed");
    let portal = scene.app.user(&scene.app.cast.portal, "portal-user", None);
    let patient = portal.claiming(|claims| claims.patient = Some(identifier));
    let page = patient.get("/fhir/Observation").await;
    assert_eq!(page.must_be(200).matches().len(), 3);
    assert!(!page.text().contains("eGFR"));
    patient.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bundle_again_is_200_with_the_same_receipt() {
    let Some(scene) = scene().await else { return };
    let first = scene.hospital.post("/fhir/Bundle", scene.text.clone()).await;
    let stored = scene.app.stored().await;
    scene.app.pass(chrono::TimeDelta::hours(5));
    let again = scene.hospital.post("/fhir/Bundle", scene.text.clone()).await;
    assert_eq!((first.must_be(201).text(), 200), (again.text(), again.status.as_u16()));
    assert_eq!(scene.app.stored().await, stored);
    let value = scene.bundle["identifier"]["value"].as_str().expect("text");
    let token = format!("http://jpfhir.jp/fhir/clins/bundle-identifier|{value}");
    let address = format!("/fhir/Bundle/$submissions?identifier={}", url_encoded(&token));
    assert!(scene.hospital.get(&address).await.must_be(200).text().contains("registered"));
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bundle_eight_times_at_once_is_stored_once_with_one_receipt() {
    let Some(scene) = scene().await else { return };
    let sends: Vec<_> = (0..8)
        .map(|_| {
            let (hospital, text) = (scene.hospital.clone(), scene.text.clone());
            tokio::spawn(async move { hospital.post("/fhir/Bundle", text).await })
        })
        .collect();
    let mut statuses = Vec::new();
    let mut receipts = std::collections::HashSet::new();
    for send in sends {
        let reply = send.await.expect("no panic");
        statuses.push(reply.status.as_u16());
        receipts.insert(reply.text());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
    assert_eq!(receipts.len(), 1, "{receipts:#?}");
    // One row each for lab and lab-unlisted.
    assert_eq!(scene.app.stored().await, [2, 1, 1, 0]);
    scene.app.finish().await;
}
