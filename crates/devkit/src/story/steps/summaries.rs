//! 健診文書と患者サマリー — documents that are read, each by those whom it is for.

use anyhow::Result;

use crate::{
    Behaviour, Reply,
    story::{checks::holds, desk::Desk, scene::Scene, script::Parcel},
};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let checkup = scene.script.checkup();
    let receipt = scene.register("健診文書 a checkup report", &checkup).await?;
    let path = format!("/fhir/Bundle/{}-1", receipt.id);
    let reply = read(scene, &path, "本人 the patient", |scene| &scene.desks.patient).await?;
    shows(scene, &reply, &checkup, "本人はすぐに読める")?;
    let reply = read(scene, &path, "医師（同意あり） doctor, consented", |scene| {
        &scene.desks.doctor
    })
    .await?;
    shows(scene, &reply, &checkup, "同意した医療機関も読める")?;
    let summary = scene.script.patient_summary();
    let receipt = scene.register("患者サマリー a patient summary", &summary).await?;
    let path = format!("/fhir/Bundle/{}-1", receipt.id);
    let reply = read(scene, &path, "本人 the patient", |scene| &scene.desks.patient).await?;
    shows(scene, &reply, &summary, "本人に示される")?;
    let reply = read(scene, &path, "医師 doctor", |scene| &scene.desks.doctor).await?;
    scene.expect_rule(&reply, (404, "kyoyu-not-found"), "本人だけのもの the patient's alone")?;
    with_prescriptions(scene, &format!("{path}/$assemble")).await
}

/// 組立て — the summary with what the adviser prescribed, and without it when nobody answers.
async fn with_prescriptions(scene: &mut Scene<'_, '_, '_>, path: &str) -> Result<()> {
    let prescribed = scene.script.prescribe(scene.setup.prescriptions);
    let who = "本人 the patient";
    let reply = read(scene, path, who, |scene| &scene.desks.patient).await?;
    scene.expect(&reply, 200, "組み立てた患者サマリー the summary, assembled")?;
    let (japanese, english) = (
        "30日以内の院外処方を電子処方箋管理サービスから添える",
        "with its prescriptions, to the byte",
    );
    scene.must(prescribed.iter().all(|text| holds(&reply.body, text)), japanese, english)?;
    scene.out.aside("電子処方箋管理サービスが止まる", "the e-prescription service fails");
    scene.setup.prescriptions.behave(Behaviour::Fails(503));
    let reply = read(scene, path, who, |scene| &scene.desks.patient).await?;
    scene.setup.prescriptions.behave(Behaviour::Answers);
    scene.expect(&reply, 200, "処方のない患者サマリー without prescriptions")?;
    let told = holds(&reply.body, "kyoyu-prescriptions-unanswered");
    scene.must(
        told,
        "照会できなかったと示し、空には見せない",
        "it says so, and is not silently empty",
    )
}

async fn read<'s, 'n, 'w>(
    scene: &mut Scene<'s, 'n, 'w>,
    path: &str,
    who: &str,
    desk: impl for<'a> Fn(&'a Scene<'s, 'n, 'w>) -> &'a Desk,
) -> Result<Reply> {
    scene.out.sent(&format!("GET {path}  （{who}）"));
    desk(scene).get(path).await
}

fn shows(
    scene: &mut Scene<'_, '_, '_>,
    reply: &Reply,
    sent: &Parcel,
    japanese: &str,
) -> Result<()> {
    scene.expect(reply, 200, "文書 the document")?;
    scene.must(reply.body == sent.body, japanese, "to the byte")
}
