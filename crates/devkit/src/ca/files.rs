//! 鍵の保管 — PEM files of which nobody else reads the keys.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use anyhow::{Context, Result};

/// Makes a directory that only its owner enters.
pub(super) fn create_directory(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("{} cannot be made", path.display()))
}

/// Reads a file; none when it is not there.
pub(super) fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(error).with_context(|| format!("{} cannot be read", path.display()))
        }
    }
}

/// Writes a certificate, whole or not at all.
pub(super) fn write_public(path: &Path, text: &str) -> Result<()> {
    write(path, text, 0o644)
}

/// Writes a key, whole or not at all, for its owner only.
pub(super) fn write_secret(path: &Path, text: &str) -> Result<()> {
    write(path, text, 0o600)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    // The process id keeps two programs that start at once from writing into one file.
    let half = path.with_extension(format!("half-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&half)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&half, path));
    written.with_context(|| format!("{} cannot be written", path.display()))
}
