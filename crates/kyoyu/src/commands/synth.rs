//! `kyoyu synth`

use std::{io::Write, process::ExitCode};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use kyoyu_synth::{Seed, SynthBundle, World, WorldSize};

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
    from: DateTime<Utc>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let size = WorldSize { institutions: 50, persons: arguments.persons };
    let world = World::new(Seed(arguments.seed), size);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut write = |bundle: SynthBundle| writeln!(out, "{}", bundle.json);
    if let Some(resources) = arguments.resources {
        for index in 0..arguments.bundles {
            let at = arguments.from + TimeDelta::minutes(index as i64);
            write(world.bundle(index, resources, at).1)?;
        }
    } else {
        let until = arguments.from + TimeDelta::minutes(arguments.bundles as i64);
        for sent in world.submissions(0, (arguments.from, until), arguments.bundles) {
            write(sent.bundle)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
