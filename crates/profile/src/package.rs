//! パッケージ — FHIR packages read into the neutral model.
//!
//! A package is a gzipped tar of JSON files. The reader is given its bytes and opens
//! nothing. Of a package it reads what checking needs: structures, code systems, value sets
//! and naming systems; of those, facts only, leniently (the Japanese packages hold empty
//! strings). Logical models and examples are left out.
//!
//! Source: FHIR packages (<https://hl7.org/fhir/packages.html>), FHIR R4.

mod archive;
mod lint;
mod reading;
mod revise;
pub mod scope;
mod shipped;
pub mod snapshot;
mod structure;
mod table;
mod terms;

pub use lint::{Finding, Oddity, lint};
pub use shipped::Shipped;

use std::io;

use kyoyu_domain::problem::Issue;

use crate::{
    definition::Definition,
    json::{Document, Value},
    terminology::{CodeSystem, ValueSet},
};

/// パッケージ — one FHIR package in the neutral model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name, such as `hl7.fhir.r4.core`.
    pub name: String,
    /// Its version, such as `4.0.1`.
    pub version: String,
    /// Types, resources, extensions and profiles in the order of the archive.
    pub definitions: Vec<Definition>,
    /// Code systems in the order of the archive.
    pub code_systems: Vec<CodeSystem>,
    /// Value sets in the order of the archive.
    pub value_sets: Vec<ValueSet>,
    /// Naming systems in the order of the archive.
    pub naming_systems: Vec<NamingSystem>,
}

/// 名前空間 — the identifiers that one system is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamingSystem {
    /// Its computer-friendly name.
    pub name: String,
    /// URIs and OIDs (`urn:oid:…`).
    pub unique_ids: Vec<String>,
}

/// Why a package cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It is no gzipped tar, or a broken one.
    #[error("the package is no readable .tgz archive")]
    Archive(#[source] io::Error),
    /// It holds more files, or larger ones, than any package does.
    #[error("the package exceeds the limit of {0}")]
    TooLarge(&'static str),
    /// It has no `package/package.json` with `name` and `version`.
    #[error("the package names neither its name nor its version")]
    Manifest,
    /// A file in it is not JSON as FHIR has it.
    #[error("{file} in the package is malformed ({})", .issue.rule.code)]
    Malformed {
        /// The file's path in the archive.
        file: String,
        /// What is wrong, and where.
        issue: Box<Issue>,
    },
}

impl Package {
    /// Reads the bytes of a `.tgz`, official or of the same layout.
    ///
    /// # Errors
    /// What is not a package, or larger than any package is.
    pub fn read(tgz: &[u8]) -> Result<Self, PackageError> {
        let mut package = Self::empty();
        archive::for_each_file(tgz, |file, bytes| {
            let document = Document::parse(bytes, &archive::LIMITS).map_err(|issue| {
                PackageError::Malformed { file: file.to_owned(), issue: Box::new(issue) }
            })?;
            if file == archive::MANIFEST {
                package.read_manifest(document.root());
            } else {
                package.read_resource(document.root());
            }
            Ok(())
        })?;
        if package.name.is_empty() || package.version.is_empty() {
            return Err(PackageError::Manifest);
        }
        Ok(package)
    }

    fn empty() -> Self {
        Self {
            name: String::new(),
            version: String::new(),
            definitions: Vec::new(),
            code_systems: Vec::new(),
            value_sets: Vec::new(),
            naming_systems: Vec::new(),
        }
    }

    fn read_manifest(&mut self, manifest: Value<'_>) {
        self.name = reading::text(manifest, "name").unwrap_or_default();
        self.version = reading::text(manifest, "version").unwrap_or_default();
    }

    fn read_resource(&mut self, resource: Value<'_>) {
        match resource.text_of("resourceType").as_deref() {
            Some("StructureDefinition") => self.definitions.extend(structure::read(resource)),
            Some("CodeSystem") => self.code_systems.extend(terms::code_system(resource)),
            Some("ValueSet") => self.value_sets.extend(terms::value_set(resource)),
            Some("NamingSystem") => self.naming_systems.extend(terms::naming_system(resource)),
            _ => {}
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
