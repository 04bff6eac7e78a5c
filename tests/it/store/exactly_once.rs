//! A Bundle is stored once, however often and by however many it is sent at once.

use std::collections::BTreeSet;

use bytes::Bytes;
use kyoyu_domain::{identifiers::SubmissionId, problem::Problem};
use kyoyu_service::{Accepted, Service};
use kyoyu_tests::{
    lifecycle::{BundleName, body::Invented},
    service::ehr,
};
use tokio::task::JoinSet;

use super::{Ward, condition, lab};

const AT_ONCE: usize = 8;
const NAME: BundleName = BundleName { institution: 0, number: 1 };

async fn at_once(service: &Service, bodies: Vec<Bytes>) -> Vec<Result<Accepted, Problem>> {
    let mut calls = JoinSet::new();
    for body in bodies {
        let service = service.clone();
        calls.spawn(async move { service.register(&ehr(), body).await });
    }
    calls.join_all().await
}

fn refusals(answers: &[Result<Accepted, Problem>]) -> Vec<&'static str> {
    answers.iter().filter_map(|answer| answer.as_ref().err()).map(|one| one.rule().code).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bundle_eight_times_at_once_is_stored_once_with_one_receipt() {
    let mut ward = Ward::open().await;
    let person = Invented(1);
    ward.admit(person).await;
    let resources = [lab(1, "2026-03-01"), lab(2, "2026-03-02")];
    let body = Bytes::from(person.bundle(NAME, &resources, ward.now().timestamp_millis()));
    let answers = at_once(&ward.service, vec![body; AT_ONCE]).await;
    let receipts: BTreeSet<SubmissionId> =
        answers.iter().flatten().map(|accepted| accepted.submission.id).collect();
    assert_eq!(receipts.len(), 1, "{answers:?}");
    assert_eq!(answers.iter().flatten().filter(|accepted| accepted.created).count(), 1);
    assert_eq!(ward.count("submission").await, 1);
    assert_eq!(ward.count("segment").await, 1);
    assert_eq!(ward.count("audit_event where action = 'register' and outcome = 'done'").await, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_contents_of_one_identifier_at_once_one_wins() {
    let mut ward = Ward::open().await;
    let person = Invented(1);
    ward.admit(person).await;
    let now = ward.now().timestamp_millis();
    let body = |nth: usize| Bytes::from(person.bundle(NAME, &[condition(nth as u8)], now));
    let answers = at_once(&ward.service, (0..AT_ONCE).map(body).collect()).await;
    assert_eq!(answers.iter().flatten().count(), 1);
    assert_eq!(refusals(&answers), ["kyoyu-bundle-exists"; AT_ONCE - 1]);
    assert_eq!(ward.count("submission").await, 1);
    assert_eq!(ward.count("segment").await, 1);
    assert_eq!(ward.count("audit_event where action = 'register'").await, 8);
    assert_eq!(ward.count("audit_event where outcome = 'kyoyu-bundle-exists'").await, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_identifier_for_two_persons_at_once_belongs_to_one_of_them() {
    let mut ward = Ward::open().await;
    for pair in 1..=4 {
        let (one, other) = (Invented(pair), Invented(pair + 100));
        ward.admit(one).await;
        ward.admit(other).await;
        let now = ward.now().timestamp_millis();
        let body = one.bundle(NAME, &[condition(1)], now);
        let mixed_up = other
            .bundle(NAME, &[condition(1)], now)
            .replace(&other.bundle_identifier(NAME), &one.bundle_identifier(NAME));
        let answers = at_once(&ward.service, vec![body.into(), mixed_up.into()]).await;
        assert_eq!(refusals(&answers), ["kyoyu-bundle-foreign"]);
    }
    assert_eq!(ward.count("submission").await, 4);
    assert_eq!(ward.count("bundle_identifier").await, 4);
    assert_eq!(ward.count("segment").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_records_of_a_month_may_come_at_once() {
    let ward = Ward::open().await;
    ward.admit(Invented(1)).await;
    for month in 1..=6 {
        ward.go_on(31);
        let now = ward.now().timestamp_millis();
        let bodies = (0..AT_ONCE).map(|nth| {
            let name = BundleName { institution: 0, number: (month * AT_ONCE + nth) as u8 };
            Bytes::from(Invented(1).bundle(name, &[condition(nth as u8)], now))
        });
        let answers = at_once(&ward.service, bodies.collect()).await;
        assert_eq!(refusals(&answers), [""; 0], "month {month}: {answers:?}");
    }
}
