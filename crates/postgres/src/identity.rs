//! As whom the server runs.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use crate::{Error, error::Named};

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    uid: u32,
    gid: u32,
}

/// Who runs us and who is to run the server; the same person unless we are root.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) ours: User,
    pub(crate) servers: User,
}

pub(crate) fn we_are_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Identity {
    /// Root becomes the owner of the data directory, or `postgres`, or `nobody`.
    pub(crate) fn for_data_dir(data_dir: &Path) -> Result<Self, Error> {
        let ours = look_up(&rustix::process::geteuid().as_raw().to_string())
            .ok_or(Error::NoUnprivilegedUser)?;
        if !we_are_root() {
            return Ok(Self { servers: ours.clone(), ours });
        }
        let owner = fs::metadata(data_dir).ok().map(|found| found.uid()).filter(|uid| *uid != 0);
        let owner = owner.and_then(|uid| look_up(&uid.to_string()));
        let servers = owner
            .or_else(|| look_up("postgres"))
            .or_else(|| look_up("nobody"))
            .ok_or(Error::NoUnprivilegedUser)?;
        Ok(Self { ours, servers })
    }

    fn differs(&self) -> bool {
        self.ours.uid != self.servers.uid
    }

    /// A command that runs as the server's user.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.differs() {
            command.uid(self.servers.uid).gid(self.servers.gid);
        }
        // The server's user may have no right to where we were started.
        command.current_dir("/");
        command
    }

    /// Gives a file or directory that we made to the server's user.
    pub(crate) fn give(&self, path: &Path) -> Result<(), Error> {
        if !self.differs() {
            return Ok(());
        }
        chown(path, Some(self.servers.uid), Some(self.servers.gid)).named("give away", path)
    }

    /// Whether a directory belongs to the server's user alone.
    pub(crate) fn is_private(&self, directory: &Path) -> bool {
        fs::symlink_metadata(directory).is_ok_and(|found| {
            found.is_dir() && found.uid() == self.servers.uid && found.mode() & 0o777 == 0o700
        })
    }

    /// Refuses a path that the server's user cannot walk to, naming the first directory
    /// that is in the way. `path` itself need not exist.
    pub(crate) fn reaches(&self, path: &Path) -> Result<(), Error> {
        if !self.differs() {
            return Ok(());
        }
        let parent = path.parent().unwrap_or(path);
        let parent = fs::canonicalize(parent).named("find", parent)?;
        let mut ancestors: Vec<&Path> = parent.ancestors().collect();
        ancestors.reverse();
        for directory in ancestors {
            let found = fs::metadata(directory).named("inspect", directory)?;
            let search = match () {
                () if found.uid() == self.servers.uid => 0o100,
                () if found.gid() == self.servers.gid => 0o010,
                () => 0o001,
            };
            if found.mode() & search == 0 {
                return Err(Error::Unreachable {
                    user: self.servers.name.clone(),
                    blocking: directory.to_owned(),
                    wanted: path.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Asks the system's user database, which may be more than `/etc/passwd`.
fn look_up(user: &str) -> Option<User> {
    let ask = |option: &str| {
        let output = Command::new("id").args([option, user]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    Some(User { name: ask("-un")?, uid: ask("-u")?.parse().ok()?, gid: ask("-g")?.parse().ok()? })
}
