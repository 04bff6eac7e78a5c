//! 一覧の更新 — a new list takes the place of the older ones of its scope (S3.2;
//! `retention.full_set_scope`).

use chrono::TimeDelta;
use kyoyu_domain::retention::FullSetScope;
use kyoyu_service::Options;
use kyoyu_tests::{
    app::Answer,
    lifecycle::{Resource, Sort},
};

use super::written::{Ward, older_hidden, plain};

fn whole_of(scope: FullSetScope) -> impl FnOnce(&mut Options) {
    move |options| options.retention.full_set_scope = scope
}

/// A disease of a department.
fn disease(identifier: u8, department: u8) -> Resource {
    Resource { department: Some(department), ..plain(identifier, Sort::Condition) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_default_older_bundles_stay_beside_a_new_list() {
    let ward = Ward::open(|_| {}).await;
    ward.register(1, &[disease(1, 1), disease(2, 1)]).await;
    let newer = ward.register(2, &[disease(1, 1), disease(3, 1)]).await;
    assert_eq!(older_hidden(&newer), Some(1), "the one that is sent again");
    assert_eq!(ward.shown("Condition").await, [1, 2, 3]);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_departments_list_takes_the_place_of_that_departments_alone() {
    let ward = Ward::open(whole_of(FullSetScope::Department)).await;
    ward.register(1, &[disease(1, 1), disease(2, 1), disease(3, 2)]).await;
    let newer = ward.register(2, &[disease(1, 1), disease(4, 1)]).await;
    assert_eq!(older_hidden(&newer), Some(2), "one sent again, one left out");
    assert_eq!(ward.shown("Condition").await, [1, 3, 4]);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_institutions_list_takes_the_place_of_all_its_older_ones_of_the_type() {
    let ward = Ward::open(whole_of(FullSetScope::Institution)).await;
    let allergy = Resource { department: None, ..plain(1, Sort::DrugAllergy) };
    ward.register(1, &[allergy]).await;
    ward.register(2, &[plain(1, Sort::Lab), plain(2, Sort::Infection)]).await;
    ward.register(3, &[disease(1, 1), disease(2, 2)]).await;
    let newer = ward.register(4, &[disease(5, 1)]).await;
    assert_eq!(older_hidden(&newer), Some(2));
    assert_eq!(ward.shown("Condition").await, [5]);
    assert_eq!(ward.shown("AllergyIntolerance").await, [1], "another type is another list");
    let again = ward.register(5, &[plain(3, Sort::Lab)]).await;
    assert_eq!(older_hidden(&again), None);
    assert_eq!(ward.shown("Observation").await, [1, 2, 3], "reports of results are no lists");
    let other = ward.register(6, &[plain(2, Sort::OtherAllergy)]).await;
    assert_eq!(older_hidden(&other), Some(1), "both sorts of allergies are one list");
    assert_eq!(ward.shown("AllergyIntolerance").await, [2]);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_list_gives_back_what_it_had_left_out() {
    let ward = Ward::open(whole_of(FullSetScope::Department)).await;
    ward.register(1, &[disease(1, 1), disease(2, 1)]).await;
    ward.register(2, &[disease(1, 1)]).await;
    assert_eq!(ward.shown("Condition").await, [1]);
    // Nothing of the older list may be gone as long as the newer one can be cancelled.
    ward.app.pass(TimeDelta::days(6));
    ward.app.purge().await;
    ward.on_cancellation("$cancel", 2).await.must_be(200);
    assert_eq!(ward.shown("Condition").await, [1, 2]);
    ward.on_cancellation("$undo-cancel", 2).await.must_be(200);
    assert_eq!(ward.shown("Condition").await, [1]);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_list_left_out_does_not_outlive_its_period_by_the_long_term_flag() {
    let ward = Ward::open(whole_of(FullSetScope::Institution)).await;
    let long_term = |identifier| Resource { long_term: true, ..disease(identifier, 1) };
    ward.register(1, &[long_term(1)]).await;
    ward.register(2, &[long_term(2)]).await;
    ward.app.pass(TimeDelta::days(5 * 366));
    ward.app.purge().await;
    assert_eq!(ward.app.count("segment").await, 1, "the newer list is kept");
    assert_eq!(ward.app.count("tombstone").await, 1);
    ward.app.finish().await;
}
