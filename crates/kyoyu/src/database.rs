//! データベース — the one that is configured, or a private Postgres of our own.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use kyoyu_domain::phi::Phi;
use kyoyu_postgres::PrivatePostgres;

use crate::config::{Database, environment};

/// The role of the service.
const APP_ROLE: &str = "kyoyu_app";

/// The role that owns the schema.
const OWNER_ROLE: &str = "kyoyu_owner";

/// The database's name in the private server.
const DATABASE: &str = "kyoyu";

/// The wait after a start that failed.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// 接続先 — where the database is, and the server process if it is ours.
#[derive(Debug)]
pub struct Connection {
    url: Phi<String>,
    owner_url: Option<Phi<String>>,
    private: Option<PrivatePostgres>,
    /// How the private server is started again.
    again: Option<kyoyu_postgres::Options>,
    connections: u32,
    statement_timeout: Duration,
}

impl Connection {
    /// Uses the configured database, or starts (or joins) the private one called `name`.
    ///
    /// # Errors
    /// No server programs, a directory that cannot be used, a server that does not start.
    pub async fn open(database: &Database, name: &str) -> anyhow::Result<Self> {
        let (connections, statement_timeout) = (database.connections, database.statement_timeout());
        if let Some(url) = database.url()? {
            let owner_url = database.owner_url()?;
            return Ok(Self {
                url,
                owner_url,
                private: None,
                again: None,
                connections,
                statement_timeout,
            });
        }
        let mut options = kyoyu_postgres::Options::new(data_dir(database, name)?);
        options.binaries = some_path(&database.binaries);
        options.search_path = environment("PATH").map(Into::into);
        let private = PrivatePostgres::attach_or_start(options.clone()).await?;
        Ok(Self {
            url: Phi::new(private.url(APP_ROLE, DATABASE)),
            owner_url: Some(Phi::new(private.url(OWNER_ROLE, DATABASE))),
            private: Some(private),
            again: Some(options),
            connections,
            statement_timeout,
        })
    }

    /// How the service connects.
    pub fn options(&self) -> kyoyu_store::Options {
        kyoyu_store::Options {
            url: self.url.clone(),
            connections: self.connections,
            statement_timeout: self.statement_timeout,
        }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When the owner's URL is missing or a migration fails.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let url = self.owner_url.clone().context(
            "the role that owns the schema is not configured: \
             set OWNER_DATABASE_URL or database.owner_url_file",
        )?;
        let options = kyoyu_store::Options { url, ..self.options() };
        Ok(kyoyu_store::migrate(&options).await?)
    }

    /// Whether the server is ours; then its schema is brought up to date at every start.
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// How a superuser connects to the private server, for measuring it.
    pub fn superuser_url(&self) -> Option<String> {
        self.private.as_ref().map(|private| private.url(kyoyu_postgres::SUPERUSER_ROLE, DATABASE))
    }

    /// Starts the private server again whenever it ends, and never returns. It comes back
    /// under the same URL, so that connections recover by themselves.
    pub async fn keep_up(&mut self) {
        let Some(options) = self.again.clone() else { return std::future::pending().await };
        loop {
            if let Some(private) = &self.private {
                private.wait_exit().await;
                tracing::error!(pid = private.pid(), "Postgres has ended; it is started again");
            }
            match PrivatePostgres::attach_or_start(options.clone()).await {
                Ok(private) => self.private = Some(private),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "Postgres could not be started");
                    self.private = None;
                    tokio::time::sleep(TRY_AGAIN_AFTER).await;
                }
            }
        }
    }

    /// The process of the private server.
    pub fn postmaster(&self) -> Option<u32> {
        self.private.as_ref().map(PrivatePostgres::pid)
    }

    /// Stops the private server, unless another process still uses it.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(private) = self.private {
            private.stop().await?;
        }
        Ok(())
    }
}

/// Where the private database and what belongs to it lies.
///
/// # Errors
/// When there is neither a configured directory nor a home.
pub fn data_dir(database: &Database, name: &str) -> anyhow::Result<PathBuf> {
    if let Some(configured) = some_path(&database.data_dir) {
        return Ok(configured.join(name));
    }
    let home = environment("HOME").map(PathBuf::from);
    let data_home = environment("XDG_DATA_HOME").map(PathBuf::from);
    kyoyu_postgres::default_data_dir(name, home.as_deref(), data_home.as_deref())
        .context("there is no home directory: set database.data_dir")
}

fn some_path(path: &Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}
