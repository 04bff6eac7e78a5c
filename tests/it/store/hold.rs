//! A legal hold wins over everything.

use kyoyu_tests::{lifecycle::body::Invented, service::insured};

use super::{Ward, condition};

#[tokio::test]
async fn what_a_legal_hold_covers_is_kept_until_it_is_released() {
    let mut ward = Ward::open().await;
    for number in 1..=2 {
        ward.admit(Invented(number)).await;
        ward.register(Invented(number), 1, &[condition(1)]).await.expect("it is valid");
    }
    let held = insured(Invented(1));
    ward.service.place_hold("tests", &held, "a lawsuit").await.expect("it is known");
    ward.go_to("2031-04-02");
    let plan = ward.service.purge_plan("tests").await.expect("a plan");
    assert_eq!((plan.resources, plan.held), (1, 1));
    assert_eq!(ward.purge().await, 1);
    assert_eq!(ward.count("segment").await, 1);
    ward.service.release_hold("tests", &held).await.expect("there is one");
    assert_eq!(ward.purge().await, 1);
    assert_eq!(ward.count("segment").await, 0);
}

#[tokio::test]
async fn a_hold_that_is_placed_after_the_plan_still_wins() {
    let mut ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    ward.register(Invented(1), 1, &[condition(1)]).await.expect("it is valid");
    ward.go_to("2031-04-02");
    let plan = ward.service.purge_plan("tests").await.expect("a plan");
    assert_eq!(plan.resources, 1);
    let held = insured(Invented(1));
    ward.service.place_hold("tests", &held, "a lawsuit").await.expect("it is known");
    ward.service.purge_run("tests", Some(plan.plan)).await.expect("an answer");
    assert_eq!(ward.count("segment").await, 1);
    assert_eq!(ward.count("tombstone").await, 0);
}

#[tokio::test]
async fn two_holds_on_one_person_are_released_together() {
    let ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    let held = insured(Invented(1));
    ward.service.place_hold("tests", &held, "a lawsuit").await.expect("it is known");
    ward.go_on(1);
    ward.service.place_hold("tests", &held, "another").await.expect("it is known");
    ward.service.release_hold("tests", &held).await.expect("there are two");
    let none = ward.service.release_hold("tests", &held).await.expect_err("there is none left");
    assert_eq!(none.rule().code, "kyoyu-not-found");
}
