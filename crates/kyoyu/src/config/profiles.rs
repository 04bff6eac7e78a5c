//! `[profiles]`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What bodies are checked against.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    packages: PathBuf,
}

impl Profiles {
    /// The directory of the official packages; none: what is shipped.
    pub fn packages(&self) -> Option<&Path> {
        Some(self.packages.as_path()).filter(|packages| !packages.as_os_str().is_empty())
    }
}
