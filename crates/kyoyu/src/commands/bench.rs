//! `kyoyu bench`

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use crate::{
    bench::{self, Extent},
    config::{Config, Format},
    output, telemetry,
};

/// Measures the service on this machine, beside a plain table of jsonb rows.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    loads: Loads,
    #[command(subcommand)]
    part: Option<Part>,
}

/// How large the loads are, and how they are told.
#[derive(Debug, Args)]
struct Loads {
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// How long each load lasts.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections at once.
    #[arg(long, default_value_t = 24)]
    connections: usize,
    /// Synthetic patients.
    #[arg(long, default_value_t = 5_000)]
    patients: u64,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Measures letters of 30 kB and of 7 MB, registered and received, and a bulk import.
    Documents(Loads),
    /// Measures the check alone: one thread, no database, parsing included.
    Validate {
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
        /// A directory with the official packages (*.tgz), instead of the configured ones.
        #[arg(long, value_name = "DIR")]
        packages: Option<PathBuf>,
        /// Bundles to measure beside the synthetic ones.
        #[arg(value_name = "FILE")]
        files: Vec<String>,
    },
}

pub(super) async fn run(mut config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (of_documents, loads) = match arguments.part {
        Some(Part::Validate { json, packages, files }) => {
            return validate(&config, json, packages.as_deref(), &files);
        }
        Some(Part::Documents(loads)) => (true, loads),
        None => (false, arguments.loads),
    };
    "warn".clone_into(&mut config.telemetry.level);
    config.telemetry.format = Format::Text;
    telemetry::start(&config.telemetry)?;
    anyhow::ensure!(loads.connections > 0, "--connections must be at least 1");
    let extent = Extent {
        seconds: loads.seconds.max(1),
        connections: loads.connections,
        patients: loads.patients.max(1),
    };
    let figures = if of_documents {
        bench::documents::measure(&config, extent, &|text| tell(text)).await?
    } else {
        bench::measure(&config, extent, &|text| tell(text)).await?
    };
    output::line(&if loads.json { figures.json() } else { figures.table() })?;
    Ok(ExitCode::SUCCESS)
}

fn validate(
    config: &Config,
    json: bool,
    packages: Option<&Path>,
    files: &[String],
) -> anyhow::Result<ExitCode> {
    let packages = packages.or(config.profiles.packages());
    let checks = bench::validate::measure(packages, config.limits.of_bodies(), files)?;
    output::line(&if json { checks.json() } else { checks.table() })?;
    Ok(ExitCode::SUCCESS)
}

/// Progress goes to standard error, so that standard output holds the figures alone.
#[expect(clippy::print_stderr, reason = "the command line tells its user what goes on")]
fn tell(text: &str) {
    eprintln!("… {text}");
}
