//! 単純な設計 — the same resources in one jsonb row each, at the level of SQL: no TLS, no
//! check, no audit. What we are beside it shows what the design wins or costs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use chrono::{Days, NaiveDate, TimeDelta};
use kyoyu_domain::catalogue::{CATALOGUE, Kind};
use kyoyu_profile::{Limits, collection};
use kyoyu_store::measure::{Meter, PlainRow};
use tokio::task::JoinSet;

use super::{Extent, Figures, sent::Drawn, stage::Stage};

/// Rows that a purge in batches deletes at once.
const BATCH: i64 = 500;
const RESOURCES: usize = 20;
/// Bundles that are made at a time where no clock runs.
const CHUNK: usize = 500;

pub(super) async fn measure(
    stage: &Stage,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    stage.meter.make_plain().await?;
    tell("plain jsonb table: making rows of the same Bundles");
    let mut bundles = stage.sent.stored();
    let first_load = bundles.iter().take_while(|one| one.resources == RESOURCES).count();
    let rest = bundles.split_off(first_load);
    let rows = Arc::new(rows(stage, &bundles)?);
    tell(&format!("plain jsonb table: ingest, {} s", extent.seconds));
    let stored = ingest(stage, extent, &rows, figures).await?;
    tell(&format!("plain jsonb table: reads, {} s", extent.seconds));
    let reads = run(&stage.meter, extent, Arc::clone(&rows), |meter, rows| async move {
        let patient = rows.first().map_or(0, |row| row.patient);
        meter.read_plain(patient, RESOURCES as i64).await.map(drop)
    })
    .await?;
    figures.put("baseline.read.per_s", reads.0 as f64 / reads.1);
    tell("plain jsonb table: the rest of the Bundles, so that it holds what ours does");
    for rows in &rows[stored..] {
        stage.meter.insert_plain(rows).await?;
    }
    for chunk in rest.chunks(CHUNK) {
        for rows in self::rows(stage, chunk)? {
            stage.meter.insert_plain(&rows).await?;
        }
    }
    purge(stage, tell, figures).await
}

/// Stores Bundles until the time is over; answers how many.
async fn ingest(
    stage: &Stage,
    extent: Extent,
    rows: &Arc<Vec<Vec<PlainRow>>>,
    figures: &mut Figures,
) -> anyhow::Result<usize> {
    let meter = &stage.meter;
    meter.checkpoint().await?;
    let wal = meter.wal_bytes().await?;
    let (done, seconds) = run(meter, extent, Arc::clone(rows), |meter, rows| async move {
        meter.insert_plain(&rows).await.map(drop)
    })
    .await?;
    let resources: usize = rows[..done].iter().map(Vec::len).sum();
    let wal = meter.wal_bytes().await? - wal;
    let bytes = meter.plain_bytes().await?;
    figures.put("baseline.ingest.bundles_per_s", done as f64 / seconds);
    figures.put("baseline.store.bytes_per_resource", bytes as f64 / resources as f64);
    figures.put("baseline.store.wal_bytes_per_resource", wal as f64 / resources as f64);
    Ok(done)
}

/// Deletes what our purge deleted, by the same rule.
async fn purge(
    stage: &Stage,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let meter = &stage.meter;
    let short: Vec<&Kind> = CATALOGUE.iter().filter(|kind| goes_within_a_year(kind)).collect();
    let codes = |kinds: &[&Kind]| kinds.iter().map(|kind| kind.code.to_owned()).collect::<Vec<_>>();
    let last_n: Vec<&Kind> = short.iter().filter(|kind| kind.last_n.is_some()).copied().collect();
    // The loads took minutes, and the patients came again months later.
    let before = stage.opened_at() + TimeDelta::days(1);
    meter.list_plain_due(before.timestamp(), &codes(&short), &codes(&last_n)).await?;
    tell("plain jsonb table: the same purge, with Postgres's own settings");
    meter.vacuum().await?;
    let wal = meter.wal_bytes().await?;
    let deleted = meter.purge_plain_by_default(BATCH).await?;
    let wal = meter.wal_bytes().await? - wal;
    figures.put("purge.plain_by_default_wal_bytes", wal as f64 / deleted.max(1) as f64);
    tell("plain jsonb table: the same purge, with our settings");
    meter.checkpoint().await?;
    let (wal, began) = (meter.wal_bytes().await?, Instant::now());
    let deleted = meter.purge_plain(BATCH).await?;
    let seconds = began.elapsed().as_secs_f64();
    let wal = meter.wal_bytes().await? - wal;
    figures.put("baseline.purge.resources", deleted as f64);
    figures.put("baseline.purge.resources_per_s", deleted as f64 / seconds);
    figures.put("baseline.purge.wal_bytes_per_resource", wal as f64 / deleted.max(1) as f64);
    Ok(())
}

/// Whether a kind goes by age before the purge runs.
fn goes_within_a_year(kind: &Kind) -> bool {
    let day = NaiveDate::default();
    day.checked_add_days(Days::new(366)).is_some_and(|end| kind.keep.last_day(day) <= end)
}

/// Bundles as rows; made before the clock runs.
fn rows(stage: &Stage, bundles: &[Drawn]) -> anyhow::Result<Vec<Vec<PlainRow>>> {
    bundles.iter().map(|bundle| rows_of(stage, bundle)).collect()
}

fn rows_of(stage: &Stage, drawn: &Drawn) -> anyhow::Result<Vec<PlainRow>> {
    let bundle = drawn.make(&stage.world);
    let body = bundle.json.as_bytes();
    let checked = collection::check(body, &Limits::default()).bundle;
    let checked = checked.context("a Bundle that the service took passes the check")?;
    let rows = checked.resources.iter().map(|resource| PlainRow {
        patient: drawn.person as i64,
        kind: resource.kind.code.to_owned(),
        dated_at: resource.dated_at.map_or(0, |at| at.timestamp()),
        registered_at: drawn.sending.sent_at.timestamp(),
        identifier: format!("{:x}", resource.identifier.0),
        bundle: bundle.identifier.value().to_owned(),
        resource: String::from_utf8_lossy(&body[resource.text.clone()]).into_owned(),
    });
    Ok(rows.collect())
}

/// Runs work on every Bundle's rows, on several connections; answers how often, and how
/// many seconds it took.
async fn run<W, F>(
    meter: &Meter,
    extent: Extent,
    bundles: Arc<Vec<Vec<PlainRow>>>,
    work: W,
) -> anyhow::Result<(usize, f64)>
where
    W: Fn(Meter, Vec<PlainRow>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), kyoyu_store::Error>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let until = began + Duration::from_secs(extent.seconds);
    let mut loops = JoinSet::new();
    for _ in 0..extent.connections {
        let (meter, bundles, next) = (meter.clone(), Arc::clone(&bundles), Arc::clone(&next));
        let work = work.clone();
        loops.spawn(async move {
            let mut done = 0;
            while Instant::now() < until {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(rows) = bundles.get(position) else { break };
                work(meter.clone(), rows.clone()).await?;
                done += 1;
            }
            Ok::<usize, kyoyu_store::Error>(done)
        });
    }
    let mut done = 0;
    while let Some(ended) = loops.join_next().await {
        done += ended??;
    }
    Ok((done, began.elapsed().as_secs_f64()))
}
