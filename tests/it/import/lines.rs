//! What becomes of lines: the same as of Bundles that come alone.

use kyoyu_domain::catalogue;
use kyoyu_synth::{
    AllergyKind, Checkup, PatientSummary, Programme, Referral, checkup, patient_summary, referral,
};
use kyoyu_tests::app::{Answer, Receipt, TestApp};

use super::{Job, counts, part, records, reports, summary, told, upload, work_off};

/// One Bundle of each kind of sending.
fn of_every_kind(app: &TestApp, person: &kyoyu_synth::Person) -> Vec<String> {
    let own = app.institution();
    let clinic = app.cast.clinic.institution.expect("a number");
    let mut all = (0..app.world.size().institutions).map(|index| app.world.institution(index));
    let clinic = all.find(|one| one.number == clinic).expect("the clinic is of the world");
    let programme = Programme::usual_for(person, app.now().date_naive());
    vec![
        app.lab(person, &[221]).json,
        app.diseases(person, 2, &[]).json,
        app.allergies(person, &[AllergyKind::Drug]).json,
        checkup(&own, person, &Checkup::new(app.sending(), programme)).json,
        patient_summary(&own, person, &PatientSummary::new(app.sending())).json,
        referral(&own, &clinic, person, &Referral::new(app.sending())).json,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bundles_of_every_kind_are_registered_as_if_they_had_come_alone() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let lines = of_every_kind(&app, &person);
    let count = lines.len() as u64;
    let job = Job::of(&app.hospital, &lines).await;

    let status = job.status(&app.hospital).await;
    assert_eq!(counts(status.must_be(202)), [count, 0, 0, 0, 0]);
    assert_eq!(told(&status, "state", "valueCode"), "working");
    assert_eq!(status.headers["x-progress"], format!("0 of {count} lines").as_str());
    assert_eq!(app.count("import_line").await, count as i64);
    assert_eq!(app.stored().await, [0; 4], "nothing is registered before its turn");

    assert_eq!(work_off(&app).await, count as i64);
    let status = job.status(&app.hospital).await;
    assert_eq!(counts(status.must_be(200)), [count, count, 0, 0, 0], "{}", status.text());
    assert_eq!(told(&status, "state", "valueCode"), "done");
    assert_eq!(app.count("import_line").await, 0, "no body stays");

    let outcomes = job.outcomes(&app.hospital, "").await;
    for (outcome, (line, body)) in outcomes.iter().zip((1..).zip(&lines)) {
        assert_eq!(part(outcome, "line")["valuePositiveInt"], line);
        let receipt = part(outcome, "receipt")["valueId"].as_str().expect("a receipt").to_owned();
        // The ledger is that of every registration, and so is the answer to the same bytes.
        let address = format!("/fhir/Bundle/$submissions?receipt={receipt}");
        app.hospital.get(&address).await.must_be(200);
        let alone = app.hospital.post("/fhir/Bundle", body.clone()).await;
        assert_eq!(Receipt::of(alone.must_be(200)).id, receipt);
    }
    assert_eq!(outcomes.len() as u64, count);
    assert_eq!(app.count("letter").await, 1, "the letter is held, as after a plain POST");
    let shown = app.patient(&person).get("/fhir/Bundle?kind=checkup").await;
    assert!(shown.must_be(200).text().contains(&lines[3]), "to the byte");
    assert!(catalogue::find("checkup").is_some());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_one_line_is_no_matter_of_the_others() {
    let app = TestApp::with(|limits| limits.body.bytes = 100_000, |_| {}).await;
    let person = app.announced(0).await;
    let unknown = app.persons().nth(1).expect("another person");
    let good = reports(&app, &person, 3);
    let lines = [
        good[0].clone(),
        "{\"resourceType\":\"Bundle\"".to_owned(),
        good[1].clone(),
        String::new(),
        app.lab(&unknown, &[221]).json,
        format!("\"{}\"", "x".repeat(100_000)),
        good[2].clone(),
    ];
    let job = Job::of(&app.hospital, &lines).await;
    assert_eq!(work_off(&app).await, 7);
    let status = job.status(&app.hospital).await;
    assert_eq!(counts(status.must_be(200)), [7, 3, 0, 4, 0]);
    let outcomes = job.outcomes(&app.hospital, "").await;
    let summaries: Vec<_> = outcomes.iter().map(summary).collect();
    let rule = |nth: usize| summaries[nth].2.as_deref();
    let refused = [1, 3, 4, 5];
    for (nth, (line, state, _)) in summaries.iter().enumerate() {
        assert_eq!(*line, nth as u64 + 1);
        assert_eq!(state == "refused", refused.contains(&nth), "{summaries:?}");
    }
    assert_eq!(rule(1), Some("kyoyu-json-truncated"));
    assert_eq!(rule(4), Some("kyoyu-person-unknown"));
    assert_eq!(rule(5), Some("kyoyu-body-too-large"));
    let only_refused = job.outcomes(&app.hospital, "status=refused&_count=1").await;
    let numbers: Vec<u64> = only_refused.iter().map(|outcome| summary(outcome).0).collect();
    assert_eq!(numbers, [2, 4, 5, 6]);
    let records = records(&app, "register").await;
    assert_eq!(records["done"], 3);
    assert_eq!(records.values().sum::<i64>(), 7, "{records:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_file_twice_is_stored_once_with_the_same_receipts() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let lines = reports(&app, &person, 4);
    let first = Job::of(&app.hospital, &lines).await;
    work_off(&app).await;
    let stored = app.stored().await;
    let second = Job::of(&app.hospital, &lines).await;
    work_off(&app).await;
    assert_eq!(app.stored().await, stored);
    assert_eq!(counts(&second.status(&app.hospital).await), [4, 0, 4, 0, 0]);
    let receipts = |outcomes: Vec<serde_json::Value>| -> Vec<serde_json::Value> {
        outcomes.iter().map(|outcome| part(outcome, "receipt")["valueId"].clone()).collect()
    };
    let (one, two) = (
        receipts(first.outcomes(&app.hospital, "").await),
        receipts(second.outcomes(&app.hospital, "").await),
    );
    assert_eq!(one, two);
    assert!(one.iter().all(serde_json::Value::is_string));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_somebody_else_is_not_there() {
    let mut app = TestApp::start().await;
    let other = app.add_institution("other", "別の病院", &["4710000010"]).await;
    let person = app.announced(0).await;
    let job = Job::begun(&app.hospital, "?complete=false", &reports(&app, &person, 2)).await;
    work_off(&app).await;
    let nobody = format!("/fhir/$import/{}", "0".repeat(32));
    for (own, unknown) in [
        (job.address(), nobody.clone()),
        (format!("{}/outcomes", job.address()), format!("{nobody}/outcomes")),
    ] {
        let (foreign, unknown) = (other.get(&own).await, other.get(&unknown).await);
        foreign.must_refuse(404, "kyoyu-not-found");
        assert_eq!(foreign.body, unknown.body, "not yours and not there are one answer");
    }
    let cancelled = other.call(hyper::Method::DELETE, &job.address(), "").await;
    cancelled.must_refuse(404, "kyoyu-not-found");
    let line = reports(&app, &person, 1);
    job.more(&other, "from=3", &line).await.must_refuse(404, "kyoyu-not-found");
    let listed = other.get("/fhir/$import").await;
    assert!(listed.must_be(200).json().expect("JSON")["parameter"].is_null());
    let own = app.hospital.get("/fhir/$import").await;
    assert!(own.must_be(200).text().contains(&job.id));
    for reader in [&app.doctor, &app.eligibility] {
        let reply = reader.send(upload("", &line)).await;
        if reader.token().is_none() {
            reply.must_refuse(403, "kyoyu-role");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_institution_that_the_sender_may_not_act_for_is_refused_line_by_line() {
    let mut app = TestApp::start().await;
    let other = app.add_institution("other", "別の病院", &["4710000010"]).await;
    let person = app.announced(0).await;
    let job = Job::of(&other, &reports(&app, &person, 1)).await;
    work_off(&app).await;
    let outcomes = job.outcomes(&other, "").await;
    assert_eq!(summary(&outcomes[0]).2.as_deref(), Some("kyoyu-institution-foreign"));
    assert_eq!(app.stored().await, [0; 4]);
    app.finish().await;
}
