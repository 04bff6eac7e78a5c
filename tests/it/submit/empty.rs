//! 空の送信 — a Bundle with the Patient only (S1.3; `submit.empty_set`).

use std::sync::Arc;

use chrono::TimeDelta;
use kyoyu_profile::rules::{EMPTY_SET, TAGGED_RESOURCE};
use kyoyu_service::Options;
use kyoyu_tests::{
    app::{Answer, Receipt},
    lifecycle::Sort,
};

use super::written::{Ward, plain, without_kinds};

/// `submit.empty_set = "accept"`.
fn accept(options: &mut Options) {
    options.validator = Arc::new(options.validator.waiving(EMPTY_SET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_to_an_empty_set_deletes_what_the_bundle_held() {
    let ward = Ward::open(accept).await;
    let held = [plain(1, Sort::Condition), plain(2, Sort::Condition)];
    ward.register(1, &held).await;
    assert_eq!(ward.shown("Condition").await, [1, 2]);
    let empty = ward.empty(1, &held);
    let changed = ward.change(1, empty.clone()).await;
    changed.must_be(200);
    let receipt = without_kinds(&changed);
    assert_eq!(receipt.state, "registered");
    assert!(ward.shown("Condition").await.is_empty());
    // The old version is a tombstone; of the new one the ledger keeps no byte of the Patient.
    assert_eq!(ward.app.stored().await, [0, 1, 1, 1]);
    assert_eq!(ward.app.count("submission where length(envelope) = 0").await, 1);
    let records = "audit_event where action = 'change' and kinds = 'condition' and quantity = 0";
    assert_eq!(ward.app.count(records).await, 1);
    let again = ward.change(1, empty).await;
    assert_eq!(Receipt::of(again.must_be(200)).id, receipt.id, "the same bytes again");
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_bundle_is_filled_cancelled_and_restored_like_any_other() {
    let ward = Ward::open(accept).await;
    let held = [plain(1, Sort::Condition)];
    ward.register(1, &held).await;
    ward.change(1, ward.empty(1, &held)).await.must_be(200);
    // Long after every period: nothing is due of it, and it can be filled again.
    ward.app.pass(TimeDelta::days(3_000));
    ward.app.purge().await;
    ward.on_cancellation("$cancel", 1).await.must_be(200);
    ward.change(1, ward.bundle(1, &held)).await.must_refuse(409, "kyoyu-bundle-cancelled");
    ward.on_cancellation("$undo-cancel", 1).await.must_be(200);
    let filled = ward.change(1, ward.bundle(1, &[plain(2, Sort::Condition)])).await;
    assert_eq!(Receipt::of(filled.must_be(200)).kind("condition"), [1, 0, 0]);
    ward.change(1, ward.empty(1, &held)).await.must_be(200);
    ward.on_cancellation("$cancel", 1).await.must_be(200);
    ward.app.pass(TimeDelta::days(8));
    ward.on_cancellation("$undo-cancel", 1).await.must_refuse(409, "kyoyu-undo-over");
    ward.change(1, ward.bundle(1, &held)).await.must_refuse(409, "kyoyu-bundle-used");
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_emptied_bundle_had_hidden_is_shown_again() {
    let ward = Ward::open(accept).await;
    ward.register(1, &[plain(1, Sort::Condition), plain(2, Sort::Condition)]).await;
    ward.register(2, &[plain(1, Sort::Condition)]).await;
    ward.change(2, ward.empty(2, &[plain(1, Sort::Condition)])).await.must_be(200);
    assert_eq!(ward.shown("Condition").await, [1, 2]);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_to_an_empty_set_is_not_refused_by_the_check_but_a_first_registration_is() {
    let ward = Ward::open(accept).await;
    let empty = ward.empty(1, &[plain(1, Sort::Lab)]);
    let checked = ward.sender.post("/fhir/Bundle/$validate", empty.clone()).await;
    assert!(!checked.must_be(200).text().contains("\"severity\":\"error\""), "{}", checked.text());
    let reply = ward.sender.post("/fhir/Bundle", empty).await;
    reply.must_refuse(422, TAGGED_RESOURCE.code);
    assert!(reply.text().contains("R02143") && reply.text().contains("$cancel"));
    assert_eq!(ward.app.stored().await, [0; 4]);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unless_the_policy_accepts_it_a_change_to_an_empty_set_is_refused_r02143() {
    let ward = Ward::open(|_| {}).await;
    let held = [plain(1, Sort::OtherAllergy)];
    ward.register(1, &held).await;
    let stored = ward.app.stored().await;
    let reply = ward.change(1, ward.empty(1, &held)).await;
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.text());
    assert!(reply.text().contains("R02143") && reply.text().contains("$cancel"));
    assert_eq!(ward.app.stored().await, stored);
    ward.app.finish().await;
}
