//! The server's process: our child, or one that somebody else started.

use std::{
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process, test_kill_process},
};
use tokio::sync::watch;

use crate::{Error, error::Named};

/// How often a state is looked at while it is awaited.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What a running server says of itself in `postmaster.pid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Starting,
    Ready,
    Stopping,
}

/// A server that answers on its socket.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) pid: Pid,
    pub(crate) socket_dir: PathBuf,
    pub(crate) status: Status,
}

/// The server of a data directory, if one listens. A lock file that was left behind
/// proves nothing: only a connection does.
pub(crate) fn running(data_dir: &Path) -> Result<Option<Running>, Error> {
    let path = data_dir.join("postmaster.pid");
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.named("read", &path)?,
    };
    Ok(parse(&text).filter(|found| listens(&found.socket_dir)))
}

/// The lines are: pid, data directory, start, port, socket directory, address, shared
/// memory, status. A server that has just begun has not written all of them.
/// Source: `pidfile.h` of Postgres.
fn parse(text: &str) -> Option<Running> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let status = match lines.get(7).copied() {
        Some("ready" | "standby") => Status::Ready,
        Some("stopping") => Status::Stopping,
        _ => Status::Starting,
    };
    let pid = lines.first()?.parse().ok().filter(|pid: &i32| *pid > 0)?;
    let socket_dir = PathBuf::from(lines.get(4).filter(|line| !line.is_empty())?);
    Some(Running { pid: Pid::from_raw(pid)?, socket_dir, status })
}

/// The socket of a directory; the port is always the same, since no two servers share one.
fn socket(socket_dir: &Path) -> PathBuf {
    socket_dir.join(".s.PGSQL.5432")
}

/// Whether the system takes the path of a socket there, at most 107 bytes, and Postgres
/// the directory in its list of quoted names.
pub(crate) fn can_hold_socket(directory: &Path) -> bool {
    let socket = socket(directory);
    let bytes = socket.as_os_str().as_encoded_bytes();
    bytes.len() <= 107 && !bytes.contains(&b'"')
}

fn listens(socket_dir: &Path) -> bool {
    UnixStream::connect(socket(socket_dir)).is_ok()
}

/// A server's process.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    socket_dir: PathBuf,
    /// How our own child ended; none for somebody else's.
    ended: Option<watch::Receiver<Option<Ended>>>,
}

/// How a child ended; the status is missing when the system would not tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) status: Option<ExitStatus>,
}

impl Process {
    /// Starts a child and a thread that waits for its end, so that it never becomes a
    /// zombie whose pid would make the next start believe in a living server. It is a
    /// thread and no task because it must outlive every runtime, and because the signal
    /// of `setpriv --pdeathsig` comes when the thread ends that made the child.
    pub(crate) fn spawn(mut command: Command, socket_dir: &Path) -> Result<Self, Error> {
        let program = PathBuf::from(command.get_program());
        let (tell_pid, pid) = mpsc::sync_channel(1);
        let (tell_end, ended) = watch::channel(None);
        let wait = move || {
            let spawned = command.spawn();
            let (pid, child) = match spawned {
                Ok(child) => (Ok(child.id()), Some(child)),
                Err(error) => (Err(error), None),
            };
            // Nobody listens any more only when the caller has panicked.
            drop(tell_pid.send(pid));
            let status = child.and_then(|mut child| child.wait().ok());
            tell_end.send_replace(Some(Ended { status }));
        };
        thread::Builder::new()
            .name("postgres-wait".to_owned())
            .spawn(wait)
            .named("start a thread for", &program)?;
        let pid = pid.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()));
        let pid = pid.named("run", &program)?;
        let pid = Pid::from_raw(pid.cast_signed()).expect("no child has the pid 0");
        Ok(Self { pid, socket_dir: socket_dir.to_owned(), ended: Some(ended) })
    }

    /// A server that is not our child.
    pub(crate) fn of_others(running: &Running) -> Self {
        Self { pid: running.pid, socket_dir: running.socket_dir.clone(), ended: None }
    }

    pub(crate) fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    pub(crate) fn ended(&self) -> Option<Ended> {
        match &self.ended {
            Some(ended) => *ended.borrow(),
            None => self.is_gone().then_some(Ended { status: None }),
        }
    }

    /// A server first closes its socket and then has still to remove its files. The process
    /// is asked for first: this is looked at often, and every connection costs the server
    /// a process of its own.
    fn is_gone(&self) -> bool {
        test_kill_process(self.pid) == Err(Errno::SRCH) && !listens(&self.socket_dir)
    }

    pub(crate) async fn wait(&self) -> Ended {
        if let Some(mut ended) = self.ended.clone() {
            let ended = ended.wait_for(Option::is_some).await;
            return ended.ok().and_then(|ended| *ended).unwrap_or(Ended { status: None });
        }
        loop {
            if let Some(ended) = self.ended() {
                return ended;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits where nothing can be awaited, at most so long.
    pub(crate) fn wait_blocking(&self, limit: Duration) -> bool {
        let began_at = Instant::now();
        while self.ended().is_none() {
            if began_at.elapsed() > limit {
                return false;
            }
            thread::sleep(LOOK_EVERY);
        }
        true
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if self.ended().is_some() {
            return;
        }
        if let Err(error) = kill_process(self.pid, signal) {
            tracing::warn!(%error, pid = self.pid.as_raw_nonzero(), "cannot signal Postgres");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "4711\n/data\n1700000000\n5432\n/data\n\n   123   0\nready   \n";

    #[test]
    fn a_ready_server_is_told_by_the_eighth_line() {
        let running = parse(READY).unwrap();
        assert_eq!(running.status, Status::Ready);
        assert_eq!(running.pid.as_raw_nonzero().get(), 4711);
        assert_eq!(running.socket_dir, Path::new("/data"));
    }

    #[test]
    fn a_server_that_has_not_written_its_socket_yet_is_none() {
        assert!(parse("4711\n/data\n1700000000\n5432\n").is_none());
        assert!(parse("").is_none());
    }

    #[test]
    fn a_single_user_server_is_no_server() {
        assert!(parse(&READY.replace("4711", "-4711")).is_none());
    }

    #[test]
    fn the_socket_path_may_have_107_bytes() {
        let directory = |length: usize| PathBuf::from(format!("/{}", "d".repeat(length - 1)));
        assert!(can_hold_socket(&directory(107 - 14)));
        assert!(!can_hold_socket(&directory(108 - 14)));
    }
}
