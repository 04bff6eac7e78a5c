//! 撤回 — takes effect on the next request, with the one refusal that also strangers get.

use anyhow::Result;

use crate::story::scene::Scene;

const NOBODY: &str =
    "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID|00000000:架空:0:00";

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let visit = scene.visit()?;
    let path = format!("/fhir/Consent?identifier={}", visit.query());
    scene.out.sent("PUT /fhir/Consent  撤回 — revoked");
    let reply = scene.desks.eligibility.put(&path, visit.revoked()).await?;
    scene.expect(&reply, 200, "撤回 revoked")?;
    let refusal = (403, "kyoyu-consent-required");
    let reply = scene.doctor_reads("Condition").await?;
    scene.expect_rule(&reply, refusal, "次の要求から拒否 refused from the next request on")?;
    scene.out.sent("POST /fhir/Condition/_search  （存在しない番号 — a number nobody has）");
    let search = [("patient:identifier", NOBODY)];
    let stranger = scene.desks.doctor.search("/fhir/Condition/_search", &search).await?;
    scene.expect_rule(&stranger, refusal, "拒否 refused")?;
    let equal = stranger.body == reply.body;
    scene.must(equal, "同意なしと「いない人」は同じ応答", "no consent and no person: one answer")
}
