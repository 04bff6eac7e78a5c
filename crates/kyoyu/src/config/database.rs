//! `[database]` and `[registry]`.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use kyoyu_domain::phi::Phi;
use serde::Deserialize;

use super::environment;

/// Where the data is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// File with the URL for the role of the service.
    pub url_file: PathBuf,
    /// File with the URL for the role that owns the schema.
    pub owner_url_file: PathBuf,
    /// Data directory of the private Postgres.
    pub data_dir: PathBuf,
    /// Directory of the server programs.
    pub binaries: PathBuf,
    /// The most connections of one process.
    pub connections: u32,
    statement_timeout_ms: u64,
}

impl Database {
    /// How long one statement may take.
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }

    /// The URL of an external database, for the service.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn url(&self) -> anyhow::Result<Option<Phi<String>>> {
        secret("DATABASE_URL", &self.url_file)
    }

    /// The URL of an external database, for migrating it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn owner_url(&self) -> anyhow::Result<Option<Phi<String>>> {
        secret("OWNER_DATABASE_URL", &self.owner_url_file)
    }
}

/// A secret from the environment, else from a file.
fn secret(variable: &'static str, file: &PathBuf) -> anyhow::Result<Option<Phi<String>>> {
    if let Some(value) = environment(variable) {
        return Ok(Some(Phi::new(value)));
    }
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Some(Phi::new(text.trim().to_owned())))
}

/// How participants are looked up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    interval_ms: u64,
}

impl Registry {
    /// A section with another interval than the defaults'.
    pub fn every(interval: Duration) -> Self {
        Self { interval_ms: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX) }
    }

    /// How often they are looked at for changes.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms.max(10))
    }
}
