//! 参照クライアント — how an electronic medical record talks to the service: a small HTTP/1.1
//! client over mutual TLS 1.3.
//!
//! It is a reference for vendors: connections are kept and used again, and what got no
//! answer, or the answer "later", is sent again with the same bytes. That is always safe:
//! the service stores a Bundle once, however often it comes (design §3).

mod connection;
mod options;
mod pool;
mod request;
mod retry;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result};
use bytes::Bytes;
use hyper::StatusCode;
use tokio::time::{sleep, timeout};

pub(crate) use self::connection::Connector;
use self::pool::Pool;
pub use self::{
    options::ClientOptions,
    request::{Reply, Request},
    retry::RetryPolicy,
};
use crate::Identity;

/// クライアント — sends requests; clones share their connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    options: ClientOptions,
    resent: AtomicU64,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with one connection that resends as a vendor's should.
    ///
    /// Connections are made when they are needed, so that this succeeds before the server
    /// listens.
    ///
    /// # Errors
    /// When roots or identity cannot be used.
    pub fn connect(
        address: SocketAddr,
        root_pem: &str,
        identity: Option<&Identity>,
    ) -> Result<Self> {
        Self::with(address, root_pem, identity, ClientOptions::default())
    }

    /// A client with options of its own.
    ///
    /// # Errors
    /// When roots or identity cannot be used.
    pub fn with(
        address: SocketAddr,
        root_pem: &str,
        identity: Option<&Identity>,
        options: ClientOptions,
    ) -> Result<Self> {
        let connector = Connector::new(address, root_pem, identity, &options)?;
        let pool = Pool::new(connector, options.connections);
        let shared = Shared { pool, options, resent: AtomicU64::new(0) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Reads.
    ///
    /// # Errors
    /// When there is no answer after the last attempt.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Result<Reply> {
        self.send(&Request::get(path)?.token(token)?).await
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// When there is no answer after the last attempt.
    pub async fn post_json(
        &self,
        path: &str,
        token: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Reply> {
        self.send(&Request::post_json(path, body)?.token(token)?).await
    }

    /// Puts JSON.
    ///
    /// # Errors
    /// When there is no answer after the last attempt.
    pub async fn put_json(
        &self,
        path: &str,
        token: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Reply> {
        self.send(&Request::put_json(path, body)?.token(token)?).await
    }

    /// Posts search parameters: what must not stand in a URL.
    ///
    /// # Errors
    /// When there is no answer after the last attempt.
    pub async fn post_form(
        &self,
        path: &str,
        token: Option<&str>,
        parameters: &[(&str, &str)],
    ) -> Result<Reply> {
        self.send(&Request::post_form(path, parameters)?.token(token)?).await
    }

    /// Sends a request, again and again as the policy says.
    ///
    /// # Errors
    /// When there is no answer after the last attempt.
    pub async fn send(&self, request: &Request) -> Result<Reply> {
        let policy = &self.shared.options.retry;
        let mut attempt = 1;
        loop {
            let outcome = self.send_once(request).await;
            let asked_to_wait = match &outcome {
                Ok(reply) if !is_for_later(reply.status) => return outcome,
                Ok(reply) => reply.retry_after(),
                Err(error) if retry::is_hopeless(error) => return outcome,
                Err(_) => None,
            };
            if attempt >= policy.attempts {
                return outcome;
            }
            let Some(wait) = policy.wait_before(attempt, asked_to_wait) else { return outcome };
            self.shared.resent.fetch_add(1, Ordering::Relaxed);
            sleep(wait).await;
            attempt += 1;
        }
    }

    /// How often a request was sent again.
    pub fn resent(&self) -> u64 {
        self.shared.resent.load(Ordering::Relaxed)
    }

    async fn send_once(&self, request: &Request) -> Result<Reply> {
        let limit = self.shared.options.request_time;
        let exchange = self.shared.pool.exchange(request);
        timeout(limit, exchange).await.context("no answer in time")?
    }
}

/// Answers that ask for the same request later.
fn is_for_later(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
}
