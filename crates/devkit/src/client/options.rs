use std::time::Duration;

use super::RetryPolicy;

/// クライアントの設定 — how many connections, and how patient.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The most connections that are open at once; a request waits for a free one.
    pub connections: usize,
    /// The time for TCP and TLS together.
    pub connect_time: Duration,
    /// The time for one attempt, from the wait for a connection to the last byte.
    pub request_time: Duration,
    /// What is sent again, and when.
    pub retry: RetryPolicy,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connections: 1,
            connect_time: Duration::from_secs(10),
            request_time: Duration::from_mins(1),
            retry: RetryPolicy::default(),
        }
    }
}

impl ClientOptions {
    /// Sends everything once, for tests that look at the first answer.
    pub fn once() -> Self {
        Self { retry: RetryPolicy::never(), ..Self::default() }
    }
}
