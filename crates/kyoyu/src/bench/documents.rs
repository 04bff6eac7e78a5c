//! 文書の計測 — letters of 30 kB and of 7 MB: registered, received, and what they cost; and years
//! of data through the bulk door.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use kyoyu_devkit::Request;
use kyoyu_synth::{Attachment, AttachmentFormat, Referral, Sending, referral};
use serde_json::Value;

use super::{Extent, Figures, Requests, bulk, cpu, load::closed_loop, stage::Stage};
use crate::config::Config;

/// Letters that are made before the clock runs, per second of load.
const SMALL_PER_SECOND: u64 = 250;
/// The large ones wait in memory: this many in all.
const LARGE: u64 = 24;
/// Bytes of the file of a large letter: 7 MB as base64.
const FILE_BYTES: usize = 5_250_000;

/// Measures letters and a bulk import; `tell` gets a line whenever something begins.
///
/// # Errors
/// When the server does not start, or a request is refused that must not be.
pub async fn measure(
    config: &Config,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    tell("preparing a private database, patients and institutions");
    let stage = Stage::open(config, extent).await?;
    tell("making letters of 30 kB");
    let small = letters(&stage, (0, extent.seconds * SMALL_PER_SECOND), None);
    register(&stage, extent, ("letter", small), tell, &mut figures).await?;
    tell("making letters of 7 MB");
    let file = Attachment { format: AttachmentFormat::Jpeg, bytes: FILE_BYTES };
    let large = letters(&stage, (10_000_000, LARGE), Some(file));
    register(&stage, extent, ("large", large), tell, &mut figures).await?;
    tell("receiving what has arrived");
    let received = Arc::new(waiting(&stage).await?);
    let measured = closed_loop(&stage, stage.senders().await?, received, extent.seconds).await?;
    figures.put("receive.per_s", measured.per_second());
    figures.put("receive.cpu_ms", measured.cpu_ms());
    figures.put("receive.p99_ms", measured.p99_ms());
    bulk::measure(&stage, extent, tell, &mut figures).await?;
    tell("start on the existing data directory");
    stage.restart(config, &mut figures).await?;
    Ok(figures)
}

/// Letters with an oral consent, all to one institution.
fn letters(stage: &Stage, (first, count): (u64, u64), file: Option<Attachment>) -> Vec<Request> {
    let world = stage.world;
    let to = world.institution(1);
    let make = |serial: u64| {
        let sending = Sending::new(serial, stage.sent_at());
        let attachments = file.into_iter().collect();
        let letter = Referral { attachments, ..Referral::new(sending) };
        let person = world.person(serial % world.size().persons);
        let letter = referral(&world.institution(2 + serial % 100), &to, &person, &letter);
        Request::post_json("/fhir/Bundle?consent=oral", letter.json)
    };
    (first..first + count).filter_map(|serial| make(serial).ok()).collect()
}

async fn register(
    stage: &Stage,
    extent: Extent,
    (name, requests): (&str, Vec<Request>),
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    tell(&format!("registering them: at most {} s", extent.seconds));
    let body = requests.iter().map(Request::body_bytes).max().unwrap_or(0) as f64;
    let messages: Requests = Arc::new(requests.iter().map(|one| stage.message(one)).collect());
    drop(requests);
    let bytes = stage.meter.stored_bytes().await?;
    cpu::forget_peak();
    let before = cpu::resident_kb();
    let measured = closed_loop(stage, stage.senders().await?, messages, extent.seconds).await?;
    let grown = cpu::peak_kb().saturating_sub(before) as f64 * 1024.0;
    let stored = (stage.meter.stored_bytes().await? - bytes) as f64 / measured.done as f64;
    figures.put(&format!("{name}.per_s"), measured.per_second());
    figures.put(&format!("{name}.cpu_ms"), measured.cpu_ms());
    figures.put(&format!("{name}.p99_ms"), measured.p99_ms());
    figures.put(&format!("{name}.body_bytes"), body);
    figures.put(&format!("{name}.stored_bytes"), stored);
    if body > 1e6 {
        // Of small letters it would be the caches that grow.
        figures.put(&format!("{name}.memory_per_body"), grown / body / extent.connections as f64);
    }
    Ok(())
}

/// What the addressee has not received yet.
async fn waiting(stage: &Stage) -> anyhow::Result<Vec<Bytes>> {
    let client = stage.client()?;
    let mut requests = Vec::new();
    let mut next = Some("/fhir/DocumentReference?_count=200".to_owned());
    while let Some(path) = next.take() {
        let reply = client.send(&Request::get(&path)?).await?;
        let page: Value = serde_json::from_slice(&reply.body).context("an inbox is JSON")?;
        for entry in page["entry"].as_array().into_iter().flatten() {
            let id = entry["resource"]["id"].as_str().context("a letter has an id")?;
            let receive = Request::post_json(&format!("/fhir/Bundle/{id}/$receive"), "")?;
            requests.push(stage.message(&receive));
        }
        let links = page["link"].as_array().into_iter().flatten();
        let mut links = links.filter(|link| link["relation"] == "next");
        let url = links.next().and_then(|link| link["url"].as_str());
        next = url.and_then(|url| Some(url[url.find("/fhir/")?..].to_owned()));
    }
    anyhow::ensure!(!requests.is_empty(), "no letter has arrived");
    Ok(requests)
}
