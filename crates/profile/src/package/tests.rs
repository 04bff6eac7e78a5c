use std::{fs, path::PathBuf};

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::definition::{DiscriminatorKind, Form, Max, SlicingRules, Strength};

/// A file of the official packages; tests that need it say so when it is absent.
#[expect(clippy::print_stdout, reason = "a test says what it left out")]
pub(crate) fn official(name: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/packages");
    let file = folder.join(name);
    let bytes = fs::read(&file).ok();
    if bytes.is_none() {
        println!("left out: {} is not there", file.display());
    }
    bytes
}

pub(crate) fn tgz(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes()).expect("memory takes it");
    }
    archive.into_inner().expect("it is complete").finish().expect("memory takes it")
}

const MANIFEST: (&str, &str) = ("package/package.json", r#"{"name": "a.b", "version": "1.0"}"#);

#[test]
fn bytes_that_are_no_archive_are_refused() {
    assert!(matches!(Package::read(b"not a package"), Err(PackageError::Archive(_))));
    assert!(matches!(Package::read(&tgz(&[])), Err(PackageError::Manifest)));
}

#[test]
fn a_malformed_file_is_named() {
    let bytes = tgz(&[MANIFEST, ("package/ValueSet-a.json", "{\"a\": }")]);
    let error = Package::read(&bytes).expect_err("it is malformed");
    assert!(error.to_string().starts_with("package/ValueSet-a.json"), "{error}");
}

#[test]
fn an_element_is_read_with_all_its_facts_and_empty_strings_are_none() {
    let bytes = tgz(&[
        MANIFEST,
        (
            "package/StructureDefinition-x.json",
            r#"{"resourceType": "StructureDefinition", "url": "http://a/x", "version": "",
            "name": "X", "kind": "resource", "type": "Observation", "derivation": "constraint",
            "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
            "differential": {"element": [
              {"id": "Observation.code.coding:a/b", "path": "Observation.code.coding",
               "sliceName": "a/b", "comment": "", "min": 1, "max": "*",
               "slicing": {"rules": "closed", "ordered": true,
                           "discriminator": [{"type": "value", "path": "$this"}]},
               "type": [{"code": "http://hl7.org/fhirpath/System.String"}],
               "fixedUri": "http://a", "patternDateTime": "2020",
               "binding": {"strength": "required", "valueSet": "http://a/vs|1"}}]}}"#,
        ),
    ]);
    let package = Package::read(&bytes).expect("it is readable");
    let [definition] = &package.definitions[..] else { panic!("one definition") };
    assert_eq!((definition.form, definition.version.as_str()), (Form::Differential, ""));
    let element = &definition.elements[0];
    assert_eq!(element.slice_name.as_deref(), Some("a/b"));
    assert_eq!((element.min, element.max), (Some(1), Some(Max::Unbounded)));
    let slicing = element.slicing.as_ref().expect("it is sliced");
    assert_eq!(slicing.rules, SlicingRules::Closed);
    assert_eq!(slicing.discriminators[0].kind, DiscriminatorKind::Value);
    assert_eq!(element.types[0].code, "string");
    let typed = |json: &Option<crate::definition::TypedJson>| {
        json.as_ref().map(|json| (json.type_name.clone(), json.text.clone()))
    };
    assert_eq!(typed(&element.fixed), Some(("uri".into(), "\"http://a\"".into())));
    assert_eq!(typed(&element.pattern), Some(("dateTime".into(), "\"2020\"".into())));
    let binding = element.binding.as_ref().expect("it is bound");
    assert_eq!(
        (binding.strength, binding.value_set.as_str()),
        (Strength::Required, "http://a/vs|1")
    );
}

#[test]
fn a_slice_of_what_is_not_sliced_is_the_element_itself() {
    let bytes = tgz(&[
        MANIFEST,
        (
            "package/StructureDefinition-x.json",
            r#"{"resourceType": "StructureDefinition", "url": "http://a/x", "kind": "resource",
            "snapshot": {"element": [{"id": "A"}, {"id": "A.b:B", "sliceName": "B"},
              {"id": "A.b:B.c"}, {"id": "A.d"}, {"id": "A.d:D", "sliceName": "D"}]}}"#,
        ),
    ]);
    let package = Package::read(&bytes).expect("it is readable");
    let ids: Vec<_> = package.definitions[0].elements.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(ids, ["A", "A.b", "A.b.c", "A.d", "A.d:D"]);
}

#[test]
fn concepts_keep_their_order_and_their_parents() {
    let bytes = tgz(&[
        MANIFEST,
        (
            "package/CodeSystem-x.json",
            r#"{"resourceType": "CodeSystem", "url": "http://a/cs", "content": "complete",
            "concept": [{"code": "a", "concept": [{"code": "b", "concept": [{"code": "c"}]},
                                                  {"code": "d"}]}, {"code": "e"}]}"#,
        ),
    ]);
    let package = Package::read(&bytes).expect("it is readable");
    let concepts: Vec<_> =
        package.code_systems[0].concepts.iter().map(|c| (c.code.as_str(), c.parent)).collect();
    let expected = [("a", None), ("b", Some(0)), ("c", Some(1)), ("d", Some(0)), ("e", None)];
    assert_eq!(concepts, expected);
}

#[test]
fn the_official_packages_are_read_as_a_whole() {
    for (name, definitions, code_systems, value_sets) in [
        // 655 less five logical models.
        ("hl7.fhir.r4.core-4.0.1.tgz", 650, 1062, 1316),
        ("jp-core.r4-1.1.2-clins.tgz", 88, 22, 37),
        ("jp-eCSCLINS.r4-1.10.0.tgz", 51, 31, 205),
        ("jp-eCSCLINS.r4-1.10.0-snap.tgz", 51, 31, 205),
        ("jp-eCheckupReport.r4-1.5.0.tgz", 47, 72, 12),
        ("jp-eCheckupReport.r4-1.5.0-snap.tgz", 47, 72, 12),
    ] {
        let Some(bytes) = official(name) else { continue };
        let package = Package::read(&bytes).expect("it is readable");
        let counts =
            (package.definitions.len(), package.code_systems.len(), package.value_sets.len());
        assert_eq!(counts, (definitions, code_systems, value_sets), "{name}");
    }
}
