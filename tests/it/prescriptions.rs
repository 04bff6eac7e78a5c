//! 処方 — asked from the e-prescription service over mutual TLS, extracted of letters, and
//! never shown as if they were all there are.

mod asking;
mod listed;
mod summary;
mod told;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use kyoyu_devkit::{Pki, PrescriptionStandIn, Reply};
use kyoyu_domain::{catalogue, prescription::Medium};
use kyoyu_peers::{BreakerOptions, Credentials, PrescriptionClient, PrescriptionOptions};
use kyoyu_service::{NoEligibilityPeer, Options, Peers};
use kyoyu_synth::{
    DrugCodes, EPrescription, Institution, PatientSummary, Person, Prescription, patient_summary,
};
use kyoyu_tests::app::{Answer, Receipt, TestApp};
use serde_json::Value;

/// 場 — the service, whom it asks, and a patient.
struct Scene {
    app: TestApp,
    peer: PrescriptionStandIn,
    person: Person,
}

/// Long: no test waits for it to pass.
const PAUSE: Duration = Duration::from_hours(1);

/// The largest answer that the client takes.
const ANSWER_BYTES: usize = 100_000;

impl Scene {
    async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    /// With extraction switched on.
    async fn extracting() -> Self {
        Self::with(|_| {}, extract).await
    }

    async fn with(
        choose: impl FnOnce(&mut PrescriptionOptions),
        choose_options: impl FnOnce(&mut Options),
    ) -> Self {
        let pki = Pki::in_memory().expect("the machine makes keys");
        let peer = PrescriptionStandIn::start(&pki).await.expect("a free port");
        let mut options = options(&pki, &peer);
        choose(&mut options);
        let client = PrescriptionClient::new(options).expect("certificates of our own");
        let peers = Peers {
            eligibility: Arc::new(NoEligibilityPeer),
            prescriptions: Some(Arc::new(client)),
        };
        Self::within((pki, peer), peers, choose_options).await
    }

    /// With nobody to ask; the stand-in waits in vain.
    async fn unconfigured(choose_options: impl FnOnce(&mut Options)) -> Self {
        let pki = Pki::in_memory().expect("the machine makes keys");
        let peer = PrescriptionStandIn::start(&pki).await.expect("a free port");
        Self::within((pki, peer), Peers::default(), choose_options).await
    }

    async fn within(
        (pki, peer): (Pki, PrescriptionStandIn),
        peers: Peers,
        choose_options: impl FnOnce(&mut Options),
    ) -> Self {
        let app = TestApp::asking(pki, peers, choose_options).await;
        let person = app.announced(0).await;
        Self { app, peer, person }
    }

    /// An institution prescribes to somebody some days ago; gives the texts.
    fn prescribes(&self, to: &Person, (institution, days_ago): (&Institution, i64)) -> Vec<String> {
        let content = EPrescription {
            serial: self.app.sending().serial,
            prescribed_at: self.app.now() - TimeDelta::days(days_ago),
            prescription: Prescription { lines: 3, codes: DrugCodes::AllYj },
        };
        self.peer.prescribe(institution, to, &content)
    }

    /// The hospital prescribes to the patient.
    fn hospital_prescribes(&self, days_ago: i64) -> Vec<String> {
        self.prescribes(&self.person, (&self.app.institution(), days_ago))
    }

    /// Registers a patient summary of today; gives the address of its assembly.
    async fn summary(&self) -> String {
        let summary = PatientSummary::new(self.app.sending());
        let summary = patient_summary(&self.app.institution(), &self.person, &summary);
        let reply = self.app.hospital.post("/fhir/Bundle", summary.json).await;
        format!("/fhir/Bundle/{}-1/$assemble", Receipt::of(reply.must_be(201)).id)
    }

    async fn assembled(&self) -> Reply {
        let address = self.summary().await;
        let reply = self.app.patient(&self.person).get(&address).await;
        reply.must_be(200);
        reply
    }

    async fn searched(&self) -> Reply {
        let reply = self.app.doctor.search_for("MedicationRequest", &self.person).await;
        reply.must_be(200);
        reply
    }

    /// The operator notes how the hospital prescribes.
    async fn hospital_uses(&self, medium: Medium) {
        let number = self.app.institution().number;
        self.app.service.set_prescribing("test", number, medium).await.expect("noted");
        self.app.expect_records(1);
    }
}

/// The client that `[prescriptions]` would make.
fn options(pki: &Pki, peer: &PrescriptionStandIn) -> PrescriptionOptions {
    let identity = pki.client("kyoyu").expect("a certificate");
    PrescriptionOptions {
        address: peer.base_url().parse().expect("an https URL"),
        credentials: Credentials {
            certificates: identity.certificate_pem.into_bytes(),
            key: identity.key_pem.into_bytes(),
            roots: pki.root_pem().as_bytes().to_vec(),
        },
        connect_time: Duration::from_secs(20),
        total_time: Duration::from_secs(20),
        answer_bytes: ANSWER_BYTES,
        concurrent: 4,
        breaker: BreakerOptions { failures: 100, pause: PAUSE },
    }
}

/// Switches the extraction of prescriptions on.
fn extract(options: &mut Options) {
    options.documents.extracted.extend(catalogue::find("prescription"));
}

/// The prescriptions that an answer shows: their extensions and resources.
fn prescriptions(reply: &Reply) -> Vec<Value> {
    let entries = reply.matches().into_iter().map(|(_, entry)| entry);
    entries.filter(|entry| entry["resource"]["resourceType"] == "MedicationRequest").collect()
}

/// The parts with a name of an entry's extension about prescriptions.
fn parts(entry: &Value, name: &str) -> Vec<Value> {
    let url = "https://kyoyu.invalid/fhir/StructureDefinition/prescription";
    let extensions = entry["extension"].as_array().expect("extensions").iter();
    let about: Vec<_> = extensions.filter(|one| one["url"] == url).collect();
    let [about] = about[..] else { panic!("one extension about prescriptions: {entry}") };
    let parts = about["extension"].as_array().expect("parts").iter();
    parts.filter(|part| part["url"] == name).cloned().collect()
}

fn source(entry: &Value) -> String {
    parts(entry, "source")[0]["valueCode"].as_str().expect("a code").to_owned()
}

/// What an answer says of what is not there, as (rule, Japanese text).
fn told(reply: &Reply) -> Vec<(String, String)> {
    let page = reply.json().expect("JSON");
    let entries = page["entry"].as_array().cloned().unwrap_or_default().into_iter();
    let outcomes = entries.filter(|entry| entry["search"]["mode"] == "outcome");
    let issues = outcomes.flat_map(|entry| {
        entry["resource"]["issue"].as_array().expect("issues").clone().into_iter()
    });
    issues
        .map(|issue| {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            (text(&issue["details"]["coding"][0]["code"]), text(&issue["details"]["text"]))
        })
        .collect()
}

fn rules(reply: &Reply) -> Vec<String> {
    told(reply).into_iter().map(|(rule, _)| rule).collect()
}

/// What a rule says in an answer, if it is there.
fn says(reply: &Reply, rule: &str) -> Option<String> {
    told(reply).into_iter().find(|(code, _)| code == rule).map(|(_, text)| text)
}

const UNASKED: &str = "kyoyu-prescriptions-unasked";
const UNANSWERED: &str = "kyoyu-prescriptions-unanswered";
const WRITTEN: &str = "kyoyu-prescriptions-written";
const INCOMPLETE: &str = "kyoyu-prescriptions-incomplete";
const UNEXTRACTED: &str = "kyoyu-prescriptions-unextracted";
const ON_PAPER: &str = "kyoyu-prescriptions-on-paper";
