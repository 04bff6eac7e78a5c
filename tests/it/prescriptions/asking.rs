//! 照会 — what can go wrong between the service and the e-prescription service, and that
//! nothing of it looks like "no prescriptions".

use std::time::Duration;

use kyoyu_devkit::{Authority, Behaviour};
use kyoyu_peers::BreakerOptions;
use kyoyu_tests::app::Answer;

use super::{ANSWER_BYTES, PAUSE, Scene, UNANSWERED, prescriptions, rules, says, source};

impl Scene {
    /// Why the e-prescription service could not be asked, by the doctor's search.
    async fn reason(&self) -> Option<String> {
        let page = self.searched().await;
        let said = says(&page, UNANSWERED)?;
        assert!(prescriptions(&page).is_empty(), "{}", page.text());
        let (_, rest) = said.split_once('（').expect("a reason in brackets");
        Some(rest.split_once('）').expect("a reason in brackets").0.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_that_is_not_one_is_told_and_nothing_of_it_is_shown() {
    let scene = Scene::new().await;
    scene.app.full_consent(&scene.person).await;
    let texts = scene.hospital_prescribes(1);
    let other = scene.app.announced(1).await;
    let foreign = scene.prescribes(&other, (&scene.app.institution(), 1));
    for (behaviour, reason) in [
        (Behaviour::Fails(500), "refused"),
        (Behaviour::Fails(403), "refused"),
        (Behaviour::Garbage, "answer"),
        (Behaviour::OtherPersons, "answer"),
        (Behaviour::FirstPage, "answer"),
        (Behaviour::Long(ANSWER_BYTES), "answer"),
    ] {
        scene.peer.behave(behaviour);
        assert_eq!(scene.reason().await.as_deref(), Some(reason), "{behaviour:?}");
        let page = scene.searched().await;
        assert!(foreign.iter().chain(&texts).all(|text| !page.text().contains(text)));
    }
    scene.peer.behave(Behaviour::Long(10));
    assert_eq!(prescriptions(&scene.searched().await).len(), texts.len(), "it is JSON");
    scene.peer.behave(Behaviour::Answers);
    assert_eq!(scene.reason().await, None);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_just_the_largest_size_is_taken_and_one_byte_more_is_not() {
    let scene = Scene::new().await;
    scene.app.full_consent(&scene.person).await;
    let bytes = r#"{"resourceType":"Bundle","type":"searchset"}"#.len();
    for (blanks, taken) in [(ANSWER_BYTES - bytes, true), (ANSWER_BYTES - bytes + 1, false)] {
        scene.peer.behave(Behaviour::Long(blanks));
        assert_eq!(scene.reason().await.is_none(), taken, "{blanks}");
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_does_not_wait_for_ever() {
    let short = Duration::from_millis(200);
    let scene = Scene::with(|options| options.total_time = short, |_| {}).await;
    scene.app.full_consent(&scene.person).await;
    scene.peer.behave(Behaviour::Silent);
    assert_eq!(scene.reason().await.as_deref(), Some("time-out"));
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_beyond_the_places_are_told_that_it_is_busy() {
    let scene = Scene::with(
        |options| {
            options.concurrent = 1;
            options.total_time = Duration::from_secs(2);
        },
        |_| {},
    )
    .await;
    scene.app.full_consent(&scene.person).await;
    scene.peer.behave(Behaviour::Silent);
    let (one, other) = tokio::join!(scene.reason(), scene.reason());
    let mut reasons = [one, other].map(|reason| reason.expect("nobody answers"));
    reasons.sort();
    assert_eq!(reasons[1], "time-out");
    assert!(["busy", "time-out"].contains(&reasons[0].as_str()), "{reasons:?}");
    assert!(scene.peer.questions().len() <= 2);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_peer_is_left_alone_and_nobody_waits_for_it() {
    let breaker = BreakerOptions { failures: 2, pause: PAUSE };
    let scene = Scene::with(|options| options.breaker = breaker, |_| {}).await;
    scene.app.full_consent(&scene.person).await;
    scene.hospital_prescribes(1);
    scene.peer.behave(Behaviour::Fails(500));
    assert_eq!(scene.reason().await.as_deref(), Some("refused"));
    assert_eq!(scene.reason().await.as_deref(), Some("refused"));
    scene.peer.behave(Behaviour::Answers);
    assert_eq!(scene.reason().await.as_deref(), Some("resting"), "also when it is well again");
    assert_eq!(scene.peer.questions().len(), 2, "the third was not asked");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_pause_a_peer_that_is_well_again_is_asked_again() {
    let breaker = BreakerOptions { failures: 1, pause: Duration::ZERO };
    let scene = Scene::with(|options| options.breaker = breaker, |_| {}).await;
    scene.app.full_consent(&scene.person).await;
    let texts = scene.hospital_prescribes(1);
    scene.peer.behave(Behaviour::Fails(500));
    assert_eq!(scene.reason().await.as_deref(), Some("refused"));
    scene.peer.behave(Behaviour::Answers);
    for _ in 0..2 {
        assert_eq!(prescriptions(&scene.searched().await).len(), texts.len());
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_is_not_there_or_not_believed_cannot_be_reached() {
    let nobody = Scene::with(
        |options| options.address = "https://127.0.0.1:1/fhir".parse().expect("a URL"),
        |_| {},
    )
    .await;
    nobody.app.full_consent(&nobody.person).await;
    assert_eq!(nobody.reason().await.as_deref(), Some("unreachable"));
    nobody.app.finish().await;
    let stranger = Authority::create().expect("keys");
    let roots = stranger.certificate_pem().as_bytes().to_vec();
    let scene = Scene::with(|options| options.credentials.roots = roots, |_| {}).await;
    scene.app.full_consent(&scene.person).await;
    assert_eq!(scene.reason().await.as_deref(), Some("unreachable"));
    assert!(scene.peer.questions().is_empty(), "nobody is named to a stranger");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_believe_us_cannot_be_asked() {
    let stranger = Authority::create().expect("keys").client("kyoyu").expect("a certificate");
    let scene = Scene::with(
        |options| {
            options.credentials.certificates = stranger.certificate_pem.into_bytes();
            options.credentials.key = stranger.key_pem.into_bytes();
        },
        |_| {},
    )
    .await;
    scene.app.full_consent(&scene.person).await;
    assert_eq!(scene.reason().await.as_deref(), Some("unreachable"));
    assert!(scene.peer.questions().is_empty());
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_asked_for_by_every_identifier_of_the_period() {
    let scene = Scene::new().await;
    let world = scene.app.world;
    let moved = (0..world.size().persons).map(|index| world.person(index)).find(|person| {
        person.held.len() > 1 && person.held.iter().all(|held| !held.identifier.lacks_branch())
    });
    let moved = moved.expect("somebody has changed the insurer");
    scene.app.announce(&moved).await;
    scene.app.full_consent(&moved).await;
    scene.app.doctor.search_for("MedicationRequest", &moved).await.must_be(200);
    let today = scene.app.now().date_naive();
    let (first, last) = (today - chrono::Days::new(100), today);
    let valid = moved.held.iter().filter(|held| {
        held.valid_from <= last && held.valid_through.is_none_or(|through| through >= first)
    });
    let asked = scene.peer.questions()[0]["parameter"].as_array().expect("parameters").clone();
    let asked = asked.iter().filter(|one| one["name"] == "patient").count();
    assert_eq!(asked, valid.count());
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_when_a_bundle_is_registered_or_consent_is_missing() {
    let scene = Scene::new().await;
    scene.app.register(&scene.app.lab(&scene.person, &[221])).await;
    let refused = scene.app.doctor.search_for("MedicationRequest", &scene.person).await;
    refused.must_refuse(403, "kyoyu-consent-required");
    let conditions = [kyoyu_domain::consent::ConsentCategory::Conditions];
    scene.app.consent(&scene.person, &conditions).await;
    let page = scene.searched().await;
    assert_eq!(rules(&page), ["kyoyu-category-withheld"], "nothing else is told");
    assert!(scene.peer.questions().is_empty());
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_asks_for_its_dates_and_looks_for_its_code() {
    let scene = Scene::new().await;
    scene.app.full_consent(&scene.person).await;
    let (recent, older) = (scene.hospital_prescribes(1), scene.hospital_prescribes(60));
    let shown = prescriptions(&scene.searched().await);
    assert_eq!(shown.len(), recent.len() + older.len());
    assert!(shown.iter().all(|entry| source(entry) == "e-prescription"));
    let key = scene.app.key_of(&scene.person).await;
    let with = |rest: &str| format!("/fhir/MedicationRequest?patient={key}&{rest}");
    let page = scene.app.doctor.get(&with("date=ge2026-03-01")).await;
    assert_eq!(prescriptions(page.must_be(200)).len(), recent.len());
    let asked = scene.peer.questions().pop().expect("a question");
    assert!(asked.to_string().contains("2026-03-01"), "{asked}");
    let page = scene.app.doctor.get(&with("date=lt2025-01-01&date=ge2026-01-01")).await;
    assert!(prescriptions(page.must_be(200)).is_empty());
    let coding = &shown[0]["resource"]["medicationCodeableConcept"]["coding"][0];
    let code = coding["code"].as_str().expect("a code");
    let page = scene.app.doctor.get(&with(&format!("code={code}"))).await;
    let found = prescriptions(page.must_be(200));
    assert!(!found.is_empty() && found.len() < shown.len(), "{}", page.text());
    scene.app.finish().await;
}
