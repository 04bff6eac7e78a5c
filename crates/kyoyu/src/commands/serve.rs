//! `kyoyu serve`: until SIGTERM or SIGINT; SIGHUP loads the certificates anew.

use std::{process::ExitCode, sync::Arc};

use kyoyu_domain::{clock::DatabaseClock, randomness::SystemRandomness};
use kyoyu_service::Peers;

use crate::{
    config::Config,
    database::{self, Connection},
    server::{self, Parts, Server},
    telemetry,
};

pub(super) async fn run(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    telemetry::start(&config.telemetry)?;
    let hangup = server::Hangup::taken()?;
    let tls = server::tls_files(&config.listener)?;
    let mut connection = Connection::open(&config.database, name).await?;
    if connection.is_private() {
        connection.migrate().await?;
    }
    let parts = Parts {
        clock: Arc::new(DatabaseClock),
        randomness: Arc::new(SystemRandomness),
        peers: Peers { prescriptions: config.prescriptions.source()?, ..Peers::default() },
        keys_beside: database::data_dir(&config.database, name)?,
    };
    let service = server::service(config, &connection, &parts).await?;
    let server = Server::start(config, tls, service.clone(), &parts).await?;
    tracing::info!(address = %server.address, health = %server.health_address, "ready");
    tokio::select! {
        () = server::stop_signal() => {}
        () = connection.keep_up() => {}
        () = hangup.reloads(|| server.reload(config)) => {}
    }
    server.stop().await;
    service.close().await;
    connection.close().await?;
    Ok(ExitCode::SUCCESS)
}
