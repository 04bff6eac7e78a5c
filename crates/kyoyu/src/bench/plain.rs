//! 単純な設計 — the same resources in one jsonb row each, at the level of SQL: no TLS, no
//! check, no audit. What we are beside it shows what the design wins or costs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use kyoyu_profile::{Limits, collection};
use kyoyu_store::measure::{Meter, PlainRow};
use tokio::task::JoinSet;

use super::{Extent, Figures, stage::Stage};

/// Rows that a purge in batches deletes at once.
const BATCH: i64 = 500;
const RESOURCES: usize = 20;
/// Bundles a second that are made before the clock runs.
const BUNDLES_PER_SECOND: u64 = 800;

pub(super) async fn measure(
    stage: &Stage,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let meter = &stage.meter;
    meter.make_plain().await?;
    tell("plain jsonb table: making rows");
    let bundles = Arc::new(rows(stage, extent.seconds * BUNDLES_PER_SECOND));
    tell(&format!("plain jsonb table: ingest, {} s", extent.seconds));
    meter.checkpoint().await?;
    let wal = meter.wal_bytes().await?;
    let ingest = run(meter, extent, Arc::clone(&bundles), |meter, rows| async move {
        meter.insert_plain(&rows).await.map(drop)
    })
    .await?;
    let stored = (ingest.0 * RESOURCES) as f64;
    let wal = meter.wal_bytes().await? - wal;
    figures.put("baseline.ingest.bundles_per_s", ingest.0 as f64 / ingest.1);
    figures.put("baseline.store.bytes_per_resource", meter.plain_bytes().await? as f64 / stored);
    figures.put("baseline.store.wal_bytes_per_resource", wal as f64 / stored);
    tell(&format!("plain jsonb table: reads, {} s", extent.seconds));
    let reads = run(meter, extent, bundles, |meter, rows| async move {
        let patient = rows.first().map_or(0, |row| row.patient);
        meter.read_plain(patient, RESOURCES as i64).await.map(drop)
    })
    .await?;
    figures.put("baseline.read.per_s", reads.0 as f64 / reads.1);
    tell("plain jsonb table: purge of all but the last three, with Postgres's own settings");
    meter.list_plain_due().await?;
    meter.checkpoint().await?;
    let wal = meter.wal_bytes().await?;
    let deleted = meter.purge_plain_by_default(BATCH).await?;
    let wal = meter.wal_bytes().await? - wal;
    figures.put("purge.plain_by_default_wal_bytes", wal as f64 / deleted.max(1) as f64);
    tell("plain jsonb table: the same with ours");
    meter.checkpoint().await?;
    let (wal, began) = (meter.wal_bytes().await?, Instant::now());
    let deleted = meter.purge_plain(BATCH).await?;
    let seconds = began.elapsed().as_secs_f64();
    let wal = meter.wal_bytes().await? - wal;
    figures.put("baseline.purge.resources_per_s", deleted as f64 / seconds);
    figures.put("baseline.purge.wal_bytes_per_resource", wal as f64 / deleted.max(1) as f64);
    Ok(())
}

/// The Bundles as rows; made before the clock runs.
fn rows(stage: &Stage, count: u64) -> Vec<Vec<PlainRow>> {
    // Bundles of their own, but for the same patients.
    let first = 1 << 40;
    (first..first + count).filter_map(|index| rows_of(stage, index)).collect()
}

fn rows_of(stage: &Stage, index: u64) -> Option<Vec<PlainRow>> {
    let at = chrono::DateTime::from_timestamp(1_767_225_600, 0)?;
    let (patient, bundle) = stage.world.bundle(index, RESOURCES, at);
    let body = bundle.json.as_bytes();
    let checked = collection::check(body, &Limits::default()).bundle?;
    let rows = checked.resources.iter().map(|resource| PlainRow {
        patient: patient as i64,
        kind: "lab".to_owned(),
        dated_at: resource.dated_at.map_or(0, |at| at.timestamp()),
        identifier: format!("{:x}", resource.identifier.0),
        bundle: bundle.identifier.value().to_owned(),
        resource: String::from_utf8_lossy(&body[resource.text.clone()]).into_owned(),
    });
    Some(rows.collect())
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
