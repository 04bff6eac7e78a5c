//! `[import]`.

use std::time::Duration;

use kyoyu_service::ImportOptions;
use serde::Deserialize;

/// How much is taken in bulk, and how it is worked on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Lines that this process registers at once; 0: none.
    pub workers: usize,
    give_way_ms: u64,
    claim_s: u64,
    lines: u32,
    bytes: u64,
    open_jobs: u32,
    upload_s: u64,
    keep_days: u16,
}

impl Import {
    /// The section as the use cases need it.
    pub fn options(&self) -> ImportOptions {
        ImportOptions {
            lines: self.lines,
            bytes: self.bytes,
            open_jobs: self.open_jobs,
            keep_days: self.keep_days,
            claim: Duration::from_secs(self.claim_s),
            patience: Duration::from_millis(self.give_way_ms),
            findings: kyoyu_gateway::operation_outcome,
        }
    }

    /// How long one request may take to send its lines.
    pub fn upload(&self) -> Duration {
        Duration::from_secs(self.upload_s)
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        let within = |name: &str, number: u64, least: u64, most: u64| {
            anyhow::ensure!(
                (least..=most).contains(&number),
                "import.{name} must be between {least} and {most}"
            );
            Ok(())
        };
        within("workers", self.workers as u64, 0, 64)?;
        within("claim_s", self.claim_s, 1, 3600)?;
        within("lines", u64::from(self.lines), 1, 1_000_000_000)?;
        within("bytes", self.bytes, 1, 1 << 50)?;
        within("open_jobs", u64::from(self.open_jobs), 1, 10_000)?;
        within("upload_s", self.upload_s, 60, 86_400)?;
        within("keep_days", u64::from(self.keep_days), 1, 3660)
    }
}
