//! 同意 — nothing without consent, a part of it with a part, all of it with all.

use anyhow::{Context, Result};
use kyoyu_domain::{consent::ConsentCategory, entry::Flags};

use crate::{
    Reply,
    story::{
        checks::holds,
        scene::Scene,
        script::{Item, MISTYPED},
    },
};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    without_consent(scene).await?;
    with_a_part(scene).await?;
    with_everything(scene).await?;
    newest_labs(scene).await
}

async fn without_consent(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    scene.out.sent("POST /fhir/Condition/_search  （診療所の医師、同意なし — doctor, no consent）");
    let reply = scene.search_by_number("Condition").await?;
    let refusal = (403, "kyoyu-consent-required");
    scene.expect_rule(&reply, refusal, "拒否 refused")?;
    scene.out.sent("POST /fhir/Condition/_search  （薬局 — pharmacy）");
    let patient = scene.patient_parameter();
    let search = [("patient:identifier", patient.as_str())];
    let reply = scene.desks.pharmacist.search("/fhir/Condition/_search", &search).await?;
    scene.expect_rule(&reply, refusal, "拒否 refused")
}

/// 一部同意 — the record only: the withheld categories are named.
async fn with_a_part(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let visit = scene.next_visit()?;
    let consent = visit.allows(&[ConsentCategory::Record]);
    scene.out.sent("POST /fhir/Consent  電子カルテ情報だけ — the record only");
    let reply = scene.desks.eligibility.post("/fhir/Consent", consent).await?;
    scene.expect(&reply, 201, "同意 consent")?;
    scene.known.patient = find_patient(scene).await?;
    let reply = scene.doctor_reads("Condition").await?;
    scene.expect(&reply, 200, "一部だけ a part")?;
    let nothing = scene.script.diseases()?.iter().all(|(item, _)| is_absent(&reply, item));
    scene.must(nothing, "傷病名は一件も本文にない", "no condition in the body")?;
    scene.out.withheld(&withheld(&reply)?, "named whether or not there are data");
    let named = holds(&reply.body, r#""code":"conditions""#);
    scene.must(named, "同意のない区分を名指しする", "the withheld category is named")
}

async fn with_everything(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let visit = scene.visit()?;
    let everything: Vec<_> = ConsentCategory::ALL.iter().map(|row| row.0).collect();
    let path = format!("/fhir/Consent?identifier={}", visit.query());
    scene.out.sent("PUT /fhir/Consent  全区分に変更 — changed to everything");
    let reply = scene.desks.eligibility.put(&path, visit.allows(&everything)).await?;
    scene.expect(&reply, 200, "同意 consent")?;
    let reply = scene.doctor_reads("Condition").await?;
    scene.expect(&reply, 200, "傷病名 conditions")?;
    for (item, flags) in scene.script.diseases()? {
        tell(scene, &item, flags);
        if flags.undelivered {
            let absent = is_absent(&reply, &item);
            scene.must(absent, "未提供は本文にない", "UNDELIVERED is not in the body")?;
        } else {
            scene.must(!is_absent(&reply, &item), "読める", "readable")?;
        }
    }
    let marked = holds(&reply.body, r#""code":"UNINFORMED""#);
    scene.must(marked, "未告知は印つきで医師に見える", "UNINFORMED is shown with its mark")
}

fn tell(scene: &mut Scene<'_, '_, '_>, item: &Item, flags: Flags) {
    let marks = [
        (flags.uninformed, " 未告知UNINFORMED"),
        (flags.undelivered, " 未提供UNDELIVERED"),
        (flags.long_term, " 長期保存LTS"),
    ];
    let marks: String = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
    scene.out.detail(&format!("{}{marks}", item.name));
}

async fn newest_labs(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let path = format!("/fhir/Observation/$lastn?patient={}", scene.known.patient);
    scene.out.sent(&format!("GET {path}"));
    let reply = scene.desks.doctor.get(&path).await?;
    scene.expect(&reply, 200, "項目ごとの直近の検査 the newest of each item")?;
    scene.known.doctors_searches += 1;
    let there = holds(&reply.body, &format!(r#""value":{MISTYPED},"#));
    scene.must(there, "送ったままの値 41.0", "the value as sent, 41.0")
}

/// The doctor finds the person's key by the insured number, in the body and not in a URL.
async fn find_patient(scene: &mut Scene<'_, '_, '_>) -> Result<String> {
    let identifier = scene.patient_parameter();
    scene.out.sent("POST /fhir/Patient/_search  （番号は本文に — the number in the body）");
    let search = [("identifier", identifier.as_str())];
    let reply = scene.desks.doctor.search("/fhir/Patient/_search", &search).await?;
    scene.expect(&reply, 200, "本人 the person")?;
    let page = reply.json()?;
    let key = page["entry"][0]["resource"]["id"].as_str().context("a Patient with its key")?;
    Ok(format!("Patient/{key}"))
}

fn is_absent(reply: &Reply, item: &Item) -> bool {
    !holds(&reply.body, &format!(r#""{}""#, item.identifier))
}

/// What the outcome entry of a page says.
fn withheld(reply: &Reply) -> Result<String> {
    let page = reply.json()?;
    let entries = page["entry"].as_array().context("a page with an outcome")?;
    let outcomes = entries.iter().filter(|entry| entry["search"]["mode"] == "outcome");
    let issues = outcomes.filter_map(|entry| entry["resource"]["issue"].as_array()).flatten();
    let texts = issues.filter_map(|issue| issue["details"]["text"].as_str());
    Ok(texts.collect::<Vec<_>>().join(" "))
}
