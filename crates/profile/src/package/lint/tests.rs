use super::*;
use crate::package::tests::{official, tgz};

fn package(name: &str, files: &[&str]) -> Package {
    let manifest = format!(r#"{{"name": "{name}", "version": "1"}}"#);
    let names: Vec<_> = (0..files.len()).map(|index| format!("package/f{index}.json")).collect();
    let mut all = vec![("package/package.json", manifest.as_str())];
    all.extend(names.iter().map(String::as_str).zip(files.iter().copied()));
    Package::read(&tgz(&all)).expect("it is readable")
}

const BASE: &str = r#"{"resourceType": "StructureDefinition", "kind": "resource", "type": "A",
    "url": "http://a/A", "snapshot": {"element": [{"id": "A"}, {"id": "A.b", "max": "*"}]}}"#;

fn profile(base: &str, elements: &str) -> String {
    format!(
        r#"{{"resourceType": "StructureDefinition", "kind": "resource", "type": "A",
        "url": "http://a/P", "derivation": "constraint", "baseDefinition": "{base}",
        "differential": {{"element": [{elements}]}}}}"#
    )
}

fn found(base: &str, elements: &str) -> Vec<Oddity> {
    let profile = profile(base, elements);
    let package = package("a", &[BASE, &profile]);
    lint(&[&package]).into_iter().map(|finding| finding.oddity).collect()
}

#[test]
fn what_is_missing_is_found() {
    assert_eq!(found("http://a/B", ""), [Oddity::NoBase("http://a/B".to_owned())]);
    assert_eq!(found("http://a/A", r#"{"id": "A.c"}"#), [Oddity::NoElement]);
    let types = r#"{"id": "A.b:x", "max": "0", "type": [{"code": "Extension",
        "targetProfile": ["http://a/none"]}]}"#;
    assert_eq!(found("http://a/A", types), [Oddity::NoProfile("http://a/none".to_owned())]);
    let bound = r#"{"id": "A.b:x", "max": "0",
        "binding": {"strength": "required", "valueSet": "http://a/vs"}}"#;
    assert_eq!(found("http://a/A", bound), [Oddity::NoValueSet("http://a/vs".to_owned())]);
    let wordless = r#"{"id": "A", "constraint": [{"key": "k", "severity": "error"}]}"#;
    assert_eq!(found("http://a/A", wordless), [Oddity::NoExpression("k".to_owned())]);
}

#[test]
fn a_slice_that_nothing_tells_apart_is_found() {
    let slices = |slice: &str| {
        format!(
            r#"{{"id": "A.b", "slicing": {{"rules": "open",
            "discriminator": [{{"type": "value", "path": "$this"}}]}}}},
            {{"id": "A.b:x", "sliceName": "x"{slice}}}"#
        )
    };
    assert_eq!(found("http://a/A", &slices("")), [Oddity::NoTest]);
    assert_eq!(found("http://a/A", &slices(r#", "fixedCode": "x""#)), []);
}

#[test]
fn one_canonical_with_two_contents_is_found() {
    let set = |code: &str| {
        format!(
            r#"{{"resourceType": "ValueSet", "url": "http://a/vs", "compose": {{"include":
            [{{"system": "http://a/cs", "concept": [{{"code": "{code}"}}]}}]}}}}"#
        )
    };
    let [first, again, other] = ["x", "x", "y"].map(set);
    let [first, again, other] =
        [("first", first), ("again", again), ("other", other)].map(|(n, f)| package(n, &[&f]));
    assert_eq!(lint(&[&first, &again]), []);
    let findings = lint(&[&first, &other]);
    let expected = "http://a/vs: first and other define it differently";
    assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

#[test]
fn the_japanese_slices_can_be_told_apart_and_their_canonicals_that_are_defined_twice_are_found() {
    let names =
        ["hl7.fhir.r4.core-4.0.1.tgz", "jp-core.r4-1.1.2-clins.tgz", "jp-eCSCLINS.r4-1.10.0.tgz"];
    let packages: Vec<_> = names
        .into_iter()
        .filter_map(official)
        .map(|bytes| Package::read(&bytes).expect("it is readable"))
        .collect();
    let [r4, jp_core, clins] = &packages[..] else { return };
    let findings = lint(&[r4, jp_core, clins]);
    let japanese = findings.iter().filter(|finding| finding.canonical.contains("jpfhir.jp"));
    let (twice, other): (Vec<_>, Vec<_>) =
        japanese.partition(|finding| matches!(finding.oddity, Oddity::DefinedTwice(..)));
    assert_eq!(twice.len(), 8);
    // Their terminology is a package of its own that is not there.
    let other: Vec<_> =
        other.iter().filter(|own| !matches!(own.oddity, Oddity::NoValueSet(_))).collect();
    assert_eq!(other.len(), 0, "{other:?}");
}
