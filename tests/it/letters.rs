//! 文書授受 — letters over the public API: every state, every reader, every refusal.

mod attachments;
mod exchange;
mod extraction;
mod following;
mod hidden;
mod joins;
mod official;
mod races;
mod signature;
mod summaries;
mod waiting;

use kyoyu_synth::{Institution, Person, Referral, SynthBundle, referral};
use kyoyu_tests::app::{Answer, Desk, TestApp};
use serde_json::{Value, json};

/// 紹介の場 — a hospital that refers a patient to a clinic.
struct Scene {
    app: TestApp,
    /// 紹介先のシステム
    clinic: Desk,
    person: Person,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(choose: impl FnOnce(&mut kyoyu_service::Options)) -> Self {
        let app = TestApp::with(|_| {}, choose).await;
        let clinic = app.system(&app.cast.clinic);
        let person = app.announced(0).await;
        Self { app, clinic, person }
    }

    /// The addressed institution.
    fn addressee(&self) -> Institution {
        let number = self.app.cast.clinic.institution.expect("a number");
        let world = self.app.world;
        let mut all = (0..world.size().institutions).map(|index| world.institution(index));
        all.find(|institution| institution.number == number).expect("the clinic is of the world")
    }

    fn letter(&self) -> SynthBundle {
        self.letter_of(&Referral::new(self.app.sending()))
    }

    fn letter_of(&self, letter: &Referral) -> SynthBundle {
        referral(&self.app.institution(), &self.addressee(), &self.person, letter)
    }

    /// Registers a letter with an oral consent; gives its id.
    async fn sent(&self, letter: &SynthBundle) -> String {
        self.sent_with("?consent=oral", letter).await
    }

    async fn sent_with(&self, query: &str, letter: &SynthBundle) -> String {
        let address = format!("/fhir/Bundle{query}");
        let reply = self.app.hospital.post(&address, letter.json.clone()).await;
        let receipt = kyoyu_tests::app::Receipt::of(reply.must_be(201));
        format!("{}-1", receipt.id)
    }

    /// The ids that a desk's list of letters shows.
    async fn listed(&self, desk: &Desk) -> Vec<String> {
        let page = desk.get("/fhir/DocumentReference").await;
        page.must_be(200).matches().into_iter().map(|(id, _)| id).collect()
    }

    async fn receive(&self, desk: &Desk, id: &str) -> kyoyu_devkit::Reply {
        desk.post(&format!("/fhir/Bundle/{id}/$receive"), "").await
    }

    /// Where a letter stands, as its sender is told.
    async fn state(&self, letter: &SynthBundle) -> String {
        let state = self.told(letter, "state").await.expect("every letter has a state");
        state["valueCode"].as_str().expect("a code").to_owned()
    }

    /// One of the things that the sender is told of a letter.
    async fn told(&self, letter: &SynthBundle, name: &str) -> Option<Value> {
        let identifier = kyoyu_tests::app::url_encoded(&format!(
            "{}|{}",
            kyoyu_domain::identifiers::BundleIdentifier::SYSTEM,
            letter.identifier.value()
        ));
        let address = format!("/fhir/Bundle/$submissions?identifier={identifier}");
        let reply = self.app.hospital.get(&address).await;
        let list = reply.must_be(200).json().expect("JSON");
        let parts = list["parameter"][0]["part"].as_array().expect("parts").clone();
        let letter = parts.iter().find(|part| part["name"] == "letter").expect("a letter");
        let parts = letter["part"].as_array().expect("parts").clone();
        parts.into_iter().find(|part| part["name"] == name)
    }

    async fn answer(&self, desk: &Desk, id: &str, answer: &Value) -> kyoyu_devkit::Reply {
        desk.post(&format!("/fhir/Bundle/{id}/$answer"), answer.to_string()).await
    }
}

/// The Parameters of `$answer` from a card reader.
fn decision_at(addressee: Option<&str>, person: &Person, code: &str) -> Value {
    let mut answer = decision(code);
    let parameters = answer["parameter"].as_array_mut().expect("parameters");
    let identifier = &person.identifier;
    parameters.push(json!({"name": "patient", "valueIdentifier":
        {"system": identifier.system().uri(), "value": identifier.value().expose()}}));
    parameters.extend(addressee.map(|number| json!({"name": "addressee", "valueString": number})));
    answer
}

/// The Parameters of `$answer` from the portal.
fn decision(code: &str) -> Value {
    json!({"resourceType": "Parameters", "parameter": [{"name": "decision", "valueCode": code}]})
}
