//! 期限 — readable through the last day, invisible on the next, deleted without remains.
//!
//! First the laboratory report after one year: three newer ones have taken its place.
//! Then diseases and allergies after five years: what is marked LTS stays.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use kyoyu_domain::identifiers::SubmissionId;

use crate::{
    Reply,
    story::{
        checks::holds,
        receipt::Receipt,
        scene::{Scene, earlier},
        script::{self, Item},
    },
};

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let lab = earlier(scene.known.lab.as_ref())?;
    let newer = register_newer_labs(scene).await?;
    lab_ends(scene, &lab, &newer).await?;
    let lab_remains = Remains { receipt: lab.id, segments: 0, submissions: 0 };
    purge(scene, &[lab_remains]).await?;
    ask_status(scene, &lab).await?;
    diseases_end(scene).await
}

async fn register_newer_labs(scene: &mut Scene<'_, '_, '_>) -> Result<Vec<Item>> {
    let mut newer = Vec::new();
    for parcel in scene.script.newer_labs() {
        scene.register("より新しい検査 a newer report", &parcel).await?;
        newer.extend(script::items(&parcel)?);
    }
    Ok(newer)
}

/// 検査 — one year, or among the last three.
async fn lab_ends(scene: &mut Scene<'_, '_, '_>, lab: &Receipt, newer: &[Item]) -> Result<()> {
    let gone_on = gone_on(lab, "lab")?;
    travel_to_the_day_before(scene, gone_on).await?;
    let items = shared_items(scene)?;
    let reply = visible_observations(scene).await?;
    let all = items.iter().all(|item| holds(&reply.body, &item.identifier));
    scene.must(all, "最終日：まだ読める", "the last day: still readable")?;
    scene.travel_to(gone_on).await?;
    let reply = visible_observations(scene).await?;
    let none = !items.iter().any(|item| holds(&reply.body, &item.identifier));
    scene.must(none, "翌日：もう見えない", "one day later: invisible")?;
    let kept = newer.iter().all(|item| holds(&reply.body, &item.identifier));
    scene.must(
        kept,
        "直近3回の検査は一年を過ぎても読める",
        "the last three stay, whatever their age",
    )?;
    let rows = rows(scene, lab.id).await?;
    scene.out.detail(&told(&rows));
    let there = count(&rows, "segment") > 0;
    scene.must(there, "削除はまだ：SQLには残っている", "not yet deleted: SQL still finds it")
}

/// The results of the first report but the last, which is not shared.
fn shared_items(scene: &Scene<'_, '_, '_>) -> Result<Vec<Item>> {
    let mut items = script::items(&scene.script.corrected_lab()?)?;
    items.pop();
    Ok(items)
}

async fn visible_observations(scene: &mut Scene<'_, '_, '_>) -> Result<Reply> {
    scene.comes_to_clinic().await?;
    let reply = scene.doctor_reads("Observation").await?;
    scene.expect(&reply, 200, "検査 results")?;
    Ok(reply)
}

/// 傷病名・アレルギー — five years; the disease marked LTS has no end.
async fn diseases_end(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let conditions = earlier(scene.known.conditions.as_ref())?;
    let allergies = earlier(scene.known.allergies.as_ref())?;
    let gone_on = gone_on(&conditions, "condition")?;
    travel_to_the_day_before(scene, gone_on).await?;
    read_diseases(scene, Day::Last).await?;
    scene.travel_to(gone_on).await?;
    read_diseases(scene, Day::After).await?;
    let (two, one) = (rows(scene, conditions.id).await?, rows(scene, allergies.id).await?);
    let there = count(&two, "segment") == 2 && count(&one, "segment") > 0;
    scene.must(there, "削除はまだ：SQLには残っている", "not yet deleted: SQL still finds it")?;
    let what_stays = [
        Remains { receipt: allergies.id, segments: 0, submissions: 0 },
        Remains { receipt: conditions.id, segments: 1, submissions: 1 },
    ];
    purge(scene, &what_stays).await?;
    ask_status(scene, &allergies).await?;
    read_diseases(scene, Day::After).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// The last one on which they are readable.
    Last,
    /// Any later one.
    After,
}

async fn read_diseases(scene: &mut Scene<'_, '_, '_>, day: Day) -> Result<()> {
    scene.comes_to_clinic().await?;
    let reply = scene.doctor_reads("Condition").await?;
    scene.expect(&reply, 200, "傷病名 conditions")?;
    let diseases = scene.script.diseases()?;
    let shown = diseases.iter().filter(|(_, flags)| !flags.undelivered);
    let right = shown.clone().all(|(item, flags)| {
        let expected = day == Day::Last || flags.long_term;
        holds(&reply.body, &format!(r#""{}""#, item.identifier)) == expected
    });
    match day {
        Day::Last => scene.must(right, "最終日：まだ読める", "the last day: still readable"),
        Day::After => {
            let kept = shown.filter(|(_, flags)| flags.long_term).map(|(item, _)| &*item.name);
            let kept: Vec<&str> = kept.collect();
            let japanese = format!("読めるのは長期保存の「{}」だけ", kept.join("、"));
            scene.must(right, &japanese, "only what is marked LTS is still there")
        }
    }
}

/// What SQL must find of a receipt after the purge.
#[derive(Debug, Clone, Copy)]
struct Remains {
    receipt: SubmissionId,
    segments: i64,
    submissions: i64,
}

async fn purge(scene: &mut Scene<'_, '_, '_>, what_stays: &[Remains]) -> Result<()> {
    scene.out.aside("kyoyu purge plan、続いて run", "the purge: plan, then run");
    let report = scene.stage.purge_plan_and_run().await?;
    scene.out.detail(&format!("計画 plan: {}", report.planned));
    scene.out.deleted(&format!("{} 件を削除 — resources deleted", report.deleted));
    scene.must(report.deleted > 0, "期限の来たものを削除した", "what was due is deleted")?;
    for wanted in what_stays {
        let rows = rows(scene, wanted.receipt).await?;
        scene.out.detail(&format!("SQL {}: {}", wanted.receipt, told(&rows)));
        let right = count(&rows, "segment") == wanted.segments
            && count(&rows, "submission") == wanted.submissions;
        if wanted.segments == 0 {
            scene.must(right, "SQLでも一行も残らない", "SQL finds not one row of it")?;
        } else {
            scene.must(right, "SQLに残るのは長期保存だけ", "SQL finds the LTS part only")?;
        }
    }
    scene.out.detail(&report.certificate);
    let verified = report.certificate_verified;
    scene.must(verified, "削除証明書の署名は正しい", "the certificate of deletion is signed")
}

/// 照会 — only the sender learns that it was there and is deleted.
async fn ask_status(scene: &mut Scene<'_, '_, '_>, receipt: &Receipt) -> Result<()> {
    let path = format!("/fhir/Bundle/$submissions?receipt={}", receipt.id);
    scene.out.sent(&format!("GET {path}  （送信施設 — the sender）"));
    let reply = scene.desks.hospital.get(&path).await?;
    scene.expect_rule(&reply, (410, "kyoyu-gone"), "削除済み deleted")
}

async fn travel_to_the_day_before(scene: &mut Scene<'_, '_, '_>, gone_on: NaiveDate) -> Result<()> {
    scene.travel_to(gone_on.pred_opt().context("a day before")?).await
}

fn gone_on(receipt: &Receipt, kind: &str) -> Result<NaiveDate> {
    receipt.kind(kind)?.due_on.context("the receipt says when it ends")
}

async fn rows(scene: &Scene<'_, '_, '_>, receipt: SubmissionId) -> Result<Vec<(String, i64)>> {
    scene.stage.remaining(receipt).await
}

fn count(rows: &[(String, i64)], table: &str) -> i64 {
    // A table that is not named at all must not pass for an empty one.
    rows.iter().find(|row| row.0 == table).map_or(-1, |row| row.1)
}

fn told(rows: &[(String, i64)]) -> String {
    let parts = rows.iter().map(|(table, count)| format!("{table} {count}行"));
    parts.collect::<Vec<_>>().join("、")
}
