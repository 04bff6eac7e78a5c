//! States and readers of letters.

use chrono::TimeDelta;
use kyoyu_domain::letter::ConsentPattern;
use kyoyu_synth::Referral;
use kyoyu_tests::app::{Answer, cancellation, change_address, number_of};

use super::{Scene, decision, decision_at};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oral_consent_opens_a_letter_and_receiving_it_gives_its_bytes() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let id = scene.sent(&letter).await;
    assert_eq!(scene.state(&letter).await, "readable");
    assert_eq!(scene.listed(&scene.clinic).await, [id.as_str()]);
    let by_id = format!("/fhir/Bundle/{id}");
    scene.clinic.get(&by_id).await.must_refuse(409, "kyoyu-letter-not-received");
    let received = scene.receive(&scene.clinic, &id).await;
    assert_eq!(received.must_be(200).text(), letter.json, "to the byte");
    assert_eq!(scene.state(&letter).await, "received");
    let again = scene.receive(&scene.clinic, &id).await;
    assert_eq!(again.must_be(200).text(), letter.json, "receiving again changes nothing");
    assert_eq!(scene.clinic.get(&by_id).await.must_be(200).text(), letter.json);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_addressee_sees_that_a_letter_exists() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let id = scene.sent(&letter).await;
    let pharmacy = scene.app.system(&scene.app.cast.pharmacy);
    let insurer = scene.app.user(&scene.app.cast.insurer, "clerk", None);
    let (by_id, binary) = (format!("/fhir/Bundle/{id}"), format!("/fhir/Binary/{id}"));
    for desk in [&scene.app.hospital, &pharmacy] {
        assert!(scene.listed(desk).await.is_empty());
        scene.receive(desk, &id).await.must_refuse(404, "kyoyu-not-found");
        desk.get(&by_id).await.must_refuse(401, "kyoyu-token-missing");
        desk.get(&binary).await.must_refuse(401, "kyoyu-token-missing");
    }
    scene.app.full_consent(&scene.person).await;
    let doctor = scene.app.user(&scene.app.cast.pharmacy, "pharmacist", Some("pharmacist"));
    let patient = scene.app.patient(&scene.person);
    for desk in [&doctor, &patient, &insurer] {
        desk.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
        desk.get(&binary).await.must_refuse(404, "kyoyu-not-found");
    }
    insurer.get("/fhir/DocumentReference").await.must_refuse(403, "kyoyu-role");
    let nowhere = "/fhir/Bundle/0ab0196a4e2000070008000000000000001-1";
    patient.get(nowhere).await.must_refuse(404, "kyoyu-not-found");
    let documents = patient.get("/fhir/Bundle").await;
    assert!(documents.must_be(200).matches().is_empty(), "letters are no patient's documents");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_letter_waits_for_the_patient_who_may_refuse_and_change_the_answer() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let id = scene.sent_with("", &letter).await;
    assert_eq!(scene.state(&letter).await, "held");
    assert!(scene.listed(&scene.clinic).await.is_empty());
    scene.receive(&scene.clinic, &id).await.must_refuse(404, "kyoyu-not-found");
    let patient = scene.app.patient(&scene.person);
    assert_eq!(scene.listed(&patient).await, [id.as_str()]);
    scene.answer(&patient, &id, &decision("deny")).await.must_be(200);
    assert_eq!(scene.state(&letter).await, "refused");
    scene.receive(&scene.clinic, &id).await.must_refuse(404, "kyoyu-not-found");
    scene.answer(&patient, &id, &decision("permit")).await.must_be(200);
    assert_eq!(scene.listed(&scene.clinic).await, [id.as_str()]);
    scene.answer(&patient, &id, &decision("deny")).await.must_be(200);
    assert!(scene.listed(&scene.clinic).await.is_empty(), "consent can be taken back");
    scene.answer(&patient, &id, &decision("permit")).await.must_be(200);
    scene.receive(&scene.clinic, &id).await.must_be(200);
    let late = scene.answer(&patient, &id, &decision("deny")).await;
    late.must_refuse(409, "kyoyu-letter-received");
    assert!(scene.listed(&patient).await.is_empty(), "nothing waits any more");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_patient_cannot_answer_and_no_institution_can() {
    let scene = Scene::new().await;
    let id = scene.sent_with("?consent=portal", &scene.letter()).await;
    let other = scene.app.announced(1).await;
    let stranger = scene.app.patient(&other);
    assert!(scene.listed(&stranger).await.is_empty());
    let refused = scene.answer(&stranger, &id, &decision("permit")).await;
    refused.must_refuse(404, "kyoyu-not-found");
    for desk in [&scene.clinic, &scene.app.hospital] {
        scene.answer(desk, &id, &decision("permit")).await.must_refuse(403, "kyoyu-role");
    }
    let patient = scene.app.patient(&scene.person);
    let bad = scene.answer(&patient, &id, &decision("perhaps")).await;
    bad.must_refuse(400, "kyoyu-parameters-shape");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_addressees_card_reader_asks_through_the_eligibility_network() {
    let scene = Scene::new().await;
    let id = scene.sent_with("?consent=card-reader", &scene.letter()).await;
    let number = number_of(&scene.person.identifier);
    let (clinic, pharmacy) = (&scene.app.cast.clinic, &scene.app.cast.pharmacy);
    let ask = |institution: kyoyu_domain::identifiers::InstitutionNumber| {
        let (number, institution) = (number.clone(), institution.to_string());
        let desk = scene.app.eligibility.clone();
        async move {
            let search = [("patient:identifier", number.as_str()), ("addressee", &institution)];
            let page = desk.search("/fhir/DocumentReference/_search", &search).await;
            page.must_be(200).matches().len()
        }
    };
    assert_eq!(ask(clinic.institution.expect("a number")).await, 1);
    assert_eq!(ask(pharmacy.institution.expect("a number")).await, 0);
    let answer = |institution: &str| decision_at(Some(institution), &scene.person, "permit");
    let elsewhere = answer(pharmacy.institution.expect("a number").as_str());
    let refused = scene.answer(&scene.app.eligibility, &id, &elsewhere).await;
    refused.must_refuse(404, "kyoyu-not-found");
    let anywhere = decision_at(None, &scene.person, "permit");
    let refused = scene.answer(&scene.app.eligibility, &id, &anywhere).await;
    refused.must_refuse(400, "kyoyu-parameters-shape");
    let here = answer(clinic.institution.expect("a number").as_str());
    scene.answer(&scene.app.eligibility, &id, &here).await.must_be(200);
    scene.receive(&scene.clinic, &id).await.must_be(200);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_of_consenting_that_is_switched_off_is_refused() {
    let scene = Scene::with(|options| options.documents.consent_patterns.clear()).await;
    let letter = scene.letter();
    for (query, rule) in [
        ("?consent=portal", "kyoyu-consent-pattern"),
        ("?consent=card-reader", "kyoyu-consent-pattern"),
    ] {
        let address = format!("/fhir/Bundle{query}");
        let reply = scene.app.hospital.post(&address, letter.json.clone()).await;
        reply.must_refuse(422, rule);
    }
    let odd = scene.app.hospital.post("/fhir/Bundle?consent=shouted", letter.json.clone()).await;
    odd.must_refuse(400, "kyoyu-parameter-value");
    let id = scene.sent_with("", &letter).await;
    let patient = scene.app.patient(&scene.person);
    let refused = scene.answer(&patient, &id, &decision("permit")).await;
    refused.must_refuse(422, "kyoyu-consent-pattern");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_of_consenting_is_a_switch_of_its_own() {
    use ConsentPattern::{CardReader, Portal};
    for (open, closed) in [(Portal, CardReader), (CardReader, Portal)] {
        let scene = Scene::with(|options| {
            options.documents.consent_patterns = [open].into_iter().collect();
        })
        .await;
        let letter = scene.letter();
        let address = format!("/fhir/Bundle?consent={}", closed.code());
        let reply = scene.app.hospital.post(&address, letter.json.clone()).await;
        reply.must_refuse(422, "kyoyu-consent-pattern");
        let id = scene.sent_with(&format!("?consent={}", open.code()), &letter).await;

        let (number, clinic) = (number_of(&scene.person.identifier), scene.addressee().number);
        let form = [("patient:identifier", number.as_str()), ("addressee", clinic.as_str())];
        let search = "/fhir/DocumentReference/_search";
        let at_reader = scene.app.eligibility.search(search, &form).await;
        let patient = scene.app.patient(&scene.person);
        let in_portal = patient.get("/fhir/DocumentReference").await;
        let by_reader = decision_at(Some(clinic.as_str()), &scene.person, "permit");
        let by_reader = scene.answer(&scene.app.eligibility, &id, &by_reader).await;
        let by_portal = scene.answer(&patient, &id, &decision("permit")).await;
        let (opened, refused) = match open {
            Portal => ([in_portal, by_portal], [at_reader, by_reader]),
            _ => ([at_reader, by_reader], [in_portal, by_portal]),
        };
        for (opened, refused) in opened.iter().zip(&refused) {
            opened.must_be(200);
            refused.must_refuse(422, "kyoyu-consent-pattern");
        }
        scene.receive(&scene.clinic, &id).await.must_be(200);
        scene.app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_is_asked_by_what_it_understands_and_by_nothing_else() {
    let scene = Scene::new().await;
    let number = scene.addressee().number;
    let odd = scene.clinic.get(&format!("/fhir/DocumentReference?addressee={number}")).await;
    odd.must_refuse(400, "kyoyu-parameter-unknown");
    for count in ["1", "200"] {
        let page = scene.clinic.get(&format!("/fhir/DocumentReference?_count={count}")).await;
        page.must_be(200);
    }
    for count in ["0", "201"] {
        let page = scene.clinic.get(&format!("/fhir/DocumentReference?_count={count}")).await;
        page.must_refuse(400, "kyoyu-parameter-value");
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_its_receipt_a_letter_is_changed_and_cancelled_and_afterwards_neither() {
    let scene = Scene::new().await;
    let sending = scene.app.sending();
    let letter = scene.letter_of(&Referral::new(sending));
    scene.sent(&letter).await;
    scene.app.pass(TimeDelta::minutes(1));
    let later = kyoyu_synth::Sending { sent_at: scene.app.now(), ..sending };
    let changed = scene.letter_of(&Referral { diseases: 1, ..Referral::new(later) });
    let address = change_address(&changed.identifier);
    scene.app.hospital.put(&address, changed.json.clone()).await.must_be(200);
    let [id] = &scene.listed(&scene.clinic).await[..] else { panic!("one letter") };
    let cancel = cancellation(changed.identifier.value(), &scene.person.identifier);
    scene.app.hospital.post("/fhir/Bundle/$cancel", cancel.clone()).await.must_be(200);
    assert!(scene.listed(&scene.clinic).await.is_empty());
    scene.receive(&scene.clinic, id).await.must_refuse(404, "kyoyu-not-found");
    scene.app.hospital.post("/fhir/Bundle/$undo-cancel", cancel.clone()).await.must_be(200);
    let received = scene.receive(&scene.clinic, id).await;
    assert_eq!(received.must_be(200).text(), changed.json);
    let refused = scene.app.hospital.post("/fhir/Bundle/$cancel", cancel).await;
    refused.must_refuse(409, "kyoyu-letter-received");
    scene.app.pass(TimeDelta::minutes(1));
    let late = kyoyu_synth::Sending { sent_at: scene.app.now(), ..sending };
    let late = scene.letter_of(&Referral::new(late));
    scene.app.hospital.put(&address, late.json).await.must_refuse(409, "kyoyu-letter-received");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_gone_seven_days_after_its_receipt_and_after_180_otherwise() {
    let scene = Scene::new().await;
    let (received, left) = (scene.letter(), scene.letter());
    let (first, second) = (scene.sent(&received).await, scene.sent(&left).await);
    scene.receive(&scene.clinic, &first).await.must_be(200);
    scene.app.pass(TimeDelta::days(7));
    let by_id = format!("/fhir/Bundle/{first}");
    scene.clinic.get(&by_id).await.must_be(200);
    scene.app.purge().await;
    scene.clinic.get(&by_id).await.must_be(200);
    scene.app.pass(TimeDelta::days(1));
    scene.clinic.get(&by_id).await.must_refuse(401, "kyoyu-token-missing");
    assert_eq!(scene.listed(&scene.clinic).await, [second.as_str()]);
    scene.app.purge().await;
    assert_eq!(scene.app.count("letter").await, 1);
    scene.app.pass(TimeDelta::days(172));
    assert_eq!(scene.listed(&scene.clinic).await, [second.as_str()], "its 180th day");
    scene.app.pass(TimeDelta::days(1));
    assert!(scene.listed(&scene.clinic).await.is_empty());
    scene.receive(&scene.clinic, &second).await.must_refuse(404, "kyoyu-not-found");
    scene.app.purge().await;
    for table in ["letter", "attachment", "segment where kind = 'referral'"] {
        assert_eq!(scene.app.count(table).await, 0, "{table}");
    }
    assert!(scene.app.count("segment where kind = 'condition'").await > 0, "lives by its own rule");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sender_asks_whether_the_addressee_takes_part() {
    let scene = Scene::new().await;
    let number = scene.app.cast.clinic.institution.expect("a number");
    let address = format!("/fhir/Organization?identifier={number}");
    let found = scene.app.hospital.get(&address).await;
    assert_eq!(found.must_be(200).json().expect("JSON")["active"], true);
    let absent = scene.app.hospital.get("/fhir/Organization?identifier=4710000001").await;
    absent.must_refuse(404, "kyoyu-not-found");
    let world = scene.app.world;
    let mut others = (1..world.size().institutions).map(|index| world.institution(index));
    let other = others.find(|one| one.number != number).expect("somebody else");
    let letter = Referral::new(scene.app.sending());
    let hospital = scene.app.institution();
    let letter = kyoyu_synth::referral(&hospital, &other, &scene.person, &letter);
    let refused = scene.app.hospital.post("/fhir/Bundle", letter.json).await;
    refused.must_refuse(422, "kyoyu-addressee-absent");
    assert_eq!(scene.app.count("segment").await, 0, "nothing is stored in part");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inbox_is_paged_newest_first_and_rings() {
    let scene = Scene::new().await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(scene.sent(&scene.letter_of(&Referral::least(scene.app.sending()))).await);
        scene.app.pass(TimeDelta::seconds(1));
    }
    sent.reverse();
    let mut seen = Vec::new();
    let mut next = Some("/fhir/DocumentReference?_count=2".to_owned());
    while let Some(address) = next {
        let page = scene.clinic.get(&address).await;
        seen.extend(page.must_be(200).matches().into_iter().map(|(id, _)| id));
        next = page.next();
    }
    assert_eq!(seen, sent);
    let since = scene.app.now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    scene.app.pass(TimeDelta::seconds(2));
    let address = format!("/fhir/DocumentReference?since={since}&wait=20");
    let waiting = {
        let desk = scene.clinic.clone();
        async move { desk.get(&address).await }
    };
    let waiting = tokio::spawn(waiting);
    let rung = scene.sent(&scene.letter_of(&Referral::least(scene.app.sending()))).await;
    let page = waiting.await.expect("an answer");
    let listed: Vec<String> = page.must_be(200).matches().into_iter().map(|(id, _)| id).collect();
    assert_eq!(listed, [rung]);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_comes_back_is_new_to_who_has_looked_in_between() {
    let scene = Scene::new().await;
    let letter = scene.letter();
    let id = scene.sent(&letter).await;
    let cancel = cancellation(letter.identifier.value(), &scene.person.identifier);
    scene.app.hospital.post("/fhir/Bundle/$cancel", cancel.clone()).await.must_be(200);
    scene.app.pass(TimeDelta::minutes(1));
    let since = scene.app.now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let address = format!("/fhir/DocumentReference?since={since}");
    scene.app.pass(TimeDelta::minutes(1));
    assert!(scene.clinic.get(&address).await.must_be(200).matches().is_empty());
    scene.app.hospital.post("/fhir/Bundle/$undo-cancel", cancel).await.must_be(200);
    let listed = scene.clinic.get(&address).await.must_be(200).matches();
    assert_eq!(listed.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [id]);
    scene.app.finish().await;
}
