//! The commands, one file each.

mod audit;
mod bench;
mod check_config;
mod demo;
mod migrate;
mod participant;
mod profiles;
mod purge;
mod serve;
mod submit;
mod synth;
mod validate;
mod work;

pub(crate) use demo::OffsetClock;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use kyoyu_domain::{clock::DatabaseClock, randomness::SystemRandomness};
use kyoyu_service::{Peers, Service};

use crate::{
    config::Config,
    database::{self, Connection},
    server,
};

/// 電子カルテ情報共有サービス — the national sharing service for electronic medical records.
#[derive(Debug, Parser)]
#[command(name = "kyoyu", version)]
pub struct Arguments {
    /// Configuration file; its keys override the built-in defaults.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Name of the private database, where no other is configured.
    // The field has a name of its own: that of a global argument is taken for every
    // argument of a command that is called the same, such as a participant's `name`.
    #[arg(long = "name", global = true, default_value = "main")]
    database_name: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the service, bulk imports, and the purge on its schedule.
    Serve,
    /// Runs bulk imports and the purge on its schedule, without the service.
    Work,
    /// Brings the database's schema up to date.
    Migrate,
    /// Shows the whole life of shared data on this machine, then stays up.
    Demo(demo::Arguments),
    /// Checks resources against the profiles that they claim, without a database.
    Validate(validate::Arguments),
    /// Looks at the packages that bodies are checked against.
    Profiles(profiles::Arguments),
    /// Sends a Bundle as an institution's system does.
    Submit(submit::Arguments),
    /// Registers participants and token issuers.
    Participant(participant::Arguments),
    /// Plans and runs the deletion of what is due.
    Purge(purge::Arguments),
    /// Lists who accessed a patient's data.
    Audit(audit::Arguments),
    /// Writes synthetic Bundles.
    Synth(synth::Arguments),
    /// Measures the service on this machine, beside a plain table of jsonb rows.
    Bench(bench::Arguments),
    /// Reads a configuration as `serve` would, and says what is wrong.
    CheckConfig,
}

impl Arguments {
    /// Runs the command.
    ///
    /// # Errors
    /// What the user has to know; printed by `main`.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::load(self.config.as_deref())?;
        let name = &self.database_name;
        match self.command {
            Command::Serve => serve::run(&config, name).await,
            Command::Work => Box::pin(work::run(&config, name)).await,
            Command::Migrate => migrate::run(&config, name).await,
            Command::Demo(arguments) => demo::run(config, arguments).await,
            Command::Validate(arguments) => validate::run(&config, &arguments),
            Command::Profiles(arguments) => profiles::run(&config, &arguments),
            Command::Submit(arguments) => submit::run(&arguments).await,
            Command::Participant(arguments) => participant::run(&config, name, arguments).await,
            Command::Purge(arguments) => purge::run(&config, name, arguments).await,
            Command::Audit(arguments) => audit::run(&config, name, arguments).await,
            Command::Synth(arguments) => synth::run(&arguments),
            Command::Bench(arguments) => bench::run(config, arguments).await,
            Command::CheckConfig => check_config::run(&config),
        }
    }
}

/// The service on the configured database, for commands that work on it directly.
async fn open(config: &Config, name: &str) -> anyhow::Result<(Service, Connection)> {
    let connection = Connection::open(&config.database, name).await?;
    if connection.is_private() {
        connection.migrate().await?;
    }
    let parts = server::Parts {
        clock: Arc::new(DatabaseClock),
        randomness: Arc::new(SystemRandomness),
        peers: Peers::default(),
        keys_beside: database::data_dir(&config.database, name)?,
    };
    let service = server::service(config, &connection, &parts).await?;
    Ok((service, connection))
}
