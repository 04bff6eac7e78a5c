//! What is refused: with rule, place and repair, and nothing stored in part.

use chrono::TimeDelta;
use kyoyu_synth::{ChosenResult, Person, SynthBundle};
use kyoyu_tests::app::{Answer, TestApp};
use serde_json::Value;

/// Sends a body that must be refused, and demands that nothing was stored.
async fn refused(app: &TestApp, body: impl Into<bytes::Bytes>, status: u16, rule: &str) -> String {
    let before = app.stored().await;
    let reply = app.hospital.post("/fhir/Bundle", body).await;
    reply.must_refuse(status, rule);
    assert_eq!(app.stored().await, before, "nothing is stored in part");
    reply.text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_participant_sends_for_its_own_institutions_only_a03() {
    let mut app = TestApp::start().await;
    let person = app.announced(0).await;
    let report = app.lab(&person, &[221]);
    let other = app.add_institution("other", "他院", &["1310009991"]).await;
    let reply = other.post("/fhir/Bundle", report.json.clone()).await;
    reply.must_refuse(403, "kyoyu-institution-foreign");
    assert_eq!(app.stored().await, [0; 4]);
    // The record names who called.
    let records =
        "audit_event where outcome = 'kyoyu-institution-foreign' and institution = '1310009991'";
    assert_eq!(app.count(records).await, 1);
    for desk in [&app.eligibility, &app.user(&app.cast.insurer, "clerk", None)] {
        desk.post("/fhir/Bundle", report.json.clone()).await.must_refuse(403, "kyoyu-role");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identifier_of_another_person_is_refused_without_detail() {
    let app = TestApp::start().await;
    let (person, other) = (app.announced(0).await, app.announced(1).await);
    let sending = app.sending();
    let of = |person: &Person| -> SynthBundle {
        app.lab_of(
            person,
            sending,
            app.now() - TimeDelta::hours(1),
            vec![ChosenResult::listed(221)],
        )
    };
    app.register(&of(&person)).await;
    let text = refused(&app, of(&other).json, 409, "kyoyu-bundle-foreign").await;
    assert!(!text.contains(person.identifier.value().expose().as_str()));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_nobody_knows_and_a_wrong_birth_date_are_one_answer() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let stranger = app.persons().nth(1).expect("somebody else");
    let unknown = app.lab(&stranger, &[221]);
    let wrong = app.lab(&person, &[221]).edited(|bundle| {
        bundle["entry"][0]["resource"]["birthDate"] = Value::from("1911-11-11");
    });
    let first = refused(&app, unknown.json, 422, "kyoyu-person-unknown").await;
    let second = refused(&app, wrong, 422, "kyoyu-person-unknown").await;
    assert_eq!(first, second);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_identifier_registers_nothing_new() {
    let app = TestApp::start().await;
    let person = (0..app.world.size().persons)
        .map(|index| app.world.person(index))
        .find(|person| person.held.len() > 1)
        .expect("somebody changed the insurer");
    app.announce(&person).await;
    let old = Person { identifier: person.held[0].identifier.clone(), ..person.clone() };
    let report = app.lab(&old, &[221]);
    refused(&app, report.json, 422, "kyoyu-person-identifier-expired").await;
    app.register(&app.lab(&person, &[221])).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_branch_an_identifier_of_a_family_is_ambiguous() {
    let app = TestApp::start().await;
    let (one, other) = (0..app.world.size().persons)
        .map(|index| (app.world.person(index), app.world.person(index + 1)))
        .find(|(one, other)| {
            let family = |person: &Person| person.identifier.family_digest();
            family(one) == family(other) && one.index != other.index
        })
        .expect("a family of two with one insured number");
    app.announce(&one).await;
    let without_branch = |report: &SynthBundle| {
        let whole = one.identifier.value().expose().clone();
        let family = whole.rsplit_once(':').expect("four parts").0;
        report.json.replace(&format!("\"{whole}\""), &format!("\"{family}:\""))
    };
    // As long as the history holds one person only, the number is that person's.
    let alone = app.hospital.post("/fhir/Bundle", without_branch(&app.lab(&one, &[221]))).await;
    alone.must_be(201);
    app.announce(&other).await;
    let body = without_branch(&app.lab(&one, &[211]));
    refused(&app, body, 422, "kyoyu-person-ambiguous").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_with_the_patient_only_is_refused_and_names_the_cancellation_r02143() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let only = app.lab(&person, &[221]).edited(|bundle| {
        bundle["entry"].as_array_mut().expect("entries").truncate(1);
    });
    let before = app.stored().await;
    let reply = app.hospital.post("/fhir/Bundle", only).await;
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.text());
    assert!(
        reply.text().contains("R02143") && reply.text().contains("$cancel"),
        "{}",
        reply.text()
    );
    assert_eq!(app.stored().await, before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_json_is_400_with_line_and_column() {
    let app = TestApp::start().await;
    let cases: [(&[u8], &str, &str); 6] = [
        (b"", "kyoyu-json-empty", ""),
        (b"{\n  \"resourceType\": \"Bundle\",\n  x}", "kyoyu-json-syntax", "line 3, column 3"),
        (b"{\"resourceType\":\"Bundle\"", "kyoyu-json-truncated", "line 1"),
        (b"{\"a\":1,\"a\":2}", "kyoyu-json-duplicate-key", "line 1, column 8"),
        (b"{\"a\":\"\xff\"}", "kyoyu-json-utf8", "line 1, column 7"),
        (b"{\"a\":\"\\u0000\"}", "kyoyu-json-nul", "line 1"),
    ];
    for (body, rule, place) in cases {
        let text = refused(&app, body.to_vec(), 400, rule).await;
        assert!(text.contains(place), "{rule}: {text}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_bundle_is_422_with_every_rule_place_and_repair() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let broken = app.lab(&person, &[221, 211]).edited(|bundle| {
        bundle["entry"].as_array_mut().expect("entries").rotate_left(1);
        bundle["meta"]["tag"] = Value::Array(Vec::new());
    });
    let before = app.stored().await;
    let reply = app.hospital.post("/fhir/Bundle", broken).await;
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.text());
    let outcome = reply.json().expect("JSON");
    let issues = outcome["issue"].as_array().expect("issues");
    assert!(issues.len() >= 2, "all findings at once: {}", reply.text());
    for issue in issues.iter().filter(|issue| issue["severity"] == "error") {
        assert!(issue["details"]["text"].is_string() && issue["diagnostics"].is_string());
        assert!(issue["expression"][0].is_string(), "{issue}");
        let place = issue["location"][0].as_str().expect("a place");
        assert!(place.starts_with("line "), "{place}");
    }
    assert!(reply.text().contains("R0211"));
    assert_eq!(app.stored().await, before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_resource_refuses_the_whole_bundle() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let broken = app.lab(&person, &[221, 211, 111, 131]).edited(|bundle| {
        let last = bundle["entry"].as_array_mut().expect("entries").last_mut().expect("one");
        last["resource"]["subject"]["reference"] = Value::from("urn:uuid:nobody");
    });
    let reply = app.hospital.post("/fhir/Bundle", broken).await;
    assert_eq!(reply.status.as_u16(), 422, "{}", reply.text());
    assert_eq!(app.stored().await, [0; 4]);
    app.finish().await;
}
