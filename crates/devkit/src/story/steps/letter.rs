//! 紹介状 — held until the patient permits, received once, and never taken back.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{
    Reply,
    story::{scene::Scene, script},
};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    asks_whether_the_clinic_takes_part(scene).await?;
    let letter = scene.script.letter_signed_by(scene.setup.card)?;
    let receipt = scene.register("紹介状（同意待ち） a letter, held", &letter).await?;
    let signature = receipt.signature.clone().unwrap_or_default();
    scene.out.detail(&signature);
    let by_doctor = signature.contains("検証しました") && signature.contains("医師");
    scene.must(by_doctor, "医師の電子署名が検証された", "signed by a doctor and verified")?;
    let id = format!("{}-1", receipt.id);
    let inbox = inbox(scene, "受信箱は空のまま the inbox stays empty").await?;
    scene.must(!lists(&inbox, &id)?, "紹介先には存在も見えない", "not even its existence shows")?;
    permits(scene, &id).await?;
    let inbox = self::inbox(scene, "受信箱 the inbox").await?;
    scene.must(lists(&inbox, &id)?, "紹介先の受信箱に届く", "it is in the addressee's inbox")?;
    receives(scene, &id, &letter).await?;
    scene.out.sent("POST /fhir/Bundle/$cancel  （取得済の紹介状 — the received letter）");
    let wanted = script::cancellation(&letter, &scene.script.relative.identifier);
    let reply = scene.desks.hospital.post("/fhir/Bundle/$cancel", wanted).await?;
    let refused = (409, "kyoyu-letter-received");
    scene.expect_rule(&reply, refused, "取得済は取り消せない received for ever")?;
    is_followed(scene).await
}

/// 追送 — a discharge summary that comes later goes where its letter went, under its consent.
async fn is_followed(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let summary = scene.script.discharge_summary();
    let what = "退院時サマリー（紹介状の追送） a discharge summary that follows";
    let receipt = scene.register(what, &summary).await?;
    let path = format!("/fhir/Bundle/{}-1/$receive", receipt.id);
    scene.out.sent(&format!("POST {path}  （紹介先のシステム — the addressee's system）"));
    let reply = scene.desks.clinic.post(&path, "").await?;
    scene.expect(&reply, 200, "取得済 received")?;
    let arrived = reply.body == summary.body;
    scene.must(arrived, "紹介状と同じ宛先に、同じ同意で届く", "to its addressee, under its consent")
}

async fn asks_whether_the_clinic_takes_part(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let path = format!("/fhir/Organization?identifier={}", scene.clinic_number()?);
    scene.out.sent(&format!("GET {path}  （利用状況確認 — does the clinic take part）"));
    let reply = scene.desks.hospital.get(&path).await?;
    scene.expect(&reply, 200, "利用している it does")
}

async fn inbox(scene: &mut Scene<'_, '_, '_>, what: &str) -> Result<Reply> {
    scene.out.sent("GET /fhir/DocumentReference  （紹介先のシステム — the addressee's system）");
    let reply = scene.desks.clinic.get("/fhir/DocumentReference").await?;
    scene.expect(&reply, 200, what)?;
    Ok(reply)
}

fn lists(reply: &Reply, id: &str) -> Result<bool> {
    let page: Value = serde_json::from_slice(&reply.body).context("a list is JSON")?;
    let entries = page["entry"].as_array().cloned().unwrap_or_default();
    Ok(entries.iter().any(|entry| entry["resource"]["id"] == id))
}

async fn permits(scene: &mut Scene<'_, '_, '_>, id: &str) -> Result<()> {
    let path = format!("/fhir/Bundle/{id}/$answer");
    scene.out.sent(&format!("POST {path}  （本人、マイナポータル経由 — the patient permits）"));
    let answer = json!({"resourceType": "Parameters",
        "parameter": [{"name": "decision", "valueCode": "permit"}]});
    let reply = scene.desks.relative.post(&path, answer.to_string()).await?;
    scene.expect(&reply, 200, "閲覧可 readable")
}

async fn receives(scene: &mut Scene<'_, '_, '_>, id: &str, letter: &script::Parcel) -> Result<()> {
    let path = format!("/fhir/Bundle/{id}/$receive");
    scene.out.sent(&format!("POST {path}  （紹介先のシステム — the addressee's system）"));
    let reply = scene.desks.clinic.post(&path, "").await?;
    scene.expect(&reply, 200, "取得済 received")?;
    scene.must(reply.body == letter.body, "送ったままのバイト列", "the bytes as they were sent")?;
    let file = script::largest_file(letter)?;
    let stem = id.strip_suffix("-1").context("a document's id")?;
    let path = format!("/fhir/Binary/{stem}-{}", file.number);
    scene.out.sent(&format!("GET {path}  （添付だけ — the attachment alone）"));
    let reply = scene.desks.clinic.get(&path).await?;
    scene.expect(&reply, 200, "添付 the file")?;
    scene.must(reply.body == file.bytes, "添付も同じバイト列", "its bytes too")
}
