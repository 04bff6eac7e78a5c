//! 一括登録の計測 — Bundles through `$import`: how fast their lines become durable, and how fast
//! the importer has them registered while nobody else calls.

use std::time::{Duration, Instant};

use anyhow::ensure;
use kyoyu_devkit::BulkImport;

use super::{Extent, Figures, cpu, stage::Stage};

/// Lines that are made, per second of load.
const LINES_PER_SECOND: u64 = 200;
const RESOURCES: usize = 20;
/// How often the job is looked at, and how often that is told.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Measures one job from its first byte to the outcome of its last line.
pub(super) async fn measure(
    stage: &Stage,
    extent: Extent,
    tell: &(dyn Fn(&str) + Sync),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let lines = extent.seconds * LINES_PER_SECOND;
    tell(&format!("making {lines} lines of {RESOURCES} resources for $import"));
    let file = stage.lines(RESOURCES, lines);
    let client = stage.client()?;
    let cpu_before = cpu::used(stage.postmaster());
    let began = Instant::now();
    let mut import = BulkImport::open(&client).await?;
    import.send_all(file.as_slice()).await?;
    let sent = began.elapsed();
    let megabytes = file.len() as f64 / 1e6;
    tell(&format!("$import: {megabytes:.0} MB durable after {:.1} s", sent.as_secs_f64()));
    all_registered(&import, lines, tell).await?;
    let time = began.elapsed();
    let cpu = cpu::used(stage.postmaster()).saturating_sub(cpu_before);
    let each = |time: Duration| lines as f64 / time.as_secs_f64();
    figures.put("import.lines", lines as f64);
    figures.put("import.workers", stage.import_workers() as f64);
    figures.put("import.received_per_s", each(sent));
    figures.put("import.bundles_per_s", each(time));
    figures.put("import.cpu_ms", cpu.as_secs_f64() * 1000.0 / lines as f64);
    Ok(())
}

/// Waits for the end, which must be that every line was registered.
async fn all_registered(
    import: &BulkImport<'_>,
    lines: u64,
    tell: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<()> {
    let mut told = Instant::now();
    loop {
        let status = import.status().await?;
        if status.is_done {
            ensure!(status.registered == lines, "not every line was registered: {status:?}");
            return Ok(());
        }
        if told.elapsed() >= TELL_EVERY {
            tell(&format!("$import: {} of {lines} lines registered", status.registered));
            told = Instant::now();
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
