//! The certificate of a deletion.

use kyoyu_service::{CertificateKey, certificate_is_signed_by};
use kyoyu_tests::{
    lifecycle::{BundleName, INSTITUTIONS, body::Invented},
    service::CERTIFICATE_KEY,
};
use serde_json::Value;

use super::{Ward, condition, lab};

async fn certified(ward: &Ward) -> (String, Vec<u8>) {
    let status = ward.service.purge_status().await.expect("an answer");
    let run = status.runs.into_iter().next().expect("a run");
    run.certificate.zip(run.signature).expect("it has ended")
}

async fn after_a_run() -> (Ward, String) {
    let ward = Ward::open().await;
    let key = ward.admit(Invented(1)).await;
    ward.register(Invented(1), 1, &[condition(1), condition(2)]).await.expect("it is valid");
    ward.register(Invented(1), 2, &[condition(3)]).await.expect("it is valid");
    ward.go_to("2031-04-02");
    ward.purge().await;
    (ward, key.to_string())
}

#[tokio::test]
async fn a_certificate_is_signed_and_counts_what_was_deleted() {
    let (ward, _) = after_a_run().await;
    let (text, signature) = certified(&ward).await;
    let public = CertificateKey::from_bytes(&CERTIFICATE_KEY).public();
    assert!(certificate_is_signed_by(&public, &text, &signature));
    assert!(!certificate_is_signed_by(&public, &text.replace(":3,", ":2,"), &signature));
    let certificate: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(certificate["resources"], 3);
    assert_eq!(certificate["tombstones"], 2);
    assert_eq!(certificate["policyVersion"], 1);
    assert_eq!(certificate["dueThrough"], "2031-04-02");
    assert_eq!(certificate["root"].as_str().map(str::len), Some(64));
}

#[tokio::test]
async fn a_certificate_names_no_patient_and_no_bundle() {
    let (ward, key) = after_a_run().await;
    let (text, _) = certified(&ward).await;
    let person = Invented(1);
    let bundle = person.bundle_identifier(BundleName { institution: 0, number: 1 });
    for secret in [&key, &person.insured(), &bundle, INSTITUTIONS[0], "1958-02-28", "R-1"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn the_root_depends_on_what_was_deleted() {
    let ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    ward.register(Invented(1), 1, &[lab(1, "2026-03-01")]).await.expect("it is valid");
    ward.purge().await;
    let nothing: Value = serde_json::from_str(&certified(&ward).await.0).expect("JSON");
    let (other, _) = after_a_run().await;
    let something: Value = serde_json::from_str(&certified(&other).await.0).expect("JSON");
    assert_eq!((&nothing["resources"], &nothing["tombstones"]), (&0.into(), &0.into()));
    assert_ne!(nothing["root"], something["root"]);
}
