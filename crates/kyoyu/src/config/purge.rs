//! `[purge]` and `[reading]`.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

/// How things are deleted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// Whether `serve` and `work` delete what is due by themselves.
    pub enabled: bool,
    interval_s: u64,
    /// A plan of at most so many resources never waits for approval.
    pub always_allowed: u64,
    /// A larger one waits when it exceeds the largest recent run so many times.
    pub times_usual: u64,
    /// File with the key that signs certificates.
    pub certificate_key_file: PathBuf,
}

impl Purge {
    /// How often the worker looks.
    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_s)
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            (1..=86_400).contains(&self.interval_s),
            "purge.interval_s must be between 1 and 86400: what is due is deleted within a day"
        );
        Ok(())
    }
}

/// How things are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// File with the key of cursors.
    pub cursor_key_file: PathBuf,
}
