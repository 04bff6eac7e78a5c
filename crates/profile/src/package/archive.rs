//! The files of a package that may matter, one after the other, within bounds.

use std::io::Read;

use flate2::read::GzDecoder;

use super::PackageError;
use crate::limits::Limits;

/// The file that names the package.
pub(super) const MANIFEST: &str = "package/package.json";

/// Files of one archive; hl7.fhir.r4.core has 4,600.
const MAX_FILES: usize = 50_000;
/// Bytes of one file; the largest profile known has 5 MB.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// Bytes of all files together; hl7.fhir.r4.core has 35 MB.
const MAX_TOTAL_BYTES: u64 = 1 << 30;

/// What a file of a package may hold: more than anything that institutions send.
pub(super) const LIMITS: Limits = Limits {
    body_bytes: MAX_FILE_BYTES as usize,
    depth: 64,
    nodes: 8_000_000,
    fields: 512,
    string_bytes: 8 << 20,
    entries: 0,
    identifiers: 0,
    tags: 0,
    attachments: usize::MAX,
    contained: 0,
};

/// The resources that are read.
const WANTED: [&str; 4] = ["StructureDefinition", "CodeSystem", "ValueSet", "NamingSystem"];

/// Hands each JSON file that may matter to `visit`, with its path.
pub(super) fn for_each_file(
    tgz: &[u8],
    mut visit: impl FnMut(&str, &[u8]) -> Result<(), PackageError>,
) -> Result<(), PackageError> {
    let mut archive = tar::Archive::new(GzDecoder::new(tgz).take(MAX_TOTAL_BYTES));
    let mut bytes = Vec::new();
    for (index, entry) in archive.entries().map_err(PackageError::Archive)?.enumerate() {
        if index == MAX_FILES {
            return Err(PackageError::TooLarge("files"));
        }
        let mut entry = entry.map_err(PackageError::Archive)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.strip_prefix("./").unwrap_or(&path);
        if !may_matter(path) {
            continue;
        }
        if entry.size() > MAX_FILE_BYTES {
            return Err(PackageError::TooLarge("bytes of one file"));
        }
        bytes.clear();
        entry.read_to_end(&mut bytes).map_err(PackageError::Archive)?;
        visit(path, &bytes)?;
    }
    Ok(())
}

/// By name: directly in `package/`, JSON, and not named after a resource that is not read
/// (`SearchParameter-…`). Files with names of their own are looked into.
fn may_matter(path: &str) -> bool {
    let Some(name) = path.strip_prefix("package/").and_then(|path| path.strip_suffix(".json"))
    else {
        return false;
    };
    if name.contains('/') || name.starts_with('.') {
        return false;
    }
    let Some((first, _)) = name.split_once('-') else { return true };
    let named_after_type = first.starts_with(|c: char| c.is_ascii_uppercase())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    !named_after_type || WANTED.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_structures_and_terminology_directly_in_the_package_are_read() {
        for (path, expected) in [
            ("package/package.json", true),
            ("package/StructureDefinition-Patient.json", true),
            ("package/my-own-name.json", true),
            ("package/SearchParameter-Patient-name.json", false),
            ("package/.index.json", false),
            ("package/example/ValueSet-a.json", false),
            ("package/ValueSet-a.xml", false),
            ("other/ValueSet-a.json", false),
        ] {
            assert_eq!(may_matter(path), expected, "{path}");
        }
    }
}
