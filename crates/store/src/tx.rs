//! 取引 — a transaction that commits only together with an audit record.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kyoyu_domain::{audit::AuditEvent, randomness::Randomness};
use sqlx::{Executor, PgConnection};
use tokio::runtime::Handle;

use crate::{
    Store, Surroundings, audit,
    connections::Lent,
    error::{Error, Result},
};

/// An open transaction at one instant. Dropping it undoes everything.
#[derive(Debug)]
pub struct Tx {
    open: Open,
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
        let mut open = self.open_transaction().await?;
        let database = sqlx::query_scalar!(
            r#"-- tx.begin
            select clock_timestamp() as "now!""#
        )
        .fetch_one(open.connection())
        .await?;
        Ok(self.transaction(open, database))
    }

    /// A transaction whose instant is not known yet.
    pub(crate) async fn open_transaction(&self) -> Result<Open> {
        loop {
            let mut lent = self.writers.take().await?;
            match lent.statement().execute("begin").await.map_err(Error::from) {
                Ok(_) => return Ok(Open(Some(lent))),
                // The server was started anew since that connection was used last; dropping
                // it closes the other old ones.
                Err(Error::Unavailable(_)) if lent.may_be_stale() => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn transaction(&self, open: Open, database: DateTime<Utc>) -> Tx {
        let surroundings = Arc::clone(&self.surroundings);
        Tx { open, now: surroundings.clock.now(database), surroundings }
    }
}

impl Tx {
    /// The instant of everything in this transaction.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The instant of a moment within this transaction, for what must come in an order of its
    /// own.
    pub(crate) fn instant_of(&self, database: DateTime<Utc>) -> DateTime<Utc> {
        self.surroundings.clock.now(database)
    }

    /// The randomness that ids are made of.
    pub fn randomness(&self) -> &dyn Randomness {
        self.surroundings.randomness.as_ref()
    }

    /// Commits, together with the record of what was done.
    pub async fn commit(mut self, event: AuditEvent) -> Result<()> {
        let now = self.now;
        let surroundings = Arc::clone(&self.surroundings);
        audit::append(self.connection(), &surroundings, &[(now, &event)]).await?;
        self.open.commit().await
    }

    /// Commits what the last statement wrote together with its audit record.
    pub(crate) async fn commit_recorded(self) -> Result<()> {
        self.open.commit().await
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.open.connection()
    }
}

/// 未確定 — a connection in a transaction; dropping it rolls the transaction back.
#[derive(Debug)]
pub(crate) struct Open(Option<Lent>);

impl Open {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("it is there until it ends").statement()
    }

    async fn commit(mut self) -> Result<()> {
        self.connection().execute("commit").await?;
        if let Some(mut lent) = self.0.take() {
            lent.answered();
        }
        Ok(())
    }
}

impl Drop for Open {
    /// Rolls back on a task of its own, so that the locks are free soon; without a runtime
    /// the connection is closed, with the same effect.
    fn drop(&mut self) {
        let (Some(mut lent), Ok(runtime)) = (self.0.take(), Handle::try_current()) else { return };
        runtime.spawn(async move {
            if lent.statement().execute("rollback").await.is_ok() {
                lent.answered();
            }
        });
    }
}
