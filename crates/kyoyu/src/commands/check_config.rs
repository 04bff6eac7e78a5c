//! `kyoyu check-config`

use std::process::ExitCode;

use crate::{config::Config, output, server};

pub(super) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    config.database.url()?;
    config.database.owner_url()?;
    server::tls_files(&config.listener)?;
    config.prescriptions.source()?;
    config.signatures.trust()?;
    output::line("the configuration is good")?;
    Ok(ExitCode::SUCCESS)
}
