//! 本文 — what is read is what was sent, to the byte, apart from id and patient reference.

use bytes::Bytes;
use kyoyu_domain::identifiers::PersonKey;
use kyoyu_service::Found;
use kyoyu_tests::{
    lifecycle::{BundleName, Resource, Type, body::Invented},
    service::ehr,
};

use super::{Ward, condition, lab, plain};

const PERSON: Invented = Invented(1);
const NAME: BundleName = BundleName { institution: 0, number: 1 };

/// Registers resources as they are written here.
async fn sent(ward: &Ward, of_type: Type, texts: &[String]) {
    let now = ward.now().timestamp_millis();
    let body = PERSON.bundle_of(NAME, of_type, texts, now);
    let accepted = ward.service.register(&ehr(), Bytes::from(body)).await;
    accepted.unwrap_or_else(|problem| panic!("{:?}", problem.issues));
}

fn text(ward: &Ward, resource: &Resource) -> String {
    PERSON.resource(NAME, resource, ward.now().timestamp_millis())
}

/// The stored text with what was sent in the place of the reference to the patient.
fn with_sent_reference(found: &Found, key: PersonKey) -> String {
    let text = std::str::from_utf8(&found.text).expect("UTF-8");
    text.replace(&format!("\"Patient/{key}\""), &format!("\"{}\"", PERSON.patient_url()))
}

/// By place in the Bundle.
async fn found(ward: &Ward, key: PersonKey, of_type: Type) -> Vec<Found> {
    let mut found = ward.search(key, of_type).await;
    found.sort_by_key(|one| one.id.ordinal);
    found
}

#[tokio::test]
async fn digits_spaces_escapes_and_the_order_of_keys_stay_as_sent() {
    let ward = Ward::open().await;
    let key = ward.admit(PERSON).await;
    let plain = text(&ward, &lab(1, "2026-03-01"));
    let rewritten: Vec<String> = [
        ("\"value\":4.10", "\"value\" : 4.10"),
        ("\"value\":4.10", "\"value\":4.100000000000000000001"),
        ("\"value\":4.10", "\n\t\"value\":\r\n 0.000"),
        ("\"value\":4.10", "\"value\":-1.50E+1"),
        ("mmol/L", "mmol\\/L \\u3042 \u{1f3e5}"),
        (
            ",\"valueQuantity\":{\"value\":4.10,\"unit\":\"mmol/L\"}",
            ",\"valueQuantity\":{\"unit\":\"\\n\",\"value\":4.10}",
        ),
    ]
    .iter()
    .enumerate()
    .map(|(nth, (from, to))| {
        let text = plain.replace("\"R-1\"", &format!("\"R-{nth}\"")).replace(from, to);
        assert!(text.contains(to), "{to}");
        // An id of the sender's, at the end.
        text.strip_suffix('}').map(|text| format!("{text},\"id\":\"own-{nth}\"}}")).expect("JSON")
    })
    .collect();
    sent(&ward, Type::Observation, &rewritten).await;
    let found = found(&ward, key, Type::Observation).await;
    assert_eq!(found.len(), rewritten.len());
    for (nth, (found, sent)) in found.iter().zip(&rewritten).enumerate() {
        let text = with_sent_reference(found, key);
        let id = format!("\"{}\"", found.id);
        assert_eq!(text.replace(&id, &format!("\"own-{nth}\"")), *sent);
    }
}

#[tokio::test]
async fn a_resource_without_an_id_gets_one_and_nothing_else() {
    let ward = Ward::open().await;
    let key = ward.admit(PERSON).await;
    let sent_text = text(&ward, &condition(1));
    sent(&ward, Type::Condition, std::slice::from_ref(&sent_text)).await;
    let [found] = &found(&ward, key, Type::Condition).await[..] else { panic!("one resource") };
    let text = with_sent_reference(found, key);
    assert_eq!(text.replace(&format!("\"id\":\"{}\",", found.id), ""), sent_text);
}

#[tokio::test]
async fn every_reference_to_the_patient_becomes_the_person_key() {
    let ward = Ward::open().await;
    let key = ward.admit(PERSON).await;
    let url = PERSON.patient_url();
    let asserter = format!("{{\"asserter\":{{\"reference\":\"{url}\"}},");
    let sent_text = text(&ward, &condition(1)).replacen('{', &asserter, 1);
    sent(&ward, Type::Condition, std::slice::from_ref(&sent_text)).await;
    let [found] = &found(&ward, key, Type::Condition).await[..] else { panic!("one resource") };
    assert!(!String::from_utf8_lossy(&found.text).contains(&url));
    let text = with_sent_reference(found, key);
    assert_eq!(text.replace(&format!("\"id\":\"{}\",", found.id), ""), sent_text);
}

#[tokio::test]
async fn texts_beside_deleted_ones_stay_as_sent() {
    let ward = Ward::open().await;
    let key = ward.admit(PERSON).await;
    let days = ["2026-03-01", "2026-01-01", "2026-04-01", "2025-12-01", "2026-02-01"];
    let texts: Vec<String> = days
        .iter()
        .enumerate()
        .map(|(nth, day)| {
            let value = format!("\"value\":{nth}.{}", "0".repeat(nth + 1));
            text(&ward, &lab(nth as u8 + 1, day)).replace("\"value\":4.10", &value)
        })
        .collect();
    sent(&ward, Type::Observation, &texts).await;
    ward.go_to("2027-04-02");
    assert_eq!(ward.purge().await, 2);
    let left = found(&ward, key, Type::Observation).await;
    let kept = [0, 2, 4];
    assert_eq!(left.iter().map(|one| usize::from(one.id.ordinal) - 1).collect::<Vec<_>>(), kept);
    for (found, nth) in left.iter().zip(kept) {
        let text = with_sent_reference(found, key);
        assert_eq!(text.replace(&format!("\"id\":\"{}\",", found.id), ""), texts[nth]);
    }
}

#[tokio::test]
async fn a_bundle_of_all_kinds_of_observations_is_split_and_read_whole() {
    use kyoyu_tests::lifecycle::Sort;
    let mut ward = Ward::open().await;
    let key = ward.admit(PERSON).await;
    let mut lasting = plain(2, Sort::Infection);
    lasting.long_term = true;
    let resources =
        [lab(1, "2026-03-01"), lasting, plain(3, Sort::Infection), plain(4, Sort::LabUnlisted)];
    let texts: Vec<String> = resources.iter().map(|one| text(&ward, one)).collect();
    sent(&ward, Type::Observation, &texts).await;
    assert_eq!(ward.count("segment").await, 4);
    let found = found(&ward, key, Type::Observation).await;
    let kinds: Vec<&str> = found.iter().map(|one| one.kind.code).collect();
    assert_eq!(kinds, ["lab", "infection", "infection"], "unlisted results are shown to nobody");
    for found in found {
        let text = with_sent_reference(&found, key);
        let place = usize::from(found.id.ordinal) - 1;
        assert_eq!(text.replace(&format!("\"id\":\"{}\",", found.id), ""), texts[place]);
    }
}
