//! 鍵 — secret keys: from the files that are configured, or made once and kept.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, bail};
use kyoyu_domain::randomness::Randomness;

/// Reads 32 secret bytes from `configured`, or from `name` beside the private database,
/// where they are made when they are not there yet.
///
/// # Errors
/// A file that cannot be read or written, or does not hold 64 hexadecimal digits.
pub fn key(
    configured: &Path,
    directory: &Path,
    name: &str,
    randomness: &dyn Randomness,
) -> anyhow::Result<[u8; 32]> {
    if !configured.as_os_str().is_empty() {
        return read(configured);
    }
    let file = directory.with_extension(name);
    match read(&file) {
        Err(error) if is_missing(&error) => {
            make(&file, randomness)?;
            read(&file)
        }
        outcome => outcome,
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn read(file: &Path) -> anyhow::Result<[u8; 32]> {
    let text = fs::read_to_string(file)?;
    let text = text.trim();
    let mut key = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        bail!("{} must hold 64 hexadecimal digits", file.display());
    }
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits)?;
        *byte = u8::from_str_radix(digits, 16)
            .with_context(|| format!("{} must hold 64 hexadecimal digits", file.display()))?;
    }
    Ok(key)
}

/// Another process may make the same file at the same moment: the first one wins.
fn make(file: &Path, randomness: &dyn Randomness) -> anyhow::Result<()> {
    let bytes = [randomness.bytes(), randomness.bytes()].concat();
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(mut made) => Ok(made.write_all(text.as_bytes())?),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", file.display())),
    }
}
