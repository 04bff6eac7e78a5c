//! What a comparison with the reference validator over resources of all kinds has found: one
//! case for each rule, and one beside it that keeps the rule.

use kyoyu_domain::problem::Severity;
use kyoyu_profile::validator::Mode;
use serde_json::{Value, json};

use crate::guides::SHIPPED;

/// Code and place of the errors.
fn errors(resource: &Value, mode: Mode) -> Vec<(String, String)> {
    let report = SHIPPED.validate(resource.to_string().as_bytes(), mode);
    let errors = report.findings.iter().filter(|own| own.severity == Severity::Error);
    errors.map(|own| (own.rule.code.to_string(), own.expression.clone())).collect()
}

/// Asserts that the first is valid for the reference validator and that the second has just
/// this error.
fn assert_differ(good: &Value, bad: &Value, code: &str, place: &str) {
    assert_eq!(errors(good, Mode::Reference), [], "{good}");
    assert_eq!(errors(bad, Mode::Reference), [(code.to_owned(), place.to_owned())], "{bad}");
}

/// A resource with a member replaced, or added.
fn with(resource: &Value, member: &str, value: Value) -> Value {
    let mut changed = resource.clone();
    changed[member] = value;
    changed
}

fn without(resource: &Value, member: &str) -> Value {
    let mut changed = resource.clone();
    changed.as_object_mut().expect("an object").remove(member);
    changed
}

fn weight(system: &str) -> Value {
    let category = "http://terminology.hl7.org/CodeSystem/observation-category";
    json!({
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": category, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": system, "code": "29463-7"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-04-01",
        "valueQuantity": {
            "value": 60, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg",
        },
    })
}

#[test]
fn the_code_of_a_vital_sign_implies_its_profile() {
    let observation = weight("http://loinc.org");
    let timeless = without(&observation, "effectiveDateTime");
    assert_differ(&observation, &timeless, "kyoyu-element-missing", "Observation");
    let other = without(&weight("http://nowhere.jp/codes"), "effectiveDateTime");
    assert_eq!(errors(&other, Mode::Reference), []);
}

#[test]
fn a_slice_may_be_told_by_a_slice_within_it() {
    let loinc = |code: &str| json!({"coding": [{"system": "http://loinc.org", "code": code}]});
    let pressure = json!({
        "value": 120, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]",
    });
    let component = |code: &str| json!({"code": loinc(code), "valueQuantity": pressure});
    let observation = without(&weight("http://loinc.org"), "valueQuantity");
    let observation = with(&observation, "code", loinc("85354-9"));
    let both = json!([component("8480-6"), component("8462-4")]);
    let one = json!([component("8480-6"), component("8867-4")]);
    assert_differ(
        &with(&observation, "component", both),
        &with(&observation, "component", one),
        "kyoyu-slice-missing",
        "Observation",
    );
}

#[test]
fn in_a_language_that_is_not_registered_the_reference_finds_no_code() {
    let patient = json!({"resourceType": "Patient", "language": "ja", "gender": "male"});
    let unknown = with(&patient, "language", json!("xx"));
    assert_differ(&patient, &unknown, "kyoyu-code-not-in-value-set", "Patient.gender");
    assert_eq!(errors(&unknown, Mode::Strict), []);
}

#[test]
fn the_language_of_a_bundle_is_that_of_its_entries() {
    let entry = |patient: Value| json!({"fullUrl": "urn:uuid:785c4bd6-3e4f-477e-b746-ad01ed5cdc08", "resource": patient});
    let bundle = |language: &str| {
        let patient = json!({"resourceType": "Patient", "gender": "male"});
        json!({
            "resourceType": "Bundle", "type": "collection", "language": "xx",
            "entry": [entry(with(&patient, "language", json!(language)))],
        })
    };
    let places = |bundle: &Value| -> Vec<String> {
        let mut places: Vec<_> =
            errors(bundle, Mode::Reference).into_iter().map(|(_, place)| place).collect();
        places.sort();
        places
    };
    assert_eq!(places(&bundle("ja")), ["Bundle.type"]);
    let mut inherited = bundle("");
    let patient = inherited["entry"][0]["resource"].as_object_mut().expect("an object");
    patient.remove("language");
    assert_eq!(places(&inherited), ["Bundle.entry[0].resource.gender", "Bundle.type"]);
}

#[test]
fn a_code_of_which_nothing_is_at_hand_is_an_error_of_the_reference_only() {
    let cost = json!([{"type": {"text": "x"}, "valueMoney": {"value": 1, "currency": "JPY"}}]);
    let coverage = json!({
        "resourceType": "Coverage", "status": "active",
        "beneficiary": {"reference": "Patient/1"}, "payor": [{"reference": "Organization/1"}],
    });
    let priced = with(&coverage, "costToBeneficiary", cost);
    let place = "Coverage.costToBeneficiary[0].value.ofType(Money).currency";
    assert_differ(&coverage, &priced, "kyoyu-code-not-in-value-set", place);
    assert_eq!(errors(&priced, Mode::Strict), []);
}

#[test]
fn a_conditional_reference_stands_in_a_transaction_only() {
    let list = |reference: &str| {
        json!({
            "resourceType": "Account", "status": "active",
            "subject": [{"reference": reference}],
        })
    };
    let (plain, conditional) = (list("Patient/1"), list("Patient?identifier=1"));
    assert_differ(&plain, &conditional, "kyoyu-reference-conditional", "Account.subject[0]");
    let transaction = json!({"resourceType": "Bundle", "type": "transaction", "entry": [{
        "fullUrl": "urn:uuid:785c4bd6-3e4f-477e-b746-ad01ed5cdc08", "resource": conditional, "request": {"method": "POST", "url": "Account"},
    }]});
    assert_eq!(errors(&transaction, Mode::Reference), []);
}

#[test]
fn the_id_of_a_resource_has_no_extensions() {
    let patient = json!({"resourceType": "Patient", "id": "a"});
    let url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
    let beside = json!({"extension": [{"url": url, "valueCode": "unknown"}]});
    let extended = with(&patient, "_id", beside);
    assert_differ(&patient, &extended, "kyoyu-resource-id-extended", "Patient.id");
}

#[test]
fn an_id_is_no_content_of_a_primitive() {
    let with_value =
        json!({"resourceType": "Patient", "birthDate": "2026", "_birthDate": {"id": "a"}});
    let bare = without(&with_value, "birthDate");
    assert_differ(&with_value, &bare, "ele-1", "Patient.birthDate");
}

#[test]
fn a_supplement_does_not_state_whether_case_counts() {
    let supplement = json!({
        "resourceType": "CodeSystem", "status": "active", "content": "supplement",
        "url": "http://nowhere.jp/CodeSystem/x", "name": "X",
        "supplements": "http://hl7.org/fhir/administrative-gender",
    });
    let stated = with(&supplement, "caseSensitive", json!(true));
    let code = "kyoyu-code-system-supplement-case";
    assert_differ(&supplement, &stated, code, "CodeSystem.caseSensitive");
}

#[test]
fn the_type_of_a_reference_is_that_which_its_text_names() {
    let account = |named: &str| {
        json!({
            "resourceType": "Account", "status": "active",
            "subject": [{"reference": "Patient/a_b", "type": named}],
        })
    };
    let code = "kyoyu-reference-type-differs";
    assert_differ(&account("Patient"), &account("Device"), code, "Account.subject[0]");
}

#[test]
fn a_type_that_r4_does_not_have_is_named_as_the_place() {
    let unknown = errors(&json!({"resourceType": "Patien"}), Mode::Reference);
    assert_eq!(unknown, [("kyoyu-resource-type-unknown".to_owned(), "Patien".to_owned())]);
}

fn narrative(div: &str) -> Value {
    let text = json!({"status": "generated", "div": div});
    json!({"resourceType": "Basic", "code": {"text": "x"}, "text": text})
}

const DIV: &str = "<div xmlns=\"http://www.w3.org/1999/xhtml\">";

#[test]
fn markup_that_some_readers_take_is_an_error_of_strict_mode_only() {
    assert_eq!(errors(&narrative(&format!("{DIV}x</div>")), Mode::Strict), []);
    for lax in [
        format!("{DIV}<p class=a>x</p></div>"),
        format!("{DIV}<p class='a' class='b'>x</p></div>"),
        format!("{DIV}x</div>y"),
        format!("{DIV}x"),
        format!("<?xml version=\"1.0\"?>{DIV}x</div>"),
    ] {
        let resource = narrative(&lax);
        let place = ("kyoyu-xhtml-malformed".to_owned(), "Basic.text.div".to_owned());
        assert_eq!(errors(&resource, Mode::Strict), [place], "{lax}");
        assert_eq!(errors(&resource, Mode::Reference), [], "{lax}");
    }
}

#[test]
fn a_narrative_of_control_characters_says_nothing() {
    let of = |text: &str| narrative(&format!("{DIV}{text}</div>"));
    assert_differ(&of("x"), &of("\u{1}"), "txt-2", "Basic.text.div");
}

#[test]
fn of_base64_the_reference_counts_the_letters_only() {
    let form = ("kyoyu-base64-form".to_owned(), "Binary.data".to_owned());
    for (data, strict, reference) in [("YWJj", 0, 0), ("YWJ", 1, 1), ("!YWJj", 1, 0)] {
        let binary = json!({"resourceType": "Binary", "contentType": "text/plain", "data": data});
        let of = |mode| errors(&binary, mode).iter().filter(|own| **own == form).count();
        assert_eq!((of(Mode::Strict), of(Mode::Reference)), (strict, reference), "{data}");
    }
}

#[test]
fn an_unsigned_number_has_no_sign() {
    let is_wrong = |number: &str| {
        let parameter = r#"{"name": "a", "valueUnsignedInt": N}"#.replace('N', number);
        let text = format!(r#"{{"resourceType": "Parameters", "parameter": [{parameter}]}}"#);
        let report = SHIPPED.validate(text.as_bytes(), Mode::Reference);
        report.findings.iter().any(|own| own.rule.code == "kyoyu-unsigned-form")
    };
    assert!(!is_wrong("0") && is_wrong("-0"));
}

#[test]
fn to_the_reference_only_blanks_of_ascii_are_blanks_of_a_reference() {
    let of = |reference: &str| json!({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": reference}});
    assert_differ(&of("Patient/1"), &of("Patient/ 1"), "kyoyu-reference-blanks", "Basic.subject");
    assert_eq!(errors(&of("Patient/1\u{3000}"), Mode::Reference), []);
    assert_ne!(errors(&of("Patient/1\u{3000}"), Mode::Strict), []);
}
