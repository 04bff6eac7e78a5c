//! 完全性の明示 — what is said where prescriptions are not, and whose they would be.

use kyoyu_domain::{consent::ConsentCategory, entry::Flags, prescription::Medium};
use kyoyu_synth::{AllergyKind, AllergyList, ConditionList, allergies, conditions};
use kyoyu_tests::app::Answer;

use super::{ON_PAPER, Scene, UNASKED, UNEXTRACTED, WRITTEN, extract, rules, says};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_neither_source_the_answer_says_so_of_both() {
    let scene = Scene::unconfigured(|_| {}).await;
    scene.app.full_consent(&scene.person).await;
    let page = scene.searched().await;
    assert_eq!(rules(&page), [UNEXTRACTED, UNASKED]);
    assert!(page.text().contains("switched off") && page.text().contains("not configured"));
    let own = scene.app.patient(&scene.person).get("/fhir/MedicationRequest").await;
    assert_eq!(rules(own.must_be(200)), [UNEXTRACTED, UNASKED], "the patient is told too");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_extraction_an_empty_list_says_of_what_it_would_be() {
    let scene = Scene::unconfigured(extract).await;
    scene.app.full_consent(&scene.person).await;
    assert_eq!(rules(&scene.searched().await), [WRITTEN, UNASKED]);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_institutions_without_electronic_prescriptions_are_named() {
    let scene = Scene::new().await;
    scene.app.register(&scene.app.lab(&scene.person, &[221])).await;
    scene.app.full_consent(&scene.person).await;
    let hospital = scene.app.cast.hospital.name.clone();
    let said = says(&scene.searched().await, ON_PAPER).expect("the hospital is known");
    assert!(said.contains(&hospital), "{said}");
    assert!(!said.contains(&scene.app.cast.clinic.name), "it has sent nothing: {said}");
    scene.hospital_uses(Medium::Electronic).await;
    assert_eq!(says(&scene.searched().await, ON_PAPER), None);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_institution_is_named_only_for_what_this_reader_may_see() {
    let scene = Scene::new().await;
    let hospital = scene.app.cast.hospital.name.clone();
    let named = |said: Option<String>| said.is_some_and(|said| said.contains(&hospital));
    let undelivered = Flags { undelivered: true, ..Flags::default() };
    scene.app.register(&scene.app.diseases(&scene.person, 1, &[undelivered])).await;
    scene.app.full_consent(&scene.person).await;
    assert!(!named(says(&scene.searched().await, ON_PAPER)), "未提供 leads to no name");
    scene.app.pass(chrono::TimeDelta::minutes(1));
    let uninformed = Flags { uninformed: true, ..Flags::default() };
    let list = ConditionList { sending: scene.app.sending(), count: 1, flags: vec![uninformed] };
    let list = conditions(&scene.app.institution(), &scene.person, &list);
    scene.app.register(&list).await;
    assert!(named(says(&scene.searched().await, ON_PAPER)), "the doctor may know");
    let own = scene.app.patient(&scene.person).get("/fhir/MedicationRequest").await;
    assert!(!named(says(own.must_be(200), ON_PAPER)), "未告知 leads the patient to no name");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withheld_category_leads_to_no_name() {
    let scene = Scene::new().await;
    scene.app.register(&scene.app.diseases(&scene.person, 1, &[])).await;
    scene.app.consent(&scene.person, &[ConsentCategory::Record]).await;
    assert_eq!(says(&scene.searched().await, ON_PAPER), None);
    let list = AllergyList {
        sending: scene.app.sending(),
        kinds: vec![AllergyKind::Food],
        long_term: Vec::new(),
    };
    let list = allergies(&scene.app.institution(), &scene.person, &list);
    scene.app.register(&list).await;
    assert!(says(&scene.searched().await, ON_PAPER).is_some());
    scene.app.finish().await;
}
