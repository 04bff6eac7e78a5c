//! Writes the tables of `fhir-profiles/` from the official packages.
//!
//! ```text
//! cargo run -p kyoyu-profile --example tabulate -- R4.tgz JP-CORE.tgz JP-CLINS.tgz ECHECKUP.tgz fhir-profiles
//! ```
//!
//! Facts only: paths, numbers, types, values, bindings, slice keys, codes and their names.
//! Of R4 (CC0) also the expressions and texts of the invariants.

mod definitions;
mod embedded;
mod terms;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use kyoyu_profile::{
    definition::Definition,
    package::{Package, snapshot},
};

/// A package with the folder that its tables go to.
pub(crate) struct Source {
    /// The folder's name, such as `clins`.
    pub(crate) folder: &'static str,
    pub(crate) package: Package,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [r4, jp_core, clins, checkup, out] = &arguments[..] else {
        return Err("usage: tabulate R4.tgz JP-CORE.tgz JP-CLINS.tgz ECHECKUP.tgz OUT".into());
    };
    let read = |folder, path: &Path| -> Result<Source, Box<dyn Error>> {
        Ok(Source { folder, package: Package::read(&fs::read(path)?)? })
    };
    let r4 = read("r4", r4)?;
    let jp_core = read("core", jp_core)?;
    let clins = read("clins", clins)?;
    let checkup = read("checkup", checkup)?;

    write_r4(&r4, out)?;
    let listed = [
        write_japanese(&jp_core, &[&r4, &jp_core], out)?,
        write_japanese(&clins, &[&r4, &jp_core, &clins], out)?,
        write_japanese(&checkup, &[&r4, &jp_core, &checkup], out)?,
    ];
    embedded::write(&r4, &listed, out)
}

/// What each definition of a package says beyond its base, by name.
fn differences(source: &Source, guide: &[&Source]) -> Vec<Definition> {
    let packages: Vec<&Package> = guide.iter().map(|source| &source.package).collect();
    let own: Vec<_> = source.package.definitions.iter().map(|d| (&d.url, &d.version)).collect();
    let completed = snapshot::complete(&packages);
    let own = completed
        .definitions
        .iter()
        .map(|definition| &**definition)
        .filter(|definition| own.contains(&(&definition.url, &definition.version)));
    let mut differences = snapshot::differences(&packages, own);
    differences.sort_by(|left, right| left.url.cmp(&right.url));
    differences
}

fn write_r4(r4: &Source, out: &Path) -> Result<(), Box<dyn Error>> {
    let folder = out.join("r4");
    fs::create_dir_all(&folder)?;
    let all = differences(r4, &[r4]);
    let (profiles, types): (Vec<_>, Vec<_>) = all.iter().partition(|own| own.is_profile);
    let tables = |definitions: &[&Definition]| {
        let tables: Vec<_> = definitions.iter().map(|own| definitions::table(own)).collect();
        tables.join("\n")
    };
    fs::write(folder.join("types.tsv"), tables(&types))?;
    fs::write(folder.join("profiles.tsv"), tables(&profiles))?;
    fs::write(folder.join("invariants.tsv"), definitions::invariants(&all))?;
    let mut systems: Vec<_> = r4.package.code_systems.iter().collect();
    systems.sort_by_key(|system| &system.url);
    let systems: Vec<_> = systems.into_iter().filter_map(terms::code_system).collect();
    fs::write(folder.join("codes.tsv"), systems.join("\n"))?;
    fs::write(folder.join("value-sets.tsv"), terms::value_sets(&r4.package.value_sets))?;
    fs::write(folder.join("naming.tsv"), terms::naming_systems(&r4.package.naming_systems))?;
    Ok(())
}

/// One file per definition and per code system, one for all value sets; the files written,
/// from `out`.
fn write_japanese(
    source: &Source,
    guide: &[&Source],
    out: &Path,
) -> Result<embedded::Listed, Box<dyn Error>> {
    let mut listed = embedded::Listed::new(source);
    let profiles = PathBuf::from("jp").join(source.folder);
    fs::create_dir_all(out.join(&profiles))?;
    for definition in differences(source, guide) {
        let file = profiles.join(format!("{}.tsv", definition.name));
        fs::write(out.join(&file), definitions::sorted_table(&definition))?;
        listed.definitions.push(file);
    }
    let codes = PathBuf::from("codes").join(source.folder);
    fs::create_dir_all(out.join(&codes))?;
    let mut systems: Vec<_> = source.package.code_systems.iter().collect();
    systems.sort_by_key(|system| &system.url);
    for system in systems {
        let file = codes.join(format!("{}.tsv", terms::file_name(&system.url)));
        let Some(table) = terms::sorted_code_system(system) else { continue };
        fs::write(out.join(&file), table)?;
        listed.code_systems.push(file);
    }
    let file = PathBuf::from("value-sets").join(format!("{}.tsv", source.folder));
    fs::create_dir_all(out.join("value-sets"))?;
    fs::write(out.join(&file), terms::value_sets(&source.package.value_sets))?;
    listed.value_sets.push(file);
    let file = PathBuf::from("naming").join(format!("{}.tsv", source.folder));
    fs::create_dir_all(out.join("naming"))?;
    fs::write(out.join(&file), terms::naming_systems(&source.package.naming_systems))?;
    listed.naming_systems.push(file);
    Ok(listed)
}
