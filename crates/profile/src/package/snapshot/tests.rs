use std::collections::HashMap;

use super::{facts::facts, *};
use crate::{
    definition::Element,
    package::tests::{official, tgz},
};

fn read(name: &str) -> Option<Package> {
    official(name).map(|bytes| Package::read(&bytes).expect("it is readable"))
}

fn unlike(ours: &Definition, theirs: &Definition) -> Vec<String> {
    let ids = |d: &Definition| d.elements.iter().map(|e| e.id.clone()).collect::<Vec<_>>();
    let mut differences = Vec::new();
    if ids(ours) != ids(theirs) {
        differences.push(format!("{}: other elements, or in another order", ours.name));
    }
    let own: HashMap<&str, &Element> = ours.elements.iter().map(|e| (&*e.id, e)).collect();
    for element in &theirs.elements {
        let Some(mine) = own.get(&*element.id) else { continue };
        for ((what, mine), (_, published)) in facts(mine).into_iter().zip(facts(element)) {
            if mine != published {
                differences.push(format!("{}: {what} {mine} <> {published}", element.id));
            }
        }
    }
    differences
}

#[test]
fn our_snapshots_are_the_published_ones() {
    let names = ["hl7.fhir.r4.core-4.0.1.tgz", "jp-core.r4-1.1.2-clins.tgz"];
    let [Some(core), Some(jp)] = names.map(read) else { return };
    for (differential, snapshot) in [
        ("jp-eCSCLINS.r4-1.10.0.tgz", "jp-eCSCLINS.r4-1.10.0-snap.tgz"),
        ("jp-eCheckupReport.r4-1.5.0.tgz", "jp-eCheckupReport.r4-1.5.0-snap.tgz"),
    ] {
        let [Some(differential), Some(snapshot)] = [differential, snapshot].map(read) else {
            return;
        };
        let completed = complete(&[&core, &jp, &differential]);
        for theirs in &snapshot.definitions {
            let same =
                |d: &&Cow<'_, Definition>| d.url == theirs.url && d.version == theirs.version;
            let ours = completed.definitions.iter().rfind(same).expect("it is there");
            assert_eq!(unlike(ours, theirs), [""; 0], "{}", theirs.url);
        }
    }
}

/// Each definition again from no more than what it says beyond its base.
fn completed_again(core: &Package, packages: &[&Package]) -> Vec<String> {
    let snapshots = complete(packages);
    let mut small = core.clone();
    small.definitions = differences(packages, snapshots.definitions.iter().map(|d| &**d));
    let again = complete(&[&small]);
    let no_profile = |fault: &&Fault| matches!(fault.reason, Reason::NoTypeProfile(_));
    let faults = again.faults.iter().filter(|fault| !no_profile(fault));
    let mut all: Vec<_> = faults.map(|fault| format!("{fault:?}")).collect();
    for (again, first) in again.definitions.iter().zip(&snapshots.definitions) {
        all.extend(lost(again, first));
    }
    all
}

/// The facts of the first that are not in the second; what is only unfolded counts as there.
fn lost(again: &Definition, first: &Definition) -> Vec<String> {
    assert_eq!(again.url, first.url);
    let held: HashMap<&str, &Element> = again.elements.iter().map(|e| (&*e.id, e)).collect();
    let mut lost = Vec::new();
    for element in &first.elements {
        let Some(mine) = held.get(&*element.id) else { continue };
        for ((what, mine), (_, published)) in facts(mine).into_iter().zip(facts(element)) {
            if mine != published {
                lost.push(format!("{}: {} {what} {mine} <> {published}", first.url, element.id));
            }
        }
    }
    lost
}

#[test]
fn a_difference_completes_to_the_snapshot_it_was_taken_from() {
    let names =
        ["hl7.fhir.r4.core-4.0.1.tgz", "jp-core.r4-1.1.2-clins.tgz", "jp-eCSCLINS.r4-1.10.0.tgz"];
    let [Some(core), Some(jp), Some(clins)] = names.map(read) else { return };
    let lost = completed_again(&core, &[&core, &jp, &clins]);
    assert_eq!(lost.len(), 0, "{}", lost.join("\n"));
}

/// A package of one profile of Observation over a small base.
fn profile(differential: &str) -> Package {
    let structure = |name: &str, kind: &str, rest: &str| {
        format!(
            r#"{{"resourceType": "StructureDefinition", "kind": "{kind}", "type": "{name}",
            "name": "{name}", {rest}}}"#
        )
    };
    let observation = structure(
        "Observation",
        "resource",
        r##""url": "http://hl7.org/fhir/StructureDefinition/Observation", "snapshot": {"element": [
        {"id": "Observation", "path": "Observation"},
        {"id": "Observation.code", "path": "Observation.code", "min": 1, "max": "1",
         "type": [{"code": "Coding"}]},
        {"id": "Observation.value[x]", "path": "Observation.value[x]", "min": 0, "max": "1",
         "type": [{"code": "Coding"}, {"code": "dateTime"}]},
        {"id": "Observation.range", "path": "Observation.range", "min": 0, "max": "*",
         "type": [{"code": "BackboneElement"}]},
        {"id": "Observation.range.low", "path": "Observation.range.low", "min": 0, "max": "1",
         "type": [{"code": "string"}]},
        {"id": "Observation.part", "path": "Observation.part", "min": 1, "max": "*",
         "contentReference": "#Observation.range"}]}"##,
    );
    let coding = structure(
        "Coding",
        "complex-type",
        r#""url": "http://hl7.org/fhir/StructureDefinition/Coding", "snapshot": {"element": [
        {"id": "Coding", "path": "Coding"},
        {"id": "Coding.system", "path": "Coding.system", "min": 0, "max": "1",
         "type": [{"code": "uri"}]}]}"#,
    );
    let own = structure(
        "Observation",
        "resource",
        &format!(
            r#""url": "http://a/p", "derivation": "constraint",
            "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
            "differential": {{"element": [{differential}]}}"#
        ),
    );
    let bytes = tgz(&[
        ("package/package.json", r#"{"name": "a", "version": "1"}"#),
        ("package/StructureDefinition-a.json", &observation),
        ("package/StructureDefinition-b.json", &coding),
        ("package/StructureDefinition-c.json", &own),
    ]);
    Package::read(&bytes).expect("it is readable")
}

/// The ids of the completed profile with their least numbers, and the faults.
fn completed(differential: &str) -> (Vec<(String, u32)>, Vec<Reason>) {
    let package = profile(differential);
    let snapshots = complete(&[&package]);
    let own = snapshots.definitions.iter().find(|d| d.url == "http://a/p").expect("it is there");
    let ids = own.elements.iter().map(|e| (e.id.clone(), e.min.unwrap_or_default())).collect();
    (ids, snapshots.faults.into_iter().map(|fault| fault.reason).collect())
}

fn ids(differential: &str) -> Vec<String> {
    let (elements, faults) = completed(differential);
    assert_eq!(faults, []);
    let base = ["code", "value[x]", "range", "range.low", "part"];
    let own = |id: String| id.strip_prefix("Observation.").map(str::to_owned);
    elements.into_iter().filter_map(|(id, _)| own(id)).filter(|id| !base.contains(&&**id)).collect()
}

#[test]
fn a_short_choice_is_a_slice_by_type() {
    assert_eq!(ids(r#"{"id": "Observation.valueDateTime"}"#), ["value[x]:valueDateTime"]);
    let within = r#"{"id": "Observation.valueCoding.system", "min": 1}"#;
    assert_eq!(ids(within), ["value[x]:valueCoding", "value[x]:valueCoding.system"]);
}

#[test]
fn children_come_from_the_datatype_or_from_the_repeated_element() {
    assert_eq!(ids(r#"{"id": "Observation.code.system", "min": 1}"#), ["code.system"]);
    assert_eq!(ids(r#"{"id": "Observation.part.low", "min": 1}"#), ["part.low"]);
}

#[test]
fn a_slice_begins_as_the_base_and_is_not_demanded_by_itself() {
    let (elements, _) = completed(
        r#"{"id": "Observation.range", "min": 2}, {"id": "Observation.range.low", "min": 1},
           {"id": "Observation.range:a"}, {"id": "Observation.range:b", "min": 1}"#,
    );
    let ranges: Vec<_> = elements
        .iter()
        .filter_map(|(id, min)| Some((id.strip_prefix("Observation.range")?, *min)))
        .collect();
    let expected = [("", 2), (".low", 1), (":a", 0), (":a.low", 0), (":b", 1), (":b.low", 0)];
    assert_eq!(ranges, expected);
}

#[test]
fn what_the_base_does_not_have_is_a_fault() {
    let (_, faults) = completed(r#"{"id": "Observation.nothing", "min": 1}"#);
    assert_eq!(faults, [Reason::NoElement]);
}

#[test]
fn a_circle_of_bases_is_a_fault() {
    let mut package = profile("");
    for definition in &mut package.definitions {
        definition.form = Form::Differential;
        definition.base = Some("http://a/p".to_owned());
    }
    assert!(complete(&[&package]).faults.iter().any(|fault| fault.reason == Reason::Circle));
}
