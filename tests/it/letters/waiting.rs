//! Letters that wait for an answer: all of them, page by page.

use kyoyu_synth::Referral;
use kyoyu_tests::app::{Answer, Desk, number_of};

use super::Scene;

impl Scene {
    /// Registers letters that wait, a second apart; gives their ids, newest first.
    async fn waiting(&self, count: usize) -> Vec<String> {
        let mut sent = Vec::new();
        for _ in 0..count {
            let letter = self.letter_of(&Referral::least(self.app.sending()));
            sent.push(self.sent_with("", &letter).await);
            self.app.pass(chrono::TimeDelta::seconds(1));
        }
        sent.reverse();
        sent
    }

    /// The ids of each page of the portal's list.
    async fn pages(&self, patient: &Desk, count: usize) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut next = Some(format!("/fhir/DocumentReference?_count={count}"));
        while let Some(address) = next {
            let page = patient.get(&address).await;
            pages.push(page.must_be(200).matches().into_iter().map(|(id, _)| id).collect());
            next = page.next();
        }
        pages
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_fill_a_page_have_no_next_one_and_one_more_has() {
    let scene = Scene::new().await;
    let patient = scene.app.patient(&scene.person);
    let two = scene.waiting(2).await;
    assert_eq!(scene.pages(&patient, 2).await, std::slice::from_ref(&two));
    let third = scene.waiting(1).await;
    assert_eq!(
        scene.pages(&patient, 2).await,
        [vec![third[0].clone(), two[0].clone()], vec![two[1].clone()]]
    );
    let most = patient.get("/fhir/DocumentReference?_count=200").await;
    assert_eq!(most.must_be(200).matches().len(), 3);
    let refused = patient.get("/fhir/DocumentReference?since=2020-01-01T00:00:00Z").await;
    refused.must_refuse(400, "kyoyu-parameter-unknown");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_letters_than_anybody_has_are_all_listed_once() {
    const COPIES: usize = 1_000;
    let scene = Scene::new().await;
    let sent = scene.waiting(1).await;
    let mut connection = scene.app.database.as_owner().await;
    let sql = "insert into letter
        select registered_at - n * interval '1 second', visible_at, received_at, cancelled_at,
            bucket, person, gen_random_uuid(), belongs_to, kind, identifier, addressee, pattern,
            state
        from letter, generate_series(1, $1) as n";
    let done = sqlx::query(sql).bind(COPIES as i32).execute(&mut connection).await;
    assert_eq!(done.expect("rows like the one that is there").rows_affected(), COPIES as u64);
    let pages = scene.pages(&scene.app.patient(&scene.person), 200).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 200, 200, 200, 1]);
    let mut all = pages.concat();
    assert_eq!(all[0], sent[0], "the newest comes first");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), COPIES + 1);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_reader_is_shown_page_after_page_what_is_for_its_institution() {
    let scene = Scene::new().await;
    let sent = scene.waiting(3).await;
    let number = number_of(&scene.person.identifier);
    let clinic = scene.app.cast.clinic.institution.expect("a number").to_string();
    let form =
        [("patient:identifier", number.as_str()), ("addressee", clinic.as_str()), ("_count", "2")];
    let address = "/fhir/DocumentReference/_search";
    let first = scene.app.eligibility.search(address, &form).await;
    let ids = |reply: &kyoyu_devkit::Reply| {
        reply.must_be(200).matches().into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), sent[..2]);
    let next = first.next().expect("a next page");
    assert!(!next.contains(&*number), "no number in an address");
    let second = scene.app.eligibility.search(&next, &form).await;
    assert_eq!(ids(&second), sent[2..]);
    assert_eq!(second.next(), None);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_one_patients_list_is_none_in_anothers() {
    let scene = Scene::new().await;
    scene.waiting(2).await;
    let other = scene.app.announced(1).await;
    let page = scene.app.patient(&scene.person).get("/fhir/DocumentReference?_count=1").await;
    let next = page.must_be(200).next().expect("a next page");
    let refused = scene.app.patient(&other).get(&next).await;
    refused.must_refuse(400, "kyoyu-cursor");
    scene.app.finish().await;
}
