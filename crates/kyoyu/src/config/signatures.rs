//! `[signatures]`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use kyoyu_signature::Trust;
use serde::Deserialize;

/// Whose electronic signatures are believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatures {
    /// The roots, PEM; empty: none.
    pub roots_file: PathBuf,
    /// Certificate revocation lists, PEM; empty: none.
    pub revocation_file: PathBuf,
}

impl Signatures {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be read or holds what cannot be used.
    pub fn trust(&self) -> anyhow::Result<Trust> {
        let (roots, lists) = (read(&self.roots_file)?, read(&self.revocation_file)?);
        Ok(Trust::from_pem(&roots, &lists)?)
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures(roots_file: &str) -> Signatures {
        Signatures { roots_file: roots_file.into(), revocation_file: PathBuf::new() }
    }

    #[test]
    fn no_files_are_no_trust() {
        assert!(signatures("").trust().expect("nothing to read").is_empty());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = signatures("/nowhere/roots.pem").trust().expect_err("no such file");
        assert!(format!("{error:#}").contains("/nowhere/roots.pem"), "{error:#}");
    }
}
