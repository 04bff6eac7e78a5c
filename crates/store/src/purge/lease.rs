//! 作業権 — one worker purges at a time.

use sqlx::{Postgres, pool::PoolConnection};

use crate::{
    Store, Tx,
    error::{Error, Result},
};

/// The advisory lock that the acting worker holds; an arbitrary number of ours.
const LEASE_LOCK: i64 = 0x6b79_6f79_7501;

/// 作業権 — the right to purge, held by one worker at a time.
#[derive(Debug)]
pub struct Lease {
    connection: PoolConnection<Postgres>,
    token: i64,
}

impl Lease {
    /// Takes the lease unless another worker holds it. It ends with [`Lease::release`] or
    /// with its connection.
    pub async fn try_take(store: &Store) -> Result<Option<Self>> {
        let now = store.now().await?;
        let mut connection = store.pool().acquire().await?;
        let taken = sqlx::query_scalar!(
            r#"-- purge.take_lock
            select pg_try_advisory_lock($1) as "taken!""#,
            LEASE_LOCK
        )
        .fetch_one(&mut *connection)
        .await?;
        if !taken {
            return Ok(None);
        }
        let token = sqlx::query_scalar!(
            "-- purge.raise_token
            update worker_lease
            set token = token + 1, taken_at = $1
            where name = 'purge'
            returning token",
            now
        )
        .fetch_one(&mut *connection)
        .await?;
        Ok(Some(Self { connection, token }))
    }

    /// Gives the lease back.
    pub async fn release(mut self) -> Result<()> {
        sqlx::query!(
            r#"-- purge.release_lock
            select pg_advisory_unlock($1) as "released!""#,
            LEASE_LOCK
        )
        .fetch_one(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Fails when another worker has taken the lease since.
    pub async fn check(&self, tx: &mut Tx) -> Result<()> {
        let token = sqlx::query_scalar!(
            "-- purge.check_token
            select token
            from worker_lease
            where name = 'purge'"
        )
        .fetch_one(tx.connection())
        .await?;
        if token == self.token { Ok(()) } else { Err(Error::LeaseLost) }
    }
}
