use std::{
    io,
    path::{Path, PathBuf},
};

/// 起動失敗 — why there is no private Postgres server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No server binaries, or only ones that are too old.
    #[error(
        "no Postgres {needed} found ({found}); install it with `apt-get install postgresql`, \
         or name the directory that holds `postgres` and `initdb`"
    )]
    MissingBinaries {
        /// Which versions would do.
        needed: String,
        /// What was found instead.
        found: String,
    },
    /// Started as root, and there is nobody to become.
    #[error("Postgres refuses to run as root and there is no user `postgres` or `nobody`")]
    NoUnprivilegedUser,
    /// A parent directory shuts out the user that Postgres runs as.
    #[error(
        "the user `{user}`, as whom Postgres runs, cannot pass {} on the way to {}; \
         choose a directory that every user can reach, such as one below /var/lib/kyoyu",
        blocking.display(), wanted.display()
    )]
    Unreachable {
        /// Who is shut out.
        user: String,
        /// The directory that shuts out.
        blocking: PathBuf,
        /// Where it leads to.
        wanted: PathBuf,
    },
    /// The data directory holds something else.
    #[error("{} exists but is no Postgres data directory", .0.display())]
    NotADataDirectory(PathBuf),
    /// Somebody serves this directory already; [`crate::PrivatePostgres::attach_or_start`]
    /// would have used that server.
    #[error("a Postgres server (process {pid}) is already running on {}", data_dir.display())]
    AlreadyRunning {
        /// The directory that both want.
        data_dir: PathBuf,
        /// The running postmaster.
        pid: u32,
    },
    /// A step of the initialisation failed.
    #[error("{step} failed: {output}")]
    Initialise {
        /// The program.
        step: &'static str,
        /// The end of what it said.
        output: String,
    },
    /// The server ended before it took a connection.
    #[error("Postgres ended while starting ({status}); its log {} ends with: {tail}", log.display())]
    EndedEarly {
        /// How the process ended.
        status: String,
        /// Where its log is.
        log: PathBuf,
        /// The end of that log.
        tail: String,
    },
    /// The server took longer than it may.
    #[error("Postgres is {state} after {seconds} s")]
    TimedOut {
        /// What it was doing.
        state: &'static str,
        /// How long we waited.
        seconds: u64,
    },
    /// The operating system refused something.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Names the file in an I/O error, which the standard library leaves out.
pub(crate) trait Named<T> {
    fn named(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> Named<T> for io::Result<T> {
    fn named(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { action, path: path.to_owned(), source })
    }
}
