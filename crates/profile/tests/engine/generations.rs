//! What each change of a generation refuses and accepts, one case for each line of the table.

use kyoyu_domain::problem::Severity;
use kyoyu_profile::{
    Generation, Limits, collection,
    generation::ChangeKind,
    validator::{Mode, Validator},
};
use serde_json::{Value, json};

use crate::guides::SHIPPED;

const ECS: &str = "http://jpfhir.jp/fhir/eCS/StructureDefinition";
const ALL: &[Generation] = Generation::ALL;
const BEFORE_1_11: &[Generation] = &[Generation::V1_10];
const SINCE_1_11: &[Generation] = &[Generation::V1_11, Generation::V1_12];
const BEFORE_1_12: &[Generation] = &[Generation::V1_10, Generation::V1_11];
/// A resource that is wrong in one thing in some generations only.
struct Case {
    /// Definition and path of the change; for `*` a definition that it concerns.
    change: (&'static str, &'static str),
    resource: Value,
    refused_by: &'static [Generation],
    /// Code and place of the error, and the element that it names.
    error: (&'static str, &'static str, &'static str),
}

const fn claim_of(definition: &str) -> &str {
    match definition.as_bytes() {
        b"JP_Composition_eDischargeSummary" => {
            "http://jpfhir.jp/fhir/eDischargeSummary/StructureDefinition"
        }
        b"JP_Composition_eReferral" => "http://jpfhir.jp/fhir/eReferral/StructureDefinition",
        b"JP_Composition_ePCS" => "http://jpfhir.jp/fhir/ePCS/StructureDefinition",
        b"JP_Bundle_CLINS" => "http://jpfhir.jp/fhir/clins/StructureDefinition",
        _ => ECS,
    }
}

/// Whether a generation has the case's error.
fn refuses(generation: Generation, case: &Case) -> bool {
    let (mut resource, definition) = (case.resource.clone(), case.change.0);
    // The profile of a Dosage is part of that of the request.
    let definition = match definition {
        "JP_MedicationDosage_eCS" => "JP_MedicationRequest_eCS",
        own => own,
    };
    let claim = format!("{}/{definition}|{}", claim_of(definition), generation.version());
    resource["meta"]["profile"] = json!([claim]);
    let report = SHIPPED.validate(resource.to_string().as_bytes(), Mode::Strict);
    let (code, place, element) = case.error;
    report.findings.iter().any(|own| {
        own.severity == Severity::Error
            && own.rule.code == code
            && own.expression == place
            && own.text[1].contains(element)
    })
}

#[test]
fn each_change_of_an_element_refuses_and_accepts_what_it_says() {
    let mut wrong = Vec::new();
    for case in cases() {
        for generation in Generation::ALL {
            if refuses(*generation, &case) != case.refused_by.contains(generation) {
                wrong.push((case.change, case.error, generation.version()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_change_of_an_element_has_a_case() {
    let cases = cases();
    for change in Generation::V1_12.changes() {
        let is_of_elements = matches!(
            change.kind,
            ChangeKind::Number | ChangeKind::Types | ChangeKind::Without | ChangeKind::Expression
        );
        let of = |case: &Case| {
            let (definition, path) = case.change;
            path == change.path && (change.definition == "*" || definition == change.definition)
        };
        assert!(!is_of_elements || cases.iter().any(of), "{change:?}");
    }
}

/// A Bundle that is valid in every generation, with the profiles' versions given: of the
/// Bundle, and of its entries.
fn bundle(versions: [&str; 2]) -> Value {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/condition/valid/input.json");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let of_entries = text.replace("|1.10.0", versions[1]);
    let mut bundle: Value = serde_json::from_str(&of_entries).expect("a fixture is JSON");
    let claim = "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS";
    bundle["meta"]["profile"] = json!([format!("{claim}{}", versions[0])]);
    bundle
}

/// What 1.10.0 allows in an Encounter and later generations do not.
fn add_reason_without_display(bundle: &mut Value) {
    let encounter = &mut bundle["entry"][1]["resource"]["contained"][0];
    assert_eq!(encounter["resourceType"], "Encounter");
    encounter["meta"]["profile"] = json!([format!("{ECS}/JP_Encounter_eCS")]);
    let coding = json!({"system": "http://nowhere.jp/x", "code": "1"});
    encounter["reasonCode"] = json!([{"text": "x", "coding": [coding]}]);
}

fn codes(validator: &Validator, bundle: &Value) -> Vec<&'static str> {
    let body = bundle.to_string();
    let report = collection::check_with(body.as_bytes(), &Limits::default(), validator);
    let errors = report.issues.iter().filter(|own| own.rule.severity == Severity::Error);
    errors.map(|own| own.rule.code).collect()
}

#[test]
fn a_bundle_may_claim_any_generation_and_no_other_version() {
    for generation in Generation::ALL {
        let claim = format!("|{}", generation.version());
        assert_eq!(codes(&SHIPPED, &bundle([&claim, &claim])), [""; 0], "{claim}");
    }
    let unknown = codes(&SHIPPED, &bundle(["|1.13.0", "|1.13.0"]));
    assert!(unknown.contains(&"kyoyu-profile-version"), "{unknown:?}");
}

#[test]
fn of_mixed_claims_that_of_the_bundle_counts() {
    let without_display = |versions| {
        let mut bundle = bundle(versions);
        add_reason_without_display(&mut bundle);
        codes(&SHIPPED, &bundle)
    };
    assert_eq!(codes(&SHIPPED, &bundle(["|1.11.0", "|1.10.0"])), [""; 0]);
    assert_eq!(codes(&SHIPPED, &bundle(["|1.10.0", "|1.12.0"])), [""; 0]);
    assert!(without_display(["|1.11.0", "|1.10.0"]).contains(&MISSING));
    assert!(!without_display(["|1.10.0", "|1.12.0"]).contains(&MISSING));
    // A Bundle that names none is of the generation that its resources name.
    assert!(without_display(["", "|1.11.0"]).contains(&MISSING));
}

#[test]
fn where_no_version_is_named_the_configured_generation_counts_for_both_kinds_of_rules() {
    let later = Validator::shipped(Limits::default(), Generation::V1_11);
    let judged = |change: &dyn Fn(&mut Value)| {
        let mut bundle = bundle(["", ""]);
        change(&mut bundle);
        [codes(&SHIPPED, &bundle), codes(&later, &bundle)]
    };
    let [earlier, later_codes] = judged(&|_| {});
    assert_eq!((earlier.len(), later_codes.len()), (0, 0), "{earlier:?} {later_codes:?}");
    let of_profiles = judged(&add_reason_without_display);
    assert!(!of_profiles[0].contains(&MISSING) && of_profiles[1].contains(&MISSING));
    let of_prose = judged(&|bundle| {
        let payer = json!({"system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID", "value": "1234567"});
        let identifiers = bundle["entry"][0]["resource"]["identifier"].as_array_mut();
        identifiers.expect("a list").push(payer);
    });
    let rule = "kyoyu-public-payer";
    assert!(!of_prose[0].contains(&rule) && of_prose[1].contains(&rule), "{of_prose:?}");
}

fn case(
    change: (&'static str, &'static str),
    resource: Value,
    refused_by: &'static [Generation],
    error: (&'static str, &'static str, &'static str),
) -> Case {
    Case { change, resource, refused_by, error }
}

fn cases() -> Vec<Case> {
    let parts =
        [claims(), documents(), sections(), medications(), encounters(), containers(), values()];
    parts.into_iter().flatten().collect()
}

const MISSING: &str = "kyoyu-element-missing";
const REPEATED: &str = "kyoyu-element-repeated";

/// A resource of a type with one element.
fn with(resource_type: &str, element: &str, value: Value) -> Value {
    let mut resource = json!({ "resourceType": resource_type });
    resource[element] = value;
    resource
}

/// Whoever claims a profile has a `meta`; an entry may meet one without claiming it.
fn claims() -> Vec<Case> {
    let bundle = |meta: Value| {
        let mut patient = json!({
            "resourceType": "Patient",
            "identifier": [{
                "system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
                "value": "00123459:架空:１２３４:02",
            }],
            "name": [{"text": "共有 花子", "family": "共有", "given": ["花子"], "extension": [{
                "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation",
                "valueCode": "IDE",
            }]}],
            "gender": "female",
            "birthDate": "1958-02-28",
            "address": [{"text": "東京都架空区見本町1-2-3"}],
        });
        if !meta.is_null() {
            patient["meta"] = meta;
        }
        with("Bundle", "entry", json!([{ "resource": patient }]))
    };
    let of_guide = ("JP_Bundle_CLINS", "meta");
    let no_slice = ("kyoyu-slice-missing", "Bundle", "patient");
    let claim = json!({"profile": [format!("{ECS}/JP_Patient_eCS")], "lastUpdated": "2026-04-01T18:30:00.000+09:00"});
    vec![
        case(of_guide, bundle(Value::Null), SINCE_1_11, no_slice),
        case(of_guide, bundle(claim), &[], no_slice),
    ]
}

fn documents() -> Vec<Case> {
    let discharge = ("JP_Composition_eDischargeSummary", "author");
    let referral = ("JP_Composition_eReferral", "author");
    let by = |count: usize| {
        let author = json!({ "reference": "Practitioner/1" });
        with("Composition", "author", json!(vec![author; count]))
    };
    let missing = (MISSING, "Composition", "author");
    let repeated = (REPEATED, "Composition", "author");
    let foreign = json!({
        "resourceType": "Composition",
        "contained": [{"resourceType": "Patient", "id": "p", "gender": "male"}],
        "subject": {"reference": "#p"},
    });
    let subject = ("JP_Composition_eDischargeSummary", "subject");
    let unfit = ("kyoyu-reference-target", "Composition.subject", "");
    vec![
        case(discharge, by(1), SINCE_1_11, missing),
        case(discharge, by(2), &[], missing),
        case(discharge, by(2), &[], repeated),
        case(discharge, by(3), SINCE_1_11, repeated),
        case(referral, by(1), SINCE_1_11, missing),
        case(referral, by(3), &[], repeated),
        case(referral, by(4), SINCE_1_11, repeated),
        case(subject, foreign, SINCE_1_11, unfit),
    ]
}

fn sections() -> Vec<Case> {
    let summary = "JP_Composition_ePCS";
    let section = |element: &str, value: Value| {
        let mut section = json!({ "title": "x" });
        section[element] = value;
        with("Composition", "section", json!([section]))
    };
    let author = json!({ "reference": "Practitioner/1" });
    let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>";
    let forbidden = |element: &'static str| (REPEATED, "Composition.section[0]", element);
    vec![
        case(
            (summary, "section"),
            with("Composition", "title", json!("x")),
            SINCE_1_11,
            (MISSING, "Composition", "section"),
        ),
        case(
            (summary, "section"),
            section("mode", json!("working")),
            &[],
            (MISSING, "Composition", "section"),
        ),
        case(
            (summary, "section.text"),
            section("text", json!({"status": "additional", "div": div})),
            SINCE_1_11,
            forbidden("text"),
        ),
        case(
            (summary, "section.author"),
            section("author", json!([author])),
            SINCE_1_11,
            forbidden("author"),
        ),
        case((summary, "section.focus"), section("focus", author), SINCE_1_11, forbidden("focus")),
        case(
            (summary, "section.emptyReason"),
            section("emptyReason", json!({"text": "x"})),
            SINCE_1_11,
            forbidden("emptyReason"),
        ),
    ]
}

fn medications() -> Vec<Case> {
    let request = "JP_MedicationRequest_eCS";
    let group = json!({
        "system": "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber",
        "value": "1",
    });
    let own = json!({
        "system": "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier",
        "value": "1",
    });
    let identified = |by: &[&Value]| with("MedicationRequest", "identifier", json!(by));
    let slice = ("kyoyu-slice-missing", "MedicationRequest", "requestIdentifier");
    let few = (MISSING, "MedicationRequest", "identifier");
    // A code of the removed slice without its display.
    let bare = json!({"text": "x", "coding": [
        {"system": "http://capstandard.jp/CodeSystem/KikakubetsuYakuzaiSeibun", "code": "1"},
    ]});
    let dose = |codings: usize| {
        let coding = json!({"system": "http://nowhere.jp/x", "code": "1", "display": "x"});
        let of = json!([{"type": {"coding": vec![coding; codings]}}]);
        with("MedicationRequest", "dosageInstruction", json!([{"doseAndRate": of}]))
    };
    let dose_place = "MedicationRequest.dosageInstruction[0].doseAndRate[0].type";
    let dose_type = ("JP_MedicationDosage_eCS", "doseAndRate.type.coding");
    let quantity = |quantity: Value| {
        with("MedicationRequest", "dispenseRequest", json!({ "quantity": quantity }))
    };
    let unit = (request, "dispenseRequest.quantity.unit");
    let no_unit = (MISSING, "MedicationRequest.dispenseRequest.quantity", "unit");
    vec![
        case((request, "identifier"), identified(&[&group, &own]), SINCE_1_11, few),
        case((request, "identifier"), identified(&[&group, &group, &own]), &[], few),
        case((request, "identifier:requestIdentifier"), identified(&[&group]), SINCE_1_11, slice),
        case((request, "identifier:requestIdentifier"), identified(&[&own]), &[], slice),
        case(
            (request, "medication[x].coding:codingKYS"),
            with("MedicationRequest", "medicationCodeableConcept", bare),
            BEFORE_1_11,
            (MISSING, "MedicationRequest.medication.ofType(CodeableConcept).coding[0]", "display"),
        ),
        case(dose_type, dose(2), SINCE_1_11, (REPEATED, dose_place, "coding")),
        case(dose_type, dose(1), &[], (REPEATED, dose_place, "coding")),
        case(unit, quantity(json!({"value": 1})), SINCE_1_11, no_unit),
        case(unit, quantity(json!({"value": 1, "unit": "錠"})), &[], no_unit),
    ]
}

fn encounters() -> Vec<Case> {
    let encounter = "JP_Encounter_eCS";
    let reason = |display: Value| {
        let mut coding = json!({"system": "http://nowhere.jp/x", "code": "1"});
        coding["display"] = display;
        with("Encounter", "reasonCode", json!([{"coding": [coding]}]))
    };
    let mut bare = reason(json!("x"));
    let coding = bare.pointer_mut("/reasonCode/0/coding/0").and_then(Value::as_object_mut);
    coding.expect("an object").remove("display");
    let display = (MISSING, "Encounter.reasonCode[0].coding[0]", "display");
    let history = |count: usize| with("Encounter", "classHistory", json!(vec![json!({}); count]));
    let repeated = (REPEATED, "Encounter", "classHistory");
    vec![
        case((encounter, "classHistory"), history(2), BEFORE_1_11, repeated),
        case((encounter, "classHistory"), history(1), &[], repeated),
        case((encounter, "reasonCode.coding.display"), bare, SINCE_1_11, display),
        case((encounter, "reasonCode.coding.display"), reason(json!("x")), &[], display),
    ]
}

/// The profile that later generations add builds on the one that all allow, so that no
/// generation refuses an Encounter of either.
fn containers() -> Vec<Case> {
    let of = [
        ("JP_AllergyIntolerance_eCS", "AllergyIntolerance"),
        ("JP_Condition_eCS", "Condition"),
        ("JP_MedicationRequest_eCS", "MedicationRequest"),
        ("JP_Observation_LabResult_eCS", "Observation"),
    ];
    let profiles = [
        "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Encounter".to_owned(),
        format!("{ECS}/JP_Encounter_eCS"),
    ];
    let mut all = Vec::new();
    for (definition, resource_type) in of {
        for profile in &profiles {
            let encounter = json!({
                "resourceType": "Encounter", "id": "e", "status": "finished",
                "meta": {"profile": [profile]},
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "AMB", "display": "ambulatory",
                },
            });
            let resource = with(resource_type, "contained", json!([encounter]));
            all.push(case((definition, "contained:encounter"), resource, &[], ("", "", "")));
        }
    }
    all
}

fn values() -> Vec<Case> {
    let lab = "JP_Observation_LabResult_eCS";
    let quantity = |quantity: Value| with("Observation", "valueQuantity", quantity);
    let no_value = (MISSING, "Observation.value.ofType(Quantity)", "value");
    let concept = |concept: Value| with("Observation", "valueCodeableConcept", concept);
    let no_coding = (MISSING, "Observation.value.ofType(CodeableConcept)", "coding");
    let status = |status: Value| with("Condition", "verificationStatus", status);
    let no_status = (MISSING, "Condition.verificationStatus", "coding");
    let coded = json!({"text": "x", "coding": [{"system": "http://nowhere.jp/x", "code": "1"}]});
    let signs =
        |sign: Value| with("AllergyIntolerance", "reaction", json!([{ "manifestation": [sign] }]));
    let no_text = (MISSING, "AllergyIntolerance.reaction[0].manifestation[0]", "text");
    let manifestation = ("JP_AllergyIntolerance_eCS", "reaction.manifestation.text");
    let name = |name: Value| with("Patient", "name", json!([name]));
    let no_family = (MISSING, "Patient.name[0]", "family");
    let institution = |number: &str| {
        let url =
            "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber";
        let system = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";
        let value = json!({"system": system, "value": number});
        with("Condition", "extension", json!([{"url": url, "valueIdentifier": value}]))
    };
    let number = ("JP_eCS_InstitutionNumber", "valid-value-institutionNumberExtension");
    let misread = (number.1, "Condition.extension[0]", "");
    vec![
        case(
            (lab, "value[x]:valueQuantity.value"),
            quantity(json!({"unit": "x"})),
            SINCE_1_11,
            no_value,
        ),
        case((lab, "value[x]:valueQuantity.value"), quantity(json!({"value": 1})), &[], no_value),
        case(
            (lab, "value[x]:valueCodeableConcept.coding"),
            concept(json!({"text": "x"})),
            SINCE_1_11,
            no_coding,
        ),
        case((lab, "value[x]:valueCodeableConcept.coding"), concept(coded.clone()), &[], no_coding),
        case(
            ("JP_Condition_eCS", "verificationStatus.coding"),
            status(json!({"text": "x"})),
            SINCE_1_11,
            no_status,
        ),
        case(
            ("JP_Condition_eCS", "verificationStatus.coding"),
            status(coded.clone()),
            &[],
            no_status,
        ),
        case(manifestation, signs(json!({"coding": coded["coding"]})), SINCE_1_11, no_text),
        case(manifestation, signs(coded), &[], no_text),
        case(("JP_Patient_eCS", "name.family"), name(json!({"text": "x"})), BEFORE_1_12, no_family),
        case(("JP_Patient_eCS", "name.family"), name(json!({"family": "x"})), &[], no_family),
        case(number, institution("1311234567"), &[], misread),
        case(number, institution("x1311234567"), SINCE_1_11, misread),
        case(number, institution("131123456"), ALL, misread),
    ]
}
