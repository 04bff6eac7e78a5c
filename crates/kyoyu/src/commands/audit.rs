//! `kyoyu audit`

use std::process::ExitCode;

use clap::Args;
use kyoyu_domain::{
    identifiers::{PersonIdentifier, PersonIdentifierSystem},
    policy::Purpose,
};
use kyoyu_service::Access;

use crate::{config::Config, output};

/// Lists who accessed a patient's data, newest first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// File with the insured-person identifier (`insurer:symbol:number:branch`); `-` reads
    /// it from standard input, so that it stands in no command line.
    #[arg(long, default_value = "-")]
    patient: std::path::PathBuf,
    /// Who asks; stands in the audit record of this very question.
    #[arg(long)]
    operator: String,
    /// The most accesses to list.
    #[arg(long, default_value_t = 100)]
    most: usize,
}

pub(super) async fn run(
    config: &Config,
    name: &str,
    arguments: Arguments,
) -> anyhow::Result<ExitCode> {
    let identifier = read_identifier(&arguments.patient)?;
    let (service, connection) = super::open(config, name).await?;
    let accesses = service
        .audit_of(&arguments.operator, &identifier, arguments.most)
        .await
        .map_err(|problem| output::problem(&problem))?;
    for access in &accesses {
        output::line(&line_of(access))?;
    }
    service.close().await;
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// 閲覧履歴の一行 — when, from where, who, why, what, how it ended.
pub(super) fn line_of(access: &Access) -> String {
    let kinds: Vec<&str> = access.kinds.iter().map(|kind| kind.japanese).collect();
    let place = access.institution_name.as_deref().or(access.participant_name.as_deref());
    format!(
        "{}  {}  {}  {}  {}  {}  {} {}",
        access.at.format("%Y-%m-%d %H:%M:%S UTC"),
        place.unwrap_or("-"),
        access.user.as_deref().unwrap_or("-"),
        access.purpose.map_or("-", Purpose::japanese),
        access.action.japanese(),
        kinds.join("・"),
        access.outcome,
        access.quantity,
    )
}

/// Reads an insured-person identifier from a file or from standard input.
pub(super) fn read_identifier(file: &std::path::Path) -> anyhow::Result<PersonIdentifier> {
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())?
    } else {
        std::fs::read_to_string(file)?
    };
    Ok(PersonIdentifier::new(PersonIdentifierSystem::Insured, text.trim())?)
}
