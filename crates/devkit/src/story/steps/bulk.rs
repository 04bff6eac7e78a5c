//! 一括登録 — five years of checkups in one file: the connection breaks, the upload goes on where
//! it broke, and every line has its outcome.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    Reply, Wire, bulk,
    story::{
        checks::holds,
        scene::Scene,
        script::{BulkFile, CUT_LINE},
    },
};

/// How long a state is awaited that comes by itself, and how often it is looked at.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let file = scene.script.bulk_file()?;
    let job = breaks_off(scene, &file).await?;
    goes_on(scene, &job, &file).await?;
    is_done(scene, &job, &file).await?;
    names_what_was_refused(scene, &job, &file).await?;
    shows_the_rest(scene, &file).await
}

/// 一括登録の状況
struct Job {
    id: String,
    received: u64,
    registered: u64,
    refused: u64,
    next: Option<u64>,
}

impl Job {
    /// From the parameters of a status, or the parts of one in a list.
    fn read(parameters: &Value) -> Option<Self> {
        let parameters = parameters.as_array()?;
        let named = |name: &str| parameters.iter().find(|one| one["name"] == name);
        let count = |name: &str| named(name)?["valueUnsignedInt"].as_u64();
        Some(Self {
            id: named("import")?["valueId"].as_str()?.to_owned(),
            received: count("received")?,
            registered: count("registered")?,
            refused: count("refused")?,
            next: count("next"),
        })
    }

    fn address(&self) -> String {
        format!("/fhir/$import/{}", self.id)
    }
}

/// 回線断 — the connection breaks in the middle of a line, before any answer; the sender finds
/// the job in its list.
async fn breaks_off(scene: &mut Scene<'_, '_, '_>, file: &BulkFile) -> Result<Job> {
    let (lines, bytes) = (file.lines.len(), file.text_from(1).len());
    scene.out.sent(&format!("POST /fhir/$import  {lines}行の健診ほか（{bytes} bytes）"));
    let before = newest(scene).await?.1.map(|job| job.id);
    let request = bulk::upload("/fhir/$import", file.text_from(1).into_bytes())?;
    let message = request.message(scene.setup.address);
    let to_come = file.text_from(CUT_LINE).len() - file.lines[CUT_LINE - 1].len() / 2;
    let identity = scene.setup.pki.client(scene.cast.hospital.certificate)?;
    let wire = Wire::open(scene.setup.address, scene.setup.pki.root_pem(), Some(&identity));
    wire.await?.break_off(&message[..message.len() - to_come]).await?;
    let japanese = format!("{CUT_LINE}行目の途中で回線が切れる");
    scene.out.aside(&japanese, "the connection breaks, before any answer");
    scene.out.sent("GET /fhir/$import  （自分の一括登録の一覧 — the sender's own list）");
    let whole = CUT_LINE as u64 - 1;
    let began = Instant::now();
    let (reply, job) = loop {
        let (reply, job) = newest(scene).await?;
        let is_ours = |job: &Job| before.as_ref() != Some(&job.id) && job.received == whole;
        if job.as_ref().is_some_and(is_ours) || began.elapsed() > PATIENCE {
            break (reply, job);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    scene.expect(&reply, 200, "受信中 receiving")?;
    let job = job.context("the list names the job")?;
    let goes_on_there = job.received == whole && job.next == Some(CUT_LINE as u64);
    let japanese = format!("切れる前の{whole}行は失われず、{CUT_LINE}行目から続けられる");
    scene.must(goes_on_there, &japanese, "whole lines are kept, and it goes on behind them")?;
    Ok(job)
}

/// The sender's newest job.
async fn newest(scene: &Scene<'_, '_, '_>) -> Result<(Reply, Option<Job>)> {
    let reply = scene.desks.hospital.get("/fhir/$import").await?;
    let job = Job::read(&reply.json()?["parameter"][0]["part"]);
    Ok((reply, job))
}

async fn goes_on(scene: &mut Scene<'_, '_, '_>, job: &Job, file: &BulkFile) -> Result<()> {
    let path = format!("/fhir/$import?job={}&from={CUT_LINE}", job.id);
    scene.out.sent(&format!("POST {path}  残り — the rest"));
    let request = bulk::upload(&path, file.text_from(CUT_LINE).into_bytes())?;
    let reply = scene.desks.hospital.send(request).await?;
    scene.expect(&reply, 202, "受け付けた、登録はこれから taken, to be registered")
}

/// 処理 — the importer registers line by line.
async fn is_done(scene: &mut Scene<'_, '_, '_>, job: &Job, file: &BulkFile) -> Result<()> {
    scene.out.sent(&format!("GET {}  （状況 — how far it is）", job.address()));
    let (all, began) = (file.lines.len() as u64, Instant::now());
    let reply = loop {
        let reply = scene.desks.hospital.get(&job.address()).await?;
        let now = Job::read(&reply.json()?["parameter"]).context("this is no status")?;
        scene.out.progress("処理済みの行 lines done", now.registered + now.refused, all);
        if reply.status.as_u16() != 202 || began.elapsed() > PATIENCE {
            break reply;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    scene.expect(&reply, 200, "完了 done")?;
    let done = Job::read(&reply.json()?["parameter"]).context("this is no status")?;
    let counted = (done.received, done.registered, done.refused) == (all, all - 1, 1);
    let japanese = format!("{all}行のうち{}行を登録、1行を拒否", all - 1);
    scene.must(counted, &japanese, "each line by itself: one refused, the others registered")
}

async fn names_what_was_refused(
    scene: &mut Scene<'_, '_, '_>,
    job: &Job,
    file: &BulkFile,
) -> Result<()> {
    let path = format!("{}/outcomes?status=refused", job.address());
    scene.out.sent(&format!("GET {path}"));
    let reply = scene.desks.hospital.get(&path).await?;
    scene.expect(&reply, 200, "拒否された行 what was refused")?;
    let outcome = reply.json().context("one line is one JSON")?;
    let parameters = outcome["parameter"].as_array().context("an outcome has parameters")?;
    let named = |name: &str| parameters.iter().find(|one| one["name"] == name);
    let line = named("line").and_then(|line| line["valuePositiveInt"].as_u64());
    let issue = named("findings").map(|findings| &findings["resource"]["issue"][0]);
    let issue = issue.context("a refused line has findings")?;
    let (rule, number) =
        (&issue["details"]["coding"][0]["code"], &issue["details"]["coding"][1]["code"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    scene.out.detail(&format!(
        "{}行目 {} {}: {}",
        line.unwrap_or_default(),
        text(number),
        text(rule),
        text(&issue["details"]["text"])
    ));
    let right = line == Some(file.broken_line as u64) && number == "R0211";
    scene.must(right, "何行目がどの規則に反したかを示す", "it names the line and its rule")
}

/// 経年 — the patient sees all five years at once, each to the byte.
async fn shows_the_rest(scene: &mut Scene<'_, '_, '_>, file: &BulkFile) -> Result<()> {
    scene.out.sent("GET /fhir/Bundle?kind=checkup  （本人 — the patient）");
    let reply = scene.desks.patient.get("/fhir/Bundle?kind=checkup").await?;
    scene.expect(&reply, 200, "健診文書 checkup reports")?;
    let good = file.lines.iter().enumerate().filter(|(nth, _)| nth + 1 != file.broken_line);
    let all = good.into_iter().all(|(_, line)| holds(&reply.body, line));
    let none = !holds(&reply.body, &file.lines[file.broken_line - 1]);
    scene.must(all && none, "本人は五年分を並べて読める", "five years side by side, to the byte")
}
