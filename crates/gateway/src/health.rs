//! 健康状態 — liveness, readiness and metrics, on a loopback address of its own.
//!
//! Source: reliability A43.

use std::{fmt, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::{
    StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
    server::conn::http1,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// Whether the process can serve: the database answers and no shutdown has begun.
pub type Ready = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Renders the metrics in the text format of Prometheus.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Connections at once; a probe and a scraper need two.
const CONNECTIONS: usize = 32;
const HEAD_TIME: Duration = Duration::from_secs(5);

/// Why the listener cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// An address that others could reach.
    #[error("the health listener must have a loopback address, not {0}")]
    NotLoopback(SocketAddr),
    /// An address that cannot be bound.
    #[error("the health listener cannot bind {0}")]
    Bind(SocketAddr, #[source] io::Error),
}

/// The listener.
pub struct Health {
    listener: TcpListener,
    router: Router,
}

impl fmt::Debug for Health {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Health").field("listener", &self.listener).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Probes {
    ready: Ready,
    metrics: RenderMetrics,
}

impl Health {
    /// Binds a loopback address.
    ///
    /// # Errors
    /// An address that is not loopback or not free.
    pub async fn bind(
        address: SocketAddr,
        ready: Ready,
        metrics: RenderMetrics,
    ) -> Result<Self, HealthError> {
        if !address.ip().is_loopback() {
            return Err(HealthError::NotLoopback(address));
        }
        let listener =
            TcpListener::bind(address).await.map_err(|error| HealthError::Bind(address, error))?;
        Ok(Self { listener, router: router(Probes { ready, metrics }) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the token is cancelled.
    pub async fn serve(self, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        while let Some(Ok(place)) =
            shutdown.run_until_cancelled(Arc::clone(&places).acquire_owned()).await
        {
            match shutdown.run_until_cancelled(self.listener.accept()).await {
                None => return,
                Some(Err(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
                Some(Ok((stream, _))) => {
                    let service = TowerToHyperService::new(self.router.clone());
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEAD_TIME)
                        .serve_connection(TokioIo::new(stream), service);
                    tokio::spawn(async move {
                        drop(connection.await);
                        drop(place);
                    });
                }
            }
        }
    }
}

fn router(probes: Probes) -> Router {
    Router::new()
        .route("/health/live", get(async || text(StatusCode::OK, "live\n".to_owned())))
        .route("/health/ready", get(ready))
        .route(
            "/metrics",
            get(async |State(probes): State<Probes>| text(StatusCode::OK, (probes.metrics)())),
        )
        .with_state(probes)
}

async fn ready(State(probes): State<Probes>) -> Response {
    if (probes.ready)().await {
        text(StatusCode::OK, "ready\n".to_owned())
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned())
    }
}

fn text(status: StatusCode, text: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4"), (CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    fn probes(is_ready: bool) -> (Ready, RenderMetrics) {
        (Arc::new(move || Box::pin(async move { is_ready })), Arc::new(|| "up 1\n".to_owned()))
    }

    async fn get_with(is_ready: bool, path: &str) -> (u16, String) {
        let (ready, metrics) = probes(is_ready);
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response =
            router(Probes { ready, metrics }).oneshot(request).await.expect("infallible");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("memory").to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn live_is_not_ready() {
        assert_eq!(get_with(false, "/health/live").await.0, 200);
        assert_eq!(get_with(false, "/health/ready").await.0, 503);
        assert_eq!(get_with(true, "/health/ready").await.0, 200);
        assert_eq!(get_with(true, "/metrics").await, (200, "up 1\n".to_owned()));
    }

    #[tokio::test]
    async fn only_a_loopback_address_will_do_a43() {
        let (ready, metrics) = probes(true);
        let address = "0.0.0.0:0".parse().expect("an address");
        let refusal = Health::bind(address, ready, metrics).await;
        assert!(matches!(refusal, Err(HealthError::NotLoopback(_))));
    }
}
