//! 登場人物 — the eligibility network announces the persons.

use anyhow::Result;
use kyoyu_synth::announcement;

use crate::story::scene::Scene;

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    for party in scene.cast.parties() {
        let number = party.institution.map_or("", |_| "  医療機関コード ");
        let digits = party.institution.map(|number| number.to_string()).unwrap_or_default();
        scene.out.detail(&format!("{}（{}）{number}{digits}", party.name, party.role.code()));
    }
    let (world, count) = (scene.setup.world, scene.setup.persons);
    scene
        .out
        .sent(&format!("POST /fhir/Patient/$announce × {count}  （合成の人 — synthetic persons）"));
    for index in 0..count {
        announce(scene, &announcement(&world.person(index)), "").await?;
        scene.out.progress("通知 announced", index + 1, count);
    }
    let (patient, relative) = (scene.script.patient.clone(), scene.script.relative.clone());
    announce(scene, &announcement(&patient), "患者 the patient").await?;
    announce(scene, &announcement(&relative), "家族（枝番違い） a relative").await?;
    scene.out.detail(&format!(
        "患者 {}（{} 生）  {}",
        patient.kanji_name(),
        patient.birth_on,
        patient.identifier.value().expose()
    ));
    Ok(())
}

/// Announces; only the last ones are told, the others are too many.
async fn announce(scene: &mut Scene<'_, '_, '_>, body: &str, who: &str) -> Result<()> {
    let reply = scene.desks.eligibility.post("/fhir/Patient/$announce", body.to_owned()).await?;
    if reply.status.as_u16() == 200 && who.is_empty() {
        return Ok(());
    }
    scene.expect(&reply, 200, who)
}
