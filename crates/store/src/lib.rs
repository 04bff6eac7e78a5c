//! Everything that is SQL: the pool, the transaction, the statements, the segment store
//! and the migrations.
//!
//! Two rules hold by type: [`segment::texts`] and the other reads need a grant that only
//! the policy can make, and a [`Tx`] commits only together with an audit record.

pub mod audit;
pub mod body;
pub mod consent;
pub mod directory;
pub mod document;
mod error;
pub mod letter;
pub mod mark;
pub mod measure;
mod migrate;
pub mod person;
pub mod purge;
pub mod registry;
pub mod segment;
mod settings;
pub mod submission;
mod tx;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use kyoyu_domain::{clock::Clock, randomness::Randomness};
use sqlx::{
    PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

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

/// 格納庫 — the database, with the clock and the randomness that use cases act on.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    surroundings: Arc<Surroundings>,
}

/// 閲覧の接続 — the statements of one read go one after another over one connection: giving
/// it back to the pool costs as much as a statement.
#[derive(Debug)]
pub struct Reader {
    connection: PoolConnection<Postgres>,
    surroundings: Arc<Surroundings>,
}

/// What every transaction of one store shares.
#[derive(Debug)]
struct Surroundings {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    audit_months: audit::KnownMonths,
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
        let pool = PgPoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(error::ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(connect)
            .await?;
        let audit_months = audit::KnownMonths::default();
        let surroundings = Arc::new(Surroundings { clock, randomness, audit_months });
        Ok(Self { pool, surroundings })
    }

    /// A connection for the statements of one read.
    pub async fn reader(&self) -> Result<Reader> {
        let connection = self.pool.acquire().await?;
        Ok(Reader { connection, surroundings: Arc::clone(&self.surroundings) })
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
