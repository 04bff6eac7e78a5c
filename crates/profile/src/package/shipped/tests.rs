use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
};

use super::*;
use crate::{
    definition::{Definition, Element, Strength, TypedJson},
    package::{
        snapshot::{Reason, complete, differences, facts::facts},
        tests::official,
    },
    terminology::{Membership, Terminology},
};

fn read(name: &str) -> Option<Package> {
    official(name).map(|bytes| Package::read(&bytes).expect("it is readable"))
}

/// The official packages of both guides.
fn officials() -> Option<[Package; 4]> {
    let r4 = read("hl7.fhir.r4.core-4.0.1.tgz")?;
    let jp_core = read("jp-core.r4-1.1.2-clins.tgz")?;
    let clins = read("jp-eCSCLINS.r4-1.10.0.tgz")?;
    let checkup = read("jp-eCheckupReport.r4-1.5.0.tgz")?;
    Some([r4, jp_core, clins, checkup])
}

/// What one has of its facts that the other does not; what is only unfolded from a datatype
/// says nothing.
fn lost(ours: &Definition, theirs: &Definition) -> Vec<String> {
    let held: HashMap<&str, &Element> = ours.elements.iter().map(|e| (&*e.id, e)).collect();
    let mut lost = Vec::new();
    for element in &theirs.elements {
        let Some(mine) = held.get(&*element.id) else { continue };
        for ((what, mine), (_, official)) in facts(mine).into_iter().zip(facts(element)) {
            if mine != official {
                lost.push(format!("{}: {} {what} {mine} <> {official}", theirs.url, element.id));
            }
        }
    }
    lost
}

/// For each definition the elements that say something beyond what is unfolded.
fn own_elements(packages: &[&Package], definitions: &[&Definition]) -> Vec<BTreeSet<String>> {
    let differences = differences(packages, definitions.iter().copied());
    let ids = |own: Definition| own.elements.into_iter().map(|element| element.id).collect();
    differences.into_iter().map(ids).collect()
}

fn compare(ours: &[&Package], theirs: &[&Package]) -> Vec<String> {
    let (shipped, official) = (complete(ours), complete(theirs));
    assert!(shipped.faults.len() <= official.faults.len(), "{:?}", shipped.faults);
    let mut all = Vec::new();
    let mut pairs = Vec::new();
    for theirs in &official.definitions {
        let same =
            |own: &&Cow<'_, Definition>| own.url == theirs.url && own.version == theirs.version;
        match shipped.definitions.iter().find(same) {
            Some(own) => pairs.push((&**own, &**theirs)),
            None => all.push(format!("{} is missing", theirs.url)),
        }
    }
    for (own, theirs) in &pairs {
        if head(own) != head(theirs) {
            all.push(format!("{} has another head", own.url));
        }
        all.extend(lost(own, theirs));
        all.extend(other_order(own, theirs));
    }
    let (own, official): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let elements = own_elements(ours, &own).into_iter().zip(own_elements(theirs, &official));
    let other = elements.zip(own).filter(|((own, official), _)| own != official);
    all.extend(other.map(|(_, own)| format!("{} has other elements", own.url)));
    all
}

/// What a definition says of itself.
fn head(own: &Definition) -> impl PartialEq {
    let of = (own.kind, own.type_name.clone(), own.base.clone(), own.is_profile, own.is_abstract);
    (of, own.name.clone(), own.contexts.clone(), own.context_invariants.clone())
}

/// Ordered slicings whose slices come in another order.
fn other_order(ours: &Definition, theirs: &Definition) -> Vec<String> {
    let slices = |definition: &Definition, sliced: &str| -> Vec<String> {
        let prefix = format!("{sliced}:");
        let ids = definition.elements.iter().map(|e| e.id.clone());
        ids.filter(|id| id.strip_prefix(&prefix).is_some_and(|s| !s.contains('.'))).collect()
    };
    theirs
        .elements
        .iter()
        .filter(|e| e.slicing.as_ref().is_some_and(|slicing| slicing.is_ordered))
        .filter(|e| slices(ours, &e.id) != slices(theirs, &e.id))
        .map(|e| format!("{} {} has another order", theirs.url, e.id))
        .collect()
}

#[test]
fn the_shipped_definitions_say_what_the_official_ones_say() {
    let Some([r4, jp_core, clins, checkup]) = officials() else { return };
    let shipped = Package::shipped();
    for (ours, theirs) in [
        (shipped.clinical(), [&r4, &jp_core, &clins]),
        (shipped.checkup(), [&r4, &jp_core, &checkup]),
    ] {
        let differences = compare(&ours, &theirs);
        assert_eq!(differences.len(), 0, "{}", differences.join("\n"));
    }
}

/// Every value set that any element of these packages is bound to so that it matters.
fn bound(packages: &[&Package]) -> HashSet<String> {
    let snapshots = complete(packages);
    let bindings = snapshots.definitions.iter().flat_map(|d| &d.elements);
    bindings
        .filter_map(|element| element.binding.as_ref())
        .filter(|binding| matches!(binding.strength, Strength::Required | Strength::Extensible))
        .flat_map(|binding| [Some(binding.value_set.clone()), binding.max_value_set.clone()])
        .flatten()
        .collect()
}

#[test]
fn the_shipped_value_sets_expand_to_the_official_codes() {
    let Some([r4, jp_core, clins, checkup]) = officials() else { return };
    let shipped = Package::shipped();
    for (ours, theirs) in [
        (shipped.clinical(), [&r4, &jp_core, &clins]),
        (shipped.checkup(), [&r4, &jp_core, &checkup]),
    ] {
        let (own, official) = (Terminology::build(&ours), Terminology::build(&theirs));
        for url in bound(&theirs) {
            let (mine, published) = (own.value_set(&url), official.value_set(&url));
            assert_eq!(mine.is_some(), published.is_some(), "{url}");
            let (Some(mine), Some(published)) = (mine, published) else { continue };
            let codes = |terminology: &Terminology, set| -> BTreeSet<(String, String)> {
                let members = terminology.members(set);
                members.map(|(system, code)| (system.to_owned(), code.to_owned())).collect()
            };
            assert_eq!(codes(&own, mine), codes(&official, published), "{url}");
            assert_eq!(own.is_empty(mine), official.is_empty(published), "{url}");
            // What cannot be decided is the same too.
            let unknown = |terminology: &Terminology, set| {
                terminology.contains(set, None, "\u{1}") == Membership::Undecidable
            };
            assert_eq!(unknown(&own, mine), unknown(&official, published), "{url}");
        }
    }
}

/// The names of a code that the display check may ask for, blanks made one.
fn names(terminology: &Terminology, system: &str, code: &str) -> Vec<String> {
    let names = terminology.displays(system, code).iter();
    names
        .filter(|name| matches!(name.language.as_deref(), None | Some("ja" | "en")))
        .map(|name| name.text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn the_shipped_code_systems_know_the_official_codes_and_names() {
    let Some([r4, jp_core, clins, checkup]) = officials() else { return };
    let shipped = Package::shipped();
    for (ours, theirs) in [
        (shipped.clinical(), [&r4, &jp_core, &clins]),
        (shipped.checkup(), [&r4, &jp_core, &checkup]),
    ] {
        let (own, official) = (Terminology::build(&ours), Terminology::build(&theirs));
        for system in theirs.iter().flat_map(|package| &package.code_systems) {
            let url = system.url.as_str();
            assert_eq!(own.code_system(url), official.code_system(url), "{url}");
            assert_eq!(own.code_system_version(url), official.code_system_version(url), "{url}");
            for concept in &system.concepts {
                let code = concept.code.as_str();
                let known = [&own, &official].map(|all| all.is_known_code(url, code));
                assert_eq!(known[0], known[1], "{url} {code}");
                assert_eq!(names(&own, url, code), names(&official, url, code), "{url} {code}");
            }
        }
    }
}

#[test]
fn every_table_is_read_without_rest() {
    let shipped = Package::shipped();
    for package in [&shipped.r4, &shipped.jp_core, &shipped.clins, &shipped.checkup] {
        assert!(!package.definitions.is_empty(), "{}", package.name);
        for definition in &package.definitions {
            assert!(!definition.type_name.is_empty(), "{}", definition.url);
            let bare =
                |typed: &Option<TypedJson>| typed.as_ref().is_some_and(|t| t.text.is_empty());
            assert!(!definition.elements.iter().any(|e| bare(&e.fixed) || bare(&e.pattern)));
        }
    }
    let tables = read_tables();
    for guide in [tables.clinical(), tables.checkup()] {
        let faults = complete(&guide).faults;
        // R4 names a profile for sections that it does not have.
        let own = faults.iter().filter(|fault| !matches!(fault.reason, Reason::NoTypeProfile(_)));
        assert_eq!(own.count(), 0, "{faults:?}");
    }
}

#[test]
fn every_invariant_of_the_shipped_definitions_has_an_expression_and_a_text() {
    let shipped = read_tables();
    let packages = [&shipped.r4, &shipped.jp_core, &shipped.clins, &shipped.checkup];
    for definition in packages.iter().flat_map(|package| &package.definitions) {
        for invariant in definition.elements.iter().flat_map(|element| &element.constraints) {
            let name = format!("{} {}", definition.url, invariant.key);
            assert!(!invariant.human.is_empty(), "{name}");
            // Of these R4 itself has the text alone.
            let is_r4 = definition.version == "4.0.1";
            assert!(is_r4 || invariant.expression.is_some(), "{name}");
        }
    }
}

#[test]
fn the_shipped_naming_systems_are_the_official_ones() {
    let Some(official) = officials() else { return };
    let Shipped { r4, jp_core, clins, checkup } = Package::shipped();
    for (own, official) in [r4, jp_core, clins, checkup].iter().zip(&official) {
        let ids = |package: &Package| -> BTreeSet<String> {
            package.naming_systems.iter().flat_map(|own| own.unique_ids.clone()).collect()
        };
        assert_eq!(ids(own), ids(official), "{}", own.name);
    }
}
