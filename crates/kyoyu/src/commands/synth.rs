//! `kyoyu synth`

use std::{io::Write, process::ExitCode};

use clap::Args;

/// Writes synthetic Bundles as NDJSON; every person in them is invented.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The same seed writes the same Bundles.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many.
    #[arg(long, default_value_t = 10)]
    bundles: u64,
    /// Resources in each; the realistic mix when not given.
    #[arg(long)]
    resources: Option<usize>,
    /// Persons to choose from.
    #[arg(long, default_value_t = 1000)]
    persons: u64,
    /// When the first is sent (RFC 3339); each next one a minute later.
    #[arg(long, default_value = "2026-04-01T09:00:00+09:00")]
    from: chrono::DateTime<chrono::Utc>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let world = super::synth_world(arguments.seed, arguments.persons);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for index in 0..arguments.bundles {
        let at = arguments.from + chrono::TimeDelta::minutes(index as i64);
        let json = match arguments.resources {
            Some(resources) => world.bundle(index, resources, at).1.json,
            None => world.submission(index, at).json,
        };
        out.write_all(json.as_bytes())?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
