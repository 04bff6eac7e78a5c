//! `kyoyu submit`

use std::{
    fs::File,
    io::BufReader,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use kyoyu_devkit::{BulkImport, Client, Identity, Reply};

use crate::output;

/// Sends a Bundle as an institution's system does: over mutual TLS, and again after a cut
/// connection or when the service asks to wait.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The Bundle; for `cancel` and `undo` the Parameters; for `import` NDJSON with one Bundle
    /// on each line, which is sent in pieces and followed until every line has its outcome.
    file: PathBuf,
    /// What to do with it.
    #[arg(long, value_enum, default_value_t = Verb::Register)]
    verb: Verb,
    /// `system|value` of the Bundle to change.
    #[arg(long, required_if_eq("verb", "change"))]
    identifier: Option<String>,
    /// Address of the service.
    #[arg(long, default_value = "127.0.0.1:8443")]
    address: SocketAddr,
    /// The institution's certificate, PEM.
    #[arg(long)]
    certificate: PathBuf,
    /// Its key, PEM.
    #[arg(long)]
    key: PathBuf,
    /// The root that the service's certificate goes back to, PEM.
    #[arg(long)]
    root: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Verb {
    Register,
    Change,
    Cancel,
    Undo,
    Validate,
    Import,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let read = |file: &PathBuf| {
        std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
    };
    let identity = Identity::from_pem(read(&arguments.certificate)?, read(&arguments.key)?)?;
    let client = Client::connect(arguments.address, &read(&arguments.root)?, Some(&identity))?;
    if matches!(arguments.verb, Verb::Import) {
        return import(&client, &arguments.file).await;
    }
    let reply = send(&client, arguments, read(&arguments.file)?).await?;
    output::line(&String::from_utf8_lossy(&reply.body))?;
    let accepted = reply.status.is_success();
    Ok(if accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints how far it is, then the outcomes of the lines that were refused.
async fn import(client: &Client, file: &Path) -> anyhow::Result<ExitCode> {
    let lines = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut import = BulkImport::open(client).await?;
    output::line(&format!("import {}", import.job()))?;
    import.send_all(BufReader::new(lines)).await?;
    let status = import
        .follow(|status| {
            let worked = status.registered + status.known + status.refused + status.cancelled;
            Ok(output::line(&format!(
                "{worked} of {} lines: {} registered, {} known, {} refused, {} cancelled",
                status.received, status.registered, status.known, status.refused, status.cancelled
            ))?)
        })
        .await?;
    import.refused(|lines| Ok(lines.lines().try_for_each(output::line)?)).await?;
    let is_good = status.refused + status.cancelled == 0;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn send(client: &Client, arguments: &Arguments, body: String) -> anyhow::Result<Reply> {
    let path = match arguments.verb {
        Verb::Register | Verb::Import => "/fhir/Bundle",
        Verb::Cancel => "/fhir/Bundle/$cancel",
        Verb::Undo => "/fhir/Bundle/$undo-cancel",
        Verb::Validate => "/fhir/Bundle/$validate",
        Verb::Change => {
            let identifier = arguments.identifier.as_deref().context("--identifier is missing")?;
            let query: String = form_urlencoded::byte_serialize(identifier.as_bytes()).collect();
            let path = format!("/fhir/Bundle?identifier={query}");
            return client.put_json(&path, None, body).await;
        }
    };
    client.post_json(path, None, body).await
}
