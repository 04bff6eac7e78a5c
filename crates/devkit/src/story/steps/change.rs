//! 変更 — the correction replaces the Bundle; 4.10 stays 4.10; what is older is refused.

use anyhow::Result;
use kyoyu_domain::identifiers::BundleIdentifier;

use crate::{
    Reply,
    story::{
        checks::holds,
        receipt::Receipt,
        scene::Scene,
        script::{CORRECTED, MISTYPED, Parcel},
    },
};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    scene.out.sent("PUT /fhir/Bundle  カリウム 41.0 → 4.10 — potassium corrected");
    let corrected = scene.script.corrected_lab()?;
    let reply = put(scene, &corrected).await?;
    scene.expect(&reply, 200, "変更 changed")?;
    let receipt = Receipt::of(&reply)?;
    scene.out.detail(&format!("受付番号 receipt {}", receipt.id));
    scene.known.lab = Some(receipt);
    let reply = scene.doctor_reads("Observation").await?;
    scene.expect(&reply, 200, "検査 results")?;
    let right = holds(&reply.body, &format!(r#""value":{CORRECTED},"#));
    scene.must(right, "4.10 は 4.10 のまま", "4.10 is still 4.10")?;
    let wrong = holds(&reply.body, &format!(r#""value":{MISTYPED},"#));
    scene.must(!wrong, "誤った 41.0 はもう読めない", "the mistyped 41.0 is gone")?;
    scene.out.sent("PUT /fhir/Bundle  遅れて届いた古い版 — an older copy, late");
    let stale = scene.script.stale_lab()?;
    let reply = put(scene, &stale).await?;
    scene.expect_rule(&reply, (409, "kyoyu-bundle-stale"), "拒否 refused")?;
    scene.out.sent("PUT /fhir/Bundle  変更で患者を入れ替え — a change to another person");
    let switched = scene.script.mixed_up_lab()?;
    let reply = put(scene, &switched).await?;
    scene.expect_rule(&reply, (409, "kyoyu-person-switched"), "拒否 refused")
}

async fn put(scene: &Scene<'_, '_, '_>, parcel: &Parcel) -> Result<Reply> {
    let named = format!("{}|{}", BundleIdentifier::SYSTEM, parcel.identifier.value());
    let query: String = form_urlencoded::byte_serialize(named.as_bytes()).collect();
    let path = format!("/fhir/Bundle?identifier={query}");
    scene.desks.hospital.put(&path, parcel.body.clone()).await
}
