//! 接続の貯え — connections that go from one use to the next without a word to the server.
//!
//! The driver's own pool asks the server after every use whether the connection is still
//! good, which costs as much as a statement. Here a connection comes back as it is when its
//! last statement was answered, and is closed otherwise. Reads, writes and the recorder have
//! places of their own, so that none of them waits for another.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use sqlx::{PgConnection, PgPool};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::{ACQUIRE_TIMEOUT, Result};

/// 貯え — a bounded number of connections.
pub(crate) struct Connections {
    /// Opens them, as patiently as it opens its own.
    opener: PgPool,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<PgConnection>>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connections").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Connections {
    pub(crate) fn new(opener: &PgPool, places: u32) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(places as usize));
        Arc::new(Self { opener: opener.clone(), places, idle: Mutex::default() })
    }

    /// A connection, as soon as there is a place.
    ///
    /// # Errors
    /// When there is none for too long, after [`Connections::close`], or when the server
    /// does not answer.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Lent> {
        let place = timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let known = self.idle.lock().expect("no holder of the lock panics").pop();
        let is_known = known.is_some();
        let connection = match known {
            Some(connection) => connection,
            None => self.opener.acquire().await?.detach(),
        };
        let home = Arc::clone(self);
        Ok(Lent { connection: Some(connection), is_known, is_waiting: false, home, _place: place })
    }

    /// Closes what is idle, and lets nothing come back.
    pub(crate) async fn close(&self) {
        self.places.close();
        for connection in self.take_idle() {
            if let Err(error) = sqlx::Connection::close(connection).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a connection was gone before it was closed"
                );
            }
        }
    }

    fn take_idle(&self) -> Vec<PgConnection> {
        std::mem::take(&mut self.idle.lock().expect("no holder of the lock panics"))
    }
}

/// 貸出中 — a connection in use.
#[derive(Debug)]
pub(crate) struct Lent {
    /// Only absent while it is given back.
    connection: Option<PgConnection>,
    /// Whether it was used before, and may have been lost since.
    is_known: bool,
    /// Whether a statement was begun and not answered.
    is_waiting: bool,
    home: Arc<Connections>,
    _place: OwnedSemaphorePermit,
}

impl Lent {
    /// The connection, for one statement; [`Lent::answered`] must follow its success.
    pub(crate) fn statement(&mut self) -> &mut PgConnection {
        self.is_waiting = true;
        self.connection.as_mut().expect("it is there until it is given back")
    }

    /// The last statement was answered in full.
    pub(crate) fn answered(&mut self) {
        self.is_waiting = false;
    }

    /// Whether a failure of the first statement may be that of an old connection; then the
    /// next one that is taken is new.
    pub(crate) fn may_be_stale(&self) -> bool {
        self.is_known
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.is_waiting {
            // What broke one connection has most likely broken those that wait as well.
            drop(self.home.take_idle());
        } else if !self.home.places.is_closed() {
            let mut idle = self.home.idle.lock().expect("no holder of the lock panics");
            idle.extend(self.connection.take());
        }
    }
}
