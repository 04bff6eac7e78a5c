//! What is left of a deletion: a tombstone without content, and nothing else.

use bytes::Bytes;
use kyoyu_tests::{
    lifecycle::{
        BundleName, Resource, Said, Type,
        body::{BUNDLE_IDENTIFIER, Invented},
    },
    service::ehr,
};
use sqlx::Row;

use super::{Ward, condition, lab};

#[tokio::test]
async fn of_a_purged_bundle_a_tombstone_is_left_and_the_envelope_is_gone() {
    let mut ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    let sent = ward.register(Invented(1), 1, &[condition(1)]).await.expect("it is valid");
    ward.go_to("2031-04-02");
    ward.purge().await;
    assert_eq!(ward.count("submission").await, 0);
    assert_eq!(ward.count("segment").await, 0);
    let stone =
        sqlx::query("select counts, sha256, complete, run is not null as ran from tombstone")
            .fetch_one(&mut ward.owner)
            .await
            .expect("one tombstone");
    assert_eq!(stone.get::<String, _>("counts"), "condition expired 1");
    assert_eq!(stone.get::<Vec<u8>, _>("sha256"), sent.submission.sha256);
    assert!(stone.get::<bool, _>("complete") && stone.get::<bool, _>("ran"));
}

#[tokio::test]
async fn a_purged_identifier_stays_used_and_only_its_sender_learns_why() {
    let ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    let sent = ward.register(Invented(1), 1, &[condition(1)]).await.expect("it is valid");
    ward.go_to("2031-04-02");
    ward.purge().await;
    let again = ward.register(Invented(1), 1, &[condition(1)]).await.expect_err("it is used");
    assert_eq!(again.rule().code, "kyoyu-bundle-used");
    let by_receipt = [("receipt".to_owned(), sent.submission.id.to_string())];
    let gone = ward.service.submissions(&ehr(), &by_receipt).await.expect_err("it is gone");
    assert_eq!(gone.rule().code, "kyoyu-gone");
}

#[tokio::test]
async fn a_replaced_version_leaves_a_tombstone_and_nothing_else() {
    let mut ward = Ward::open().await;
    let person = Invented(1);
    ward.admit(person).await;
    ward.register(person, 1, &[condition(1)]).await.expect("it is valid");
    ward.go_on(1);
    let name = BundleName { institution: 0, number: 1 };
    let body = person.bundle(name, &[condition(2)], ward.now().timestamp_millis());
    let identifier = format!("{BUNDLE_IDENTIFIER}|{}", person.bundle_identifier(name));
    let changed = ward.service.change(&ehr(), &identifier, Bytes::from(body)).await;
    assert_eq!(changed.expect("it is newer").submission.version, 2);
    assert_eq!(ward.count("submission where version = 2").await, 1);
    assert_eq!(ward.count("submission").await, 1);
    assert_eq!(ward.count("segment").await, 1);
    assert_eq!(ward.count("tombstone where version = 1 and complete and run is null").await, 1);
}

#[tokio::test]
async fn a_change_to_another_type_leaves_nothing_of_the_older_version() {
    let mut ward = Ward::open().await;
    let person = Invented(1);
    let key = ward.admit(person).await;
    ward.register(person, 1, &[condition(1)]).await.expect("it is valid");
    ward.go_on(1);
    let name = BundleName { institution: 0, number: 1 };
    let body = person.bundle(name, &[lab(1, "2026-03-01")], ward.now().timestamp_millis());
    let identifier = format!("{BUNDLE_IDENTIFIER}|{}", person.bundle_identifier(name));
    ward.service.change(&ehr(), &identifier, Bytes::from(body)).await.expect("it is newer");
    assert!(ward.search(key, Type::Condition).await.is_empty());
    assert_eq!(ward.search(key, Type::Observation).await.len(), 1);
    assert_eq!(ward.count("segment").await, 1);
}

#[tokio::test]
async fn a_change_to_another_type_makes_due_what_the_older_version_kept() {
    let ward = Ward::open().await;
    let person = Invented(1);
    ward.admit(person).await;
    let older = [lab(1, "2026-01-01"), lab(2, "2026-02-01")];
    let newer = [lab(3, "2027-01-01"), lab(4, "2027-02-01")];
    ward.register(person, 1, &older).await.expect("it is valid");
    ward.go_to("2027-03-01");
    ward.register(person, 2, &newer).await.expect("it is valid");
    // The newest result was wrong: now the oldest is one of the last three.
    ward.go_on(1);
    let wrong = Resource { said: Said::EnteredInError, ..newer[1] };
    ward.register(person, 3, &[wrong]).await.expect("it is valid");
    ward.go_to("2027-06-01");
    assert_eq!(ward.purge().await, 0);
    let name = BundleName { institution: 0, number: 3 };
    let body = person.bundle(name, &[condition(1)], ward.now().timestamp_millis());
    let identifier = format!("{BUNDLE_IDENTIFIER}|{}", person.bundle_identifier(name));
    ward.service.change(&ehr(), &identifier, Bytes::from(body)).await.expect("it is newer");
    assert_eq!(ward.purge().await, 1, "the oldest is not one of the last three any more");
}

#[tokio::test]
async fn a_bundle_that_loses_a_part_keeps_its_ledger_row() {
    let mut ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    let results: Vec<_> = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
        .iter()
        .enumerate()
        .map(|(nth, day)| lab(nth as u8 + 1, day))
        .collect();
    ward.register(Invented(1), 1, &results).await.expect("it is valid");
    ward.go_to("2027-04-02");
    assert_eq!(ward.purge().await, 1);
    assert_eq!(ward.count("submission").await, 1);
    assert_eq!(ward.count("purge_due").await, 0, "the last three are kept whatever their age");
    assert_eq!(ward.count("tombstone where not complete and counts = 'lab expired 1'").await, 1);
}
