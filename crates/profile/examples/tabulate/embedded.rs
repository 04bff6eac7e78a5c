//! The list of tables that become part of the program.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use crate::Source;

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/package/shipped/files.rs");

/// The tables of one package, from the folder of all tables.
pub(crate) struct Listed {
    constant: String,
    name: String,
    version: String,
    pub(crate) definitions: Vec<PathBuf>,
    pub(crate) code_systems: Vec<PathBuf>,
    pub(crate) value_sets: Vec<PathBuf>,
    pub(crate) naming_systems: Vec<PathBuf>,
}

impl Listed {
    pub(crate) fn new(source: &Source) -> Self {
        let constant = match source.folder {
            "core" => "JP_CORE".to_owned(),
            folder => folder.to_uppercase(),
        };
        Self {
            constant,
            name: source.package.name.clone(),
            version: source.package.version.clone(),
            definitions: Vec::new(),
            code_systems: Vec::new(),
            value_sets: Vec::new(),
            naming_systems: Vec::new(),
        }
    }

    fn write(&self) -> String {
        format!(
            "\npub(super) const {}: Tables = Tables {{\n    name: {:?},\n    version: {:?},\n    \
             definitions: {},\n    code_systems: {},\n    value_sets: {},\n    \
             naming_systems: {},\n}};\n",
            self.constant,
            self.name,
            self.version,
            list(&self.definitions),
            list(&self.code_systems),
            list(&self.value_sets),
            list(&self.naming_systems)
        )
    }
}

fn list(files: &[PathBuf]) -> String {
    let files = files.iter().map(|file| {
        format!("        include_str!(\"../../../../../fhir-profiles/{}\"),\n", file.display())
    });
    format!("&[\n{}    ]", files.collect::<String>())
}

/// Writes the list into the crate.
pub(crate) fn write(r4: &Source, listed: &[Listed], out: &Path) -> Result<(), Box<dyn Error>> {
    let mut invariants = vec![PathBuf::from("r4/invariants.tsv")];
    let own = PathBuf::from("invariants.tsv");
    invariants.extend(out.join(&own).exists().then_some(own));
    let mut r4 = Listed::new(r4);
    r4.definitions = ["r4/types.tsv", "r4/profiles.tsv"].map(PathBuf::from).to_vec();
    r4.code_systems = vec![PathBuf::from("r4/codes.tsv")];
    r4.value_sets = vec![PathBuf::from("r4/value-sets.tsv")];
    r4.naming_systems = vec![PathBuf::from("r4/naming.tsv")];
    let mut text = String::from(
        "//! The tables that are part of the program. Written by the example `tabulate`.\n\n\
         use super::Tables;\n\n",
    );
    text.push_str(&format!(
        "pub(super) const INVARIANTS: &[&str] = {};\n",
        list(&invariants).replace("        include", "    include").replace("    ]", "]")
    ));
    text.push_str(&r4.write());
    for own in listed {
        text.push_str(&own.write());
    }
    fs::write(LIST, text)?;
    Ok(())
}
