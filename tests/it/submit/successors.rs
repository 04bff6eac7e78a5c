//! 承継 — an institution manages what the one before it has sent.

use kyoyu_domain::{identifiers::InstitutionNumber, problem::Problem};
use kyoyu_tests::app::{Answer, Desk, Receipt, TestApp, cancellation, change_address, url_encoded};

const SUCCESSOR: &str = "1310009991";
const LAST: &str = "1310009983";

fn number(text: &str) -> InstitutionNumber {
    text.parse().expect("ten digits")
}

async fn succeed(app: &TestApp, institution: &str, predecessor: &str) -> Result<(), Problem> {
    app.expect_records(1);
    app.service.succeed("operator", number(institution), number(predecessor)).await
}

async fn submissions(desk: &Desk) -> usize {
    let list = desk.get("/fhir/Bundle/$submissions").await;
    let list = list.must_be(200).json().expect("JSON");
    let parameters = list["parameter"].as_array().cloned().unwrap_or_default();
    parameters.iter().filter(|one| one["name"] == "submission").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_asks_for_changes_cancels_and_restores_what_its_predecessor_sent() {
    let mut app = TestApp::start().await;
    let person = app.announced(0).await;
    let [first, corrected] = super::verbs::report_and_correction(&app, &person);
    let receipt = app.register(&first).await;
    let former = app.institution().number.to_string();
    let desk = app.add_institution("successor", "新病院", &[SUCCESSOR]).await;
    let last = app.add_institution("last", "新新病院", &[LAST]).await;
    let identifier = url_encoded(&format!(
        "{}|{}",
        kyoyu_domain::identifiers::BundleIdentifier::SYSTEM,
        first.identifier.value()
    ));
    let state = format!("/fhir/Bundle/$submissions?identifier={identifier}");
    desk.get(&state).await.must_refuse(404, "kyoyu-not-found");
    let cancel = cancellation(first.identifier.value(), &person.identifier);
    desk.post("/fhir/Bundle/$cancel", cancel.clone()).await.must_refuse(404, "kyoyu-not-found");

    succeed(&app, SUCCESSOR, &former).await.expect("it has no successor yet");
    succeed(&app, LAST, SUCCESSOR).await.expect("a chain");
    desk.get(&state).await.must_be(200);
    assert_eq!(submissions(&desk).await, 1);
    desk.post("/fhir/Bundle/$cancel", cancel.clone()).await.must_be(200);
    desk.post("/fhir/Bundle/$undo-cancel", cancel.clone()).await.must_be(200);
    app.pass(chrono::TimeDelta::minutes(1));
    let changed = last.put(&change_address(&first.identifier), corrected.json.clone()).await;
    assert!(changed.status.is_success(), "{}", changed.text());
    assert_ne!(Receipt::of(&changed).id, receipt.id);
    app.hospital.get(&state).await.must_be(200);

    let own = desk.post("/fhir/Bundle", first.json).await;
    own.must_refuse(403, "kyoyu-institution-foreign");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_predecessor_has_one_successor_and_no_chain_bites_its_tail() {
    let app = TestApp::start().await;
    let [one, two, three] = ["1310009991", "1310009983", "1310009975"];
    succeed(&app, two, one).await.expect("it has no successor yet");
    succeed(&app, three, two).await.expect("it has no successor yet");
    for (institution, predecessor) in [(three, one), (one, three), (one, two), (one, one)] {
        app.expect_records(-1);
        let refused = succeed(&app, institution, predecessor).await.expect_err("it cannot be");
        assert_eq!(refused.rule().code, "kyoyu-succession", "{institution} after {predecessor}");
    }
    app.finish().await;
}
