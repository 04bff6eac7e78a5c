//! Everything that is SQL: the pool, the transaction, the statements, the segment store
//! and the migrations.
//!
//! Two rules hold by type: what a read fetched stays sealed ([`sealed::Sealed`]) until a
//! grant opens it that only the policy can make, and a [`Tx`] commits only together with
//! an audit record.

pub mod audit;
pub mod body;
mod connections;
pub mod consent;
pub mod directory;
pub mod document;
mod error;
pub mod import;
pub mod letter;
pub mod mark;
pub mod measure;
mod migrate;
pub mod person;
pub mod purge;
pub mod registry;
pub mod sealed;
pub mod segment;
mod settings;
pub mod signature;
pub mod submission;
mod tx;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use kyoyu_domain::{clock::Clock, randomness::Randomness};
use sqlx::{
    PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use connections::{Connections, Lent};
pub use error::{Error, Result};
pub use migrate::migrate;
pub use tx::Tx;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct Options {
    /// `postgres://…`; never printed.
    pub url: kyoyu_domain::phi::Phi<String>,
    /// The most connections at once.
    pub connections: u32,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

impl Options {
    /// With fewer connections, reads, writes and the purge would wait for one another.
    pub const LEAST_CONNECTIONS: u32 = 5;
}

/// 格納庫 — the database, with the clock and the randomness that use cases act on.
#[derive(Debug, Clone)]
pub struct Store {
    /// For everything that is rare.
    pool: PgPool,
    readers: Arc<Connections>,
    writers: Arc<Connections>,
    recorders: Arc<Connections>,
    surroundings: Arc<Surroundings>,
}

/// 閲覧の接続 — the statements of one read go one after another over one connection.
#[derive(Debug)]
pub struct Reader {
    lent: Lent,
    surroundings: Arc<Surroundings>,
}

impl Reader {
    /// The connection, for one statement; [`Reader::answered`] must follow its success.
    pub(crate) fn statement(&mut self) -> &mut PgConnection {
        self.lent.statement()
    }

    pub(crate) fn answered(&mut self) {
        self.lent.answered();
    }
}

/// What every transaction of one store shares.
#[derive(Debug)]
struct Surroundings {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    audit_months: audit::KnownMonths,
}

/// 配分 — how the connections are shared out, so that reads, writes and records do not
/// starve one another.
struct Shares {
    readers: u32,
    /// The most: a write keeps its connection while its commit is flushed.
    writers: u32,
    recorders: u32,
    others: u32,
}

impl Shares {
    /// Of [`Options::LEAST_CONNECTIONS`] each has one.
    fn of(connections: u32) -> Self {
        let others = (connections / 8).max(2);
        let rest = connections.saturating_sub(others);
        let (readers, recorders) = ((rest / 3).max(1), (rest / 7).clamp(1, audit::WRITERS));
        let writers = rest.saturating_sub(readers + recorders).max(1);
        Self { readers, writers, recorders, others }
    }
}

impl Store {
    /// Connects and refuses a server whose settings could lose data.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a server, [`Error::UnsafeSettings`] with a line per
    /// setting.
    pub async fn connect(
        options: &Options,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self> {
        let store = Self::connect_unchecked(options, clock, randomness).await?;
        settings::check(&store.pool).await?;
        Ok(store)
    }

    /// Connects to a server that is not checked: disposable ones of tests, and owners
    /// that only migrate.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a server.
    pub async fn connect_unchecked(
        options: &Options,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self> {
        let connect: PgConnectOptions = options.url.expose().parse()?;
        let statement_timeout = format!("{}ms", options.statement_timeout.as_millis());
        let connect = connect.application_name("kyoyu").statement_cache_capacity(200).options([
            ("timezone", "UTC"),
            ("statement_timeout", statement_timeout.as_str()),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("synchronous_commit", "on"),
            // One plan for every patient: the statements are point look-ups by key.
            ("plan_cache_mode", "force_generic_plan"),
            // That plan may be made while a table is small, and lives on when it has grown.
            ("enable_seqscan", "off"),
        ]);
        let shares = Shares::of(options.connections);
        let pools =
            PgPoolOptions::new().acquire_timeout(error::ACQUIRE_TIMEOUT).test_before_acquire(false);
        // What it opens is taken from it at once: who holds a connection of the other pool,
        // such as the purge its lease, keeps nobody from opening one.
        let opener =
            pools.clone().max_connections(options.connections).connect_lazy_with(connect.clone());
        let pool = pools.max_connections(shares.others).connect_with(connect).await?;
        let audit_months = audit::KnownMonths::default();
        let surroundings = Arc::new(Surroundings { clock, randomness, audit_months });
        let readers = Connections::new(&opener, shares.readers);
        let writers = Connections::new(&opener, shares.writers);
        let recorders = Connections::new(&opener, shares.recorders);
        Ok(Self { pool, readers, writers, recorders, surroundings })
    }

    /// A connection for the statements of one read.
    pub async fn reader(&self) -> Result<Reader> {
        let lent = self.readers.take().await?;
        Ok(Reader { lent, surroundings: Arc::clone(&self.surroundings) })
    }

    /// The instant that the service acts on.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        let database = sqlx::query_scalar!(
            r#"-- store.now
            select clock_timestamp() as "now!""#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(self.surroundings.clock.now(database))
    }

    /// The randomness that ids are made of.
    pub fn randomness(&self) -> &dyn Randomness {
        self.surroundings.randomness.as_ref()
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<()> {
        self.now().await.map(drop)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
        self.recorders.close().await;
        self.pool.close().await;
    }

    /// Whether [`Store::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_to_no_more_than_all_connections() {
        for connections in Options::LEAST_CONNECTIONS..=100 {
            let Shares { readers, writers, recorders, others } = Shares::of(connections);
            assert_eq!(readers + writers + recorders + others, connections);
            assert!(others >= 2, "the purge keeps one for its lease");
        }
    }
}
