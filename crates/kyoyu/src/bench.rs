//! 計測 — ingest, reads, storage, purge and start, on a real server over mutual TLS, and
//! beside it the same resources in a plain table of one jsonb row per resource.
//!
//! Server, database and load generator share the machine: absolute figures are lower
//! bounds, the ratios to the plain design hold.

mod bulk;
mod cpu;
pub mod documents;
mod figures;
mod load;
mod plain;
mod sent;
mod stage;
pub mod validate;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use kyoyu_service::RunOutcome;

pub use figures::Figures;
use load::{Measured, closed_loop, open_loop};
use stage::Stage;

use crate::config::Config;

/// 計測の大きさ
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// How long each load lasts.
    pub seconds: u64,
    /// Connections at once.
    pub connections: usize,
    /// Synthetic patients.
    pub patients: u64,
}

/// Log files of 16 MB that a load fills at most between two checkpoints.
const WAL_FILES: u32 = 24;

/// Bundles that are made before the clock runs, per second of load.
const BUNDLES_PER_SECOND: u64 = 1_500;
/// The same of searches.
const SEARCHES_PER_SECOND: usize = 8_000;

/// Measures everything; `tell` gets a line whenever something begins.
///
/// # Errors
/// When the server does not start, or a request is refused that must not be.
pub async fn measure(
    config: &Config,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    tell("preparing a private database, patients and consents");
    let stage = Stage::open(config, extent).await?;
    stage.meter.recycle_wal(WAL_FILES).await?;
    ingest(&stage, extent, tell, &mut figures).await?;
    reads(&stage, extent, tell, &mut figures).await?;
    mixed(&stage, extent, tell, &mut figures).await?;
    purge(&stage, extent, tell, &mut figures).await?;
    plain::measure(&stage, extent, tell, &mut figures).await?;
    tell("start on the existing data directory");
    stage.restart(config, &mut figures).await?;
    Ok(figures)
}

async fn ingest(
    stage: &Stage,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    for resources in [20, 4] {
        let most = extent.seconds * BUNDLES_PER_SECOND;
        tell(&format!("making up to {most} Bundles of {resources} resources"));
        let batch = stage.bundles(resources, most)?;
        tell(&format!("ingest of Bundles of {resources}: {} s", extent.seconds));
        let (bytes, wal) = (stage.meter.stored_bytes().await?, stage.meter.wal_bytes().await?);
        let requests = Arc::clone(&batch.requests);
        let measured = closed_loop(stage, stage.senders().await?, requests, extent.seconds).await?;
        stage.sent.store(batch, measured.done);
        let wal = stage.meter.wal_bytes().await? - wal;
        let bytes = stage.meter.stored_bytes().await? - bytes;
        let stored = measured.done as f64 * resources as f64;
        let suffix = if resources == 20 { "" } else { "_4" };
        figures.put(&format!("ingest.bundles_per_s{suffix}"), measured.per_second());
        figures.put(&format!("ingest.cpu_ms{suffix}"), measured.cpu_ms());
        figures.put(&format!("ingest.p99_ms{suffix}"), measured.p99_ms());
        figures.put(&format!("store.bytes_per_resource{suffix}"), bytes as f64 / stored);
        figures.put(&format!("store.wal_bytes_per_resource{suffix}"), wal as f64 / stored);
    }
    for (table, heap, indexes) in stage.meter.stored_parts().await? {
        tell(&format!("  {table}: {} kB rows, {} kB indexes", heap / 1024, indexes / 1024));
    }
    Ok(())
}

async fn reads(
    stage: &Stage,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    tell(&format!("audited reads (20 results of a patient), {} s", extent.seconds));
    let requests = stage.searches(extent.seconds as usize * SEARCHES_PER_SECOND)?;
    let measured = closed_loop(stage, stage.readers().await?, requests, extent.seconds).await?;
    figures.put("read.per_s", measured.per_second());
    figures.put("read.cpu_ms", measured.cpu_ms());
    figures.put("read.p99_ms", measured.p99_ms());
    Ok(())
}

/// Reads and Bundles per second while both arrive whether or not the last was answered.
const OPEN_READS: u32 = 500;
const OPEN_BUNDLES: u32 = 150;

async fn mixed(
    stage: &Stage,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    tell(&format!("open loop: {OPEN_READS} reads/s and {OPEN_BUNDLES} Bundles/s"));
    let bundles = stage.bundles(20, u64::from(OPEN_BUNDLES) * extent.seconds)?;
    let searches = stage.searches(OPEN_READS as usize * (extent.seconds as usize + 1))?;
    let time = Duration::from_secs(extent.seconds);
    let (readers, senders) = (stage.readers().await?, stage.senders().await?);
    let (reads, written) = tokio::join!(
        open_loop(readers, searches, OPEN_READS, time),
        open_loop(senders, Arc::clone(&bundles.requests), OPEN_BUNDLES, time),
    );
    let (reads, written): (Measured, Measured) = (reads?, written?);
    stage.sent.store(bundles, written.done);
    figures.put("mixed.reads_per_s", reads.per_second());
    figures.put("mixed.bundles_per_s", written.per_second());
    figures.put("mixed.read_p50_ms", reads.percentile_ms(0.50));
    figures.put("mixed.read_p99_ms", reads.p99_ms());
    figures.put("mixed.ingest_p99_ms", written.p99_ms());
    Ok(())
}

/// How many days after the loads the patients come again, and how many later the purge runs.
const COME_AGAIN_AFTER_DAYS: i64 = 200;
const PURGE_AFTER_DAYS: i64 = 200;
/// How often each of them comes again, and which one of so many stays away for good.
const COME_AGAIN: u64 = 3;
const ONE_STAYS_AWAY_OF: u64 = 10;

/// 一年後 — the patients come again, all but a few, so that what the loads registered is
/// neither young nor among the newest three when it is a year old: the purge of a usual day.
async fn come_again(stage: &Stage, extent: Extent) -> anyhow::Result<()> {
    stage.clock.move_by_days(COME_AGAIN_AFTER_DAYS);
    for _ in 0..COME_AGAIN {
        let comes = |person: &u64| !person.is_multiple_of(ONE_STAYS_AWAY_OF);
        let batch = stage.bundles_of(4, (0..extent.patients).filter(comes))?;
        let requests = Arc::clone(&batch.requests);
        let measured = closed_loop(stage, stage.senders().await?, requests, u64::MAX).await?;
        stage.sent.store(batch, measured.done);
        stage.clock.move_by_days(1);
    }
    stage.clock.move_by_days(PURGE_AFTER_DAYS);
    Ok(())
}

async fn purge(
    stage: &Stage,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    tell("a year passes: nine of ten patients come three times more");
    come_again(stage, extent).await?;
    tell("purge of what is a year old and not among a patient's last three");
    let refused = |problem| crate::output::problem(&problem);
    stage.service.purge_plan("bench").await.map_err(refused)?;
    stage.meter.vacuum().await?;
    let (wal, began) = (stage.meter.wal_bytes().await?, Instant::now());
    let outcome = stage.service.purge_run("bench", None).await.map_err(refused)?;
    let RunOutcome::Done { resources, .. } = outcome else {
        anyhow::bail!("the purge did not run: {outcome:?}");
    };
    let seconds = began.elapsed().as_secs_f64();
    let wal = stage.meter.wal_bytes().await? - wal;
    figures.put("purge.resources", resources as f64);
    figures.put("purge.resources_per_s", resources as f64 / seconds);
    figures.put("purge.wal_bytes_per_resource", wal as f64 / resources.max(1) as f64);
    Ok(())
}

/// Messages that are sent one after another.
pub(crate) type Requests = Arc<Vec<Bytes>>;
