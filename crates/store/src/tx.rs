//! 取引 — a transaction that commits only together with an audit record.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kyoyu_domain::{audit::AuditEvent, randomness::Randomness};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{Store, Surroundings, audit, error::Result};

/// An open transaction at one instant. Dropping it undoes everything.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    now: DateTime<Utc>,
    surroundings: Arc<Surroundings>,
}

impl Store {
    /// Begins a transaction and reads the clock.
    pub async fn begin(&self) -> Result<Tx> {
        let tx = self.try_begin().await?;
        if self.knows_month(tx.now) {
            return Ok(tx);
        }
        let now = tx.now;
        drop(tx);
        self.know_month(now).await?;
        self.try_begin().await
    }

    async fn try_begin(&self) -> Result<Tx> {
        let mut inner = self.pool().begin().await?;
        let database = sqlx::query_scalar!(
            r#"-- tx.begin
            select clock_timestamp() as "now!""#
        )
        .fetch_one(&mut *inner)
        .await?;
        Ok(self.transaction(inner, database))
    }

    pub(crate) fn transaction(
        &self,
        inner: Transaction<'static, Postgres>,
        database: DateTime<Utc>,
    ) -> Tx {
        let surroundings = Arc::clone(&self.surroundings);
        Tx { inner, now: surroundings.clock.now(database), surroundings }
    }
}

impl Tx {
    /// The instant of everything in this transaction.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The randomness that ids are made of.
    pub fn randomness(&self) -> &dyn Randomness {
        self.surroundings.randomness.as_ref()
    }

    /// Commits, together with the record of what was done.
    pub async fn commit(mut self, event: AuditEvent) -> Result<()> {
        let now = self.now;
        let surroundings = Arc::clone(&self.surroundings);
        audit::append(&mut self.inner, &surroundings, &[(now, &event)]).await?;
        self.inner.commit().await?;
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
