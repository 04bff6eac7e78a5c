//! A run never deletes more than was planned, and far more than usual only with approval
//! (F24).

use kyoyu_service::RunOutcome;
use kyoyu_tests::lifecycle::{Type, body::Invented};

use super::{Ward, condition};

async fn registered(ward: &Ward, persons: std::ops::RangeInclusive<u32>) {
    for number in persons {
        ward.admit(Invented(number)).await;
        ward.register(Invented(number), 1, &[condition(1)]).await.expect("it is valid");
    }
}

#[tokio::test]
async fn a_run_larger_than_usual_waits_for_approval() {
    let mut ward = Ward::open_with(|options| {
        options.purge.always_allowed = 2;
        options.purge.times_usual = 2;
    })
    .await;
    registered(&ward, 1..=2).await;
    ward.go_on(1);
    registered(&ward, 3..=7).await;
    ward.go_to("2031-04-02");
    assert_eq!(ward.purge().await, 2, "so many are always allowed");
    // Twice the usual would be four; five are due.
    ward.go_to("2037-04-02");
    let plan = ward.service.purge_plan("tests").await.expect("a plan");
    assert_eq!((plan.resources, plan.state.as_str()), (5, "waits-for-approval"));
    let outcome = ward.service.purge_run("tests", Some(plan.plan)).await.expect("an answer");
    assert!(matches!(outcome, RunOutcome::WaitsForApproval(_)), "{outcome:?}");
    assert_eq!(ward.count("segment").await, 5);
    ward.service.approve_plan("the director", plan.plan).await.expect("it waits");
    let outcome = ward.service.purge_run("tests", Some(plan.plan)).await.expect("an answer");
    assert!(matches!(outcome, RunOutcome::Done { resources: 5, .. }), "{outcome:?}");
    assert_eq!(ward.count("segment").await, 0);
    assert_eq!(ward.count("purge_plan where approved_by = 'the director'").await, 1);
}

#[tokio::test]
async fn exactly_as_many_as_are_always_allowed_need_no_approval() {
    let ward = Ward::open_with(|options| options.purge.always_allowed = 3).await;
    registered(&ward, 1..=3).await;
    ward.go_to("2031-04-02");
    assert_eq!(ward.purge().await, 3);
}

#[tokio::test]
async fn a_plan_deletes_nothing() {
    let mut ward = Ward::open().await;
    registered(&ward, 1..=3).await;
    ward.go_to("2031-04-02");
    let plan = ward.service.purge_plan("tests").await.expect("a plan");
    assert_eq!((plan.resources, plan.counts.as_str()), (3, "condition expired 3"));
    assert_eq!(ward.count("segment").await, 3);
    assert_eq!(ward.count("tombstone").await, 0);
}

#[tokio::test]
async fn what_became_due_since_the_plan_waits_for_the_next_one() {
    let ward = Ward::open().await;
    let person = Invented(1);
    ward.admit(person).await;
    ward.register(person, 1, &[condition(1)]).await.expect("it is valid");
    ward.go_on(1);
    ward.register(person, 2, &[condition(2)]).await.expect("it is valid");
    ward.go_to("2031-04-02");
    let plan = ward.service.purge_plan("tests").await.expect("a plan");
    assert_eq!(plan.resources, 1);
    ward.go_to("2037-04-02");
    let outcome = ward.service.purge_run("tests", Some(plan.plan)).await.expect("an answer");
    assert!(matches!(outcome, RunOutcome::Done { resources: 1, .. }), "{outcome:?}");
    assert_eq!(ward.purge().await, 1);
}

#[tokio::test]
async fn a_plan_is_carried_out_once_and_only_the_newest() {
    let ward = Ward::open().await;
    registered(&ward, 1..=1).await;
    ward.go_to("2031-04-02");
    let older = ward.service.purge_plan("tests").await.expect("a plan").plan;
    let newer = ward.service.purge_plan("tests").await.expect("a plan").plan;
    let abandoned = ward.service.purge_run("tests", Some(older)).await.expect_err("abandoned");
    assert_eq!(abandoned.rule().code, "kyoyu-not-found");
    ward.service.purge_run("tests", Some(newer)).await.expect("the newest");
    let done = ward.service.purge_run("tests", Some(newer)).await.expect_err("done");
    assert_eq!(done.rule().code, "kyoyu-not-found");
}

#[tokio::test]
async fn what_is_due_is_invisible_before_the_purge_runs() {
    let mut ward = Ward::open().await;
    let person = Invented(1);
    let key = ward.admit(person).await;
    ward.register(person, 1, &[condition(1)]).await.expect("it is valid");
    ward.go_to("2031-04-02");
    ward.database.clock().set(ward.now() - chrono::TimeDelta::seconds(1));
    assert_eq!(ward.search(key, Type::Condition).await.len(), 1);
    assert_eq!(ward.purge().await, 0);
    ward.database.clock().set(ward.now() + chrono::TimeDelta::seconds(1));
    assert_eq!(ward.search(key, Type::Condition).await.len(), 0);
    assert_eq!(ward.count("segment").await, 1);
}
