//! The verbs: what each does, and both sides of every limit.

use chrono::TimeDelta;
use kyoyu_synth::{ChosenResult, LabReport, Results, Sending, SynthBundle, labs};
use kyoyu_tests::app::{Answer, Receipt, TestApp, cancellation, change_address, url_encoded};

/// A report and its correction, sent a minute later under the same identifier.
pub(super) fn report_and_correction(
    app: &TestApp,
    person: &kyoyu_synth::Person,
) -> [SynthBundle; 2] {
    let sending = app.sending();
    let make = |sending: Sending, items: &[u16]| {
        let results = items.iter().map(|item| ChosenResult::listed(*item)).collect();
        app.lab_of(person, sending, app.now() - TimeDelta::hours(1), results)
    };
    let later = sending.again_at(sending.sent_at + TimeDelta::minutes(1));
    [make(sending, &[221, 211, 111]), make(later, &[221, 211])]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_content_under_a_known_identifier_is_409_and_names_the_change_verb_a36() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let [first, other] = report_and_correction(&app, &person);
    app.register(&first).await;
    let stored = app.stored().await;
    let reply = app.hospital.post("/fhir/Bundle", other.json.clone()).await;
    reply.must_refuse(409, "kyoyu-bundle-exists");
    assert!(reply.text().contains("PUT /fhir/Bundle?identifier="), "{}", reply.text());
    assert_eq!(app.stored().await, stored);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_replaces_the_whole_bundle() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    let [first, corrected] = report_and_correction(&app, &person);
    let old = app.register(&first).await;
    app.pass(TimeDelta::minutes(1));
    let reply = app.hospital.put(&change_address(&first.identifier), corrected.json.clone()).await;
    assert!(reply.status.is_success(), "{}", reply.text());
    let new = Receipt::of(&reply);
    assert_ne!(new.id, old.id);
    assert_eq!(new.kind("lab"), [2, 0, 0]);
    let shown = app.doctor.search_for("Observation", &person).await.must_be(200).matches();
    assert_eq!(shown.len(), 2);
    assert!(shown.iter().all(|(id, _)| id.starts_with(&new.id)), "new ids at every replace");
    let old_id = format!("/fhir/Observation/{}-1", old.id);
    app.doctor.get(&old_id).await.must_refuse(404, "kyoyu-not-found");
    let again = app.hospital.put(&change_address(&first.identifier), corrected.json).await;
    assert_eq!(Receipt::of(again.must_be(200)).id, new.id, "the same bytes again");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_last_one_wins_a_newer_registration_under_a_known_identifier_is_a_change() {
    let app = TestApp::with(|_| {}, |options| options.last_wins = true).await;
    let person = app.announced(0).await;
    let [first, corrected] = report_and_correction(&app, &person);
    let old = app.register(&first).await;
    let reply = app.hospital.post("/fhir/Bundle", corrected.json).await;
    let new = Receipt::of(reply.must_be(201));
    assert_ne!(new.id, old.id);
    assert_eq!(new.kind("lab"), [2, 0, 0]);
    // What is older does not win.
    let late = app.hospital.post("/fhir/Bundle", first.json).await;
    late.must_refuse(409, "kyoyu-bundle-stale");
    assert_eq!(app.stored().await, [1, 1, 1, 1]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_not_newer_is_stale() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let [older, first] = report_and_correction(&app, &person);
    app.pass(TimeDelta::minutes(1));
    app.register(&first).await;
    let stored = app.stored().await;
    let reply = app.hospital.put(&change_address(&first.identifier), older.json).await;
    reply.must_refuse(409, "kyoyu-bundle-stale");
    // Other bytes with the same timestamp are not newer either.
    let same_time = format!(" {}", first.json);
    let reply = app.hospital.put(&change_address(&first.identifier), same_time).await;
    reply.must_refuse(409, "kyoyu-bundle-stale");
    assert_eq!(app.stored().await, stored);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timestamp_may_be_ten_minutes_ahead_and_not_a_second_more() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let ahead = |serial, seconds| {
        let sent_at = app.now() + TimeDelta::seconds(seconds);
        let results = vec![ChosenResult::listed(221)];
        let sending = Sending::new(serial, sent_at);
        app.lab_of(&person, sending, app.now() - TimeDelta::hours(1), results)
    };
    app.register(&ahead(801, 600)).await;
    let stored = app.stored().await;
    let reply = app.hospital.post("/fhir/Bundle", ahead(802, 601).json).await;
    reply.must_refuse(422, "kyoyu-bundle-future");
    assert_eq!(app.stored().await, stored);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_what_is_unknown_or_anothers_is_404() {
    let mut app = TestApp::start().await;
    let person = app.announced(0).await;
    let [first, corrected] = report_and_correction(&app, &person);
    let address = change_address(&first.identifier);
    app.hospital.put(&address, first.json.clone()).await.must_refuse(404, "kyoyu-not-found");
    app.register(&first).await;
    let other = app.add_institution("other", "他院", &["1310009991"]).await;
    other.put(&address, corrected.json.clone()).await.must_refuse(404, "kyoyu-not-found");
    let elsewhere = address.replace("LAB", "XXX");
    if elsewhere != address {
        let reply = app.hospital.put(&elsewhere, corrected.json).await;
        reply.must_refuse(422, "kyoyu-identifier-mismatch");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_must_not_switch_the_person() {
    let app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    let sending = app.sending();
    let of = |person, sending: Sending| {
        app.lab_of(
            person,
            sending,
            app.now() - TimeDelta::hours(1),
            vec![ChosenResult::listed(221)],
        )
    };
    let first = of(&person, sending);
    app.register(&first).await;
    let switched = of(&other, sending.again_at(app.now() + TimeDelta::minutes(1)));
    let stored = app.stored().await;
    let reply = app.hospital.put(&change_address(&first.identifier), switched.json).await;
    reply.must_refuse(409, "kyoyu-person-switched");
    assert_eq!(app.stored().await, stored);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_bundle_is_hidden_at_once_and_restored_to_the_byte() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    let report = app.lab(&person, &[221, 211, 111]);
    app.register(&report).await;
    let before = app.doctor.search_for("Observation", &person).await;
    let (id, _) = before.must_be(200).matches()[0].clone();
    let body = cancellation(report.identifier.value(), &person.identifier);
    app.pass(TimeDelta::minutes(1));
    let cancelled = app.hospital.post("/fhir/Bundle/$cancel", body.clone()).await;
    assert_eq!(Receipt::of(cancelled.must_be(200)).state, "cancelled");
    let hidden = app.doctor.search_for("Observation", &person).await;
    assert!(hidden.must_be(200).matches().is_empty());
    let by_id = format!("/fhir/Observation/{id}");
    app.doctor.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    // A repeated cancellation changes nothing; a registration is told of the undo.
    app.hospital.post("/fhir/Bundle/$cancel", body.clone()).await.must_be(200);
    let reply = app.hospital.post("/fhir/Bundle", report.json.clone()).await;
    reply.must_refuse(409, "kyoyu-bundle-cancelled");
    assert!(reply.text().contains("$undo-cancel"));
    let undone = app.hospital.post("/fhir/Bundle/$undo-cancel", body.clone()).await;
    assert_eq!(Receipt::of(undone.must_be(200)).state, "registered");
    let after = app.doctor.search_for("Observation", &person).await;
    assert_eq!(after.body, before.body, "the same bytes, ids and dates");
    app.hospital.post("/fhir/Bundle/$undo-cancel", body).await.must_be(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_can_be_undone_through_the_seventh_day_and_not_after() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let (kept, lost) = (app.lab(&person, &[221]), app.lab(&person, &[211]));
    app.register(&kept).await;
    app.register(&lost).await;
    app.set_clock("2026-04-01T03:00:00Z");
    let body = |bundle: &SynthBundle| cancellation(bundle.identifier.value(), &person.identifier);
    app.hospital.post("/fhir/Bundle/$cancel", body(&kept)).await.must_be(200);
    app.hospital.post("/fhir/Bundle/$cancel", body(&lost)).await.must_be(200);
    // 1 April + 7 days: through 8 April in Japan, which ends at 15:00 UTC.
    app.set_clock("2026-04-08T14:59:59Z");
    app.hospital.post("/fhir/Bundle/$undo-cancel", body(&kept)).await.must_be(200);
    app.set_clock("2026-04-08T15:00:00Z");
    let late = app.hospital.post("/fhir/Bundle/$undo-cancel", body(&lost)).await;
    late.must_refuse(409, "kyoyu-undo-over");
    let used = app.hospital.post("/fhir/Bundle", lost.json.clone()).await;
    used.must_refuse(409, "kyoyu-bundle-used");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_of_what_is_unknown_foreign_or_anothers_is_one_404() {
    let mut app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    let report = app.lab(&person, &[221]);
    app.register(&report).await;
    let value = report.identifier.value();
    let stranger = app.add_institution("other", "他院", &["1310009991"]).await;
    let unknown = format!("{}^2026^none", report.identifier.institution());
    let right = cancellation(value, &person.identifier);
    let answers = [
        app.hospital.post("/fhir/Bundle/$cancel", cancellation(&unknown, &person.identifier)).await,
        app.hospital.post("/fhir/Bundle/$cancel", cancellation(value, &other.identifier)).await,
        stranger.post("/fhir/Bundle/$cancel", right.clone()).await,
        stranger.post("/fhir/Bundle/$undo-cancel", right.clone()).await,
    ];
    for answer in &answers {
        answer.must_refuse(404, "kyoyu-not-found");
        assert_eq!(answer.body, answers[0].body);
    }
    let reply = app.hospital.post("/fhir/Bundle/$undo-cancel", right).await;
    reply.must_refuse(409, "kyoyu-not-cancelled");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_tells_the_findings_and_stores_nothing() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let report = app.lab(&person, &[221, 211]);
    let good = app.hospital.post("/fhir/Bundle/$validate", report.json.clone()).await;
    assert_eq!(good.must_be(200).json().expect("JSON")["resourceType"], "OperationOutcome");
    assert!(!good.text().contains("\"severity\":\"error\""), "{}", good.text());
    let bad = report.edited(|bundle| {
        bundle["entry"].as_array_mut().expect("entries").rotate_left(1);
    });
    let reply = app.hospital.post("/fhir/Bundle/$validate", bad).await;
    assert!(reply.must_be(200).text().contains("R0211"), "{}", reply.text());
    assert_eq!(app.stored().await, [0; 4]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_is_told_by_receipt_identifier_and_since_to_its_sender_only() {
    let mut app = TestApp::start().await;
    let person = app.announced(0).await;
    let report = app.lab(&person, &[221]);
    let first = app.register(&report).await;
    app.pass(TimeDelta::seconds(1));
    let second = app.register(&app.lab(&person, &[211])).await;
    let ids = |reply: &kyoyu_devkit::Reply| -> Vec<String> {
        let list = reply.must_be(200).json().expect("JSON");
        let parameters = list["parameter"].as_array().cloned().unwrap_or_default();
        let rows = parameters.iter().filter(|one| one["name"] == "submission");
        rows.map(|row| Receipt::read(&row["part"]).expect("a submission").id).collect()
    };
    let base = "/fhir/Bundle/$submissions";
    let token =
        format!("http://jpfhir.jp/fhir/clins/bundle-identifier|{}", report.identifier.value());
    let by_receipt = format!("{base}?receipt={}", first.id);
    let by_identifier = format!("{base}?identifier={}", url_encoded(&token));
    assert_eq!(ids(&app.hospital.get(&by_receipt).await), [first.id.as_str()]);
    assert_eq!(ids(&app.hospital.get(&by_identifier).await), [first.id.as_str()]);
    let all = app.hospital.get(base).await;
    assert_eq!(ids(&all), [first.id.clone(), second.id.clone()]);
    let since = format!("{base}?since={}", first.id);
    assert_eq!(ids(&app.hospital.get(&since).await), [second.id.as_str()]);
    let other = app.add_institution("other", "他院", &["1310009991"]).await;
    for address in [&by_receipt, &by_identifier] {
        other.get(address).await.must_refuse(404, "kyoyu-not-found");
    }
    assert!(ids(&other.get(base).await).is_empty());
    let nothing = format!("{base}?receipt=nothing");
    app.hospital.get(&nothing).await.must_refuse(404, "kyoyu-not-found");
    let unknown = format!("{base}?patient=x");
    app.hospital.get(&unknown).await.must_refuse(400, "kyoyu-parameter-unknown");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_purge_deleted_is_gone_to_its_sender_and_the_identifier_is_used_up() {
    let mut app = TestApp::start().await;
    let person = app.announced(0).await;
    let sending = app.sending();
    let report = LabReport {
        sending,
        collected_at: app.now() - TimeDelta::hours(1),
        results: Results::Chosen(vec![ChosenResult::unlisted()]),
    };
    let bundle = labs(&app.institution(), &person, &report);
    let receipt = app.register(&bundle).await;
    app.pass(TimeDelta::days(400));
    app.purge().await;
    assert_eq!(app.count("segment").await, 0);
    let by_receipt = format!("/fhir/Bundle/$submissions?receipt={}", receipt.id);
    app.hospital.get(&by_receipt).await.must_refuse(410, "kyoyu-gone");
    let other = app.add_institution("other", "他院", &["1310009991"]).await;
    other.get(&by_receipt).await.must_refuse(404, "kyoyu-not-found");
    let again = app.hospital.post("/fhir/Bundle", bundle.json).await;
    again.must_refuse(409, "kyoyu-bundle-used");
    app.finish().await;
}
