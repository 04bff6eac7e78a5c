//! 設定 — the only place that reads configuration files and the environment.
//!
//! `config/default.toml` holds every key with its default and is part of the program; a
//! file of the operator's overrides single keys of it.

mod database;
mod documents;
mod import;
mod limits;
mod listener;
mod prescriptions;
mod profiles;
mod purge;
mod retention;
mod signatures;
mod telemetry;

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

pub use database::{Database, Registry};
pub use documents::Documents;
pub use import::Import;
pub use limits::{Limits, Submit};
pub use listener::{Health, Listener};
pub use prescriptions::Prescriptions;
pub use profiles::Profiles;
pub use purge::{Purge, Reading};
pub use retention::Retention;
pub use signatures::Signatures;
pub use telemetry::{Format, Telemetry};

/// Every key with its default and a comment.
pub const DEFAULT: &str = include_str!("../../../config/default.toml");

/// 設定 — all sections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the data is.
    pub database: Database,
    /// Where callers connect.
    pub listener: Listener,
    /// Where operators look.
    pub health: Health,
    /// Bounds of what callers send.
    pub limits: Limits,
    /// What bodies are checked against.
    pub profiles: Profiles,
    /// How submissions are taken.
    pub submit: Submit,
    /// How much is taken in bulk.
    pub import: Import,
    /// What is taken of documents.
    pub documents: Documents,
    /// Who is asked for prescriptions.
    pub prescriptions: Prescriptions,
    /// Whose electronic signatures are believed.
    pub signatures: Signatures,
    /// How long things are kept.
    pub retention: Retention,
    /// How they are deleted.
    pub purge: Purge,
    /// How they are read.
    pub reading: Reading,
    /// How participants are looked up.
    pub registry: Registry,
    /// What is logged.
    pub telemetry: Telemetry,
}

impl Config {
    /// Reads the defaults, overridden by a file.
    ///
    /// # Errors
    /// A file that cannot be read, a key that does not exist, a value of another type.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let text = match file {
            None => String::new(),
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("the configuration {} cannot be read", file.display()))?,
        };
        Self::parse(&text)
    }

    /// Reads the defaults, overridden by a text.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut merged: toml::Table = DEFAULT.parse().context("the built-in defaults")?;
        let own: toml::Table = text.parse().context("the configuration is not TOML")?;
        merge(&mut merged, own);
        let config: Self =
            merged.try_into().context("the configuration has a wrong key or value")?;
        config.check()?;
        Ok(config)
    }

    /// What no single key can tell.
    fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.health.address.ip().is_loopback(),
            "health.address must be a loopback address: metrics are not for the outside"
        );
        let least = kyoyu_store::Options::LEAST_CONNECTIONS;
        anyhow::ensure!(
            self.database.connections >= least,
            "database.connections must be at least {least}"
        );
        anyhow::ensure!(
            self.listener.base_url.starts_with("https://"),
            "listener.base_url must begin with https://"
        );
        anyhow::ensure!(
            self.limits.body_bytes <= 10_485_760,
            "limits.body_bytes must be at most 10485760, the 10 MB of one send"
        );
        self.documents.options()?;
        self.prescriptions.check()?;
        self.import.check()?;
        self.purge.check()
    }
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(section)), toml::Value::Table(own)) => merge(section, own),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// An environment variable of the documented ones.
#[expect(clippy::disallowed_methods, reason = "the configuration is where the environment is read")]
pub(crate) fn environment(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_whole_configuration() {
        Config::parse("").expect("the built-in defaults are complete");
    }

    #[test]
    fn an_unknown_key_is_refused_and_named() {
        let error = Config::parse("[retention]\nundo_day = 3").expect_err("a typo");
        assert!(format!("{error:#}").contains("undo_day"), "{error:#}");
        assert!(Config::parse("[retentoin]\nundo_days = 3").is_err());
    }

    #[test]
    fn a_key_overrides_its_default_only() {
        let config = Config::parse("[retention]\nundo_days = 3").expect("a good file");
        assert_eq!(config.retention.undo_days, 3);
        assert_eq!(config.retention.version, 1);
    }

    #[test]
    fn metrics_stay_on_loopback() {
        assert!(Config::parse("[health]\naddress = \"0.0.0.0:9\"").is_err());
    }
}
