use std::{
    ffi::OsString,
    fmt,
    fs::DirBuilder,
    os::unix::{ffi::OsStrExt, fs::DirBuilderExt},
    path::{Path, PathBuf},
    process::ExitStatus,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    Durability, Error,
    error::Named,
    identity::we_are_root,
    locks::{LastOne, Membership, StartLock},
    plan::{Plan, is_passing, log_of},
    postmaster::{self, LOOK_EVERY, Process, Running, Status},
};

/// A start may replay up to `max_wal_size` of log first.
const START_LIMIT: Duration = Duration::from_mins(2);
/// What the remains of a killed server get to go away: a statement that never waits goes
/// on until `statement_timeout` ends it.
const PASSING_LIMIT: Duration = Duration::from_secs(40);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// When a wait is worth a line in our log.
const WORTH_TELLING: Duration = Duration::from_secs(1);
/// What an orderly stop gets before it is cut short.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Which server to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the data lives; made at the first start, kept ever after. The log and the
    /// lock files stand next to it, under its name with an ending.
    pub data_dir: PathBuf,
    /// The directory of `postgres` and `initdb`; searched for when none.
    pub binaries: Option<PathBuf>,
    /// The value of `PATH`; without it only the distributions' directories are searched.
    pub search_path: Option<OsString>,
    /// Further server settings; they win over ours.
    pub settings: Vec<(String, String)>,
    /// Whether the data matters.
    pub durability: Durability,
}

impl Options {
    /// A durable server with the binaries of the distribution.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            binaries: None,
            search_path: None,
            settings: Vec::new(),
            durability: Durability::Durable,
        }
    }
}

/// Where the data of an instance called `name` goes when nobody says: for root
/// `/var/lib/kyoyu`, which the unprivileged user can reach, for others their own data
/// directory. None when an ordinary user has neither `HOME` nor `XDG_DATA_HOME`.
pub fn default_data_dir(
    name: &str,
    home: Option<&Path>,
    xdg_data_home: Option<&Path>,
) -> Option<PathBuf> {
    if we_are_root() {
        return Some(Path::new("/var/lib/kyoyu").join(name));
    }
    let absolute = |path: &&Path| path.is_absolute();
    let data = xdg_data_home.filter(absolute).map(Path::to_owned);
    let data = data.or_else(|| home.filter(absolute).map(|home| home.join(".local/share")))?;
    Some(data.join("kyoyu").join(name))
}

/// 専用サーバー — a running private server, which one process or several use.
///
/// [`stop`](Self::stop) it, or drop it where nothing can be awaited: the last user's
/// leaving stops the server.
pub struct PrivatePostgres {
    data_dir: PathBuf,
    process: Process,
    membership: Option<Membership>,
    attached: bool,
}

impl fmt::Debug for PrivatePostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivatePostgres")
            .field("data_dir", &self.data_dir)
            .field("pid", &self.pid())
            .field("attached", &self.attached)
            .finish_non_exhaustive()
    }
}

/// What to do with a server that runs already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IfRunning {
    Attach,
    Refuse,
}

/// Everything that is decided before the first wait.
struct Prepared {
    data_dir: PathBuf,
    start_lock: StartLock,
    membership: Membership,
}

impl PrivatePostgres {
    /// Starts a server of our own; the first start makes the data directory.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyRunning`] when somebody serves the directory, and all others.
    pub async fn start(options: Options) -> Result<Self, Error> {
        Self::obtain(options, IfRunning::Refuse).await
    }

    /// Uses the server that runs on the directory, or starts one.
    ///
    /// # Errors
    ///
    /// All but [`Error::AlreadyRunning`].
    pub async fn attach_or_start(options: Options) -> Result<Self, Error> {
        Self::obtain(options, IfRunning::Attach).await
    }

    async fn obtain(options: Options, if_running: IfRunning) -> Result<Self, Error> {
        let data_dir = std::path::absolute(&options.data_dir).named("find", &options.data_dir)?;
        let prepared = blocking(move || prepare(data_dir)).await?;
        let Prepared { data_dir, start_lock, membership } = prepared;
        let mut clock = Clock::start();
        // Others may only come once there is a server that they can attach to.
        let _start_lock = start_lock;
        while let Some(running) = postmaster::running(&data_dir)? {
            match (running.status, if_running) {
                (Status::Ready, IfRunning::Attach) => {
                    return Ok(Self::attach(data_dir, &running, membership));
                }
                (Status::Ready, IfRunning::Refuse) => {
                    let pid = running.pid.as_raw_nonzero().get().cast_unsigned();
                    return Err(Error::AlreadyRunning { data_dir, pid });
                }
                (Status::Starting, _) => clock.tick("still starting").await?,
                (Status::Stopping, _) => clock.tick("still stopping").await?,
            }
        }
        let started = Self::launch(&options, data_dir, membership, &mut clock).await?;
        tracing::info!(
            data_dir = %started.data_dir.display(),
            pid = started.pid(),
            duration_ms = clock.began_at.elapsed().as_millis() as u64,
            "Postgres is ready"
        );
        Ok(started)
    }

    fn attach(data_dir: PathBuf, running: &Running, membership: Membership) -> Self {
        let process = Process::of_others(running);
        Self { data_dir, process, membership: Some(membership), attached: true }
    }

    async fn launch(
        options: &Options,
        data_dir: PathBuf,
        membership: Membership,
        clock: &mut Clock,
    ) -> Result<Self, Error> {
        let (owned, directory) = (options.clone(), data_dir.clone());
        let mut plan = blocking(move || Plan::make(&owned, &directory)).await?;
        // From here on dropping `server`, as a cancelled start does, stops what was begun.
        let process = plan.spawn()?;
        let mut server = Self { data_dir, process, membership: Some(membership), attached: false };
        loop {
            let running = postmaster::running(&server.data_dir)?;
            if running.is_some_and(|it| it.pid == server.process.pid && it.status == Status::Ready)
            {
                return Ok(server);
            }
            if let Some(ended) = server.process.ended() {
                let tail = plan.log_tail();
                if !is_passing(&tail) || clock.began_at.elapsed() > PASSING_LIMIT {
                    let status = ended.status.map_or("unknown".to_owned(), |it| it.to_string());
                    return Err(Error::EndedEarly { status, log: plan.log, tail });
                }
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
                server.process = plan.spawn()?;
            }
            clock.tick("still recovering").await?;
        }
    }

    /// Where to connect as one of the roles, for `sqlx` and `psql`.
    pub fn url(&self, role: &str, database: &str) -> String {
        let socket_dir = percent_encoded(self.socket_dir().as_os_str().as_bytes());
        let (role, database) =
            (percent_encoded(role.as_bytes()), percent_encoded(database.as_bytes()));
        // The port stands here so that no PGPORT of the caller's surroundings counts.
        format!("postgres:///{database}?host={socket_dir}&port=5432&user={role}&sslmode=disable")
    }

    /// The directory of the socket.
    pub fn socket_dir(&self) -> &Path {
        self.process.socket_dir()
    }

    /// The data directory, absolute.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The server's log.
    pub fn log_file(&self) -> PathBuf {
        log_of(&self.data_dir)
    }

    /// The postmaster's process id.
    pub fn pid(&self) -> u32 {
        self.process.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// Whether somebody else started the server.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Waits until the server has ended, for whatever reason; how, if it was our child.
    pub async fn wait_exit(&self) -> Option<ExitStatus> {
        self.process.wait().await.status
    }

    /// Leaves the server. The last user stops it: connections are cut, what is committed
    /// is written out, and after ten seconds it is cut short, which the next start repairs.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] when the server does not end even then.
    pub async fn stop(mut self) -> Result<(), Error> {
        let Some((process, _last)) = self.leave() else { return Ok(()) };
        for signal in [Signal::INT, Signal::QUIT] {
            process.signal(signal);
            if tokio::time::timeout(STOP_LIMIT, process.wait()).await.is_ok() {
                return Ok(());
            }
        }
        Err(Error::TimedOut { state: "still running", seconds: 2 * STOP_LIMIT.as_secs() })
    }

    /// The process to stop, if that falls to us. It may be another than the one that we
    /// came to: after a crash somebody else has perhaps started the next.
    fn leave(&mut self) -> Option<(Process, LastOne)> {
        let last = self.membership.take()?.leave()?;
        if self.process.ended().is_none() {
            return Some((self.process.clone(), last));
        }
        let running = postmaster::running(&self.data_dir).ok().flatten()?;
        Some((Process::of_others(&running), last))
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Some((process, _last)) = self.leave() {
            process.signal(Signal::INT);
            if !process.wait_blocking(STOP_LIMIT) {
                tracing::warn!(pid = self.pid(), "Postgres did not stop in time");
            }
        }
    }
}

/// Measures a wait and speaks of it once.
struct Clock {
    began_at: Instant,
    told: bool,
}

impl Clock {
    fn start() -> Self {
        Self { began_at: Instant::now(), told: false }
    }

    async fn tick(&mut self, state: &'static str) -> Result<(), Error> {
        let waited = self.began_at.elapsed();
        if waited > START_LIMIT {
            return Err(Error::TimedOut { state, seconds: START_LIMIT.as_secs() });
        }
        if waited > WORTH_TELLING && !self.told {
            self.told = true;
            tracing::info!(state, "waiting for Postgres");
        }
        tokio::time::sleep(LOOK_EVERY).await;
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| match stopped.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(Error::TimedOut { state: "not started: we are ending", seconds: 0 }),
    })
}

fn prepare(data_dir: PathBuf) -> Result<Prepared, Error> {
    let parent = data_dir.parent().unwrap_or(&data_dir);
    // Root's directories must let the server's user through; everybody else's are theirs.
    let mode = if we_are_root() { 0o755 } else { 0o700 };
    DirBuilder::new().recursive(true).mode(mode).create(parent).named("create", parent)?;
    let start_lock = StartLock::take(&data_dir)?;
    let membership = Membership::join(&data_dir)?;
    Ok(Prepared { data_dir, start_lock, membership })
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' => {
                char::from(*byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_unusual_in_a_url_is_percent_encoded() {
        assert_eq!(percent_encoded("/tmp/a b&共".as_bytes()), "%2Ftmp%2Fa%20b%26%E5%85%B1");
    }

    #[test]
    fn roots_data_is_where_every_user_can_pass_and_others_keep_theirs_at_home() {
        let home = Some(Path::new("/home/hanako"));
        let chosen = default_data_dir("demo", home, None).unwrap();
        if we_are_root() {
            assert_eq!(chosen, Path::new("/var/lib/kyoyu/demo"));
        } else {
            assert_eq!(chosen, Path::new("/home/hanako/.local/share/kyoyu/demo"));
            assert_eq!(default_data_dir("demo", None, Some(Path::new("relative"))), None);
        }
    }
}
