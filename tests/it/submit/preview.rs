//! 試読 — what each reader would see of a Bundle before it is registered.

use kyoyu_devkit::Reply;
use kyoyu_domain::{catalogue::Audience, policy::reading_as};
use kyoyu_tests::{
    app::{Answer, Receipt, TestApp},
    lifecycle::{Resource, Said, Sort},
};
use serde_json::Value;

use super::written::{PERSON, Ward, name, plain};

/// Five diseases: one as it should be, and one that each rule of the catalogue hides.
fn diseases() -> [Resource; 5] {
    let of = |identifier| plain(identifier, Sort::Condition);
    [
        of(1),
        Resource { uninformed: true, ..of(2) },
        Resource { undelivered: true, ..of(3) },
        Resource { said: Said::EnteredInError, ..of(4) },
        Resource { said: Said::Refuted, ..of(5) },
    ]
}

/// Rule, kind and entries of each line of a preview's outcome.
fn lines(reply: &Reply) -> Vec<(String, String, Vec<String>)> {
    let page = reply.must_be(200).json().expect("JSON");
    let entries = page["entry"].as_array().expect("entries");
    let outcomes: Vec<&Value> =
        entries.iter().filter(|entry| entry["search"]["mode"] == "outcome").collect();
    let [outcome] = outcomes.as_slice() else { panic!("one outcome: {}", reply.text()) };
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let line = |issue: &Value| {
        let coding = &issue["details"]["coding"];
        let entries = issue["expression"].as_array().expect("expressions");
        let entries = entries.iter().map(text).collect();
        (text(&coding[0]["code"]), text(&coding[1]["code"]), entries)
    };
    outcome["resource"]["issue"].as_array().expect("issues").iter().map(line).collect()
}

fn line(rule: &str, kind: &str, entries: &[u8]) -> (String, String, Vec<String>) {
    let entries = entries.iter().map(|entry| format!("Bundle.entry[{entry}]")).collect();
    (rule.to_owned(), kind.to_owned(), entries)
}

async fn preview(ward: &Ward, audience: &str, body: &str) -> Reply {
    ward.sender.post(&format!("/fhir/Bundle/$preview?as={audience}"), body.to_owned()).await
}

/// The entries of a searchset as they are written, without the brackets around them.
fn entries(reply: &Reply) -> String {
    let text = reply.must_be(200).text();
    let from = text.find("\"entry\":[").expect("entries") + "\"entry\":[".len();
    text[from..text.len() - "]}".len()].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_is_to_the_byte_what_a_read_shows_later_but_for_what_a_registration_gives() {
    let ward = Ward::open(|_| {}).await;
    let bundle = ward.bundle(1, &diseases());
    let previews =
        [preview(&ward, "institution", &bundle).await, preview(&ward, "patient", &bundle).await];
    assert_eq!(ward.app.stored().await, [0; 4], "nothing is stored");
    let registered = ward.sender.post("/fhir/Bundle", bundle).await;
    let receipt = Receipt::of(registered.must_be(201));
    let reads = [ward.read("Condition").await, ward.patient().get("/fhir/Condition").await];
    for (preview, read) in previews.iter().zip(&reads) {
        let shown = entries(read).replace(&receipt.id, &"0".repeat(receipt.id.len()));
        let shown = with_patient_of_zeros(&shown);
        let previewed = entries(preview);
        let (previewed, outcome) = previewed.split_at(shown.len());
        assert_eq!(previewed, shown);
        assert!(outcome.starts_with(",{\"resource\":{\"resourceType\":\"OperationOutcome\""));
        assert_eq!(preview.matches().len(), read.matches().len());
    }
    ward.app.finish().await;
}

/// The references to the patient, whose key only the database knows.
fn with_patient_of_zeros(text: &str) -> String {
    let mut parts = text.split("\"Patient/");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}\"Patient/{}{}", "0".repeat(32), &part[32..]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outcome_says_of_each_kind_what_is_shown_and_which_rule_withholds_the_rest() {
    let ward = Ward::open(|_| {}).await;
    let bundle = ward.bundle(1, &diseases());
    let shared = [
        line("kyoyu-preview-undelivered", "condition", &[3]),
        line("kyoyu-preview-entered-in-error", "condition", &[4]),
        line("kyoyu-preview-refuted", "condition", &[5]),
    ];
    let institution = preview(&ward, "institution", &bundle).await;
    let mut expected = vec![line("kyoyu-preview-shown", "condition", &[1, 2])];
    expected.extend(shared.clone());
    assert_eq!(lines(&institution), expected);
    let patient = preview(&ward, "patient", &bundle).await;
    let mut expected = vec![line("kyoyu-preview-shown", "condition", &[1])];
    expected.extend(shared);
    expected.insert(2, line("kyoyu-preview-uninformed", "condition", &[2]));
    assert_eq!(lines(&patient), expected);
    let insurer = preview(&ward, "insurer", &bundle).await;
    assert_eq!(lines(&insurer), [line("kyoyu-preview-audience", "condition", &[1, 2, 3, 4, 5])]);
    assert!(insurer.matches().is_empty());
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_outside_the_shared_items_are_told_as_unlisted_by_kind() {
    let ward = Ward::open(|_| {}).await;
    let results = [plain(1, Sort::Lab), plain(2, Sort::LabUnlisted), plain(3, Sort::Infection)];
    let reply = preview(&ward, "patient", &ward.bundle(1, &results)).await;
    let expected = [
        line("kyoyu-preview-shown", "infection", &[3]),
        line("kyoyu-preview-shown", "lab", &[1]),
        line("kyoyu-preview-unlisted", "lab-unlisted", &[2]),
    ];
    assert_eq!(lines(&reply), expected);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_is_refused_as_the_registration_would_be() {
    let mut ward = Ward::open(|_| {}).await;
    let good = ward.bundle(1, &diseases());
    let broken = good.replace("\"type\":\"collection\"", "\"type\":\"batch\"");
    let reply = preview(&ward, "patient", &broken).await;
    let registered = ward.sender.post("/fhir/Bundle", broken).await;
    assert_eq!((reply.status, &reply.body), (registered.status, &registered.body));
    let ahead = ward.app.now() + chrono::TimeDelta::hours(1);
    let future = PERSON.bundle(name(1), &diseases(), ahead.timestamp_millis());
    preview(&ward, "patient", &future).await.must_refuse(422, "kyoyu-bundle-future");
    let other = ward.app.add_institution("other", "他院", &["1310009991"]).await;
    let address = "/fhir/Bundle/$preview?as=patient";
    other.post(address, good.clone()).await.must_refuse(403, "kyoyu-institution-foreign");
    ward.app.doctor.get(address).await.must_refuse(405, "kyoyu-method");
    ward.patient().post(address, good.clone()).await.must_refuse(403, "kyoyu-role");
    for (query, rule) in [
        ("", "kyoyu-parameter-value"),
        ("?as=doctor", "kyoyu-parameter-value"),
        ("?as=patient&as=insurer", "kyoyu-parameter-value"),
        ("?as=patient&kind=lab", "kyoyu-parameter-unknown"),
    ] {
        let reply = ward.sender.post(&format!("/fhir/Bundle/$preview{query}"), good.clone()).await;
        reply.must_refuse(400, rule);
    }
    assert_eq!(ward.app.stored().await, [0; 4]);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_leaves_one_record_that_names_no_patient() {
    let ward = Ward::open(|_| {}).await;
    preview(&ward, "patient", &ward.bundle(1, &diseases())).await.must_be(200);
    let records = "audit_event where action = 'preview' and person is null and quantity = 1 \
        and kinds = 'condition'";
    assert_eq!(ward.app.count(records).await, 1);
    ward.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statement_lists_the_preview_with_every_audience() {
    let app = TestApp::start().await;
    let statement = app.hospital.get("/fhir/metadata").await;
    let text = statement.must_be(200).text();
    assert!(text.contains("\"name\":\"preview\""), "{text}");
    let reading = Audience::ALL.iter().filter(|(audience, _)| reading_as(*audience).is_some());
    for (_, code) in reading {
        assert!(text.contains(code), "{code}");
    }
    app.finish().await;
}
