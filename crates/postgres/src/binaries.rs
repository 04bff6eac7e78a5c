//! Where the server's programs are.

use std::{
    cmp::Reverse,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Error;

/// The oldest major version whose behaviour is tested.
pub(crate) const OLDEST_MAJOR: u32 = 15;

/// A directory with `postgres` and `initdb` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) directory: PathBuf,
    pub(crate) major: u32,
}

impl Binaries {
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Which versions will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any that is new enough; for a new data directory.
    Supported,
    /// Exactly this one; for a data directory that it made.
    Major(u32),
}

impl Wanted {
    fn accepts(self, major: u32) -> bool {
        match self {
            Self::Supported => major >= OLDEST_MAJOR,
            Self::Major(wanted) => major == wanted,
        }
    }
}

/// The binaries to use: of the named directory and no other, or else of the search path,
/// or else the newest of the places where distributions put them.
pub(crate) fn find(
    explicit: Option<&Path>,
    search_path: Option<&OsStr>,
    wanted: Wanted,
) -> Result<Binaries, Error> {
    let directories = match explicit {
        Some(directory) => vec![directory.to_owned()],
        None => std::env::split_paths(search_path.unwrap_or_default())
            .chain(distribution_directories(Path::new("/")))
            .collect(),
    };
    let mut found = Vec::new();
    for directory in &directories {
        let Some(binaries) = inspect(directory) else { continue };
        if wanted.accepts(binaries.major) {
            return Ok(binaries);
        }
        found.push(format!("{} in {}", binaries.major, binaries.directory.display()));
    }
    Err(missing(explicit, wanted, &found))
}

fn missing(explicit: Option<&Path>, wanted: Wanted, found: &[String]) -> Error {
    let needed = match wanted {
        Wanted::Supported => format!("{OLDEST_MAJOR} or newer"),
        Wanted::Major(major) => format!("{major}, which made the data directory,"),
    };
    let found = match (explicit, found) {
        (Some(directory), []) => format!("none in {}", directory.display()),
        (None, []) => "none at all".to_owned(),
        (_, found) => format!("only {}", found.join(", ")),
    };
    Error::MissingBinaries { needed, found }
}

/// What a directory holds; none when either program is not there or does not run.
fn inspect(directory: &Path) -> Option<Binaries> {
    // `postgres` looks for its libraries next to itself, so a link in a common directory
    // is followed to where the two programs live together.
    let postgres = fs::canonicalize(directory.join("postgres")).ok()?;
    let directory = postgres.parent()?.to_owned();
    if !directory.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(&postgres).arg("--version").output().ok()?;
    let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries { directory, major })
}

/// The major version in `postgres (PostgreSQL) 15.20 (Debian 15.20-1)` or `… 18beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

/// The places where distributions install several versions side by side, newest first.
fn distribution_directories(root: &Path) -> Vec<PathBuf> {
    const VERSIONED: &[(&str, &str, &str)] = &[
        ("usr/lib/postgresql", "", "bin"),
        ("usr/lib/postgresql", "", ""),
        ("usr/libexec", "postgresql", ""),
        ("usr", "pgsql-", "bin"),
        ("opt/homebrew/opt", "postgresql@", "bin"),
        ("usr/local/opt", "postgresql@", "bin"),
        ("Library/PostgreSQL", "", "bin"),
    ];
    let mut versioned: Vec<(u32, PathBuf)> = VERSIONED
        .iter()
        .flat_map(|(parent, prefix, below)| {
            let entries = fs::read_dir(root.join(parent)).into_iter().flatten().flatten();
            entries.filter_map(move |entry| {
                let name = entry.file_name();
                let major = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
                Some((major, entry.path().join(below)))
            })
        })
        .collect();
    versioned.sort_by_key(|(major, _)| Reverse(*major));
    let unversioned = ["usr/local/pgsql/bin", "usr/local/bin", "usr/bin"];
    let unversioned = unversioned.iter().map(|directory| root.join(directory));
    versioned.into_iter().map(|(_, directory)| directory).chain(unversioned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 17"), Some(17));
        assert_eq!(major_of("something else"), None);
    }

    #[test]
    fn versions_side_by_side_are_tried_newest_first() {
        let root = std::env::temp_dir().join(format!("kyoyu-versions-{}", std::process::id()));
        for version in ["9.6", "15", "16", "pg"] {
            fs::create_dir_all(root.join("usr/lib/postgresql").join(version).join("bin")).unwrap();
        }
        let found = distribution_directories(&root);
        fs::remove_dir_all(&root).unwrap();
        assert!(found[0].ends_with("postgresql/16/bin"), "{found:?}");
        assert!(!found.iter().any(|directory| directory.to_string_lossy().contains("9.6")));
        assert!(found.last().unwrap().ends_with("usr/bin"));
    }

    #[test]
    fn missing_binaries_name_the_debian_package() {
        let error = find(Some(Path::new("/nonexistent")), None, Wanted::Supported).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("apt-get install postgresql"), "{text}");
        assert!(text.contains("15 or newer"), "{text}");
    }

    #[test]
    fn a_data_directory_is_served_only_by_the_version_that_made_it() {
        let text = find(None, None, Wanted::Major(9)).unwrap_err().to_string();
        assert!(text.contains("Postgres 9, which made the data directory"), "{text}");
        assert!(text.contains("only "), "the versions that were found are named: {text}");
    }
}
