//! Making a data directory, at the first start only.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::{
    APP_ROLE, DATABASE, Durability, Error, OWNER_ROLE, SUPERUSER_ROLE, binaries::Binaries,
    error::Named, identity::Identity, locks::beside,
};

/// The major version that made a data directory; none when there is no directory yet.
pub(crate) fn made_by(data_dir: &Path) -> Result<Option<u32>, Error> {
    let not_ours = || Error::NotADataDirectory(data_dir.to_owned());
    match fs::read_to_string(data_dir.join("PG_VERSION")) {
        Ok(version) => version.trim().parse().map(Some).map_err(|_| not_ours()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).named("read the version in", data_dir)
        }
        Err(_) => match fs::read_dir(data_dir).map(|mut entries| entries.next()) {
            Ok(None) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Ok(Some(_)) | Err(_) => Err(not_ours()),
        },
    }
}

/// Makes the data directory with its roles and its database.
///
/// Everything happens under another name; the rename at the end is the moment at which
/// the directory exists, so a start that is killed leaves nothing half made.
pub(crate) fn initialise(
    binaries: &Binaries,
    identity: &Identity,
    data_dir: &Path,
    durability: Durability,
) -> Result<(), Error> {
    remove_leftovers(data_dir)?;
    let new = beside(data_dir, &format!(".new.{}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&new).named("create", &new)?;
    identity.give(&new)?;
    tracing::info!(data_dir = %data_dir.display(), major = binaries.major, "making a database");
    run_initdb(binaries, identity, &new, durability)?;
    create_roles(binaries, identity, &new)?;
    fs::rename(&new, data_dir).named("name", data_dir)?;
    let parent = data_dir.parent().unwrap_or(data_dir);
    File::open(parent).and_then(|parent| parent.sync_all()).named("flush", parent)
}

/// Removes what killed starts left. Each has a name of its own, so that an `initdb` that
/// survived its parent finds its directory gone instead of writing into ours.
fn remove_leftovers(data_dir: &Path) -> Result<(), Error> {
    let parent = data_dir.parent().unwrap_or(data_dir);
    let mut prefix = data_dir.file_name().unwrap_or_default().to_owned();
    prefix.push(".new.");
    for entry in fs::read_dir(parent).named("list", parent)?.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            fs::remove_dir_all(entry.path()).named("remove", &entry.path())?;
        }
    }
    Ok(())
}

fn run_initdb(
    binaries: &Binaries,
    identity: &Identity,
    new: &Path,
    durability: Durability,
) -> Result<(), Error> {
    let initdb = binaries.program("initdb");
    let run = |locale: &str| -> Result<Output, Error> {
        let mut command = identity.command(&initdb);
        command.env("LC_ALL", "C").arg("-D").arg(new).args([
            "--data-checksums",
            "--auth=peer",
            "--encoding=UTF8",
            &format!("--username={SUPERUSER_ROLE}"),
            &format!("--locale={locale}"),
        ]);
        if durability == Durability::Disposable {
            command.arg("--no-sync");
        }
        command.stdin(Stdio::null()).output().named("run", &initdb)
    };
    let output = run("C.UTF-8")?;
    let refused_locale = String::from_utf8_lossy(&output.stderr).contains("locale");
    let output = if !output.status.success() && refused_locale { run("C")? } else { output };
    succeeded("initdb", &output)
}

/// Makes roles and database in single-user mode, before anybody can connect.
fn create_roles(binaries: &Binaries, identity: &Identity, new: &Path) -> Result<(), Error> {
    let program = binaries.program("postgres");
    let mut command = identity.command(&program);
    // Without exit_on_error a failed statement would leave the exit status 0.
    command.env("LC_ALL", "C").arg("--single").arg("-D").arg(new);
    command.args(["-c", "exit_on_error=on", "-c", "log_checkpoints=off", SUPERUSER_ROLE]);
    // In this mode a statement ends with its line.
    let statements = format!(
        "create role {OWNER_ROLE} login createdb nosuperuser nocreaterole\n\
         create role {APP_ROLE} login nosuperuser nocreatedb nocreaterole\n\
         create database {DATABASE} owner {OWNER_ROLE}\n"
    );
    succeeded("postgres --single", &feed(command, &statements).named("run", &program)?)
}

fn feed(mut command: Command, input: &str) -> io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().expect("standard input was asked for above");
    // A program that ended early says why on its standard error, which is worth more than
    // our broken pipe.
    let written = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output()?;
    if output.status.success() { written.map(|()| output) } else { Ok(output) }
}

fn succeeded(step: &'static str, output: &Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(Error::Initialise { step, output: last_lines(&text).to_owned() })
}

/// The end of a program's output, short enough for a message.
pub(crate) fn last_lines(text: &str) -> &str {
    const MOST_BYTES: usize = 1500;
    let text = text.trim();
    let from = text.len().saturating_sub(MOST_BYTES);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[from..]
}

/// `lz4` where the server was built with it, otherwise Postgres' own compression.
pub(crate) fn wal_compression(
    binaries: &Binaries,
    identity: &Identity,
    data_dir: &Path,
) -> &'static str {
    let mut command = identity.command(&binaries.program("postgres"));
    command.args(["-C", "wal_compression", "-c", "wal_compression=lz4", "-D"]).arg(data_dir);
    match command.output() {
        Ok(output) if output.status.success() => "lz4",
        _ => "on",
    }
}
