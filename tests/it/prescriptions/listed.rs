//! 文書からの処方 — each with its place in the document, its group and its instructions, and
//! with a mark of whether its document's list is whole.

use kyoyu_devkit::Reply;
use kyoyu_synth::{DischargeSummary, DrugCodes, Prescription, Referral, SynthBundle, referral};
use kyoyu_tests::app::Answer;
use serde_json::Value;

use super::{INCOMPLETE, Scene, WRITTEN, extract, parts, prescriptions, rules, says, source};

impl Scene {
    fn letter(&self, of: impl FnOnce(&mut Referral)) -> SynthBundle {
        let mut letter = Referral::least(self.app.sending());
        of(&mut letter);
        let world = self.app.world;
        let clinic = self.app.cast.clinic.institution;
        let mut all = (0..world.size().institutions).map(|index| world.institution(index));
        let clinic = all.find(|one| Some(one.number) == clinic).expect("it is of the world");
        referral(&self.app.institution(), &clinic, &self.person, &letter)
    }

    fn listing(&self, codes: DrugCodes) -> SynthBundle {
        self.letter(|letter| letter.prescription = Some(Prescription { lines: 6, codes }))
    }

    async fn sends(&self, body: impl Into<bytes::Bytes>) {
        self.app.hospital.post("/fhir/Bundle", body).await.must_be(201);
    }

    /// A page that shows every column: with consent, as the doctor gets it.
    async fn page(&self) -> Reply {
        self.app.full_consent(&self.person).await;
        self.searched().await
    }
}

fn codes(entries: &[Value], name: &str) -> Vec<String> {
    let all = entries.iter().flat_map(|entry| parts(entry, name));
    let mut codes: Vec<String> = all
        .map(|part| {
            let coded = part["valueCode"].as_str().or(part["valueCoding"]["code"].as_str());
            coded.expect("a code").to_owned()
        })
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_with_standard_codes_only_is_marked_whole_and_still_says_what_it_is_of() {
    let scene = Scene::extracting().await;
    scene.sends(scene.listing(DrugCodes::AllYj).json).await;
    let page = scene.page().await;
    let shown = prescriptions(&page);
    assert_eq!(shown.len(), 6);
    assert!(shown.iter().all(|entry| source(entry) == "document"));
    assert_eq!(codes(&shown, "completeness"), ["whole"]);
    assert!(rules(&page).contains(&WRITTEN.to_owned()));
    assert_eq!(says(&page, INCOMPLETE), None);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_line_without_a_standard_code_marks_every_line_of_its_document_s6_9() {
    for lacking in [DrugCodes::SomeLocal, DrugCodes::SomeGeneral] {
        let scene = Scene::extracting().await;
        scene.sends(scene.listing(DrugCodes::AllYj).json).await;
        scene.sends(scene.listing(lacking).json).await;
        let page = scene.page().await;
        let shown = prescriptions(&page);
        assert_eq!(shown.len(), 12, "what lacks a code is shown as well");
        let whole =
            shown.iter().filter(|entry| parts(entry, "completeness")[0]["valueCode"] == "whole");
        assert_eq!(whole.count(), 6, "the other document is whole");
        let said = says(&page, INCOMPLETE).expect("it is told");
        assert!(said.contains("1 件"), "{said}");
        scene.app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_for_one_drug_still_tells_that_a_list_is_not_whole() {
    let scene = Scene::extracting().await;
    scene.sends(scene.listing(DrugCodes::SomeLocal).json).await;
    scene.page().await;
    let key = scene.app.key_of(&scene.person).await;
    let address = format!("/fhir/MedicationRequest?patient={key}&code=none");
    let page = scene.app.doctor.get(&address).await;
    assert!(prescriptions(page.must_be(200)).is_empty());
    assert!(says(&page, INCOMPLETE).is_some(), "a line without a code may be the one");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_occasion_is_that_of_the_section_or_of_the_document_s6_4() {
    let scene = Scene::extracting().await;
    let summary = DischargeSummary::new(scene.app.sending());
    let letter = scene.letter(|letter| {
        letter.prescription = Some(Prescription { lines: 2, codes: DrugCodes::AllYj });
        letter.summary = Some(summary);
    });
    scene.sends(letter.json).await;
    let shown = prescriptions(&scene.page().await);
    let occasions = codes(&shown, "occasion");
    assert!(occasions.contains(&"admission".to_owned()), "432: {occasions:?}");
    assert!(occasions.contains(&"discharge".to_owned()), "444: {occasions:?}");
    assert_eq!(occasions.len(), 3, "and that of the letter itself: {occasions:?}");
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_carry_usage_group_and_instructions_s6_5_to_s6_7() {
    let scene = Scene::extracting().await;
    let letter = scene.letter(|letter| {
        letter.prescription = Some(Prescription { lines: 40, codes: DrugCodes::AllYj });
    });
    scene.sends(letter.json).await;
    let shown = prescriptions(&scene.page().await);
    assert!(shown.len() > 20);
    let mut groups = std::collections::BTreeMap::new();
    for entry in &shown {
        let text = |name| parts(entry, name)[0]["valueString"].as_str().map(str::to_owned);
        let identifiers = &entry["resource"]["identifier"];
        assert_eq!(text("rpNumber").as_deref(), identifiers[0]["value"].as_str());
        assert_eq!(text("orderInRp").as_deref(), identifiers[1]["value"].as_str());
        let usage = parts(entry, "usage")[0]["valueCoding"]["display"].clone();
        groups.entry(text("group")).or_insert_with(Vec::new).push((text("rpNumber"), usage));
        let dispense = &entry["resource"]["dispenseRequest"]["extension"][0];
        let instruction = &dispense["valueCodeableConcept"]["text"];
        let told = parts(entry, "dispensing");
        assert_eq!(told.first().map_or(&Value::Null, |part| &part["valueString"]), instruction);
        let extra = &entry["resource"]["dosageInstruction"][0]["additionalInstruction"];
        let extra = extra.as_array().map_or(0, Vec::len);
        assert_eq!(parts(entry, "supplementary").len(), extra);
        let brought = entry["resource"]["category"][0]["coding"][0]["code"] == "BDP";
        assert_eq!(parts(entry, "broughtAlong").len(), usize::from(brought));
    }
    for (group, lines) in &groups {
        assert!(group.is_some());
        assert!(lines.iter().all(|line| line == &lines[0]), "one group, one usage: {lines:?}");
    }
    assert!(groups.len() > 1);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prescriptions_stand_in_the_order_of_their_days_not_of_their_registration() {
    let scene = Scene::extracting().await;
    scene.sends(scene.listing(DrugCodes::AllYj).json).await;
    scene.sends(scene.listing(DrugCodes::AllYj).json).await;
    let shown = prescriptions(&scene.page().await);
    let days: Vec<&str> = shown
        .iter()
        .map(|entry| entry["resource"]["authoredOn"].as_str().expect("a day"))
        .collect();
    let mut sorted = days.clone();
    sorted.sort_by(|one, other| other.cmp(one));
    assert_eq!(days, sorted);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sources_stand_side_by_side_each_with_its_mark() {
    let scene = Scene::extracting().await;
    scene.sends(scene.listing(DrugCodes::AllYj).json).await;
    let texts = scene.hospital_prescribes(2);
    let page = scene.page().await;
    let sources: Vec<String> = prescriptions(&page).iter().map(source).collect();
    let of = |name: &str| sources.iter().filter(|source| *source == name).count();
    assert_eq!((of("document"), of("e-prescription")), (6, texts.len()));
    assert!(texts.iter().all(|text| page.text().contains(text)));
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn later_pages_ask_nobody_again_and_still_tell_what_they_are_of() {
    let scene = Scene::with(|_| {}, extract).await;
    scene.sends(scene.listing(DrugCodes::SomeLocal).json).await;
    scene.hospital_prescribes(2);
    scene.page().await;
    let asked = scene.peer.questions().len();
    let key = scene.app.key_of(&scene.person).await;
    let first = format!("/fhir/MedicationRequest?patient={key}&_count=4");
    let first = scene.app.doctor.get(&first).await;
    assert_eq!(prescriptions(first.must_be(200)).len(), 4 + 3);
    let next = scene.app.doctor.get(&first.next().expect("a next page")).await;
    let shown = prescriptions(next.must_be(200));
    assert_eq!(shown.len(), 2);
    assert!(shown.iter().all(|entry| source(entry) == "document"));
    assert_eq!(scene.peer.questions().len(), asked + 1);
    assert!(says(&next, INCOMPLETE).is_some());
    scene.app.finish().await;
}
