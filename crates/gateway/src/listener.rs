//! 受付口 — accepts connections, shakes hands, and serves what comes through them.
//!
//! Handshakes have places of their own, so that strangers who never finish one do not
//! take those of participants. A connection that was made under replaced certificates or
//! revocation lists is closed after its current request.

use std::{
    convert::Infallible, fmt, future::poll_fn, io, net::SocketAddr, pin::Pin, sync::Arc,
    time::Duration,
};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{interval, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use kyoyu_domain::participant::Fingerprint;
use kyoyu_service::Service;

use crate::{
    caller::App,
    limits::{Limits, PerCertificate},
    middleware::Front,
    router::router,
    stream::{Pace, PacedStream, Patience},
    tls::{self, TlsError, TlsOptions},
};

/// What the gateway needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens.
    pub address: SocketAddr,
    /// The address that participants use, ending in `/fhir`.
    pub base_url: String,
    /// The `aud` of tokens.
    pub token_audience: String,
    /// Certificates and keys.
    pub tls: TlsOptions,
    /// Limits.
    pub limits: Limits,
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Certificates or keys that cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address that cannot be bound.
    #[error("the gateway cannot bind {0}")]
    Bind(SocketAddr, #[source] io::Error),
}

/// 入口 — the gateway, bound and ready to serve.
pub struct Gateway {
    listener: TcpListener,
    tls: watch::Sender<Arc<ServerConfig>>,
    app: Arc<App>,
    doors: Arc<Doors>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gateway").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// What connections share.
struct Doors {
    front: Front,
    limits: Limits,
    connections: Semaphore,
    per_certificate: Arc<PerCertificate>,
    shutdown: CancellationToken,
}

/// 証明書の交換 — replaces certificates, authorities and revocation lists while serving.
#[derive(Debug, Clone)]
pub struct TlsReloader(watch::Sender<Arc<ServerConfig>>);

impl TlsReloader {
    /// Uses `options` for every new connection and closes the others after their current
    /// request.
    ///
    /// # Errors
    /// When they cannot be used; then nothing changes.
    pub fn reload(&self, options: &TlsOptions) -> Result<(), TlsError> {
        self.0.send_replace(Arc::new(tls::server_config(options)?));
        Ok(())
    }
}

/// How often throttled calls are recorded and forgotten.
const TALLY_EVERY: Duration = Duration::from_mins(1);
/// How long a client that was refused early may go on sending what is thrown away, so
/// that it can read the refusal.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 16 * 1024 * 1024;
/// What is read ahead of a request's body.
const BUFFER_BYTES: usize = 64 * 1024;
const WRITE_GRACE: Duration = Duration::from_secs(10);
const WRITE_FLOOR: u32 = 1000;

impl Gateway {
    /// Binds the address.
    ///
    /// # Errors
    /// Certificates that cannot be used, or an address that is not free.
    pub async fn bind(options: Options, service: Service) -> Result<Self, BindError> {
        let Options { address, base_url, token_audience, tls, limits } = options;
        let config = Arc::new(tls::server_config(&tls)?);
        let listener =
            TcpListener::bind(address).await.map_err(|error| BindError::Bind(address, error))?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        let app = Arc::new(App::new(service.clone(), base_url, token_audience, &limits));
        let front = Front {
            service,
            router: router(Arc::clone(&app)),
            request_time: limits.request_time,
            upload_time: limits.upload_time,
            requests: TaskTracker::new(),
        };
        let doors = Doors {
            front,
            connections: Semaphore::new(limits.connections),
            per_certificate: PerCertificate::new(limits.connections_per_certificate),
            limits,
            shutdown: app.stopping.clone(),
        };
        Ok(Self { listener, tls: watch::Sender::new(config), app, doors: Arc::new(doors) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A handle that replaces the certificates while the gateway serves.
    pub fn tls_reloader(&self) -> TlsReloader {
        TlsReloader(self.tls.clone())
    }

    /// Serves until the token is cancelled; then takes no more connections, and waits for
    /// requests that have begun, up to the drain time.
    pub async fn serve(self, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let tally = tokio::spawn(tally(Arc::clone(&self.app), shutdown.clone()));
        self.accept(&connections, &shutdown).await;
        drop(self.listener);
        self.doors.shutdown.cancel();
        connections.close();
        let requests = &self.doors.front.requests;
        requests.close();
        let drained = async {
            connections.wait().await;
            requests.wait().await;
        };
        if timeout(self.doors.limits.drain_time, drained).await.is_err() {
            let left = requests.len();
            tracing::warn!(request.count = left, "the shutdown did not wait for all requests");
        }
        drop(tally.await);
        record_throttled(&self.app).await;
    }

    async fn accept(&self, connections: &TaskTracker, shutdown: &CancellationToken) {
        let places = Arc::new(Semaphore::new(self.doors.limits.handshakes));
        loop {
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, self.listener.accept().await)
            };
            match shutdown.run_until_cancelled(next).await {
                None | Some((Err(_), _)) => return,
                Some((Ok(place), Ok((stream, _)))) => {
                    let (doors, tls) = (Arc::clone(&self.doors), self.tls.subscribe());
                    connections.spawn(doors.connection(stream, tls, place));
                }
                Some((_, Err(error))) => {
                    // Most often no file descriptor is left; closing connections gives
                    // some back.
                    tracing::warn!(error = error.to_string(), "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl Doors {
    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        tls: watch::Receiver<Arc<ServerConfig>>,
        handshake: OwnedSemaphorePermit,
    ) {
        let stream = match self.shake_hands(stream, &tls).await {
            Ok(stream) => stream,
            Err(reason) => return refused(reason),
        };
        drop(handshake);
        let Some(certificate) = tls::fingerprint(stream.get_ref().1) else {
            return refused("no-certificate");
        };
        let Ok(_place) = self.connections.try_acquire() else {
            return refused("connections");
        };
        let Some(_counted) = self.per_certificate.enter(certificate) else {
            return refused("connections-of-certificate");
        };
        metrics::gauge!("kyoyu_connections").increment(1);
        self.serve(stream, certificate, tls).await;
        metrics::gauge!("kyoyu_connections").decrement(1);
    }

    async fn shake_hands(
        &self,
        stream: TcpStream,
        tls: &watch::Receiver<Arc<ServerConfig>>,
    ) -> Result<TlsStream<TcpStream>, &'static str> {
        stream.set_nodelay(true).map_err(|_| "connection")?;
        let acceptor = TlsAcceptor::from(Arc::clone(&tls.borrow()));
        match timeout(self.limits.handshake_time, acceptor.accept(stream)).await {
            Ok(accepted) => accepted.map_err(|error| tls::refusal_reason(&error)),
            Err(_) => Err("timeout"),
        }
    }

    async fn serve(
        &self,
        stream: TlsStream<TcpStream>,
        certificate: Fingerprint,
        mut tls: watch::Receiver<Arc<ServerConfig>>,
    ) {
        let pace = Arc::new(Pace::default());
        let stream = PacedStream::new(stream, Arc::clone(&pace), self.patience());
        let service = service_fn(|request: Request<Incoming>| {
            let answer = self.front.clone().answer(certificate, pace.begin(), request);
            Box::pin(async { Ok::<_, Infallible>(answer.await) })
                as Pin<Box<dyn Future<Output = _> + Send>>
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // The stream has the finer timers; this one only backs them up.
            .header_read_timeout(self.limits.idle_time + self.limits.head_time)
            .max_header_size(self.limits.head_bytes)
            .max_buf_size(BUFFER_BYTES.max(self.limits.head_bytes))
            .serve_connection(TokioIo::new(stream), service);
        let mut closing = false;
        let ended = loop {
            tokio::select! {
                ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
                () = self.shutdown.cancelled(), if !closing => {}
                _ = tls.changed(), if !closing => {}
            }
            closing = true;
            Pin::new(&mut connection).graceful_shutdown();
        };
        if let Err(error) = ended {
            metrics::counter!("kyoyu_connections_broken_total", "reason" => reason(&error))
                .increment(1);
        }
        leave(connection.into_parts().io.into_inner().into_inner()).await;
    }

    fn patience(&self) -> Patience {
        Patience {
            idle: self.limits.idle_time,
            head: self.limits.head_time,
            write_grace: WRITE_GRACE,
            write_floor: WRITE_FLOOR,
        }
    }
}

/// Closes a connection so that the client can still read what was answered: what it goes
/// on sending is thrown away for a while, because unread bytes would reset the connection.
async fn leave(mut stream: TlsStream<TcpStream>) {
    if timeout(LINGER, stream.shutdown()).await.is_ok_and(|shut| shut.is_ok()) {
        let mut rest = stream.take(LINGER_BYTES);
        let mut nowhere = tokio::io::sink();
        drop(timeout(LINGER, tokio::io::copy(&mut rest, &mut nowhere)).await);
    }
}

/// A connection that did not come about is a metric, not an audit record.
fn refused(reason: &'static str) {
    metrics::counter!("kyoyu_handshakes_refused_total", "reason" => reason).increment(1);
}

fn reason(error: &hyper::Error) -> &'static str {
    match error {
        error if error.is_parse() => "parse",
        error if error.is_timeout() => "timeout",
        error if error.is_incomplete_message() => "incomplete",
        _ => "connection",
    }
}

/// Records throttled calls: one record per caller and minute, with a count.
async fn tally(app: Arc<App>, shutdown: CancellationToken) {
    let mut minutes = interval(TALLY_EVERY);
    while shutdown.run_until_cancelled(minutes.tick()).await.is_some() {
        record_throttled(&app).await;
    }
}

async fn record_throttled(app: &App) {
    for (actor, times) in app.rates.take_throttled() {
        app.service.throttled(&actor, times).await;
    }
}
