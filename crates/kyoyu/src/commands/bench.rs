//! `kyoyu bench`

use std::process::ExitCode;

use clap::Args;

use crate::{
    bench::{self, Extent},
    config::{Config, Format},
    output, telemetry,
};

/// Measures the service on this machine, beside a plain table of jsonb rows.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How long each load lasts.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections at once.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Synthetic patients.
    #[arg(long, default_value_t = 5_000)]
    patients: u64,
}

pub(super) async fn run(mut config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    "warn".clone_into(&mut config.telemetry.level);
    config.telemetry.format = Format::Text;
    telemetry::start(&config.telemetry)?;
    anyhow::ensure!(arguments.connections > 0, "--connections must be at least 1");
    let extent = Extent {
        seconds: arguments.seconds.max(1),
        connections: arguments.connections,
        patients: arguments.patients.max(1),
    };
    let figures = bench::measure(&config, extent, &|text| tell(text)).await?;
    output::line(&if arguments.json { figures.json() } else { figures.table() })?;
    Ok(ExitCode::SUCCESS)
}

/// Progress goes to standard error, so that standard output holds the figures alone.
#[expect(clippy::print_stderr, reason = "the command line tells its user what goes on")]
fn tell(text: &str) {
    eprintln!("… {text}");
}
