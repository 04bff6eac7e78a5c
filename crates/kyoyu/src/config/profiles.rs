//! `[profiles]`.

use std::path::{Path, PathBuf};

use kyoyu_profile::Generation;
use serde::Deserialize;

/// What bodies are checked against.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    packages: PathBuf,
    generation: Unnamed,
}

/// The generations as the configuration names them.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Unnamed {
    #[serde(rename = "1.10.0")]
    V1_10,
    #[serde(rename = "1.11.0")]
    V1_11,
    #[serde(rename = "1.12.0")]
    V1_12,
}

impl Profiles {
    /// The directory of the official packages; none: what is shipped.
    pub fn packages(&self) -> Option<&Path> {
        Some(self.packages.as_path()).filter(|packages| !packages.as_os_str().is_empty())
    }

    /// The generation of JP-CLINS by which a Bundle is judged that names none.
    pub fn generation(&self) -> Generation {
        match self.generation {
            Unnamed::V1_10 => Generation::V1_10,
            Unnamed::V1_11 => Generation::V1_11,
            Unnamed::V1_12 => Generation::V1_12,
        }
    }
}
