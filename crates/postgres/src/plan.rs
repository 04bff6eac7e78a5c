//! How one server is run: its files, its arguments, its process.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Seek, SeekFrom},
    os::unix::{
        fs::{DirBuilderExt, OpenOptionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    Durability, Error, Options,
    binaries::{self, Wanted},
    error::Named,
    identity::Identity,
    initialise::{initialise, last_lines, made_by, wal_compression},
    locks::beside,
    postmaster::{self, Process},
    settings,
};

/// How to run the server, once its directory is there.
pub(crate) struct Plan {
    identity: Identity,
    program: PathBuf,
    arguments: Vec<OsString>,
    socket_dir: PathBuf,
    durability: Durability,
    pub(crate) log: PathBuf,
    /// Where the log ended before the latest attempt; what follows is about it.
    log_from: u64,
}

impl Plan {
    pub(crate) fn make(options: &Options, data_dir: &Path) -> Result<Self, Error> {
        let made_by = made_by(data_dir)?;
        let wanted = made_by.map_or(Wanted::Supported, Wanted::Major);
        let search_path = options.search_path.as_deref();
        let binaries = binaries::find(options.binaries.as_deref(), search_path, wanted)?;
        let identity = Identity::for_data_dir(data_dir)?;
        identity.reaches(data_dir)?;
        identity.reaches(&binaries.program("postgres"))?;
        if made_by.is_none() {
            initialise(&binaries, &identity, data_dir, options.durability)?;
        }
        write_access(&identity, data_dir)?;
        let socket_dir = make_socket_dir(&identity, data_dir)?;
        let wal_compression = wal_compression(&binaries, &identity, data_dir);
        let arguments = arguments(options, wal_compression, data_dir, &socket_dir);
        let log = log_of(data_dir);
        let (program, durability) = (binaries.program("postgres"), options.durability);
        Ok(Self { identity, program, arguments, socket_dir, durability, log, log_from: 0 })
    }

    pub(crate) fn spawn(&mut self) -> Result<Process, Error> {
        let mut options = OpenOptions::new();
        let log = options.create(true).append(true).mode(0o600).open(&self.log);
        let log = log.named("open", &self.log)?;
        self.log_from = log.metadata().named("inspect", &self.log)?.len();
        let mut command = self.command();
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().named("open", &self.log)?).stderr(log);
        // An interrupt typed at the terminal is for us; we stop the server in our order.
        command.process_group(0);
        // Their meaning is fixed by the arguments.
        for name in ["PGPORT", "PGDATA", "PGTZ", "PGDATESTYLE", "PGCLIENTENCODING", "PGOPTIONS"] {
            command.env_remove(name);
        }
        Process::spawn(command, &self.socket_dir)
    }

    fn command(&self) -> Command {
        let setpriv = Path::new("/usr/bin/setpriv");
        if self.durability == Durability::Durable || !setpriv.exists() {
            let mut command = self.identity.command(&self.program);
            command.args(&self.arguments);
            return command;
        }
        // A killed test must not leave its server behind. `setpriv` replaces itself with
        // the server, so the process is still our child.
        let mut command = self.identity.command(setpriv);
        command.args(["--pdeathsig", "INT", "--"]).arg(&self.program).args(&self.arguments);
        command
    }

    pub(crate) fn log_tail(&self) -> String {
        let mut text = Vec::new();
        let read = File::open(&self.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(self.log_from))?;
            log.take(1 << 20).read_to_end(&mut text)
        });
        match read {
            Ok(_) => last_lines(&String::from_utf8_lossy(&text)).to_owned(),
            Err(error) => format!("(unreadable: {error})"),
        }
    }
}

fn arguments(
    options: &Options,
    wal_compression: &str,
    data_dir: &Path,
    socket_dir: &Path,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["-D".into(), data_dir.into()];
    for (name, value) in settings::all(options.durability, wal_compression, &options.settings) {
        arguments.extend(["-c".into(), format!("{name}={value}").into()]);
    }
    // The value is a list of names, hence the quotation marks.
    let mut socket = OsString::from("unix_socket_directories=\"");
    socket.push(socket_dir);
    socket.push("\"");
    arguments.extend(["-c".into(), socket]);
    arguments
}

/// Whether a start failed for a reason that goes away by itself: the children of a
/// postmaster that was killed need a moment to notice, and meanwhile hold its memory.
pub(crate) fn is_passing(tail: &str) -> bool {
    tail.contains("is still in use")
        || tail.contains("pre-existing shared memory block")
        || tail.contains("lock file \"postmaster.pid\" already exists")
}

fn write_access(identity: &Identity, data_dir: &Path) -> Result<(), Error> {
    let files = [
        ("pg_hba.conf", settings::access_file().to_owned()),
        ("pg_ident.conf", settings::identity_file(identity)),
    ];
    for (name, text) in files {
        let path = data_dir.join(name);
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        fs::write(&path, text).named("write", &path)?;
        identity.give(&path)?;
    }
    Ok(())
}

/// The data directory itself, which is private already, unless its path is too long for
/// a socket; then a short one, equally private, in the directory for temporary files.
fn make_socket_dir(identity: &Identity, data_dir: &Path) -> Result<PathBuf, Error> {
    if postmaster::can_hold_socket(data_dir) {
        return Ok(data_dir.to_owned());
    }
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    let name = format!("kyoyu-{:016x}", hasher.finish());
    let short = std::env::temp_dir().join(&name);
    let short =
        if postmaster::can_hold_socket(&short) { short } else { Path::new("/tmp").join(&name) };
    // Anybody may have made this name before us, so an existing one is looked at.
    if DirBuilder::new().mode(0o700).create(&short).is_ok() {
        identity.give(&short)?;
    }
    if !identity.is_private(&short) {
        let refused = io::Error::other("it belongs to somebody else");
        return Err(refused).named("use", &short);
    }
    Ok(short)
}

pub(crate) fn log_of(data_dir: &Path) -> PathBuf {
    beside(data_dir, ".log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_tried_again_only_when_the_reason_passes() {
        assert!(is_passing("FATAL:  pre-existing shared memory block (key 1) is still in use"));
        assert!(!is_passing("FATAL:  could not map anonymous shared memory"));
    }
}
