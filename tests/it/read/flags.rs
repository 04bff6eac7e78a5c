//! 未告知・未提供・長期保存 — what the flags hide leaves no trace.

use kyoyu_domain::entry::Flags;
use kyoyu_tests::app::{Answer, TestApp};
use serde_json::Value;

/// The resource identifiers and names of a Bundle's diseases, in order.
fn diseases(json: &str) -> Vec<[String; 2]> {
    let bundle: Value = serde_json::from_str(json).expect("JSON");
    let entries = bundle["entry"].as_array().expect("entries");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let name = |entry: &Value| {
        let resource = &entry["resource"];
        [text(&resource["identifier"][0]["value"]), text(&resource["code"]["text"])]
    };
    entries.iter().skip(1).map(name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uninformed_and_undelivered_leave_no_trace_for_the_patient_a14() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let uninformed = Flags { uninformed: true, ..Flags::default() };
    let undelivered = Flags { undelivered: true, ..Flags::default() };
    let bundle = app.diseases(&person, 4, &[Flags::default(), uninformed, undelivered]);
    let receipt = app.register(&bundle).await;
    assert_eq!(receipt.kind("condition"), [4, 1, 0], "the sender's receipt counts UNDELIVERED");
    app.full_consent(&person).await;
    let names = diseases(&bundle.json);
    let patient = app.patient(&person);
    let answers = [
        patient.get("/fhir/Condition").await,
        patient.get("/fhir/Condition?_count=1").await,
        patient.get("/fhir/Condition?kind=condition").await,
        patient.get("/fhir/AuditEvent").await,
    ];
    for answer in &answers {
        let text = answer.must_be(200).text();
        for hidden in [&names[1], &names[2]] {
            assert!(!text.contains(&format!("\"{}\"", hidden[0])), "{text}");
            assert!(!text.contains(&format!("\"{}\"", hidden[1])), "{text}");
        }
        for word in ["UNINFORMED", "UNDELIVERED", "\"total\"", "withheld", "outcome\"}"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    assert_eq!(answers[0].matches().len(), 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_sees_uninformed_with_its_mark_and_nothing_of_undelivered() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let uninformed = Flags { uninformed: true, ..Flags::default() };
    let undelivered = Flags { undelivered: true, ..Flags::default() };
    let bundle = app.diseases(&person, 3, &[Flags::default(), uninformed, undelivered]);
    app.register(&bundle).await;
    app.full_consent(&person).await;
    let names = diseases(&bundle.json);
    let page = app.doctor.search_for("Condition", &person).await;
    let text = page.must_be(200).text();
    assert_eq!(page.matches().len(), 2);
    assert!(text.contains("\"code\":\"UNINFORMED\"") && text.contains(&names[1][0]));
    assert!(!text.contains(&format!("\"{}\"", names[2][0])) && !text.contains("UNDELIVERED"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_patient_do_not_show_a_gap_where_something_is_hidden() {
    let app = TestApp::start().await;
    let (with, without) = (app.announced(0).await, app.announced(1).await);
    let uninformed = Flags { uninformed: true, ..Flags::default() };
    let flags = [Flags::default(), uninformed, uninformed, Flags::default()];
    app.register(&app.diseases(&with, 4, &flags)).await;
    app.register(&app.diseases(&without, 2, &[])).await;
    for person in [&with, &without] {
        let patient = app.patient(person);
        let first = patient.get("/fhir/Condition?_count=1").await;
        assert_eq!(first.must_be(200).matches().len(), 1);
        let second = patient.get(&first.next().expect("a second page")).await;
        assert_eq!(second.must_be(200).matches().len(), 1);
        assert_eq!(second.next(), None, "no third page");
    }
    app.finish().await;
}
