//! 取消 — hidden at once; the undo brings the same bytes back.

use anyhow::Result;

use crate::story::{checks::holds, receipt::Receipt, scene::Scene, script};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let allergies = scene.script.allergies();
    let items = script::items(&allergies)?;
    let wanted = script::cancellation(&allergies, &scene.script.patient.identifier);
    let before = scene.doctor_reads("AllergyIntolerance").await?;
    scene.expect(&before, 200, "アレルギー allergies")?;
    for item in &items {
        let there = holds(&before.body, &format!(r#""{}""#, item.identifier));
        scene.must(there, &item.name, "readable")?;
    }
    scene.out.sent("POST /fhir/Bundle/$cancel");
    let reply = scene.desks.hospital.post("/fhir/Bundle/$cancel", wanted.clone()).await?;
    scene.expect(&reply, 200, "取消 cancelled")?;
    let cancelled = Receipt::of(&reply)?.state == "cancelled";
    scene.must(cancelled, "状態は取消", "its state is cancelled")?;
    let after = scene.doctor_reads("AllergyIntolerance").await?;
    scene.expect(&after, 200, "アレルギー allergies")?;
    let gone = items.iter().all(|item| !holds(&after.body, &item.identifier));
    scene.must(gone, "取消の直後から読めない", "not readable from the next request on")?;
    scene.out.sent("POST /fhir/Bundle/$undo-cancel");
    let reply = scene.desks.hospital.post("/fhir/Bundle/$undo-cancel", wanted).await?;
    scene.expect(&reply, 200, "取消UNDO restored")?;
    let again = scene.doctor_reads("AllergyIntolerance").await?;
    scene.expect(&again, 200, "アレルギー allergies")?;
    scene.must(again.body == before.body, "取消前と同じバイト列", "the same bytes as before")
}
