use super::*;
use crate::definition::{DiscriminatorKind, Max, SlicingRules, Strength};

const TABLE: &str = "\
# A profile of invented facts.
@canonical\thttp://a/p
@version\t1.2
@name\tP
@defines\tresource Observation
@constrains\tObservation

.\t\t\t\t\t\tob-1 ob-2?
code.coding:a/b\t1..\tCoding{http://a/c}\t=uri \"http://a\"\trequired http://a/vs|1 max http://a/vs2
subject\t..1\tReference(Patient,http://a/q)\t\t\tclosed ordered profile:resource\t\tmodifier; length 9
";

const INVARIANTS: &str =
    "http://a/p\tObservation\tob-1\tR1\terror\tcode.exists()\t日本語\tEnglish\t\t\n";

#[test]
fn a_line_is_an_element_with_all_its_facts() {
    let definitions = definitions(TABLE, &Invariants::read(&[INVARIANTS]));
    let [definition] = &definitions[..] else { panic!("one definition") };
    assert_eq!((definition.url.as_str(), definition.version.as_str()), ("http://a/p", "1.2"));
    assert_eq!(
        definition.base.as_deref(),
        Some("http://hl7.org/fhir/StructureDefinition/Observation")
    );
    let [root, coding, subject] = &definition.elements[..] else { panic!("three lines") };
    assert_eq!(root.id, "Observation");
    let keys: Vec<_> = root.constraints.iter().map(|c| (c.key.as_str(), c.is_error)).collect();
    assert_eq!(keys, [("ob-1", true), ("ob-2", false)]);
    assert_eq!(root.constraints[0].expression.as_deref(), Some("code.exists()"));
    assert_eq!((coding.path.as_str(), coding.min), ("Observation.code.coding", Some(1)));
    assert_eq!(coding.slice_name.as_deref(), Some("a/b"));
    assert_eq!(coding.types[0].profiles, ["http://a/c"]);
    let binding = coding.binding.as_ref().expect("it is bound");
    assert_eq!(binding.strength, Strength::Required);
    assert_eq!(binding.max_value_set.as_deref(), Some("http://a/vs2"));
    assert_eq!(subject.max, Some(Max::Count(1)));
    assert_eq!(subject.types[0].targets[1], "http://a/q");
    let slicing = subject.slicing.as_ref().expect("it is sliced");
    assert_eq!((slicing.rules, slicing.is_ordered), (SlicingRules::Closed, true));
    assert_eq!(slicing.discriminators[0].kind, DiscriminatorKind::Profile);
    assert_eq!((subject.is_modifier, subject.max_length), (true, Some(9)));
}

#[test]
fn parents_are_found_wherever_they_stand() {
    let systems = code_systems("@system\thttp://a\t1\tcomplete\tcase\nb\ta\tB\tja=び\na\t\tA\n");
    let concepts = &systems[0].concepts;
    assert_eq!((concepts[0].parent, concepts[1].parent), (Some(1), None));
    assert_eq!(concepts[0].designations[0].value, "び");
}

#[test]
fn a_value_set_has_parts_by_list_filter_and_nesting() {
    let sets = value_sets(
        "@set\thttp://a/vs\t1\n+\thttp://a\t\t=x|y z\n-\thttp://a\t\tconcept is-a w\n+\t\t\t\thttp://a/v|1 http://a/u\n",
    );
    let [list, nested] = &sets[0].includes[..] else { panic!("two parts") };
    assert_eq!(list.concepts[1].code, "y z");
    assert_eq!(sets[0].excludes[0].filters[0].operator, "is-a");
    assert_eq!(nested.value_sets, ["http://a/v|1", "http://a/u"]);
}
