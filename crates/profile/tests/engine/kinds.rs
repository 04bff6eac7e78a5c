//! Every kind of rule of a profile, of a type and of a Bundle: a case that keeps it and one
//! that breaks it, through the validator as callers use it.
//!
//! The cases are in `tests/fixtures/kinds/`: small profiles, of which the differential is
//! given, and two resources each, as far as they differ from the least one of their type.
//! Which kinds there are, the files say themselves; that no rule is without a case is tested.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use flate2::{Compression, write::GzEncoder};
use kyoyu_domain::problem::Severity;
use kyoyu_profile::{
    Limits,
    package::Package,
    validator::{self, Guide, Mode, Report, Validator},
};
use serde_json::{Value, json};

const FILES: [&str; 8] =
    ["slicing", "bindings", "types", "values", "primitives", "structure", "bundles", "fhirpath"];
const PROFILES: &str = "http://kyoyu.test/sd/";
const R4: &str = "http://hl7.org/fhir/StructureDefinition/";

fn cases(file: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    let text = fs::read(folder.join(file).with_extension("json")).expect("the cases are there");
    serde_json::from_slice(&text).expect("the cases are a list in JSON")
}

/// The profile of a case, or none where it is about R4 itself.
fn profile(id: &str, base: &str, elements: &Value) -> Option<Value> {
    elements.as_array().filter(|own| !own.is_empty())?;
    Some(json!({
        "resourceType": "StructureDefinition", "url": format!("{PROFILES}{id}"), "name": id,
        "kind": "resource", "abstract": false, "type": base, "derivation": "constraint",
        "baseDefinition": format!("{R4}{base}"), "differential": {"element": elements},
    }))
}

/// A profile that demands one invariant.
fn constrained(id: &str, expression: &Value) -> Value {
    let constraint =
        json!({"key": "kind-1", "severity": "error", "human": "x", "expression": expression});
    let root = json!([{"id": "Observation", "path": "Observation", "constraint": [constraint]}]);
    profile(id, "Observation", &root).expect("it has an element")
}

fn extension(id: &str, is_modifier: bool, elements: &[Value]) -> Value {
    let root = json!({"id": "Extension", "path": "Extension", "isModifier": is_modifier});
    let url = json!({
        "id": "Extension.url", "path": "Extension.url", "fixedUri": format!("{PROFILES}{id}"),
    });
    let elements = [&[root], elements, &[url]].concat();
    let mut definition = profile(id, "Extension", &json!(elements)).expect("it has elements");
    definition["kind"] = json!("complex-type");
    let contexts =
        ["Basic", "Observation"].map(|own| json!({"type": "element", "expression": own}));
    definition["context"] = json!(contexts);
    definition
}

/// What the cases share: a code system, a value set, a profile and extensions.
fn shared() -> Vec<Value> {
    let text = json!({
        "id": "Extension.value[x]", "path": "Extension.value[x]", "type": [{"code": "string"}],
    });
    let slicing = json!({"discriminator": [{"type": "value", "path": "url"}], "rules": "closed"});
    let parts = [
        json!({"id": "Extension.extension", "path": "Extension.extension", "slicing": slicing}),
        json!({"id": "Extension.extension:a", "path": "Extension.extension", "sliceName": "a", "min": 1}),
        json!({"id": "Extension.extension:a.url", "path": "Extension.extension.url", "fixedUri": "a"}),
        json!({"id": "Extension.extension:b", "path": "Extension.extension", "sliceName": "b"}),
        json!({"id": "Extension.extension:b.url", "path": "Extension.extension.url", "fixedUri": "b"}),
    ];
    let mut conditional = extension("conditional", false, std::slice::from_ref(&text));
    conditional["contextInvariant"] = json!(["code.exists()", "code.text = %extension.value"]);
    let named = json!([{"id": "Patient.name", "path": "Patient.name", "min": 1}]);
    let concepts = json!([
        {"code": "a", "display": "Alpha"}, {"code": "b", "display": "Beta"}, {"code": "c"},
    ]);
    vec![
        json!({
            "resourceType": "CodeSystem", "url": "http://kyoyu.test/cs", "status": "active",
            "content": "complete", "caseSensitive": true, "concept": concepts,
        }),
        json!({
            "resourceType": "ValueSet", "url": "http://kyoyu.test/vs", "status": "active",
            "compose": {"include": [
                {"system": "http://kyoyu.test/cs", "concept": [{"code": "a"}, {"code": "b"}]},
            ]},
        }),
        profile("named-patient", "Patient", &named).expect("it has an element"),
        extension("ext", false, std::slice::from_ref(&text)),
        extension("modifier", true, &[text]),
        extension("parts", false, &parts),
        conditional,
    ]
}

/// The names of the profiles of a case: of the case that keeps the rule and the other.
fn ids(file: &str, place: usize) -> [String; 2] {
    ["", "-broken"].map(|end| format!("{file}-{place}{end}"))
}

fn definitions() -> Vec<Value> {
    let mut all = shared();
    for file in FILES {
        for (place, case) in cases(file).iter().enumerate() {
            let [id, broken] = ids(file, place);
            if let Some([keeps, breaks]) = case["constraints"].as_array().map(Vec::as_slice) {
                all.extend([constrained(&id, keeps), constrained(&broken, breaks)]);
            }
            all.extend(profile(&id, case["type"].as_str().expect("a type"), &case["elements"]));
        }
    }
    all
}

fn package(resources: &[Value]) -> Package {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut add = |path: String, text: String| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, path, text.as_bytes()).expect("memory takes it");
    };
    let manifest = json!({"name": "kyoyu.test", "version": "1.0.0"});
    add("package/package.json".to_owned(), manifest.to_string());
    for (place, resource) in resources.iter().enumerate() {
        let kind = resource["resourceType"].as_str().expect("a type");
        add(format!("package/{kind}-{place}.json"), resource.to_string());
    }
    let bytes = archive.into_inner().expect("it is complete").finish().expect("memory takes it");
    Package::read(&bytes).expect("it is a package")
}

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let (r4, own) = (Package::shipped().r4, package(&definitions()));
    let guide = Guide::load(&[&r4, &own]);
    assert_eq!(guide.faults().len(), 0, "{:?}", guide.faults());
    Validator::new(vec![guide], Limits::default())
});

/// The least resource of a type that is valid, for invariants one with a bit of everything.
fn least(case: &Value) -> Value {
    if case["constraints"].is_array() {
        return json!({
            "resourceType": "Observation", "status": "final",
            "text": {"status": "generated",
                     "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
            "contained": [{"resourceType": "Patient", "id": "p", "active": true, "name": [{"text": "x"}]}],
            "extension": [{"url": format!("{PROFILES}ext"), "valueString": "e"}],
            "category": [{"text": "x"}, {"text": "y"}],
            "code": {"coding": [{"system": "http://kyoyu.test/cs", "code": "a"}]},
            "subject": {"reference": "#p"},
            "valueQuantity": {"value": 5, "unit": "g"},
            "component": [{"code": {"text": "z"}, "valueString": "z"}],
        });
    }
    match case["type"].as_str().expect("a type") {
        "Observation" => {
            json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}})
        }
        "Basic" => json!({"resourceType": "Basic", "code": {"text": "x"}}),
        "Questionnaire" => json!({"resourceType": "Questionnaire", "status": "draft"}),
        other => json!({"resourceType": other}),
    }
}

/// The least resource with what a case changes; null takes an element away.
fn check(case: &Value, changes: &Value, profile: &str) -> Report {
    let mut resource = least(case);
    if case["constraints"].is_array()
        || case["elements"].as_array().is_some_and(|own| !own.is_empty())
    {
        resource["meta"]["profile"] = json!([format!("{PROFILES}{profile}")]);
    }
    for (name, value) in changes.as_object().into_iter().flatten() {
        let fields = resource.as_object_mut().expect("a resource is an object");
        match (name.as_str(), value) {
            (_, Value::Null) => drop(fields.remove(name)),
            ("meta", value) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    resource["meta"][name] = value.clone();
                }
            }
            _ => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    VALIDATOR.validate(resource.to_string().as_bytes(), Mode::Strict)
}

fn told(report: &Report) -> Vec<(&str, &str)> {
    report.findings.iter().map(|own| (&*own.rule.code, &*own.expression)).collect()
}

/// The errors, but for what a Bundle of the gateway has to claim.
fn errors(report: &Report) -> Vec<&str> {
    let claims = ["kyoyu-claim-bundle", "kyoyu-claim-entry"];
    let errors = report.findings.iter().filter(|own| own.severity == Severity::Error);
    errors.map(|own| &*own.rule.code).filter(|own| !claims.contains(own)).collect()
}

fn check_file(file: &str) {
    let mut wrong = Vec::new();
    for (place, case) in cases(file).iter().enumerate() {
        let [profile, broken] = ids(file, place);
        let (broken, rule) = if case["constraints"].is_array() {
            (&broken, "kind-1")
        } else {
            (&profile, case["told"].as_str().expect("what is told"))
        };
        let kept = check(case, &case["good"], &profile);
        if !errors(&kept).is_empty() || told(&kept).iter().any(|(code, _)| *code == rule) {
            wrong.push(format!("{} is kept: {:?}", case["kind"], told(&kept)));
        }
        let report = check(case, &case["bad"], broken);
        if !told(&report).iter().any(|(code, _)| *code == rule) {
            wrong.push(format!("{} is broken, {rule}: {:?}", case["kind"], told(&report)));
        }
    }
    assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_slicing_is_kept_and_broken() {
    check_file("slicing");
}

#[test]
fn every_kind_of_binding_is_kept_and_broken() {
    check_file("bindings");
}

#[test]
fn every_rule_of_types_and_numbers_is_kept_and_broken() {
    check_file("types");
}

#[test]
fn every_kind_of_fixed_value_pattern_and_limit_is_kept_and_broken() {
    check_file("values");
}

#[test]
fn the_form_of_every_primitive_is_kept_and_broken() {
    check_file("primitives");
}

#[test]
fn rules_of_extensions_contained_resources_and_narratives_are_kept_and_broken() {
    check_file("structure");
}

#[test]
fn rules_of_bundles_are_kept_and_broken() {
    check_file("bundles");
}

#[test]
fn every_function_and_operator_of_invariants_holds_and_fails() {
    check_file("fhirpath");
}

#[test]
fn no_rule_of_the_engine_is_without_a_case() {
    let all: Vec<Value> = FILES.into_iter().flat_map(cases).collect();
    let told: BTreeSet<&str> = all.iter().filter_map(|case| case["told"].as_str()).collect();
    let codes = validator::rules().iter().map(|rule| rule.code);
    let without: BTreeSet<&str> = codes.filter(|code| !told.contains(code)).collect();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    assert_eq!(without, elsewhere);
}

/// Rules whose cases are in other tests, and where.
const ELSEWHERE: &[(&str, &str)] = &[
    ("kyoyu-claim-bundle", "strict.rs"),
    ("kyoyu-claim-entry", "strict.rs"),
    ("kyoyu-name-ambiguous", "generations.rs"),
];
