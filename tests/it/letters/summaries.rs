//! 健診文書と患者サマリー — documents that are read, not exchanged.

use chrono::TimeDelta;
use kyoyu_domain::{consent::ConsentCategory, entry::Flags, participant::Role};
use kyoyu_synth::{
    Checkup, HeldIdentifier, Institution, PatientSummary, Programme, SynthBundle, checkup,
    patient_summary,
};
use kyoyu_tests::app::{Answer, cancellation};
use serde_json::{Value, json};

use super::Scene;

impl Scene {
    fn report_of(&self, institution: &Institution, report: Checkup) -> SynthBundle {
        checkup(institution, &self.person, &report)
    }

    fn report(&self) -> SynthBundle {
        let programme = Programme::usual_for(&self.person, self.app.now().date_naive());
        self.report_of(&self.app.institution(), Checkup::new(self.app.sending(), programme))
    }

    async fn post(&self, bundle: &SynthBundle) -> String {
        let reply = self.app.hospital.post("/fhir/Bundle", bundle.json.clone()).await;
        let receipt = kyoyu_tests::app::Receipt::of(reply.must_be(201));
        format!("{}-1", receipt.id)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkup_is_read_within_its_category_and_by_the_patient_at_once() {
    let scene = Scene::new().await;
    let report = scene.report();
    let id = scene.post(&report).await;
    let patient = scene.app.patient(&scene.person);
    let by_id = format!("/fhir/Bundle/{id}");
    assert_eq!(patient.get(&by_id).await.must_be(200).text(), report.json, "to the byte");
    let page = patient.get("/fhir/Bundle?kind=checkup").await;
    assert!(page.must_be(200).text().contains(&report.json), "in a list too");
    scene.app.doctor.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    scene.app.consent(&scene.person, &[ConsentCategory::Record]).await;
    scene.app.doctor.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    scene.app.consent(&scene.person, &[ConsentCategory::Checkup]).await;
    assert_eq!(scene.app.doctor.get(&by_id).await.must_be(200).text(), report.json);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insurer_reads_the_checkups_of_its_own_members_only() {
    let mut scene = Scene::new().await;
    let id = scene.post(&scene.report()).await;
    let key = scene.app.key_of(&scene.person).await;
    let own = scene.person.identifier.value().expose()[..8].to_owned();
    let other = scene.app.persons().find(|one| !one.identifier.value().expose().starts_with(&own));
    let other = other.expect("another insurer");
    let other = other.identifier.value().expose()[..8].to_owned();
    for (nth, (insurer, sees)) in [(own, true), (other, false)].into_iter().enumerate() {
        let desk = scene.app.add_insurer(["insurer-own", "insurer-other"][nth], &insurer).await;
        let page = desk.get(&format!("/fhir/Bundle?patient={key}")).await;
        let one = desk.get(&format!("/fhir/Bundle/{id}")).await;
        if sees {
            assert_eq!(page.must_be(200).matches().len(), 1);
            one.must_be(200);
        } else {
            page.must_refuse(403, "kyoyu-consent-required");
            one.must_refuse(404, "kyoyu-not-found");
        }
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_years_stand_side_by_side_and_the_sixth_is_over() {
    let scene = Scene::new().await;
    let programme = Programme::usual_for(&scene.person, scene.app.now().date_naive());
    let patient = scene.app.patient(&scene.person);
    let mut sent = Vec::new();
    for _ in 0..5 {
        let report = Checkup::new(scene.app.sending(), programme);
        let report = scene.report_of(&scene.app.institution(), report);
        scene.post(&report).await;
        sent.push(report.json);
        scene.app.pass(TimeDelta::days(365));
    }
    // Five years after the first, less the leap day among them.
    let shown = async || {
        let page = patient.get("/fhir/Bundle?kind=checkup").await;
        let text = page.must_be(200).text();
        sent.iter().map(|report| text.contains(report)).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, [true; 5], "each to the byte, side by side");
    scene.app.pass(TimeDelta::days(1));
    assert_eq!(shown().await, [true; 5], "the last day of the first");
    scene.app.pass(TimeDelta::days(1));
    assert_eq!(shown().await, [false, true, true, true, true]);
    scene.app.finish().await;
}

/// 二つの経路 — one checkup that comes from the centre and from an institution.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_checkup_on_two_routes_the_newest_report_shows_whoever_sent_it() {
    let mut scene = Scene::new().await;
    let examiner = scene.app.world.institution(3);
    let number = examiner.number.to_string();
    let centre = scene.app.add_participant("centre", Role::CheckupCentre, &[&number]).await;
    let today = scene.app.now().date_naive();
    let programme = Programme::usual_for(&scene.person, today);
    let examined_on = |days: u64| today - chrono::Days::new(days);
    let of = |days| Checkup {
        examined_on: examined_on(days),
        ..Checkup::new(scene.app.sending(), programme)
    };
    let by_hospital = scene.report_of(&scene.app.institution(), of(30));
    let other_day = scene.report_of(&scene.app.institution(), of(31));
    let by_centre = scene.report_of(&examiner, of(30));
    let patient = scene.app.patient(&scene.person);
    let shown = async || {
        let page = patient.get("/fhir/Bundle?kind=checkup").await;
        let text = page.must_be(200).text();
        [&by_hospital, &other_day, &by_centre].map(|report| text.contains(&report.json))
    };
    scene.post(&by_hospital).await;
    scene.post(&other_day).await;
    assert_eq!(shown().await, [true, true, false]);
    scene.app.pass(TimeDelta::minutes(1));
    centre.post("/fhir/Bundle", by_centre.json.clone()).await.must_be(201);
    assert_eq!(shown().await, [false, true, true], "of another day is another checkup");
    let cancel = cancellation(by_centre.identifier.value(), &scene.person.identifier);
    centre.post("/fhir/Bundle/$cancel", cancel).await.must_be(200);
    assert_eq!(shown().await, [true, true, false], "what it hid shows again");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_programme_of_a_municipality_is_refused_and_nothing_of_it_is_kept() {
    let scene = Scene::new().await;
    let report = scene.report();
    for code in ["060", "090"] {
        let mut municipal: Value = serde_json::from_str(&report.json).expect("a Bundle");
        let programme = "/entry/0/resource/event/0/code/0/coding/0/code";
        *municipal.pointer_mut(programme).expect("a programme") = code.into();
        let reply = scene.app.hospital.post("/fhir/Bundle", municipal.to_string()).await;
        reply.must_be(422);
        assert!(reply.text().contains("kyoyu-checkup-programme"), "{}", reply.text());
    }
    assert_eq!(scene.app.stored().await, [0; 4]);
    scene.post(&report).await;
    scene.app.finish().await;
}

/// 添付書類セクション — the same report with a file, base64 as given.
fn with_file(report: &SynthBundle, base64: &str) -> String {
    let mut bundle: Value = serde_json::from_str(&report.json).expect("a Bundle");
    let file = "urn:uuid:00000000-0000-4000-8000-000000000001";
    let profile =
        "http://jpfhir.jp/fhir/eCheckup/StructureDefinition/JP_DocumentReference_eCheckupGeneral";
    let updated = bundle["meta"]["lastUpdated"].clone();
    let composition = &mut bundle["entry"][0]["resource"];
    let subject = composition["subject"].clone();
    composition["section"].as_array_mut().expect("sections").push(json!({
        "title": "添付書類セクション",
        "code": {"coding": [{"code": "01995", "display": "添付書類セクション",
            "system": "http://jpfhir.jp/fhir/eCheckup/CodeSystem/section-code"}]},
        "entry": [{"reference": file, "type": "DocumentReference"}],
    }));
    bundle["entry"].as_array_mut().expect("entries").push(json!({"fullUrl": file, "resource": {
        "resourceType": "DocumentReference",
        "id": "file-1",
        "meta": {"lastUpdated": updated, "profile": [format!("{profile}|1.5.0")]},
        "status": "current",
        "subject": subject,
        "content": [{"attachment": {"contentType": "application/pdf", "data": base64}}],
    }}));
    bundle.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_checkups_are_a_switch_however_their_base64_is_written() {
    for (attachments, status) in [(false, 422), (true, 201)] {
        let scene =
            Scene::with(|options| options.documents.checkup_attachments = attachments).await;
        for base64 in ["JVBERi0xLjcK", "JVBERi0xQR=="] {
            scene.app.pass(TimeDelta::minutes(1));
            let sent = with_file(&scene.report(), base64);
            let reply = scene.app.hospital.post("/fhir/Bundle", sent.clone()).await;
            reply.must_be(status);
            if attachments {
                let page = scene.app.patient(&scene.person).get("/fhir/Bundle").await;
                assert!(page.must_be(200).text().contains(&sent), "to the byte");
            } else {
                reply.must_refuse(status, "kyoyu-checkup-attachment");
            }
        }
        scene.app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_left_an_insurer_is_no_member_of_it_any_more() {
    let mut scene = Scene::new().await;
    let today = scene.app.now().date_naive();
    let world = scene.app.world;
    let mut persons = (0..world.size().persons).map(|index| world.person(index));
    let insurer_of = |held: &HeldIdentifier| held.identifier.value().expose()[..8].to_owned();
    let moved = persons.find_map(|person| {
        let [former, own] = &person.held[..] else { return None };
        let ended = former.valid_through.is_some_and(|through| through < today);
        let is_own = own.identifier.digest() == person.identifier.digest();
        let (former, own) = (insurer_of(former), insurer_of(own));
        (ended && is_own && former != own).then_some((person, former, own))
    });
    let (person, former, own) = moved.expect("somebody has changed the insurer");
    scene.app.announce(&person).await;
    scene.person = person;
    let id = scene.post(&scene.report()).await;
    let key = scene.app.key_of(&scene.person).await;
    let (former, own) = (
        scene.app.add_insurer("insurer-former", &former).await,
        scene.app.add_insurer("insurer-own", &own).await,
    );
    let (list, one) = (format!("/fhir/Bundle?patient={key}"), format!("/fhir/Bundle/{id}"));
    assert_eq!(own.get(&list).await.must_be(200).matches().len(), 1);
    own.get(&one).await.must_be(200);
    former.get(&list).await.must_refuse(403, "kyoyu-consent-required");
    former.get(&one).await.must_refuse(404, "kyoyu-not-found");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkup_centre_sends_checkups_and_nothing_else() {
    let mut scene = Scene::new().await;
    let institution = scene.app.world.institution(3);
    let number = institution.number.to_string();
    let centre = scene.app.add_participant("centre", Role::CheckupCentre, &[&number]).await;
    let programme = Programme::usual_for(&scene.person, scene.app.now().date_naive());
    let report = Checkup::new(scene.app.sending(), programme);
    let report = scene.report_of(&institution, report);
    centre.post("/fhir/Bundle", report.json).await.must_be(201);
    let list =
        kyoyu_synth::ConditionList { sending: scene.app.sending(), count: 1, flags: Vec::new() };
    let diseases = kyoyu_synth::conditions(&institution, &scene.person, &list);
    centre.post("/fhir/Bundle", diseases.json).await.must_refuse(403, "kyoyu-role");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_institution_outside_the_health_insurance_sends_checkups_and_nothing_else_s7_2() {
    let mut scene = Scene::new().await;
    let number = "1320000019";
    let mut institution = scene.app.world.institution(3);
    institution.number = number.parse().expect("a number of class 2");
    let programme = Programme::usual_for(&scene.person, scene.app.now().date_naive());
    let report = Checkup::new(scene.app.sending(), programme);
    let report = scene.report_of(&institution, report);
    let list =
        kyoyu_synth::ConditionList { sending: scene.app.sending(), count: 1, flags: Vec::new() };
    let diseases = kyoyu_synth::conditions(&institution, &scene.person, &list);
    let centre = scene.app.add_participant("centre", Role::CheckupCentre, &[number]).await;
    centre.post("/fhir/Bundle", report.json).await.must_be(201);
    let ehr = scene.app.add_participant("ehr", Role::Institution, &[number]).await;
    for desk in [&centre, &ehr] {
        let refused = desk.post("/fhir/Bundle", diseases.json.clone()).await;
        refused.must_refuse(403, "kyoyu-role");
    }
    let letter = kyoyu_synth::Referral::new(scene.app.sending());
    let letter =
        kyoyu_synth::referral(&scene.app.institution(), &institution, &scene.person, &letter);
    let refused = scene.app.hospital.post("/fhir/Bundle?consent=oral", letter.json).await;
    refused.must_refuse(422, "kyoyu-addressee-absent");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_summary_is_the_patients_alone_for_180_days() {
    let scene = Scene::new().await;
    let summary = PatientSummary::new(scene.app.sending());
    let summary = patient_summary(&scene.app.institution(), &scene.person, &summary);
    let id = scene.post(&summary).await;
    let by_id = format!("/fhir/Bundle/{id}");
    scene.app.full_consent(&scene.person).await;
    scene.app.doctor.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    let patient = scene.app.patient(&scene.person);
    assert_eq!(patient.get(&by_id).await.must_be(200).text(), summary.json);
    assert_eq!(scene.app.count("segment where kind = 'condition'").await, 0, "nothing of it");
    scene.app.pass(TimeDelta::days(180));
    patient.get(&by_id).await.must_be(200);
    scene.app.pass(TimeDelta::days(1));
    patient.get(&by_id).await.must_refuse(404, "kyoyu-not-found");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_summary_is_assembled_with_allergies_and_the_advisers_results_of_thirty_days_s11_7() {
    let scene = Scene::new().await;
    let now = scene.app.now();
    let result = |ago: i64| {
        let results = vec![kyoyu_synth::ChosenResult::listed(221)];
        scene.app.lab_of(&scene.person, scene.app.sending(), now - TimeDelta::days(ago), results)
    };
    let (within, before) = (result(29), result(32));
    scene.app.register(&within).await;
    scene.app.register(&before).await;
    let allergies = scene.app.allergies(&scene.person, &[kyoyu_synth::AllergyKind::Food]);
    scene.app.register(&allergies).await;
    let elsewhere = kyoyu_synth::LabReport {
        sending: scene.app.sending(),
        collected_at: now - TimeDelta::days(1),
        results: kyoyu_synth::Results::Chosen(vec![kyoyu_synth::ChosenResult::listed(211)]),
    };
    let elsewhere = kyoyu_synth::labs(&scene.addressee(), &scene.person, &elsewhere);
    scene.clinic.post("/fhir/Bundle", elsewhere.json).await.must_be(201);
    let summary = PatientSummary::new(scene.app.sending());
    let summary = patient_summary(&scene.app.institution(), &scene.person, &summary);
    let address = format!("/fhir/Bundle/{}/$assemble", scene.post(&summary).await);
    let patient = scene.app.patient(&scene.person);
    let page = patient.get(&address).await;
    let types: Vec<String> = page
        .must_be(200)
        .matches()
        .into_iter()
        .map(|(_, entry)| entry["resource"]["resourceType"].as_str().expect("a type").to_owned())
        .collect();
    assert_eq!(types, ["Bundle", "AllergyIntolerance", "Observation"], "{}", page.text());
    assert!(page.text().contains(&summary.json), "as it was sent");
    assert!(page.text().contains("kyoyu-prescriptions-unasked"), "what is missing is told");
    scene.app.full_consent(&scene.person).await;
    scene.app.doctor.get(&address).await.must_refuse(403, "kyoyu-role");
    let stranger = scene.app.announced(1).await;
    let stranger = scene.app.patient(&stranger);
    stranger.get(&address).await.must_refuse(404, "kyoyu-not-found");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_summary_with_a_hidden_disease_is_refused() {
    let scene = Scene::new().await;
    for flags in [
        Flags { uninformed: true, ..Flags::default() },
        Flags { undelivered: true, ..Flags::default() },
    ] {
        let summary =
            PatientSummary { flags: vec![flags], ..PatientSummary::new(scene.app.sending()) };
        let summary = patient_summary(&scene.app.institution(), &scene.person, &summary);
        let reply = scene.app.hospital.post("/fhir/Bundle", summary.json).await;
        reply.must_refuse(422, "kyoyu-summary-flagged");
    }
    scene.app.finish().await;
}
