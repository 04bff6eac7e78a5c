//! What can go wrong below the use cases.

use std::time::Duration;

/// A failure of the store. Variants exist where the caller acts differently.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two transactions got in each other's way; the whole use case may be tried again.
    #[error("the transaction was aborted in favour of another")]
    Retry(#[source] sqlx::Error),
    /// What a use case had looked up was changed by another before it had the lock; it may be
    /// tried again.
    #[error("somebody else was faster")]
    Overtaken,
    /// The database is not there or not answering; a later attempt may succeed.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// A stored value cannot be read.
    #[error("{table}.{column} cannot be read: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong, without the value.
        what: &'static str,
    },
    /// A statement touched another number of rows than it must.
    #[error("{statement} touched {touched} rows instead of {expected}")]
    RowCount {
        /// The statement's name.
        statement: &'static str,
        /// Rows that it had to touch.
        expected: u64,
        /// Rows that it touched.
        touched: u64,
    },
    /// The server's settings could lose data; each line names one.
    #[error("the database server is not safe to use: {}", .0.join("; "))]
    UnsafeSettings(Vec<String>),
    /// Migrations could not be applied.
    #[error("the schema could not be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Another worker took over; this one must stop.
    #[error("the lease was taken by another worker")]
    LeaseLost,
    /// Everything else that the database says.
    #[error("the database refused a statement")]
    Database(#[source] sqlx::Error),
}

/// The result of a store function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return match error {
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
                _ => Self::Database(error),
            };
        };
        match database.code().as_deref() {
            // Serialization failure, deadlock.
            Some("40001" | "40P01") => Self::Retry(error),
            // Shutdown, crash, still starting, too many connections, disk full, lock or
            // statement time-out.
            Some("57P01" | "57P02" | "57P03" | "53300" | "53100" | "55P03" | "57014") => {
                Self::Unavailable(error)
            }
            Some(code) if code.starts_with("08") => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

/// Checks that a statement touched as many rows as it must.
pub(crate) fn expect_rows(statement: &'static str, expected: u64, touched: u64) -> Result<()> {
    if expected == touched {
        return Ok(());
    }
    Err(Error::RowCount { statement, expected, touched })
}

/// How long a request waits for a connection before it is told to come back.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
