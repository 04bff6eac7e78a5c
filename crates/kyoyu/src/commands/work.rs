//! `kyoyu work`: until SIGTERM or SIGINT; SIGHUP reads anew whose signatures are believed.

use std::process::ExitCode;

use kyoyu_domain::randomness::SystemRandomness;
use tokio_util::sync::CancellationToken;

use crate::{config::Config, importer, server, telemetry, worker};

pub(super) async fn run(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.telemetry)?;
    let hangup = server::Hangup::taken()?;
    let (service, mut connection) = super::open(config, name).await?;
    let stop = CancellationToken::new();
    let worker =
        worker::work(service.clone(), config.purge.interval(), &SystemRandomness, stop.clone());
    let imports = importer::work(service.clone(), config.import.workers, stop.clone());
    let both = async { tokio::join!(worker, imports) };
    tokio::pin!(both);
    tracing::info!("ready");
    tokio::select! {
        _ = &mut both => {}
        () = connection.keep_up() => {}
        () = hangup.reloads(|| vec![server::reload_trust(&service, config)]) => {}
        () = server::stop_signal() => {
            stop.cancel();
            both.await;
        }
    }
    service.close().await;
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}
