use std::{fs, path::Path};

use regex::Regex;

use super::*;
use crate::package::tests::{official, tgz};

/// A small package: `cs` has a tree, `part` is a fragment, LOINC ships a stub.
fn small() -> Terminology {
    let system = |url: &str, content: &str, concepts: &str| {
        format!(
            r#"{{"resourceType": "CodeSystem", "url": "{url}", "content": "{content}",
            "caseSensitive": true, "version": "1", "concept": [{concepts}]}}"#
        )
    };
    let set = |name: &str, compose: &str| {
        format!(
            r#"{{"resourceType": "ValueSet", "url": "http://a/vs/{name}", "version": "2",
            "compose": {{{compose}}}}}"#
        )
    };
    let files = [
        r#"{"name": "a", "version": "1"}"#.to_owned(),
        system(
            "http://a/cs",
            "complete",
            r#"{"code": "A", "display": "Alpha", "designation": [{"language": "ja", "value": "ア"}],
                "concept": [{"code": "b"}, {"code": "c", "concept": [{"code": "d"}]}]},
               {"code": "e", "property": [{"code": "kind", "valueCode": "k"}]}"#,
        ),
        system("http://a/part", "fragment", r#"{"code": "p"}"#),
        system("http://loinc.org", "complete", r#"{"code": "1-8"}"#),
        set("all", r#""include": [{"system": "http://a/cs"}]"#),
        set("below", &filter("descendent-of", "A")),
        set("is-a", &filter("is-a", "c")),
        set(
            "kind",
            r#""include": [{"system": "http://a/cs",
                "filter": [{"property": "kind", "op": "=", "value": "k"}]}]"#,
        ),
        set(
            "nested",
            r#""include": [{"valueSet": ["http://a/vs/below"]}],
               "exclude": [{"system": "http://a/cs", "concept": [{"code": "d"}]}]"#,
        ),
        set("loinc", r#""include": [{"system": "http://loinc.org"}]"#),
        set(
            "listed",
            r#""include": [{"system": "http://loinc.org", "concept": [{"code": "2-6"}]}]"#,
        ),
        set("media", r#""include": [{"system": "urn:ietf:bcp:13"}]"#),
        set("gap", r#""include": [{"valueSet": ["http://a/vs/missing"]}]"#),
        set("circle", r#""include": [{"valueSet": ["http://a/vs/circle"]}]"#),
    ];
    let names: Vec<_> = (0..files.len())
        .map(|index| if index == 0 { "package".to_owned() } else { format!("f{index}") })
        .map(|name| format!("package/{name}.json"))
        .collect();
    let named: Vec<_> = names.iter().zip(&files).map(|(n, f)| (n.as_str(), f.as_str())).collect();
    let package = Package::read(&tgz(&named)).expect("it is readable");
    Terminology::build(&[&package])
}

fn filter(operator: &str, value: &str) -> String {
    format!(
        r#""include": [{{"system": "http://a/cs",
        "filter": [{{"property": "concept", "op": "{operator}", "value": "{value}"}}]}}]"#
    )
}

/// The codes of a set in alphabetical order.
fn codes(terminology: &Terminology, name: &str) -> String {
    let set = terminology.value_set(&format!("http://a/vs/{name}")).expect("it is there");
    let mut codes: Vec<_> = terminology.members(set).map(|(_, code)| code).collect();
    codes.sort_unstable();
    codes.concat()
}

fn contains(terminology: &Terminology, set: &str, system: Option<&str>, code: &str) -> Membership {
    let set = terminology.value_set(&format!("http://a/vs/{set}")).expect("it is there");
    terminology.contains(set, system, code)
}

#[test]
fn sets_are_expanded_by_list_filter_nesting_and_exclusion() {
    let terminology = small();
    for (set, expected) in
        [("all", "Abcde"), ("below", "bcd"), ("is-a", "cd"), ("kind", "e"), ("nested", "bc")]
    {
        assert_eq!(codes(&terminology, set), expected, "{set}");
    }
}

#[test]
fn a_canonical_with_a_version_names_that_version_only() {
    let terminology = small();
    assert!(terminology.value_set("http://a/vs/all|2").is_some());
    assert!(terminology.value_set("http://a/vs/all|1").is_none());
}

#[test]
fn opaque_systems_are_undecidable_even_where_a_package_ships_a_stub() {
    let terminology = small();
    let loinc = Some("http://loinc.org");
    assert_eq!(contains(&terminology, "loinc", loinc, "9-9"), Membership::Undecidable);
    assert_eq!(contains(&terminology, "listed", loinc, "2-6"), Membership::Member);
    assert_eq!(contains(&terminology, "listed", loinc, "9-9"), Membership::Undecidable);
    assert_eq!(contains(&terminology, "loinc", Some("http://a/cs"), "b"), Membership::NotMember);
    assert_eq!(terminology.is_known_code("http://loinc.org", "9-9"), Knowledge::Undecidable);
}

#[test]
fn a_code_without_system_is_looked_for_in_all_systems_of_the_set() {
    let terminology = small();
    assert_eq!(contains(&terminology, "all", None, "b"), Membership::Member);
    assert_eq!(contains(&terminology, "all", None, "x"), Membership::NotMember);
    assert_eq!(contains(&terminology, "listed", None, "9-9"), Membership::NotMember);
    assert_eq!(contains(&terminology, "media", None, "application/pdf"), Membership::Member);
    assert_eq!(contains(&terminology, "media", None, "pdf"), Membership::NotMember);
    let set = terminology.value_set("http://a/vs/all").expect("it is there");
    assert_eq!(terminology.infer_system(set, "b"), Some("http://a/cs"));
}

#[test]
fn a_missing_or_circular_set_excludes_nothing() {
    let terminology = small();
    for set in ["gap", "circle"] {
        assert_eq!(contains(&terminology, set, None, "b"), Membership::Undecidable, "{set}");
    }
}

#[test]
fn only_complete_systems_know_what_does_not_exist() {
    let terminology = small();
    assert_eq!(terminology.is_known_code("http://a/cs", "b"), Knowledge::Known);
    assert_eq!(terminology.is_known_code("http://a/cs", "a"), Knowledge::Unknown);
    assert_eq!(terminology.is_known_code("http://a/part", "q"), Knowledge::Undecidable);
    assert_eq!(terminology.is_known_code("http://a/none", "q"), Knowledge::Undecidable);
    assert_eq!(terminology.code_system("http://a/part"), Some(Coverage::Fragment));
    assert_eq!(terminology.code_system("http://a/none"), None);
}

#[test]
fn displays_come_with_their_languages() {
    let terminology = small();
    let displays: Vec<_> = terminology
        .displays("http://a/cs", "A")
        .iter()
        .map(|own| (own.language.as_deref(), &*own.text))
        .collect();
    assert_eq!(displays, [(None, "Alpha"), (Some("ja"), "ア")]);
}

#[test]
fn the_official_packages_expand_as_the_reference_says() {
    let names =
        ["hl7.fhir.r4.core-4.0.1.tgz", "jp-core.r4-1.1.2-clins.tgz", "jp-eCSCLINS.r4-1.10.0.tgz"];
    let packages: Vec<_> = names
        .into_iter()
        .filter_map(official)
        .map(|bytes| Package::read(&bytes).expect("it is readable"))
        .collect();
    let [core, jp, clins] = &packages[..] else { return };
    let terminology = Terminology::build(&[core, jp, clins]);
    let check = |set: &str, system: Option<&str>, code: &str| {
        terminology.contains(terminology.value_set(set).expect("it is there"), system, code)
    };
    let status = "http://hl7.org/fhir/ValueSet/observation-status|4.0.1";
    assert_eq!(check(status, None, "final"), Membership::Member);
    assert_eq!(check(status, None, "finalised"), Membership::NotMember);
    let alb = "http://jpfhir.jp/fhir/clins/ValueSet/JLAC10/JP_CLINS_ObsLabResult_CoreLabo_alb_VS";
    assert_eq!(check(alb, None, "3A015000001827101"), Membership::Member);
    assert_eq!(check(alb, None, "3H015000002326101"), Membership::NotMember);
    let types = "http://hl7.org/fhir/ValueSet/mimetypes|4.0.1";
    assert_eq!(check(types, None, "application/pdf"), Membership::Member);
    let act = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    assert_eq!(terminology.is_known_code(act, "AMB"), Knowledge::Known);
    assert_eq!(terminology.is_known_code(act, "AMBX"), Knowledge::Unknown);
}

/// The lines of the reference verdicts with the terminology of their guide.
#[expect(clippy::print_stdout, reason = "a test says what it left out")]
fn verdicts(mut check: impl FnMut(&Terminology, &str)) {
    let shipped = Package::shipped();
    let clinical = Terminology::build(&shipped.clinical());
    let checkup = Terminology::build(&shipped.checkup());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/verdicts");
    for name in ["examples.jsonl", "mutants.jsonl"] {
        let file = folder.join(name);
        let Ok(text) = fs::read_to_string(&file) else {
            println!("left out: {} is not there", file.display());
            continue;
        };
        for line in text.lines() {
            let is_clinical =
                line.contains(r#""set": "clins""#) || line.contains(r#""set":"clins""#);
            check(if is_clinical { &clinical } else { &checkup }, line);
        }
    }
}

#[test]
fn codes_that_the_reference_does_not_know_are_unknown() {
    let pattern = Regex::new("Unknown code '([^']*)' in the CodeSystem '([^']*)'").expect("valid");
    verdicts(|terminology, line| {
        for found in pattern.captures_iter(line) {
            let known = terminology.is_known_code(&found[2], &found[1]);
            assert_eq!(known, Knowledge::Unknown, "{}", &found[0]);
        }
    });
}

#[test]
fn systems_that_the_reference_does_not_have_decide_nothing() {
    let pattern =
        Regex::new("A definition for CodeSystem '([^']*)' could not be found").expect("valid");
    verdicts(|terminology, line| {
        for found in pattern.captures_iter(line) {
            let coverage = terminology.code_system(&found[1]);
            let decides = matches!(coverage, Some(Coverage::Complete | Coverage::Fragment));
            assert!(!decides, "{}", &found[1]);
        }
    });
}

#[test]
fn names_that_the_reference_finds_wrong_are_not_among_ours_and_its_own_are() {
    let pattern =
        Regex::new("Wrong Display Name '([^']*)' for ([^#']*)#([^. ]*)\\. Valid display is (?:one of [0-9]+ choices: )?'([^']*)'")
            .expect("valid");
    verdicts(|terminology, line| {
        for found in pattern.captures_iter(line) {
            let names = terminology.displays(&found[2], &found[3]);
            let has = |text: &str| names.iter().any(|own| own.text.eq_ignore_ascii_case(text));
            assert!(!has(&found[1]) && has(&found[4]), "{}", &found[0]);
        }
    });
}

#[test]
fn value_sets_that_the_reference_does_not_find_are_not_here() {
    let pattern = Regex::new("ValueSet '([^']*)' not found").expect("valid");
    verdicts(|terminology, line| {
        for found in pattern.captures_iter(line) {
            assert_eq!(terminology.value_set(&found[1]), None, "{}", &found[1]);
        }
    });
}

#[test]
fn codes_that_the_reference_does_not_find_in_a_value_set_are_no_members() {
    let pattern = Regex::new(
        "The System URI could not be determined for the code '([^']*)' in the ValueSet '([^']*)'",
    )
    .expect("valid");
    verdicts(|terminology, line| {
        for found in pattern.captures_iter(line) {
            // An artefact of the reference: it cannot check media types without a server.
            if found[2].starts_with("http://hl7.org/fhir/ValueSet/mimetypes") {
                continue;
            }
            let set = terminology.value_set(&found[2]).expect("it is there");
            let membership = terminology.contains(set, None, &found[1]);
            assert_eq!(membership, Membership::NotMember, "{}", &found[0]);
        }
    });
}
