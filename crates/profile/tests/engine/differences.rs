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

#[test]
fn an_extension_may_demand_something_of_the_element_that_holds_it() {
    let url = "http://hl7.org/fhir/StructureDefinition/list-changeBase";
    let list = json!({
        "resourceType": "List", "status": "current", "mode": "changes",
        "extension": [{"url": url, "valueReference": {"reference": "List/1"}}],
    });
    let snapshot = with(&list, "mode", json!("snapshot"));
    assert_differ(&list, &snapshot, "kyoyu-extension-context-invariant", "List");
}

#[test]
fn in_the_invariant_of_a_context_the_reference_knows_no_extension() {
    let url = "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs";
    let questionnaire = |is_required: bool| {
        json!({
            "resourceType": "Questionnaire", "status": "draft",
            "item": [{
                "linkId": "1", "type": "string", "required": is_required,
                "extension": [{"url": url, "valueInteger": 0}],
            }],
        })
    };
    let (required, other) = (questionnaire(true), questionnaire(false));
    let code = "kyoyu-extension-context-invariant";
    assert_differ(&required, &other, code, "Questionnaire.item[0]");
    assert_eq!(errors(&other, Mode::Strict), []);
}

#[test]
fn a_part_of_what_hl7_defines_is_defined_too() {
    let item = |definition: &str| {
        let item = json!([{"linkId": "1", "type": "boolean", "definition": definition}]);
        json!({"resourceType": "Questionnaire", "status": "draft", "item": item})
    };
    let known = item("http://hl7.org/fhir/StructureDefinition/Patient#Patient.active");
    let unknown = item("http://hl7.org/fhir/StructureDefinition/Nothing#Patient.active");
    let place = "Questionnaire.item[0].definition";
    assert_differ(&known, &unknown, "kyoyu-url-hl7-unknown", place);
}

#[test]
fn a_policy_of_consent_is_known_without_a_definition() {
    let consent = |uri: &str| {
        let coded =
            |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
        json!({
            "resourceType": "Consent", "status": "active",
            "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            "category": [coded("http://loinc.org", "59284-0")],
            "patient": {"reference": "Patient/1"},
            "policy": [{"uri": uri}],
        })
    };
    let known = consent("http://hl7.org/fhir/ConsentPolicy/opt-in");
    let unknown = consent("http://hl7.org/fhir/ConsentPolicy/opt-of");
    assert_differ(&known, &unknown, "kyoyu-url-hl7-unknown", "Consent.policy[0].uri");
}

#[test]
fn what_a_reference_names_is_a_type_only_if_there_is_such_a_type() {
    let subject = |reference: &str| {
        let subject = json!({"reference": reference, "type": "Patient"});
        let code = json!({"text": "x"});
        json!({"resourceType": "Observation", "status": "final", "code": code, "subject": subject})
    };
    let (unknown, other) = (subject("http://kyoyu.test/Nothing/1"), subject("Group/1"));
    assert_differ(&unknown, &other, "kyoyu-reference-type-differs", "Observation.subject");
}

#[test]
fn media_types_as_codes_are_unknown_to_the_reference() {
    let media_type = |code: &str| {
        let coding = json!([{"system": "urn:ietf:bcp:13", "code": code}]);
        json!({"resourceType": "Basic", "code": {"coding": coding}})
    };
    let malformed = media_type("text");
    assert_eq!(errors(&malformed, Mode::Reference), []);
    assert_eq!(errors(&malformed, Mode::Strict)[0].0, "kyoyu-code-unknown");
    assert_eq!(errors(&media_type("text/plain"), Mode::Strict), []);
}

#[test]
fn blanks_of_other_scripts_alone_are_a_uri_to_the_reference() {
    let parameter = |uri: &str| json!({"resourceType": "Parameters", "parameter": [{"name": "a", "valueUri": uri}]});
    let (blank, ending) = (parameter("\u{3000}"), parameter("urn:x:y\u{3000}"));
    let place = "Parameters.parameter[0].value.ofType(uri)";
    assert_differ(&blank, &ending, "kyoyu-uri-blanks", place);
    assert_eq!(errors(&blank, Mode::Strict)[0].0, "kyoyu-uri-blanks");
}

#[test]
fn extensions_that_r4_puts_beside_their_contexts_may_stand_there() {
    let value_set = |name: &str, value: Value| {
        let mut extension =
            json!({"url": format!("http://hl7.org/fhir/StructureDefinition/{name}")});
        extension["valueCode"] = value;
        json!({"resourceType": "ValueSet", "status": "draft", "extension": [extension]})
    };
    let allowed = value_set("structuredefinition-normative-version", json!("4.0.0"));
    let other = value_set("structuredefinition-explicit-type-name", json!("X"));
    let of = |resource: &Value| -> Vec<String> {
        errors(resource, Mode::Reference).into_iter().map(|(code, _)| code).collect()
    };
    assert_eq!(of(&allowed), [""; 0]);
    assert!(of(&other).contains(&"kyoyu-extension-context".to_owned()));
}

#[test]
fn systems_that_hl7_names_for_others_are_known_one_by_one() {
    let parameter = |uri: &str| json!({"resourceType": "Parameters", "parameter": [{"name": "a", "valueUri": uri}]});
    assert_differ(
        &parameter("http://hl7.org/fhir/sid/icd-10"),
        &parameter("http://hl7.org/fhir/sid/icd-10-us"),
        "kyoyu-url-hl7-unknown",
        "Parameters.parameter[0].value.ofType(uri)",
    );
    assert_differ(
        &parameter("http://hl7.org/fhirpath/System.String"),
        &parameter("http://hl7.org/fhirpath/System.Text"),
        "kyoyu-url-hl7-unknown",
        "Parameters.parameter[0].value.ofType(uri)",
    );
}

#[test]
fn quantities_of_different_units_are_in_no_order() {
    let range = |unit: &str| {
        let range = json!({"low": {"value": 1, "unit": "g"}, "high": {"value": 2, "unit": unit}});
        json!({"resourceType": "Parameters", "parameter": [{"name": "a", "valueRange": range}]})
    };
    let place = "Parameters.parameter[0].value.ofType(Range)";
    assert_differ(&range("g"), &range("mg"), "rng-2", place);
}

#[test]
fn an_item_within_items_is_an_item_to_extensions() {
    let url = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionPrefix";
    let questionnaire = |place: &str| {
        let mut item = json!({
            "linkId": "1", "type": "choice", "answerOption": [{"valueCoding": {"code": "a"}}],
        });
        let extension = json!([{"url": url, "valueString": "a"}]);
        *item.pointer_mut(place).expect("it is there") =
            with(item.pointer(place).expect("it is there"), "extension", extension);
        for depth in 0..3 {
            item = json!({"linkId": format!("g{depth}"), "type": "group", "item": [item]});
        }
        json!({"resourceType": "Questionnaire", "status": "draft", "item": [item]})
    };
    let place = "Questionnaire.item[0].item[0].item[0].item[0]";
    let (option, item) = (questionnaire("/answerOption/0"), questionnaire(""));
    assert_differ(&option, &item, "kyoyu-extension-context", place);
}

#[test]
fn to_the_reference_what_holds_nested_items_is_a_context_of_theirs() {
    let url = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden";
    let hidden = |type_name: &str| {
        let extension = json!([{"url": url, "valueBoolean": true}]);
        json!({"resourceType": type_name, "status": "draft", "extension": extension})
    };
    let questionnaire = hidden("Questionnaire");
    assert_eq!(errors(&questionnaire, Mode::Reference), []);
    assert_eq!(errors(&questionnaire, Mode::Strict)[0].0, "kyoyu-extension-context");
    assert_eq!(errors(&hidden("ValueSet"), Mode::Reference)[0].0, "kyoyu-extension-context");
}
