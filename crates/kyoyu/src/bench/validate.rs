//! 検査の計測 — how long a check takes, parsing included, on one thread.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use kyoyu_profile::{
    Generation, Limits,
    json::Document,
    validator::{Mode, Validator},
};
use kyoyu_synth::{
    Attachment, AttachmentFormat, Checkup, Programme, Referral, Seed, Sending, World, WorldSize,
    checkup, referral,
};
use serde_json::{Value, json};

use super::cpu;
use crate::profiles;

/// Another seed than that of the dictionary.
const SEED: u64 = 2026;
/// The files that go with the large letter: 7 MB as base64.
const FILES: [Attachment; 2] = [
    Attachment { format: AttachmentFormat::Jpeg, bytes: 3_250_000 },
    Attachment { format: AttachmentFormat::Pdf, bytes: 2_000_000 },
];
/// How long one document is checked over and over.
const TIME: Duration = Duration::from_secs(1);

/// 計測値 — what was measured.
#[derive(Debug)]
pub struct Checks {
    load: Duration,
    /// With the profiles loaded, before anything was checked.
    loaded_kb: u64,
    /// In the end.
    resident_kb: u64,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    bytes: usize,
    entries: usize,
    errors: usize,
    whole: Spread,
    /// The same with an element that nobody knows in every resource.
    broken: Spread,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy)]
struct Spread {
    median: f64,
    p99: f64,
}

/// Loads the profiles and checks synthetic Bundles and the files given.
///
/// # Errors
/// A file or a package that cannot be read.
pub fn measure(
    packages: Option<&Path>,
    limits: Limits,
    files: &[String],
) -> anyhow::Result<Checks> {
    let began = Instant::now();
    let validator = profiles::validator(packages, Generation::default(), limits)?;
    let load = began.elapsed();
    let loaded_kb = cpu::resident_kb();
    let mut rows = Vec::new();
    for (name, json) in synthetic()? {
        rows.push(row(&validator, limits, name.to_owned(), json.as_bytes())?);
    }
    for file in files {
        let bytes = std::fs::read(file).with_context(|| format!("{file} cannot be read"))?;
        let name = file.rsplit('/').next().unwrap_or(file).to_owned();
        rows.push(row(&validator, limits, name, &bytes)?);
    }
    Ok(Checks { load, loaded_kb, resident_kb: cpu::resident_kb(), rows })
}

/// Bundles of many kinds, with their names.
fn synthetic() -> anyhow::Result<[(&'static str, String); 5]> {
    let world = World::new(Seed(SEED), WorldSize { institutions: 20, persons: 1_000 });
    let at: DateTime<Utc> = "2026-11-05T00:00:00Z".parse()?;
    let (hospital, other) = (world.institution(0), world.institution(1));
    let patient = world.person(3);
    let letter = Referral::new(Sending::new(1, at));
    let with_files = Referral { attachments: FILES.to_vec(), ..letter.clone() };
    let examined = Checkup::new(Sending::new(2, at), Programme::Specific);
    Ok([
        ("synthetic, 4 resources", world.bundle(1, 4, at).1.json),
        ("synthetic, 20 resources", world.bundle(1, 20, at).1.json),
        ("synthetic letter", referral(&hospital, &other, &patient, &letter).json),
        (
            "synthetic letter, 7 MB of files",
            referral(&hospital, &other, &patient, &with_files).json,
        ),
        ("synthetic checkup", checkup(&hospital, &patient, &examined).json),
    ])
}

fn row(validator: &Validator, limits: Limits, name: String, bytes: &[u8]) -> anyhow::Result<Row> {
    let entries = {
        let document = Document::parse(bytes, &limits);
        let document = document.map_err(|issue| anyhow::anyhow!("{name}: {}", issue.rule.code))?;
        document.root().list("entry").count().max(1)
    };
    let errors = validator.validate(bytes, Mode::Strict).findings.len();
    let broken = with_unknown_elements(&String::from_utf8_lossy(bytes));
    Ok(Row {
        name,
        bytes: bytes.len(),
        entries,
        errors,
        whole: spread(validator, bytes),
        broken: spread(validator, broken.as_bytes()),
    })
}

/// Puts an element that nobody knows into every resource.
fn with_unknown_elements(text: &str) -> String {
    text.replace("\"resourceType\"", "\"kyoyuUnknown\":1,\"resourceType\"")
}

fn spread(validator: &Validator, bytes: &[u8]) -> Spread {
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < 20 || began.elapsed() < TIME {
        let before = Instant::now();
        std::hint::black_box(validator.validate(bytes, Mode::Strict));
        times.push(before.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Spread { median: times[times.len() / 2], p99: times[times.len() * 99 / 100] }
}

impl Row {
    /// On the one core that is used.
    fn entries_per_s(&self) -> f64 {
        self.entries as f64 / self.whole.median * 1e3
    }
}

impl Checks {
    /// One JSON object.
    pub fn json(&self) -> String {
        let row = |row: &Row| {
            json!({
                "name": row.name,
                "bytes": row.bytes,
                "entries": row.entries,
                "findings": row.errors,
                "median_ms": row.whole.median,
                "p99_ms": row.whole.p99,
                "entries_per_s_per_core": row.entries_per_s(),
                "errors_median_ms": row.broken.median,
                "errors_p99_ms": row.broken.p99,
            })
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        let load = self.load.as_secs_f64();
        json!({
            "load_s": load,
            "loaded_kb": self.loaded_kb,
            "resident_kb": self.resident_kb,
            "checks": rows,
        })
        .to_string()
    }

    /// A table.
    pub fn table(&self) -> String {
        let load = self.load.as_secs_f64();
        let mut lines = vec![
            format!(
                "profiles ready in {load:.2} s; {} MB resident then, {} MB in the end",
                self.loaded_kb / 1024,
                self.resident_kb / 1024
            ),
            format!(
                "{:<44}{:>9}{:>8}{:>11}{:>9}{:>12}{:>13}",
                "Bundle", "bytes", "entries", "median ms", "p99 ms", "per s, core", "with errors"
            ),
        ];
        lines.extend(self.rows.iter().map(|row| {
            format!(
                "{:<44}{:>9}{:>8}{:>11.3}{:>9.3}{:>12.0}{:>13.3}",
                row.name,
                row.bytes,
                row.entries,
                row.whole.median,
                row.whole.p99,
                row.entries_per_s(),
                row.broken.median
            )
        }));
        lines.join("\n")
    }
}
