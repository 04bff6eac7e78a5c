//! プロファイル — the guides that bodies are checked against: those that are shipped, or the
//! official packages of a directory.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, ensure};
use kyoyu_profile::{
    Generation, Limits,
    package::Package,
    validator::{Generations, Guide, Packages, Validator},
};

/// Packages that guides build on, in the order of dependence.
const FOUNDATIONS: [&str; 2] = ["hl7.fhir.r4.core", "jp-core.r4"];

/// The validator over the packages of a directory, or over what is shipped. A Bundle that
/// names no version of JP-CLINS is judged by `unnamed`.
///
/// # Errors
/// A package that cannot be read, or a directory without R4 core.
pub fn validator(
    packages: Option<&Path>,
    unnamed: Generation,
    limits: Limits,
) -> anyhow::Result<Validator> {
    let Some(directory) = packages else { return Ok(Validator::shipped(limits, unnamed)) };
    let packages = read(directory)?;
    let guides = guides(&packages).into_iter().map(|guide| generations(&guide, unnamed)).collect();
    Ok(Validator::with_generations(guides, unnamed, limits))
}

/// A guide, in every generation where its later ones are known and not at hand themselves.
fn generations(guide: &[&Archived], unnamed: Generation) -> Generations {
    let packages: Vec<&Package> = guide.iter().map(|own| &own.package).collect();
    let own = packages.last().filter(|own| Generations::are_of(own));
    if own.is_none() {
        return Generations::only(Guide::load(&packages));
    }
    // The archives are a tenth of what is in them, and the files may change meanwhile.
    let archives: Vec<Vec<u8>> = guide.iter().map(|own| own.archive.clone()).collect();
    let again: Packages = Box::new(move || {
        let read = archives.iter().map(|archive| Package::read(archive));
        read.map(|own| own.expect("it was read at the start")).collect()
    });
    Generations::load(&packages, unnamed, again)
}

/// A package with the bytes that it was read from.
#[derive(Debug)]
pub struct Archived {
    /// What was read.
    pub package: Package,
    archive: Vec<u8>,
}

/// Every package of a directory, one of each name and version: a guide that lies there both
/// with and without snapshots is taken in the form whose file name comes first.
///
/// # Errors
/// A file that cannot be read as a package.
pub fn read(directory: &Path) -> anyhow::Result<Vec<Archived>> {
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
        let address = (package.name.clone(), package.version.clone());
        packages.entry(address).or_insert(Archived { package, archive: bytes });
    }
    Ok(packages.into_values().collect())
}

/// What each guide consists of: the foundations, then the guide itself.
pub fn guides(packages: &[Archived]) -> Vec<Vec<&Archived>> {
    let foundations: Vec<&Archived> = FOUNDATIONS
        .iter()
        .flat_map(|name| packages.iter().filter(move |own| own.package.name == *name))
        .collect();
    let is_foundation = |own: &Archived| FOUNDATIONS.contains(&own.package.name.as_str());
    let guides: Vec<Vec<&Archived>> = packages
        .iter()
        .filter(|own| !is_foundation(own))
        .map(|guide| foundations.iter().copied().chain([guide]).collect())
        .collect();
    if guides.is_empty() { vec![foundations] } else { guides }
}
