//! 鍵の保管 — PEM texts by name: in files of which nobody else reads the keys, or in memory.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Mutex,
};

use anyhow::{Context, Result};

/// 置き場 — where the texts are.
#[derive(Debug)]
pub(super) enum Files {
    Directory(PathBuf),
    Memory(Mutex<HashMap<String, String>>),
}

impl Files {
    /// A directory that only its owner enters; made when it is not there.
    pub(super) fn directory(path: &Path) -> Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self::Directory(path.to_owned()))
    }

    pub(super) fn memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// Reads a text; none when it is not there.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>> {
        match self {
            Self::Directory(directory) => read(&directory.join(name)),
            Self::Memory(texts) => {
                Ok(texts.lock().expect("no holder of the lock panics").get(name).cloned())
            }
        }
    }

    /// Writes what everybody may read, whole or not at all.
    pub(super) fn write_public(&self, name: &str, text: &str) -> Result<()> {
        self.write(name, text, 0o644)
    }

    /// Writes what only the owner may read, whole or not at all.
    pub(super) fn write_secret(&self, name: &str, text: &str) -> Result<()> {
        self.write(name, text, 0o600)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> Result<()> {
        match self {
            Self::Directory(directory) => write(&directory.join(name), text, mode),
            Self::Memory(texts) => {
                let mut texts = texts.lock().expect("no holder of the lock panics");
                texts.insert(name.to_owned(), text.to_owned());
                Ok(())
            }
        }
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    // The process id keeps two programs that start at once from writing into one file.
    let half = path.with_added_extension(format!("half-{}", std::process::id()));
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
