//! 電子署名 — of letters, over mutual TLS: told to the sender, shown to who may read, never a
//! reason to refuse, and not one byte changed.

use chrono::{Days, TimeDelta};
use kyoyu_devkit::{
    Reply,
    hpki::{
        CardKey, CardPlan, Container, Hpki, MemberPlace, RevocationDates, RevokedCard, Signing,
        SigningCard, sign_document,
    },
};
use kyoyu_domain::identifiers::BundleIdentifier;
use kyoyu_signature::Trust;
use kyoyu_synth::{Checkup, Programme, Referral, SynthBundle, checkup};
use kyoyu_tests::app::{Answer, Receipt, change_address, url_encoded};
use serde_json::Value;

use super::{Scene, decision};

const URL: &str = "https://kyoyu.invalid/fhir/StructureDefinition/signature";

/// A scene whose service believes a healthcare PKI.
struct Signed {
    scene: Scene,
    hpki: Hpki,
    doctor: SigningCard,
}

impl Signed {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let hpki = Hpki::create().expect("keys");
        let doctor = hpki.card(&CardPlan {
            name: "Kyoyu Hanako",
            role: Some("Medical Doctor"),
            key: CardKey::P256,
            from: scene.app.now() - Days::new(30),
            until: scene.app.now() + Days::new(300),
        });
        let signed = Self { scene, hpki, doctor: doctor.expect("a card") };
        signed.believe(&[]);
        signed
    }

    /// The service believes the PKI from now on, and knows of these revocations.
    fn believe(&self, revoked: &[RevokedCard<'_>]) {
        let now = self.scene.app.now();
        let dates = RevocationDates { made_at: now, until: now + Days::new(200) };
        let lists = self.hpki.revocation_pem(dates, revoked).expect("lists");
        let trust = Trust::from_pem(self.hpki.root_pem().as_bytes(), lists.as_bytes());
        self.scene.app.service.signature_trust().replace(trust.expect("good files"));
    }

    fn letter(&self, container: Container, place: MemberPlace) -> SynthBundle {
        self.sign(&self.scene.letter(), container, place)
    }

    fn sign(&self, letter: &SynthBundle, container: Container, place: MemberPlace) -> SynthBundle {
        let when = self.scene.app.now();
        let signing = Signing { card: &self.doctor, container, when, place };
        let json = sign_document(&letter.json, &signing).expect("it can be signed");
        SynthBundle { json, ..letter.clone() }
    }

    async fn register(&self, letter: &SynthBundle) -> (String, Reply) {
        let address = "/fhir/Bundle?consent=oral";
        let reply = self.scene.app.hospital.post(address, letter.json.clone()).await;
        (format!("{}-1", Receipt::of(reply.must_be(201)).id), reply)
    }

    /// The parts of the extension in the addressee's inbox.
    async fn shown(&self) -> Value {
        let page = self.scene.clinic.get("/fhir/DocumentReference").await;
        let (_, entry) = page.must_be(200).matches().remove(0);
        extension(&entry["resource"])
    }
}

fn extension(of: &Value) -> Value {
    let all = of["extension"].as_array().expect("extensions");
    let own = all.iter().find(|one| one["url"] == URL).expect("the extension");
    own["extension"].clone()
}

fn part<'a>(parts: &'a Value, name: &str) -> &'a Value {
    let none = &Value::Null;
    let parts = parts.as_array().expect("parts");
    parts.iter().find(|one| one["url"] == name).unwrap_or(none)
}

/// Code and text of the finding about the signature.
fn told(receipt: &Reply) -> (String, String) {
    let receipt = receipt.json().expect("JSON");
    let parameters = receipt["parameter"].as_array().expect("parameters");
    let findings = parameters.iter().find(|one| one["name"] == "findings").expect("findings");
    told_by(&findings["resource"])
}

fn told_by(outcome: &Value) -> (String, String) {
    let of = |issue: &Value| {
        let code = issue["details"]["coding"][0]["code"].as_str().unwrap_or_default().to_owned();
        (code, issue["details"]["text"].as_str().unwrap_or_default().to_owned())
    };
    let mut told = outcome["issue"].as_array().expect("issues").iter().map(of);
    told.find(|(code, _)| code.starts_with("kyoyu-signature-")).expect("a word on the signature")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_is_verified_told_and_shown_and_the_letter_stays_to_the_byte() {
    let signed = Signed::new().await;
    let places = [MemberPlace::First, MemberPlace::Middle, MemberPlace::Last];
    for (container, place) in
        [Container::Jws, Container::Cms].into_iter().flat_map(|one| places.map(|at| (one, at)))
    {
        let letter = signed.letter(container, place);
        let (id, receipt) = signed.register(&letter).await;
        let (code, text) = told(&receipt);
        assert_eq!(code, "kyoyu-signature-verified", "{container:?} {place:?}");
        assert!(text.contains("医師") && !text.contains("Hanako"), "{text}");
        let received = signed.scene.receive(&signed.scene.clinic, &id).await;
        assert_eq!(received.must_be(200).text(), letter.json, "{container:?} {place:?}");
        let said = received.headers["kyoyu-signature"].to_str().expect("ASCII");
        assert!(said.starts_with("verified; verified-at="), "{said}");
        let again = signed.scene.clinic.get(&format!("/fhir/Bundle/{id}")).await;
        assert_eq!(again.must_be(200).text(), letter.json);
        assert_eq!(again.headers["kyoyu-signature"], received.headers["kyoyu-signature"]);
    }
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_addressee_sees_who_signed_with_which_role_and_that_the_time_is_a_claim() {
    let signed = Signed::new().await;
    signed.register(&signed.letter(Container::Cms, MemberPlace::Last)).await;
    let shown = signed.shown().await;
    assert_eq!(part(&shown, "status")["valueCode"], "verified");
    assert_eq!(part(&shown, "signer")["valueString"], "Kyoyu Hanako");
    assert_eq!(part(&shown, "role")["valueString"], "Medical Doctor");
    assert_eq!(part(&shown, "roleDisplay")["valueString"], "医師");
    assert!(part(&shown, "claimedAt")["valueInstant"].is_string());
    assert!(part(&shown, "verifiedAt")["valueInstant"].is_string());
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_without_a_signature_is_told_nothing_and_shown_as_absent() {
    let signed = Signed::new().await;
    let (id, receipt) = signed.register(&signed.scene.letter()).await;
    assert!(!receipt.text().contains("kyoyu-signature"), "{}", receipt.text());
    assert_eq!(part(&signed.shown().await, "status")["valueCode"], "absent");
    let received = signed.scene.receive(&signed.scene.clinic, &id).await;
    assert_eq!(received.headers["kyoyu-signature"], "absent");
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_changed_after_it_was_signed_is_accepted_and_told_apart() {
    let signed = Signed::new().await;
    let letter = signed.letter(Container::Jws, MemberPlace::Last);
    let json =
        letter.json.replacen("\"resourceType\":\"Bundle\"", "\"resourceType\": \"Bundle\"", 1);
    assert_ne!(json, letter.json, "one blank more");
    let (id, receipt) = signed.register(&SynthBundle { json: json.clone(), ..letter }).await;
    assert_eq!(told(&receipt).0, "kyoyu-signature-mismatch");
    let shown = signed.shown().await;
    assert_eq!(part(&shown, "status")["valueCode"], "unverified");
    assert_eq!(part(&shown, "reason")["valueCoding"]["code"], "kyoyu-signature-mismatch");
    assert_eq!(*part(&shown, "signer"), Value::Null, "nobody is named who is not verified");
    let received = signed.scene.receive(&signed.scene.clinic, &id).await;
    assert_eq!(received.must_be(200).text(), json);
    let said = received.headers["kyoyu-signature"].to_str().expect("ASCII");
    assert!(said.starts_with("unverified; reason=kyoyu-signature-mismatch;"), "{said}");
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_roots_every_signature_is_accepted_unverified() {
    let signed = Signed::new().await;
    signed.scene.app.service.signature_trust().replace(Trust::default());
    for container in [Container::Jws, Container::Cms] {
        let (_, receipt) = signed.register(&signed.letter(container, MemberPlace::Last)).await;
        assert_eq!(told(&receipt).0, "kyoyu-signature-no-roots");
    }
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_get_the_same_receipt_whatever_was_revoked_since() {
    let signed = Signed::new().await;
    let letter = signed.letter(Container::Cms, MemberPlace::Middle);
    let (_, first) = signed.register(&letter).await;
    let at = signed.scene.app.now() - TimeDelta::days(1);
    signed.believe(&[RevokedCard { card: &signed.doctor, at, compromised: true }]);
    let address = "/fhir/Bundle?consent=oral";
    let again = signed.scene.app.hospital.post(address, letter.json.clone()).await;
    assert_eq!(again.must_be(200).text(), first.text());
    assert_eq!(part(&signed.shown().await, "status")["valueCode"], "verified");
    // What comes now is judged by what is known now.
    let (_, receipt) = signed.register(&signed.letter(Container::Cms, MemberPlace::Last)).await;
    assert_eq!(told(&receipt).0, "kyoyu-signature-revoked");
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_has_a_verdict_of_its_own_and_the_ledger_keeps_the_code() {
    let signed = Signed::new().await;
    let sending = signed.scene.app.sending();
    signed.register(&signed.scene.letter_of(&Referral::new(sending))).await;
    signed.scene.app.pass(TimeDelta::minutes(1));
    let again = sending.again_at(signed.scene.app.now());
    let newer = signed.scene.letter_of(&Referral::new(again));
    let newer = signed.sign(&newer, Container::Jws, MemberPlace::First);
    let address = change_address(&newer.identifier);
    let changed = signed.scene.app.hospital.put(&address, newer.json.clone()).await;
    assert_eq!(told(changed.must_be(200)).0, "kyoyu-signature-verified");
    assert_eq!(part(&signed.shown().await, "status")["valueCode"], "verified");
    assert_eq!(signed.scene.app.count("document_signature").await, 1);
    let identifier = format!("{}|{}", BundleIdentifier::SYSTEM, newer.identifier.value());
    let address = format!("/fhir/Bundle/$submissions?identifier={}", url_encoded(&identifier));
    let ledger = signed.scene.app.hospital.get(&address).await;
    let text = ledger.must_be(200).text();
    assert!(text.contains("kyoyu-signature-verified") && text.contains("医師"), "{text}");
    assert!(!text.contains("Hanako"), "{text}");
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_without_registration_tells_the_same_and_keeps_nothing() {
    let signed = Signed::new().await;
    let letter = signed.letter(Container::Cms, MemberPlace::First);
    let reply = signed.scene.app.hospital.post("/fhir/Bundle/$validate", letter.json.clone()).await;
    let outcome = reply.must_be(200).json().expect("JSON");
    assert_eq!(told_by(&outcome).0, "kyoyu-signature-verified");
    let errors: Vec<&Value> = outcome["issue"]
        .as_array()
        .expect("issues")
        .iter()
        .filter(|issue| issue["severity"] == "error")
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    // A letter with an error is told of its signature too.
    let broken = letter.json.replace("\"type\":\"document\"", "\"type\":\"document\",\"total\":1");
    let reply = signed.scene.app.hospital.post("/fhir/Bundle/$validate", broken).await;
    assert_eq!(told_by(&reply.must_be(200).json().expect("JSON")).0, "kyoyu-signature-mismatch");
    assert_eq!(signed.scene.app.count("document_signature").await, 0);
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_patient_who_answers_sees_the_signature_and_it_goes_with_the_letter() {
    let signed = Signed::new().await;
    let letter = signed.letter(Container::Jws, MemberPlace::Last);
    let id = signed.scene.sent_with("", &letter).await;
    let patient = signed.scene.app.patient(&signed.scene.person);
    let listed = patient.get("/fhir/DocumentReference").await.must_be(200).matches().remove(0).1;
    assert_eq!(part(&extension(&listed["resource"]), "status")["valueCode"], "verified");
    let answered = signed.scene.answer(&patient, &id, &decision("permit")).await;
    let shown = extension(&answered.must_be(200).json().expect("JSON"));
    assert_eq!(part(&shown, "roleDisplay")["valueString"], "医師");
    signed.scene.receive(&signed.scene.clinic, &id).await.must_be(200);
    assert_eq!(signed.scene.app.count("document_signature").await, 1);
    signed.scene.app.pass(TimeDelta::days(9));
    signed.scene.app.purge().await;
    assert_eq!(signed.scene.app.count("document_signature").await, 0, "gone with the letter");
    signed.scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_documents_show_their_signature_to_their_readers() {
    let signed = Signed::new().await;
    let sending = signed.scene.app.sending();
    let today = signed.scene.app.now().date_naive();
    let programme = Programme::usual_for(&signed.scene.person, today);
    let of_today = Checkup::new(sending, programme);
    let report = checkup(&signed.scene.app.institution(), &signed.scene.person, &of_today);
    let report = signed.sign(&report, Container::Cms, MemberPlace::Last);
    let reply = signed.scene.app.hospital.post("/fhir/Bundle", report.json.clone()).await;
    assert_eq!(told(reply.must_be(201)).0, "kyoyu-signature-verified");
    let patient = signed.scene.app.patient(&signed.scene.person);
    let (_, entry) = patient.get("/fhir/Bundle").await.must_be(200).matches().remove(0);
    assert_eq!(part(&extension(&entry), "signer")["valueString"], "Kyoyu Hanako");
    let address = entry["fullUrl"].as_str().expect("an address");
    let id = address.rsplit('/').next().expect("an id");
    let read = patient.get(&format!("/fhir/Bundle/{id}")).await;
    assert_eq!(read.must_be(200).text(), report.json, "to the byte");
    assert!(read.headers["kyoyu-signature"].to_str().expect("ASCII").starts_with("verified;"));
    signed.scene.app.finish().await;
}
