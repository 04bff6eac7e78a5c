//! 本人 — the patient reads own data; what was not told must not be in a single byte.

use anyhow::Result;

use crate::story::{checks::holds, scene::Scene};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    scene.out.sent("GET /fhir/Condition  （本人、マイナポータル経由 — the patient）");
    let reply = scene.desks.patient.get("/fhir/Condition?_count=500").await?;
    scene.expect(&reply, 200, "自分の傷病名 own conditions")?;
    for (item, flags) in scene.script.diseases()? {
        let there = holds(&reply.body, &format!(r#""{}""#, item.identifier));
        if flags.uninformed || flags.undelivered {
            scene.out.withheld(&item.name, "withheld from the patient");
            scene.must(!there, "本文のどのバイトにもない", "not in any byte of the body")?;
        } else {
            scene.must(there, &item.name, "readable")?;
        }
    }
    let silent = !holds(&reply.body, "UNINFORMED") && !holds(&reply.body, "UNDELIVERED");
    scene.must(silent, "隠したことも知らせない", "nothing tells that something is hidden")?;
    insurer_sees_nothing(scene).await
}

async fn insurer_sees_nothing(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    scene.out.sent("POST /fhir/Condition/_search  （医療保険者 — the insurer）");
    let patient = scene.patient_parameter();
    let search = [("patient:identifier", patient.as_str())];
    let reply = scene.desks.insurer.search("/fhir/Condition/_search", &search).await?;
    let is_member = scene.cast.insurer.insurer.as_ref() == Some(&scene.script.patient.insurer);
    if is_member {
        scene.expect(&reply, 200, "空の一覧 an empty page")?;
    } else {
        let refused = (403, "kyoyu-consent-required");
        scene.expect_rule(&reply, refused, "加入者ではない — not its member")?;
    }
    let empty = !holds(&reply.body, r#""resourceType":"Condition""#);
    scene.must(empty, "保険者に診療情報は見えない", "no clinical item for the insurer")
}
