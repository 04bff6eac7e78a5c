//! プロファイル — the guides that bodies are checked against: those that are shipped, or the
//! official packages of a directory.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, ensure};
use kyoyu_profile::{
    Limits,
    package::Package,
    validator::{Guide, Validator},
};

/// Packages that guides build on, in the order of dependence.
const FOUNDATIONS: [&str; 2] = ["hl7.fhir.r4.core", "jp-core.r4"];

/// The validator over the packages of a directory, or over what is shipped.
///
/// # Errors
/// A package that cannot be read, or a directory without R4 core.
pub fn validator(packages: Option<&Path>, limits: Limits) -> anyhow::Result<Validator> {
    let Some(directory) = packages else { return Ok(Validator::shipped(limits)) };
    let packages = read(directory)?;
    let guides = guides(&packages).iter().map(|guide| Guide::load(guide)).collect();
    Ok(Validator::new(guides, limits))
}

/// Every package of a directory, one of each name and version: a guide that lies there both
/// with and without snapshots is taken in the form whose file name comes first.
///
/// # Errors
/// A file that cannot be read as a package.
pub fn read(directory: &Path) -> anyhow::Result<Vec<Package>> {
    let unreadable = || format!("the packages in {} cannot be read", directory.display());
    let mut files = fs::read_dir(directory)
        .with_context(unreadable)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, std::io::Error>>()
        .with_context(unreadable)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "tgz"));
    files.sort_by_key(|file| file.file_stem().map(std::ffi::OsStr::to_owned));
    ensure!(!files.is_empty(), "there is no package (*.tgz) in {}", directory.display());
    let mut packages = BTreeMap::new();
    for file in files {
        let bytes = fs::read(&file).with_context(unreadable)?;
        let package =
            Package::read(&bytes).with_context(|| format!("{} is no package", file.display()))?;
        packages.entry((package.name.clone(), package.version.clone())).or_insert(package);
    }
    Ok(packages.into_values().collect())
}

/// What each guide consists of: the foundations, then the guide itself.
pub fn guides(packages: &[Package]) -> Vec<Vec<&Package>> {
    let foundations: Vec<&Package> = FOUNDATIONS
        .iter()
        .flat_map(|name| packages.iter().filter(move |package| package.name == *name))
        .collect();
    let own = packages.iter().filter(|package| !FOUNDATIONS.contains(&package.name.as_str()));
    let guides: Vec<Vec<&Package>> =
        own.map(|guide| foundations.iter().copied().chain([guide]).collect()).collect();
    if guides.is_empty() { vec![foundations] } else { guides }
}
