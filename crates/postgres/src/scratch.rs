//! A server for one test run or one tool, in a directory that goes away with it.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::process::{Pid, test_kill_process};

use crate::{Durability, Error, Options, PrivatePostgres, error::Named, postmaster};

const PREFIX: &str = "kyoyu-scratch-";
static NEXT: AtomicU32 = AtomicU32::new(0);

/// 一時サーバー — a private server whose data nobody wants back.
#[derive(Debug)]
pub struct Scratch {
    // Dropped in this order: first the server, then its directory.
    server: PrivatePostgres,
    _directory: Directory,
}

impl Scratch {
    /// Starts a disposable server: nothing is flushed.
    pub async fn start() -> Result<Self, Error> {
        Self::start_with(|options| options.durability = Durability::Disposable).await
    }

    /// Starts a server with other options; only `data_dir` is given.
    pub async fn start_with(choose: impl FnOnce(&mut Options)) -> Result<Self, Error> {
        remove_leftovers();
        let directory = Directory::make()?;
        let mut options = Options::new(directory.path.join("data"));
        choose(&mut options);
        let server = PrivatePostgres::start(options).await?;
        Ok(Self { server, _directory: directory })
    }

    /// The server.
    pub fn server(&self) -> &PrivatePostgres {
        &self.server
    }

    /// Stops the server and removes everything.
    pub async fn stop(self) -> Result<(), Error> {
        let Self { server, _directory } = self;
        server.stop().await
    }
}

#[derive(Debug)]
struct Directory {
    path: PathBuf,
}

impl Directory {
    fn make() -> Result<Self, Error> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // The server's user may be another than ours; only what is below is private.
        DirBuilder::new().mode(0o711).create(&path).named("create", &path)?;
        Ok(Self { path })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "cannot remove a scratch directory");
    }
}

/// Removes the directories of processes that were killed.
fn remove_leftovers() {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(maker) else { continue };
        let is_alive = test_kill_process(pid) != Err(rustix::io::Errno::SRCH);
        let serves = !matches!(postmaster::running(&entry.path().join("data")), Ok(None));
        if !is_alive && !serves {
            remove(&entry.path());
        }
    }
}

/// The process that made a scratch directory of this name.
fn maker(name: &str) -> Option<Pid> {
    let (pid, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    pid.parse().ok().and_then(Pid::from_raw)
}
