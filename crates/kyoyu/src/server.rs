//! 組立て — the running server: database, use cases, gateway, health listener, worker.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use kyoyu_domain::{clock::Clock, randomness::Randomness};
use kyoyu_gateway::{BodyLimits, Gateway, Health, TlsOptions, TlsReloader};
use kyoyu_service::{CertificateKey, Peers, PurgeOptions, Service, SharedTrust};
use kyoyu_store::Store;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Listener},
    database::Connection,
    importer, profiles, secrets, telemetry, worker,
};

/// What differs between the real service, the demonstration and tests.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The clock that retention and reads go by.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub randomness: Arc<dyn Randomness>,
    /// Who is asked while somebody registers or reads.
    pub peers: Peers,
    /// Keys that no file is configured for are made and kept beside this path.
    pub keys_beside: PathBuf,
}

/// The use cases on a database.
///
/// # Errors
/// A server whose settings could lose data, keys that cannot be read.
pub async fn service(
    config: &Config,
    connection: &Connection,
    parts: &Parts,
) -> anyhow::Result<Service> {
    let (clock, randomness) = (Arc::clone(&parts.clock), Arc::clone(&parts.randomness));
    let store = Store::connect(&connection.options(), clock, randomness).await?;
    let options = options(config, parts)?;
    Ok(Service::start(store, parts.peers.clone(), options).await?)
}

/// The options of the use cases.
///
/// # Errors
/// Keys that cannot be read or made.
pub fn options(config: &Config, parts: &Parts) -> anyhow::Result<kyoyu_service::Options> {
    let key = |file: &Path, name: &str| {
        secrets::key(file, &parts.keys_beside, name, parts.randomness.as_ref())
    };
    let certificate_key = key(&config.purge.certificate_key_file, "certificate-key")?;
    let limits = config.limits.of_bodies();
    Ok(kyoyu_service::Options {
        limits,
        validator: Arc::new(
            profiles::validator(config.profiles.packages(), config.profiles.generation(), limits)?
                .waiving(config.submit.waived()),
        ),
        retention: config.retention.policy(),
        documents: config.documents.options()?,
        signatures: SharedTrust::new(config.signatures.trust()?),
        last_wins: config.submit.last_wins,
        cursor_key: key(&config.reading.cursor_key_file, "cursor-key")?,
        purge: PurgeOptions {
            certificate_key: CertificateKey::from_bytes(&certificate_key),
            batch_persons: 100,
            always_allowed: config.purge.always_allowed,
            times_usual: config.purge.times_usual,
        },
        registry_interval: config.registry.interval(),
        imports: config.import.options(),
    })
}

/// A server that runs until it is stopped.
#[derive(Debug)]
pub struct Server {
    /// Where the gateway listens.
    pub address: SocketAddr,
    /// Where the health listener listens.
    pub health_address: SocketAddr,
    /// The use cases behind it.
    pub service: Service,
    certificates: TlsReloader,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Server {
    /// Starts gateway and health listener, the workers of bulk imports, and the purge where it
    /// is enabled.
    ///
    /// # Errors
    /// Certificates that cannot be used, an address that cannot be bound.
    pub async fn start(
        config: &Config,
        tls: TlsOptions,
        service: Service,
        parts: &Parts,
    ) -> anyhow::Result<Self> {
        let options = kyoyu_gateway::Options {
            address: config.listener.address,
            base_url: config.listener.base_url.clone(),
            token_audience: config.listener.token_audience.clone(),
            tls,
            limits: gateway_limits(config)?,
        };
        let gateway = Gateway::bind(options, service.clone()).await?;
        let health = bind_health(config, service.clone()).await?;
        let (address, health_address) = (gateway.local_addr()?, health.local_addr()?);
        let certificates = gateway.tls_reloader();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(gateway.serve(stop.clone()));
        tasks.spawn(health.serve(stop.clone()));
        let imports = importer::work(service.clone(), config.import.workers, stop.clone());
        tasks.spawn(imports);
        if config.purge.enabled {
            let (service, interval) = (service.clone(), config.purge.interval());
            let (randomness, stop) = (Arc::clone(&parts.randomness), stop.clone());
            tasks.spawn(async move {
                worker::work(service, interval, randomness.as_ref(), stop).await;
            });
        }
        Ok(Self { address, health_address, service, certificates, stop, tasks })
    }

    /// Reads certificates, roots and revocation lists again, those of callers and those of
    /// signatures; what was loaded, or why not.
    pub fn reload(&self, config: &Config) -> Vec<anyhow::Result<&'static str>> {
        vec![self.reload_tls(&config.listener), reload_trust(&self.service, config)]
    }

    fn reload_tls(&self, listener: &Listener) -> anyhow::Result<&'static str> {
        self.certificates.reload(&tls_files(listener)?)?;
        Ok("callers")
    }

    /// Takes no more connections, and waits for what has begun.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a part of the server failed"
                );
            }
        }
    }
}

/// Reads again whose signatures are believed, for a process that verifies any.
///
/// # Errors
/// Files that cannot be used; then nothing has changed.
pub fn reload_trust(service: &Service, config: &Config) -> anyhow::Result<&'static str> {
    service.signature_trust().replace(config.signatures.trust()?);
    Ok("signatures")
}

/// 再読込の合図 — SIGHUP, which would end the process, and does not from when this is made on.
#[derive(Debug)]
pub struct Hangup(Signal);

impl Hangup {
    /// Takes the signal from now on.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn taken() -> anyhow::Result<Self> {
        Ok(Self(signal(SignalKind::hangup()).context("SIGHUP cannot be received")?))
    }

    /// Loads anew at each signal, for ever. What cannot be used changes nothing.
    pub async fn reloads(mut self, reload: impl Fn() -> Vec<anyhow::Result<&'static str>>) {
        while self.0.recv().await.is_some() {
            for reloaded in reload() {
                match reloaded {
                    Ok(what) => tracing::info!(what, "certificates are loaded anew"),
                    Err(error) => tracing::error!(
                        error = AsRef::<dyn std::error::Error>::as_ref(&error),
                        "the new certificates cannot be used; the former ones stay"
                    ),
                }
            }
        }
        std::future::pending::<()>().await;
    }
}

async fn bind_health(config: &Config, service: Service) -> anyhow::Result<Health> {
    let metrics = telemetry::metrics();
    let ready = Arc::new(move || {
        let service = service.clone();
        let ready: std::pin::Pin<Box<dyn Future<Output = bool> + Send>> =
            Box::pin(async move { service.is_ready().await });
        ready
    });
    let render = Arc::new(move || metrics.render());
    Ok(Health::bind(config.health.address, ready, render).await?)
}

fn gateway_limits(config: &Config) -> anyhow::Result<kyoyu_gateway::Limits> {
    let limits = &config.limits;
    let positive = |name: &str, number: u32| {
        NonZeroU32::new(number).with_context(|| format!("limits.{name} must not be 0"))
    };
    Ok(kyoyu_gateway::Limits {
        connections: limits.connections,
        connections_per_certificate: limits.connections_per_certificate,
        requests_per_second: positive("requests_per_second", limits.requests_per_second)?,
        burst: positive("burst", limits.burst)?,
        concurrent: limits.in_flight,
        queue_time: limits.queue(),
        upload_time: config.import.upload(),
        body: BodyLimits { bytes: limits.body_bytes, ..BodyLimits::default() },
        ..kyoyu_gateway::Limits::default()
    })
}

/// Reads the certificates and keys that the configuration names.
///
/// # Errors
/// A key that is not set or a file that cannot be read; names both.
pub fn tls_files(listener: &Listener) -> anyhow::Result<TlsOptions> {
    let read = |key: &str, file: &Path| {
        anyhow::ensure!(!file.as_os_str().is_empty(), "listener.{key} is not set");
        std::fs::read(file)
            .with_context(|| format!("listener.{key}: {} cannot be read", file.display()))
    };
    let revocation_lists = if listener.revocation_file.as_os_str().is_empty() {
        Vec::new()
    } else {
        read("revocation_file", &listener.revocation_file)?
    };
    Ok(TlsOptions {
        certificates: read("certificate_file", &listener.certificate_file)?,
        key: read("key_file", &listener.key_file)?,
        client_authorities: read("client_roots_file", &listener.client_roots_file)?,
        revocation_lists,
    })
}

/// Ends when the process is asked to stop (SIGTERM, SIGINT).
pub async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
