//! `kyoyu migrate`

use std::process::ExitCode;

use crate::{config::Config, database::Connection, output};

pub(super) async fn run(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    let connection = Connection::open(&config.database, name).await?;
    connection.migrate().await?;
    output::line("the schema is up to date")?;
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}
