//! Who uses a data directory.
//!
//! `<data_dir>.start` is held while one process starts a server; `<data_dir>.users` is
//! held in common by everyone who uses it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{Error, error::Named};

/// A path next to the data directory: its name with something appended.
pub(crate) fn beside(data_dir: &Path, suffix: &str) -> PathBuf {
    let mut name = data_dir.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).named("open", path)
}

/// Only one process at a time makes or starts a server; dropping it lets the next.
#[derive(Debug)]
pub(crate) struct StartLock {
    _held: File,
}

impl StartLock {
    /// Waits for its turn.
    pub(crate) fn take(data_dir: &Path) -> Result<Self, Error> {
        let path = beside(data_dir, ".start");
        let file = open(&path)?;
        file.lock().named("lock", &path)?;
        Ok(Self { _held: file })
    }
}

/// One user of the server.
#[derive(Debug)]
pub(crate) struct Membership {
    file: File,
}

/// The last user; nobody joins until it is dropped.
#[derive(Debug)]
pub(crate) struct LastOne {
    _held: File,
}

impl Membership {
    /// Waits while a last user is stopping the server.
    pub(crate) fn join(data_dir: &Path) -> Result<Self, Error> {
        let path = beside(data_dir, ".users");
        let file = open(&path)?;
        file.lock_shared().named("lock", &path)?;
        Ok(Self { file })
    }

    /// Ends the membership; tells whether nobody else is left. Of several that leave at
    /// once, exactly one is the last, since the kernel drops the common lock first.
    pub(crate) fn leave(self) -> Option<LastOne> {
        match self.file.try_lock() {
            Ok(()) => Some(LastOne { _held: self.file }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "cannot tell who else uses the database server");
                None
            }
        }
    }
}
