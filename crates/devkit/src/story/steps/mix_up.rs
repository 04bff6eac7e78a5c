//! 取り違え — a Bundle identifier belongs to one person for ever, and another person's
//! data answers like nothing at all.

use anyhow::Result;

use crate::story::{
    checks::holds,
    scene::{Scene, earlier},
};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let mixed_up = scene.script.mixed_up_lab()?;
    scene.out.sent("POST /fhir/Bundle  同じBundle識別子を家族の名で — for the relative");
    let reply = scene.desks.hospital.post("/fhir/Bundle", mixed_up.body).await?;
    scene.expect_rule(&reply, (409, "kyoyu-bundle-foreign"), "拒否 refused")?;
    let name = scene.script.patient.kanji_name();
    let number = scene.script.patient.identifier.value().expose().clone();
    let silent = !holds(&reply.body, &name) && !holds(&reply.body, &number);
    scene.must(silent, "だれのものかは明かさない", "whose it is stays unsaid")?;
    read_the_relative(scene).await
}

/// The relative gave no consent: the id of that person's result answers like one that never
/// was, also through the patient's own portal.
async fn read_the_relative(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let relatives = scene.script.relatives_lab();
    let receipt = scene.register("家族の検査 the relative's results", &relatives).await?;
    let (real, made_up) = (format!("{}-1", receipt.id), format!("{}-99", receipt.id));
    scene.out.sent(&format!("GET /fhir/Observation/{real}  （医師、この人の同意なし）"));
    let refused = scene.desks.doctor.get(&format!("/fhir/Observation/{real}")).await?;
    scene.expect_rule(&refused, (404, "kyoyu-not-found"), "見つからない not found")?;
    let absent = scene.desks.doctor.get(&format!("/fhir/Observation/{made_up}")).await?;
    let equal = refused.status == absent.status && refused.body == absent.body;
    scene.must(equal, "存在しないIDと同じ応答", "byte for byte like an id that never was")?;
    let reply = scene.desks.patient.get(&format!("/fhir/Observation/{real}")).await?;
    scene.expect_rule(&reply, (404, "kyoyu-not-found"), "本人の窓口でも through the portal")?;
    read_the_patient(scene).await
}

/// The consented patient's result is read by its id.
async fn read_the_patient(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let own = format!("/fhir/Observation/{}-1", earlier(scene.known.lab.as_ref())?.id);
    scene.out.sent(&format!("GET {own}  （同意のある患者 — the consented patient）"));
    let reply = scene.desks.doctor.get(&own).await?;
    scene.expect(&reply, 200, "一件 one resource")
}
