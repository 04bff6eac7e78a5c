//! 患者サマリーの処方 — of the adviser, of the thirty days up to the advice (S11.7).

use kyoyu_devkit::Behaviour;
use kyoyu_domain::prescription::Medium;
use kyoyu_tests::app::Answer;

use super::{ON_PAPER, Scene, UNANSWERED, UNASKED, prescriptions, rules, says, source, told};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_summary_holds_the_advisers_prescriptions_of_thirty_days_to_the_byte_s11_7() {
    let scene = Scene::new().await;
    scene.hospital_uses(Medium::Electronic).await;
    let within = [scene.hospital_prescribes(0), scene.hospital_prescribes(30)].concat();
    let before = scene.hospital_prescribes(31);
    let elsewhere = scene.prescribes(&scene.person, (&scene.app.world.institution(5), 3));
    let page = scene.assembled().await;
    let shown = prescriptions(&page);
    assert_eq!(shown.len(), within.len());
    assert!(within.iter().all(|text| page.text().contains(text)), "not a byte is changed");
    for text in before.iter().chain(&elsewhere) {
        assert!(!page.text().contains(text));
    }
    assert!(shown.iter().all(|entry| source(entry) == "e-prescription"));
    assert!(told(&page).is_empty(), "nothing is missing: {}", page.text());
    let name = &scene.app.cast.hospital.name;
    assert!(page.text().contains(&format!("\"display\":\"{name}\"")), "the prescriber is named");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_question_names_the_person_the_adviser_and_the_days_and_nothing_else() {
    let scene = Scene::new().await;
    scene.assembled().await;
    let questions = scene.peer.questions();
    let [question] = questions.as_slice() else { panic!("one question: {questions:?}") };
    let parameters = question["parameter"].as_array().expect("parameters");
    let names: Vec<_> =
        parameters.iter().map(|one| one["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["patient", "institution", "from", "through"]);
    let value = |nth: usize| &parameters[nth]["valueIdentifier"]["value"];
    assert_eq!(value(0), &scene.person.identifier.value().expose().as_str());
    assert_eq!(value(1), &scene.app.institution().number.as_str());
    assert_eq!(parameters[2]["valueDate"], "2026-03-02");
    assert_eq!(parameters[3]["valueDate"], "2026-04-01");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_prescriptions_could_not_be_asked_and_not_configured_are_three_answers() {
    let scene = Scene::new().await;
    scene.hospital_uses(Medium::Electronic).await;
    assert!(rules(&scene.assembled().await).is_empty(), "asked, and there is none");
    scene.peer.behave(Behaviour::Fails(503));
    let page = scene.assembled().await;
    assert_eq!(rules(&page), [UNANSWERED]);
    assert!(prescriptions(&page).is_empty());
    scene.app.finish().await;
    let scene = Scene::unconfigured(|_| {}).await;
    scene.hospital_uses(Medium::Electronic).await;
    assert_eq!(rules(&scene.assembled().await), [UNASKED]);
    assert!(scene.peer.questions().is_empty());
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adviser_that_prescribes_on_paper_is_named() {
    let scene = Scene::new().await;
    let name = scene.app.cast.hospital.name.clone();
    let page = scene.assembled().await;
    let said = says(&page, ON_PAPER).expect("nobody has said that it is electronic");
    assert!(said.contains(&name), "{said}");
    scene.hospital_uses(Medium::Electronic).await;
    assert_eq!(says(&scene.assembled().await, ON_PAPER), None);
    scene.app.pass(chrono::TimeDelta::days(1));
    scene.hospital_uses(Medium::Paper).await;
    assert!(says(&scene.assembled().await, ON_PAPER).is_some(), "from the day on");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_of_the_assembly_counts_prescriptions_and_names_their_kind() {
    let scene = Scene::new().await;
    let texts = scene.hospital_prescribes(1);
    scene.assembled().await;
    let log = scene.app.patient(&scene.person).get("/fhir/AuditEvent").await;
    let log = log.must_be(200).text();
    assert!(log.contains("prescription"), "{log}");
    let sql = format!("audit_event where action = 'read' and quantity = {}", texts.len() + 1);
    assert_eq!(scene.app.count(&sql).await, 1, "the summary and each line");
    scene.app.finish().await;
}
