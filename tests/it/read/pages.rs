//! Pages, their cursors, and what is asked for.

use chrono::TimeDelta;
use kyoyu_domain::consent::ConsentCategory;
use kyoyu_synth::{ChosenResult, Person};
use kyoyu_tests::app::{Answer, TestApp, number_of};

/// Five reports, one a day, the last of them an hour ago; a year holds them all.
async fn five_reports(app: &TestApp, person: &Person) {
    for days in [4, 3, 2, 1, 0] {
        let collected = app.now() - TimeDelta::hours(1) - TimeDelta::days(days);
        let results = vec![ChosenResult::listed(221), ChosenResult::listed(211)];
        app.register(&app.lab_of(person, app.sending(), collected, results)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_newest_first_and_meet_every_resource_once() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    five_reports(&app, &person).await;
    app.full_consent(&person).await;
    let key = app.key_of(&person).await;
    let mut next = Some(format!("/fhir/Observation?patient={key}&_count=3"));
    let (mut ids, mut instants, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(address) = next {
        let page = app.doctor.get(&address).await;
        let shown = page.must_be(200).matches();
        sizes.push(shown.len());
        for (id, entry) in shown {
            ids.push(id);
            let at = entry["resource"]["effectiveDateTime"].as_str().expect("a time").to_owned();
            instants.push(at);
        }
        assert!(!page.text().contains("\"total\""));
        next = page.next();
    }
    assert_eq!(sizes, [3, 3, 3, 1]);
    assert!(instants.is_sorted_by(|one, other| one >= other), "{instants:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_search_has_a_next_link_without_the_number_and_continues_with_the_same_body() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    five_reports(&app, &person).await;
    app.full_consent(&person).await;
    let number = number_of(&person.identifier);
    let search = [("patient:identifier", number.as_str()), ("_count", "6")];
    let first = app.doctor.search("/fhir/Observation/_search", &search).await;
    let next = first.must_be(200).next().expect("more");
    let value = person.identifier.value().expose();
    assert!(!first.json().expect("JSON")["link"].to_string().contains(value.as_str()));
    assert!(!next.contains("identifier"));
    let second = app.doctor.search(&next, &search).await;
    assert_eq!(second.must_be(200).matches().len(), 4);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_holds_for_its_query_caller_and_ten_minutes_a11() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    five_reports(&app, &person).await;
    app.full_consent(&person).await;
    let pharmacy = app.cast.pharmacy.institution.expect("a number");
    app.consent_at(pharmacy, &person, &[ConsentCategory::Record]).await;
    let key = app.key_of(&person).await;
    let first = app.doctor.get(&format!("/fhir/Observation?patient={key}&_count=2")).await;
    let next = first.must_be(200).next().expect("more");
    let other_query = next.replace("_count=2", "_count=3");
    let others = [
        (app.user(&app.cast.pharmacy, "pharmacist-1", Some("pharmacist")), next.clone()),
        (app.user(&app.cast.clinic, "doctor-2", Some("doctor")), next.clone()),
        (app.patient(&person), next.clone()),
        (app.doctor.clone(), other_query),
        (app.doctor.clone(), next.replace("Observation", "Condition")),
        (app.doctor.clone(), format!("{next}A")),
        (app.doctor.clone(), next.replace("cursor=", "cursor=A")),
    ];
    for (desk, address) in others {
        desk.get(&address).await.must_refuse(400, "kyoyu-cursor");
    }
    app.pass(TimeDelta::minutes(10));
    app.doctor.get(&next).await.must_be(200);
    app.pass(TimeDelta::milliseconds(1));
    app.doctor.get(&next).await.must_refuse(400, "kyoyu-cursor");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_between_two_pages_takes_effect_at_once_a12() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    five_reports(&app, &person).await;
    let visit = app.full_consent(&person).await;
    let key = app.key_of(&person).await;
    let first = app.doctor.get(&format!("/fhir/Observation?patient={key}&_count=2")).await;
    let next = first.must_be(200).next().expect("more");
    app.revoke(&visit).await;
    app.doctor.get(&next).await.must_refuse(403, "kyoyu-consent-required");
    // Given again, the consent is another version: the old cursor stays dead.
    app.change_consent(&visit, &[ConsentCategory::Record]).await;
    app.doctor.get(&next).await.must_refuse(400, "kyoyu-cursor");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_narrowed_by_kind_code_date_and_clinical_status() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    five_reports(&app, &person).await;
    app.register(&app.diseases(&person, 4, &[])).await;
    app.full_consent(&person).await;
    let key = app.key_of(&person).await;
    let count = async |query: &str| {
        let reply = app.doctor.get(&format!("/fhir/{query}&patient={key}")).await;
        reply.must_be(200).matches().len()
    };
    assert_eq!(count("Observation?kind=lab").await, 10);
    assert_eq!(count("Observation?kind=infection").await, 0);
    assert_eq!(count("Observation?date=2026-03-31").await, 2);
    assert_eq!(count("Observation?date=ge2026-03-30&date=lt2026-04-01").await, 4);
    let all = app.doctor.get(&format!("/fhir/Observation?patient={key}")).await.matches();
    let coding = all[0].1["resource"]["code"]["coding"].as_array().expect("codings")[0].clone();
    let text = |name: &str| coding[name].as_str().expect("text").to_owned();
    let token = kyoyu_tests::app::url_encoded(&format!("{}|{}", text("system"), text("code")));
    assert_eq!(count(&format!("Observation?code={token}")).await, 5);
    assert_eq!(count("Observation?code=nothing").await, 0);
    let whole = count("Condition?_count=50").await;
    let active = count("Condition?clinical-status=active").await;
    let rest =
        count("Condition?clinical-status=inactive,resolved,remission,recurrence,relapse").await;
    assert_eq!((whole, active + rest), (4, 4));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lastn_shows_the_newest_of_each_item() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    five_reports(&app, &person).await;
    app.full_consent(&person).await;
    let key = app.key_of(&person).await;
    for (max, expected) in [("", 2), ("&max=1", 2), ("&max=3", 6), ("&max=10", 10)] {
        let address = format!("/fhir/Observation/$lastn?patient={key}{max}");
        let page = app.doctor.get(&address).await;
        assert_eq!(page.must_be(200).matches().len(), expected, "max {max}");
    }
    let number = number_of(&person.identifier);
    let search = [("patient:identifier", number.as_str())];
    let page = app.doctor.search("/fhir/Observation/$lastn", &search).await;
    let days: Vec<String> = page
        .must_be(200)
        .matches()
        .iter()
        .map(|(_, entry)| {
            entry["resource"]["effectiveDateTime"].as_str().expect("a time")[..10].to_owned()
        })
        .collect();
    assert_eq!(days, ["2026-04-01", "2026-04-01"]);
    let too_many = format!("/fhir/Observation/$lastn?patient={key}&max=11");
    app.doctor.get(&too_many).await.must_refuse(400, "kyoyu-parameter-value");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insured_number_in_a_url_and_unknown_parameters_are_refused_a26() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    app.full_consent(&person).await;
    let key = app.key_of(&person).await;
    let number = kyoyu_tests::app::url_encoded(&number_of(&person.identifier));
    for address in [
        format!("/fhir/Observation?patient:identifier={number}"),
        format!("/fhir/Condition?identifier={number}"),
        format!("/fhir/Observation/$lastn?patient:identifier={number}"),
    ] {
        let reply = app.doctor.get(&address).await;
        reply.must_refuse(400, "kyoyu-identifier-in-url");
        assert!(!reply.text().contains(person.identifier.value().expose().as_str()));
    }
    let in_both = format!("/fhir/Observation/_search?patient:identifier={number}");
    app.doctor.search(&in_both, &[]).await.must_refuse(400, "kyoyu-identifier-in-url");
    let many = vec!["1|1"; 500].join(",");
    for (query, rule) in [
        ("_include=*".to_owned(), "kyoyu-parameter-unknown"),
        ("_revinclude:iterate=*".to_owned(), "kyoyu-parameter-unknown"),
        ("_sort=date".to_owned(), "kyoyu-parameter-unknown"),
        ("_filter=x".to_owned(), "kyoyu-parameter-unknown"),
        ("_total=accurate".to_owned(), "kyoyu-parameter-unknown"),
        ("clinical-status=active".to_owned(), "kyoyu-parameter-unknown"),
        ("_count=501".to_owned(), "kyoyu-parameter-value"),
        ("_count=0".to_owned(), "kyoyu-parameter-value"),
        ("_count=1000000000".to_owned(), "kyoyu-parameter-value"),
        ("kind=condition".to_owned(), "kyoyu-parameter-value"),
        ("date=yesterday".to_owned(), "kyoyu-parameter-value"),
        ("kind=lab&kind=lab".to_owned(), "kyoyu-parameter-value"),
        (format!("code={many}"), "kyoyu-parameter-value"),
        ("cursor=x".to_owned(), "kyoyu-cursor"),
    ] {
        let reply = app.doctor.get(&format!("/fhir/Observation?patient={key}&{query}")).await;
        reply.must_refuse(400, rule);
    }
    app.doctor.get("/fhir/Observation").await.must_refuse(400, "kyoyu-patient-required");
    app.finish().await;
}
