//! 登録 — three Bundles are registered; a broken one is refused with rule, place and repair.

use anyhow::Result;
use serde_json::Value;

use crate::{
    Reply,
    story::{
        receipt::Receipt,
        scene::Scene,
        script::{self, Parcel},
    },
};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let lab = scene.script.lab()?;
    let receipt = scene.register("検査 laboratory", &lab).await?;
    let unlisted = receipt.kind("lab-unlisted")?;
    let not_shared = unlisted.not_shared == 1;
    scene.must(not_shared, "43項目以外は受理し、共有しない", "unlisted: taken, not shared")?;
    let conditions = scene.script.conditions();
    let diseases = scene.register("傷病名 conditions", &conditions).await?;
    let hidden = diseases.kind("condition")?.hidden == 1;
    scene.must(hidden, "未提供の件数は送信施設にだけ知らせる", "only the sender learns of it")?;
    let allergies = scene.script.allergies();
    let allergy_receipt = scene.register("アレルギー allergies", &allergies).await?;
    send_again(scene, &lab, &receipt).await?;
    send_other_content(scene).await?;
    send_broken(scene, &lab).await?;
    scene.known.lab = Some(receipt);
    scene.known.conditions = Some(diseases);
    scene.known.allergies = Some(allergy_receipt);
    Ok(())
}

/// 再送 — the same bytes get the same receipt.
async fn send_again(scene: &mut Scene<'_, '_, '_>, lab: &Parcel, first: &Receipt) -> Result<()> {
    scene.out.sent("POST /fhir/Bundle  同じ検査をもう一度 — the same bytes again");
    let reply = scene.desks.hospital.post("/fhir/Bundle", lab.body.clone()).await?;
    scene.expect(&reply, 200, "既に登録済み known already")?;
    let same = Receipt::of(&reply)?.id == first.id;
    scene.must(same, "同じ受付番号、二重登録なし", "the same receipt, stored once")
}

async fn send_other_content(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let other = scene.script.corrected_lab()?;
    scene.out.sent("POST /fhir/Bundle  同じ識別子で別の内容 — same identifier, other content");
    let reply = scene.desks.hospital.post("/fhir/Bundle", other.body).await?;
    scene.expect_rule(&reply, (409, "kyoyu-bundle-exists"), "競合 conflict")?;
    tell_findings(scene, &reply)
}

/// 不適合 — refused with the published rule, the place and the repair; nothing is stored.
async fn send_broken(scene: &mut Scene<'_, '_, '_>, lab: &Parcel) -> Result<()> {
    let broken = script::with_patient_last(lab)?;
    scene.out.sent("POST /fhir/Bundle/$validate  患者が先頭にないBundle — Patient not first");
    let reply = scene.desks.hospital.post("/fhir/Bundle/$validate", broken.clone()).await?;
    scene.expect(&reply, 200, "検査だけ、登録しない checked, not stored")?;
    tell_findings(scene, &reply)?;
    scene.out.sent("POST /fhir/Bundle  同じものを登録 — the same, to be registered");
    let reply = scene.desks.hospital.post("/fhir/Bundle", broken.clone()).await?;
    scene.expect(&reply, 422, "不適合 not conformant")?;
    let first = &reply.json()?["issue"][0];
    let (rule, line) = (published_number(first), first["location"][0].as_str());
    let named = rule == Some("R0211") && line.is_some_and(|line| line.starts_with("line "));
    scene.must(
        named,
        "公表の規則番号と行・桁を示す",
        "names the published rule, line and column",
    )?;
    scene.out.sent("POST /fhir/Bundle  途中で切れたJSON — JSON cut off");
    let cut = broken.as_bytes()[..broken.len() / 2].to_vec();
    let reply = scene.desks.hospital.post("/fhir/Bundle", cut).await?;
    scene.expect(&reply, 400, "読めない unreadable")?;
    tell_findings(scene, &reply)
}

fn published_number(issue: &Value) -> Option<&str> {
    issue["details"]["coding"][1]["code"].as_str()
}

/// Tells the first findings: rule, place, what is wrong, what to do.
fn tell_findings(scene: &mut Scene<'_, '_, '_>, reply: &Reply) -> Result<()> {
    let outcome = reply.json()?;
    for issue in outcome["issue"].as_array().into_iter().flatten().take(2) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rule = text(&issue["details"]["coding"][0]["code"]);
        let number = published_number(issue).map(|number| format!("{number} ")).unwrap_or_default();
        let place = format!("{} {}", text(&issue["expression"][0]), text(&issue["location"][0]));
        let repair = text(&issue["extension"][0]["extension"][0]["valueString"]);
        scene.out.detail(format!("{number}{rule}  {place}").trim_end());
        scene.out.detail(&format!("{} → {repair}", text(&issue["details"]["text"])));
        scene.out.detail(&text(&issue["diagnostics"]));
    }
    Ok(())
}
