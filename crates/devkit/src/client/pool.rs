//! 接続の貯え — connections that wait for their next request, newest first.

use std::sync::Mutex;

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HOST, HeaderValue};
use tokio::sync::Semaphore;

use super::{
    Reply, Request,
    connection::{Connection, Connector},
};

/// No answer of the service is nearly as large.
const MAX_REPLY_BYTES: usize = 256 * 1024 * 1024;

pub(super) struct Pool {
    connector: Connector,
    host: HeaderValue,
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

type HttpRequest = hyper::Request<Full<Bytes>>;

impl Pool {
    pub(super) fn new(connector: Connector, connections: usize) -> Self {
        let host = HeaderValue::from_str(&connector.address().to_string())
            .expect("an address and a port fit in a header");
        let places = Semaphore::new(connections.max(1));
        Self { connector, host, places, idle: Mutex::default() }
    }

    /// Sends one request and reads the whole answer.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Reply> {
        let _place = self.places.acquire().await.context("the client is closed")?;
        let mut message = self.message(request);
        // A waiting connection may have been closed by the server meanwhile. What was not
        // yet written to it comes back and goes over another one.
        while let Some(mut connection) = self.take_idle() {
            match connection.try_send_request(message).await {
                Ok(response) => return self.finish(connection, response).await,
                Err(mut unsent) => match unsent.take_message() {
                    Some(returned) => message = returned,
                    None => return Err(unsent.into_error()).context("the connection was lost"),
                },
            }
        }
        let mut connection = self.connector.open().await?;
        let response = connection.send_request(message).await.context("the connection was lost")?;
        self.finish(connection, response).await
    }

    async fn finish(
        &self,
        connection: Connection,
        response: hyper::Response<hyper::body::Incoming>,
    ) -> Result<Reply> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_REPLY_BYTES)
            .collect()
            .await
            .map_err(|error| anyhow!(error).context("the answer broke off"))?
            .to_bytes();
        if !connection.is_closed() {
            self.idle.lock().expect("no holder of the lock panics").push(connection);
        }
        Ok(Reply { status: head.status, headers: head.headers, body })
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().expect("no holder of the lock panics");
        while let Some(connection) = idle.pop() {
            if !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn message(&self, request: &Request) -> HttpRequest {
        let mut message = hyper::Request::new(Full::new(request.body.clone()));
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = request.path.clone();
        *message.headers_mut() = request.headers.clone();
        message.headers_mut().insert(HOST, self.host.clone());
        message
    }
}
