//! 手書きの送信 — small Bundles whose identifiers, departments, flags and statuses a test
//! chooses, sent by an institution of its own.

use kyoyu_devkit::Reply;
use kyoyu_tests::{
    app::{Answer, Desk, Receipt, TestApp, cancellation, url_encoded},
    lifecycle::{
        BundleName, Dated, INSTITUTIONS, Resource, Said, Sort,
        body::{BUNDLE_IDENTIFIER, INSURED, Invented},
    },
    service::insured,
};

/// The person of these tests.
pub(crate) const PERSON: Invented = Invented(7);

/// A test's service, and the institution that sends to it.
pub(crate) struct Ward {
    pub(crate) app: TestApp,
    pub(crate) sender: Desk,
}

impl Ward {
    /// The person is announced and has consented to everything at the clinic.
    pub(crate) async fn open(choose: impl FnOnce(&mut kyoyu_service::Options)) -> Self {
        let mut app = TestApp::with(|_| {}, choose).await;
        let sender = app.add_institution("sender", "甲病院", &INSTITUTIONS[..1]).await;
        let announced = app.eligibility.post("/fhir/Patient/$announce", PERSON.announcement());
        announced.await.must_be(200);
        let clinic = app.cast.clinic.institution.expect("a clinic has a number");
        let consent = PERSON.consent(clinic.as_str(), app.now().timestamp_millis());
        app.eligibility.post("/fhir/Consent", consent).await.must_be(201);
        Self { app, sender }
    }

    /// A Bundle of now; times move on by a minute with each.
    pub(crate) fn bundle(&self, number: u8, resources: &[Resource]) -> String {
        self.app.pass(chrono::TimeDelta::minutes(1));
        PERSON.bundle(name(number), resources, self.app.now().timestamp_millis())
    }

    /// A Bundle with the Patient only, of the type of these resources.
    pub(crate) fn empty(&self, number: u8, like: &[Resource]) -> String {
        let mut bundle: serde_json::Value =
            serde_json::from_str(&self.bundle(number, like)).expect("what is written is JSON");
        bundle["entry"].as_array_mut().expect("entries").truncate(1);
        bundle.to_string()
    }

    pub(crate) async fn register(&self, number: u8, resources: &[Resource]) -> Reply {
        let reply = self.sender.post("/fhir/Bundle", self.bundle(number, resources)).await;
        reply.must_be(201);
        reply
    }

    pub(crate) async fn change(&self, number: u8, body: String) -> Reply {
        let token = format!("{BUNDLE_IDENTIFIER}|{}", PERSON.bundle_identifier(name(number)));
        let address = format!("/fhir/Bundle?identifier={}", url_encoded(&token));
        self.sender.put(&address, body).await
    }

    /// `$cancel` or `$undo-cancel`.
    pub(crate) async fn on_cancellation(&self, operation: &str, number: u8) -> Reply {
        let identifier = PERSON.bundle_identifier(name(number));
        let body = cancellation(&identifier, &insured(PERSON));
        self.sender.post(&format!("/fhir/Bundle/{operation}"), body).await
    }

    /// What the doctor is shown of a type.
    pub(crate) async fn read(&self, of: &str) -> Reply {
        let number = format!("{INSURED}|{}", PERSON.insured());
        let path = format!("/fhir/{of}/_search");
        self.app.doctor.search(&path, &[("patient:identifier", &number)]).await
    }

    /// The numbers of the resources that the doctor is shown of a type, in order.
    pub(crate) async fn shown(&self, of: &str) -> Vec<u8> {
        let page = self.read(of).await;
        let mut numbers: Vec<u8> = page.must_be(200).matches().iter().map(number_of).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The patient in front of the portal.
    pub(crate) fn patient(&self) -> Desk {
        let desk = self.app.user(&self.app.cast.portal, "portal-user", None);
        desk.claiming(|claims| claims.patient = Some(insured(PERSON)))
    }
}

fn number_of((_, entry): &(String, serde_json::Value)) -> u8 {
    let identifier = entry["resource"]["identifier"][0]["value"].as_str().expect("an identifier");
    identifier.strip_prefix("R-").expect("one of ours").parse().expect("a number")
}

pub(crate) fn name(number: u8) -> BundleName {
    BundleName { institution: 0, number }
}

/// A resource of a sort, with department 1.
pub(crate) fn plain(identifier: u8, sort: Sort) -> Resource {
    Resource {
        identifier,
        sort,
        item: if sort == Sort::Lab { 221 } else { 0 },
        department: Some(1),
        dated: Some(Dated::At(1_700_000_000_000 + i64::from(identifier) * 60_000)),
        said: Said::Standing,
        long_term: false,
        uninformed: false,
        undelivered: false,
        extracted: false,
    }
}

/// How many older copies a receipt says are hidden from now on.
pub(crate) fn older_hidden(reply: &Reply) -> Option<u32> {
    let receipt = reply.json().expect("JSON");
    let findings = receipt["parameter"].as_array()?.iter().find(|one| one["name"] == "findings")?;
    let issues = findings["resource"]["issue"].as_array()?;
    let of_rule =
        |issue: &&serde_json::Value| issue["details"]["coding"][0]["code"] == "kyoyu-older-hidden";
    let text = issues.iter().find(of_rule)?["diagnostics"].as_str()?.to_owned();
    text.split(' ').next()?.parse().ok()
}

/// The receipt, which names no kind.
pub(crate) fn without_kinds(reply: &Reply) -> Receipt {
    let receipt = Receipt::of(reply);
    assert!(receipt.kinds.is_empty(), "{}", reply.text());
    receipt
}
