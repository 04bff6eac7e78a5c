//! `kyoyu profiles`

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use kyoyu_profile::package::{self, Package};

use crate::{config::Config, output, profiles};

/// Looks at the packages that bodies are checked against.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists what a package cannot be checked by: definitions without a base, missing
    /// value sets and profiles, one canonical in two packages. Exit code 1 if there is any.
    Check {
        /// A directory with the official packages (*.tgz), instead of the configured ones.
        #[arg(long, value_name = "DIR")]
        packages: Option<PathBuf>,
    },
}

pub(super) fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Action::Check { packages } = &arguments.action;
    let found = match packages.as_deref().or(config.profiles.packages()) {
        None => {
            let shipped = Package::shipped();
            check(&shipped.clinical())? + check(&shipped.checkup())?
        }
        Some(directory) => {
            let packages = profiles::read(directory)?;
            let guides = profiles::guides(&packages);
            guides.iter().try_fold(0, |found, guide| {
                let guide: Vec<_> = guide.iter().map(|own| &own.package).collect();
                anyhow::Ok(found + check(&guide)?)
            })?
        }
    };
    Ok(ExitCode::from(u8::from(found > 0)))
}

fn check(guide: &[&Package]) -> anyhow::Result<usize> {
    let names: Vec<String> =
        guide.iter().map(|package| format!("{}#{}", package.name, package.version)).collect();
    let findings = package::lint(guide);
    output::line(&format!("{}: {} findings", names.join(", "), findings.len()))?;
    for finding in &findings {
        output::line(&format!("  {finding}"))?;
    }
    Ok(findings.len())
}
