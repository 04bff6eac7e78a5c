//! Every rule, broken once in a Bundle that is otherwise valid.

use std::collections::HashSet;

use kyoyu_profile::{
    Limits,
    rules::{self, RULES},
};
use serde_json::{Value, json};

use crate::{
    prose,
    support::{check, check_with, told, tree},
};

/// One way to break a Bundle.
struct Case {
    fixture: &'static str,
    change: fn(&mut Value),
    /// Code and expression of every issue, in order.
    told: &'static [(&'static str, &'static str)],
}

const C: &str = "condition/valid";
const L: &str = "lab/valid";
const I: &str = "infection/valid";
const A: &str = "other-allergy/valid";

/// The first shared resource.
pub(crate) const R: &str = "/entry/1/resource";

pub(crate) fn set(bundle: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = bundle.pointer_mut(parent).expect(pointer);
    match parent {
        Value::Object(fields) => {
            fields.insert(key.to_owned(), value);
        }
        Value::Array(items) => match key.parse::<usize>() {
            Ok(index) if index < items.len() => items[index] = value,
            _ => items.push(value),
        },
        _ => panic!("{pointer}"),
    }
}

pub(crate) fn remove(bundle: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match bundle.pointer_mut(parent).expect(pointer) {
        Value::Object(fields) => {
            fields.remove(key).expect(pointer);
        }
        Value::Array(items) => {
            items.remove(key.parse().expect(pointer));
        }
        _ => panic!("{pointer}"),
    }
}

pub(crate) fn under(key: &str) -> String {
    format!("{R}/{key}")
}

const CASES: &[Case] = &[
    Case {
        fixture: C,
        change: |b| {
            let tag = b.pointer(&under("meta")).cloned().expect("meta");
            set(b, "/entry/2/resource/meta/tag", tag);
        },
        told: &[("kyoyu-element-shape", "Bundle.entry[2].resource.meta.tag")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("id"), json!(7)),
        told: &[("kyoyu-element-shape", "Bundle.entry[1].resource.id")],
    },
    Case {
        fixture: A,
        change: |b| set(b, &under("category"), json!([{"text": "food"}])),
        told: &[("kyoyu-element-shape", "Bundle.entry[1].resource.category")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("bodySite"), json!([])),
        told: &[("kyoyu-element-empty", "Bundle.entry[1].resource.bodySite")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("code/text"), json!("")),
        told: &[("kyoyu-element-empty", "Bundle.entry[1].resource.code.text")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("severity"), Value::Null),
        told: &[("kyoyu-element-empty", "Bundle.entry[1].resource.severity")],
    },
    Case {
        fixture: C,
        change: |b| {
            set(b, &under("modifierExtension"), json!([{"url": "urn:x", "valueCode": "y"}]));
        },
        told: &[("kyoyu-element-modifier", "Bundle.entry[1].resource.modifierExtension")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("implicitRules"), json!("urn:x")),
        told: &[("kyoyu-element-modifier", "Bundle.entry[1].resource.implicitRules")],
    },
    Case {
        fixture: C,
        change: |b| {
            set(b, "/meta/profile/0", json!("http://hl7.org/fhir/StructureDefinition/Bundle"));
        },
        told: &[("bundle-profile-is-JP-Bundle-CLINS", "Bundle.meta.profile")],
    },
    Case {
        fixture: C,
        change: |b| {
            set(b, "/meta/profile/0", json!(format!("{}X", rules::BUNDLE_PROFILE_URL)));
        },
        told: &[("bundle-profile-is-JP-Bundle-CLINS", "Bundle.meta.profile")],
    },
    Case {
        fixture: C,
        change: |b| {
            set(b, "/meta/profile/0", json!(format!("{}|9.9.9", rules::BUNDLE_PROFILE_URL)));
        },
        told: &[("kyoyu-profile-version", "Bundle.meta.profile[0]")],
    },
    Case {
        fixture: C,
        change: |b| {
            let profile = "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Condition_eCS|1";
            set(b, &under("meta/profile/0"), json!(profile));
        },
        told: &[("kyoyu-profile-version", "Bundle.entry[1].resource.meta.profile[0]")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/meta/tag"),
        told: &[("bundle-meta-tag-resourceType-exists", "Bundle.meta.tag")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/meta/tag/0/code", json!("MedicationRequest")),
        told: &[("bundle-meta-tag-resourceType-valid", "Bundle.meta.tag[0]")],
    },
    Case {
        fixture: C,
        change: |b| {
            let tag = b.pointer("/meta/tag/0").cloned().expect("the tag");
            set(b, "/meta/tag/-", tag);
        },
        told: &[("kyoyu-bundle-tag-repeated", "Bundle.meta.tag[1]")],
    },
    Case {
        fixture: "condition/patient-only",
        change: |_| {},
        told: &[("mustHaveOneMoreResources-with-designatedResourceType", "Bundle.entry")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/identifier/system", json!("http://jpfhir.jp/fhir/clins/other")),
        told: &[("valid-system-bundleIdenfifier", "Bundle.identifier.system")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/identifier"),
        told: &[("valid-system-bundleIdenfifier", "Bundle.identifier.system")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/identifier/value", json!("1311234567^2019^C-0001")),
        told: &[("valid-value-bundleIdenfifier", "Bundle.identifier.value")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/identifier/value", json!("4911234567^2026^C-0001")),
        told: &[("kyoyu-bundle-identifier", "Bundle.identifier.value")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/type", json!("transaction")),
        told: &[("kyoyu-bundle-type", "Bundle.type")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/timestamp", json!("2026-04-01T18:30:00")),
        told: &[("kyoyu-bundle-timestamp", "Bundle.timestamp")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/meta/lastUpdated"),
        told: &[("kyoyu-bundle-last-updated", "Bundle.meta.lastUpdated")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/entry"),
        told: &[
            ("mustHaveOneMoreResources-with-designatedResourceType", "Bundle"),
            ("kyoyu-bundle-entries", "Bundle.entry"),
        ],
    },
    Case {
        fixture: C,
        change: |b| {
            remove(b, "/entry/0");
            remove(b, "/entry/1");
            remove(b, "/entry/1");
        },
        told: &[("first-bundle-entry-is-Patient", "Bundle.entry[0]")],
    },
    Case {
        fixture: C,
        change: |b| {
            let mut patient = b.pointer("/entry/0").cloned().expect("the Patient");
            patient["fullUrl"] = json!("urn:uuid:00000000-0000-4000-8000-000000000000");
            patient["resource"]["extension"] = b[&"entry"][1]["resource"]["extension"].clone();
            set(b, "/entry/-", patient);
        },
        told: &[("kyoyu-one-patient", "Bundle.entry[5].resource")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/2", tree(A)["entry"][1].clone()),
        told: &[
            ("kyoyu-bundle-mixed", "Bundle.entry[2].resource"),
            ("kyoyu-subject", "Bundle.entry[2].resource.patient.reference"),
        ],
    },
    Case {
        fixture: C,
        change: |b| {
            let extension = b.pointer(&under("extension")).cloned().expect("extensions");
            let resource = json!({"resourceType": "MedicationRequest", "extension": extension});
            set(b, "/entry/2/resource", resource);
        },
        told: &[("kyoyu-medication-request", "Bundle.entry[2].resource")],
    },
    Case {
        fixture: C,
        change: |b| {
            let extension = b.pointer(&under("extension")).cloned().expect("extensions");
            set(
                b,
                "/entry/2/resource",
                json!({"resourceType": "Organization", "extension": extension}),
            );
        },
        told: &[("kyoyu-resource-type", "Bundle.entry[2].resource")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/entry/2/resource"),
        told: &[("kyoyu-entry-resource", "Bundle.entry[2].resource")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/entry/2/resource/resourceType"),
        told: &[("kyoyu-entry-resource", "Bundle.entry[2].resource.resourceType")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/2/request", json!({"method": "PUT", "url": "Condition/1"})),
        told: &[("kyoyu-entry-extra", "Bundle.entry[2].request")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/2/link", json!([{"relation": "self", "url": "urn:x"}])),
        told: &[("kyoyu-entry-extra", "Bundle.entry[2].link")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/2/fullUrl", json!("Condition/1")),
        told: &[("kyoyu-full-url", "Bundle.entry[2].fullUrl")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/entry/2/fullUrl"),
        told: &[("kyoyu-full-url", "Bundle.entry[2].fullUrl")],
    },
    Case {
        fixture: C,
        change: |b| {
            let first = b.pointer("/entry/1/fullUrl").and_then(Value::as_str).expect("a URL");
            let upper = first.replace("urn:uuid:", "").to_uppercase();
            set(b, "/entry/2/fullUrl", json!(format!("urn:uuid:{upper}")));
        },
        told: &[("kyoyu-full-url-repeated", "Bundle.entry[2].fullUrl")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/entry/0/resource/meta/profile/0"),
        told: &[
            ("patients-profile-is-JP-Patient-eCS", "Bundle.entry[0].resource.meta.profile"),
            ("kyoyu-element-empty", "Bundle.entry[0].resource.meta.profile"),
        ],
    },
    Case {
        fixture: A,
        change: |b| remove(b, &under("meta/profile")),
        told: &[("validEntryProfile-AllergyIntolerance", "Bundle.entry[1].resource.meta.profile")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, &under("meta/profile")),
        told: &[("validEntryProfile-Condition", "Bundle.entry[1].resource.meta.profile")],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("meta/profile")),
        told: &[(
            "validEntryProfile-ObservationLabResult",
            "Bundle.entry[1].resource.meta.profile",
        )],
    },
    Case {
        fixture: C,
        change: |b| {
            let url = b.pointer("/entry/1/fullUrl").cloned().expect("a URL");
            set(b, &under("subject/reference"), url);
        },
        told: &[("kyoyu-subject", "Bundle.entry[1].resource.subject.reference")],
    },
    Case {
        fixture: A,
        change: |b| remove(b, &under("patient")),
        told: &[("kyoyu-subject", "Bundle.entry[1].resource.patient")],
    },
    Case {
        fixture: L,
        change: |b| set(b, &under("performer/0/reference"), json!("#nobody")),
        told: &[("kyoyu-reference", "Bundle.entry[1].resource.performer[0].reference")],
    },
    Case {
        fixture: L,
        change: |b| {
            set(b, &under("specimen/reference"), json!("https://elsewhere.test/Specimen/1"));
        },
        told: &[("kyoyu-reference", "Bundle.entry[1].resource.specimen.reference")],
    },
    Case {
        fixture: L,
        change: |b| set(b, &under("specimen/reference"), json!("#")),
        told: &[("kyoyu-reference", "Bundle.entry[1].resource.specimen.reference")],
    },
    Case {
        fixture: C,
        change: |b| {
            let nested = json!([{"resourceType": "Location", "id": "x"}]);
            set(b, &under("contained/0/contained"), nested);
        },
        told: &[("dom-2", "Bundle.entry[1].resource.contained[0].contained")],
    },
    Case {
        fixture: L,
        change: |b| {
            set(b, &under("contained/1/id"), json!("enc"));
            set(b, &under("performer/0/reference"), json!("#enc"));
        },
        told: &[("kyoyu-contained-id", "Bundle.entry[1].resource.contained[1]")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("identifier/0/system"), json!("urn:oid:1.2.3")),
        told: &[("kyoyu-resource-identifier", "Bundle.entry[1].resource.identifier")],
    },
    Case {
        fixture: C,
        change: |b| {
            let mut second = b.pointer(&under("identifier/0")).cloned().expect("an identifier");
            second["value"] = json!("another");
            set(b, &under("identifier/-"), second);
        },
        told: &[("kyoyu-resource-identifier", "Bundle.entry[1].resource.identifier[1]")],
    },
    Case {
        fixture: C,
        change: |b| {
            let first = b.pointer(&under("identifier/0")).cloned().expect("an identifier");
            set(b, "/entry/2/resource/identifier/0", first);
        },
        told: &[("kyoyu-resource-repeated", "Bundle.entry[2].resource.identifier[0]")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, &under("extension/0")),
        told: &[(
            "all-entries-needs-extension-of-institutionNumber",
            "Bundle.entry[1].resource.extension",
        )],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("extension/0/valueIdentifier/value"), json!("13112345678")),
        told: &[
            ("all-entries-needs-valid-institutionNumber", "Bundle.entry[1].resource.extension[0]"),
            ("kyoyu-institution-equal", "Bundle.entry[1].resource.extension[0]"),
        ],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("extension/0/valueIdentifier/value"), json!("1311234560")),
        told: &[("kyoyu-institution-equal", "Bundle.entry[1].resource.extension[0]")],
    },
    Case {
        fixture: C,
        change: |b| {
            set(
                b,
                "/entry/0/resource/identifier/0/system",
                json!("urn:oid:1.2.392.100495.20.3.51.2"),
            );
        },
        told: &[("valid-system-local-patientID", "Bundle.entry[0].resource.identifier[0]")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, "/entry/0/resource/identifier/1"),
        told: &[(
            "valid-system-insurance-patientIdentifier",
            "Bundle.entry[0].resource.identifier",
        )],
    },
    Case {
        fixture: C,
        change: |b| {
            let insured = b.pointer("/entry/0/resource/identifier/1").cloned().expect("insured");
            set(b, "/entry/0/resource/identifier/-", insured);
        },
        told: &[(
            "valid-system-insurance-patientIdentifier",
            "Bundle.entry[0].resource.identifier[2]",
        )],
    },
    Case {
        fixture: C,
        change: |b| {
            set(b, "/entry/0/resource/identifier/1/value", json!("123459:架空:１２３４:02"));
        },
        told: &[(
            "valid-value-insurance-patientIdentifier",
            "Bundle.entry[0].resource.identifier[1]",
        )],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/0/resource/name/0/text", json!("共有\u{3000}花子")),
        told: &[(
            "kanjiName-kanaName-donot-contain-ZenkakuKuuhaku",
            "Bundle.entry[0].resource.name[0].text",
        )],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/0/resource/birthDate", json!("1958-02")),
        told: &[("kyoyu-birth-date", "Bundle.entry[0].resource.birthDate")],
    },
    Case {
        fixture: C,
        change: |b| {
            remove(b, &under("contained"));
            remove(b, &under("encounter"));
        },
        told: &[("condition-needs-contained-of-Encounter", "Bundle.entry[1].resource.contained")],
    },
    Case {
        fixture: C,
        change: |b| {
            let clins =
                "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_Department";
            set(b, &under("extension/1/url"), json!(clins));
        },
        told: &[
            ("condition-needs-extension-of-Department", "Bundle.entry[1].resource.extension"),
            ("kyoyu-uri-misprinted", "Bundle.entry[1].resource.extension[1].url"),
        ],
    },
    Case {
        fixture: C,
        change: |b| {
            remove(b, &under("onsetDateTime"));
            set(b, &under("onsetString"), json!("数年前"));
        },
        told: &[("condition-needs-onsetDateTime", "Bundle.entry[1].resource.onsetDateTime")],
    },
    Case {
        fixture: L,
        change: |b| {
            let profile = "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Encounter_eCS|1.10.0";
            set(b, &under("contained/0/meta/profile/0"), json!(profile));
        },
        told: &[("observation-needs-contained-of-Encounter", "Bundle.entry[1].resource.contained")],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("extension/1")),
        told: &[(
            "observation-needs-extension-of-Department",
            "Bundle.entry[1].resource.extension",
        )],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("encounter")),
        told: &[("observation-needs-encounter", "Bundle.entry[1].resource.encounter")],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("performer")),
        told: &[("observation-needs-performer", "Bundle.entry[1].resource.performer")],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("contained/1/meta")),
        told: &[(
            "observation-needs-contained-of-Practitioner",
            "Bundle.entry[1].resource.contained",
        )],
    },
    Case {
        fixture: L,
        change: |b| set(b, &under("hasMember"), json!([{"display": "panel"}])),
        told: &[("observation-has-no-hasMember", "Bundle.entry[1].resource.hasMember")],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("code/coding/0")),
        told: &[("needs-localCode-observation-laboresult", "Bundle.entry[1].resource.code.coding")],
    },
    Case {
        fixture: I,
        change: |b| set(b, &under("meta/tag/0/code"), json!("UNINFORMED")),
        told: &[("check-LTS-MemberOf-infectionLabo", "Bundle.entry[1].resource.meta.tag[0]")],
    },
    Case {
        fixture: L,
        change: |b| {
            let tag = tree(I).pointer(&under("meta/tag")).cloned().expect("the flag");
            set(b, &under("meta/tag"), tag);
        },
        told: &[("check-LTS-MemberOf-infectionLabo", "Bundle.entry[1].resource.meta.tag[0]")],
    },
    Case {
        fixture: L,
        change: |b| {
            let infection = tree(I).pointer(&under("code/coding/1")).cloned().expect("a coding");
            remove(b, &under("code/coding/1"));
            set(b, &under("code/coding/1"), infection.clone());
            let general = &tree(L)["entry"][1]["resource"]["code"]["coding"][1];
            set(b, &under("code/coding/-"), general.clone());
        },
        told: &[
            ("kyoyu-observation-ambiguous", "Bundle.entry[1].resource.code"),
            ("kyoyu-item-conflict", "Bundle.entry[1].resource.code.coding[2]"),
        ],
    },
    Case {
        fixture: L,
        change: |b| set(b, &under("code/coding/1/code"), json!("3H999000002326101")),
        told: &[("kyoyu-item-unknown", "Bundle.entry[1].resource.code.coding[1]")],
    },
    Case {
        fixture: L,
        change: |b| {
            let albumin = tree(L).pointer("/entry/2/resource/code/coding/1").cloned();
            set(b, &under("code/coding/-"), albumin.expect("a coding"));
        },
        told: &[("kyoyu-item-conflict", "Bundle.entry[1].resource.code.coding[3]")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/2/resource/meta/tag/0/code", json!("lts")),
        told: &[("kyoyu-flag-unknown", "Bundle.entry[2].resource.meta.tag[0]")],
    },
    Case {
        fixture: C,
        change: |b| {
            set(b, "/entry/2/resource/meta/tag/1/system", json!("urn:oid:1.2.3"));
            set(b, "/entry/2/resource/meta/tag/1/code", json!("uninformed "));
        },
        told: &[("kyoyu-flag-system", "Bundle.entry[2].resource.meta.tag[1]")],
    },
    Case {
        fixture: "drug-allergy/valid",
        change: |b| {
            let misprint = "http:/jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication";
            set(b, &under("meta/tag/0/system"), json!(misprint));
        },
        told: &[("kyoyu-flag-system", "Bundle.entry[1].resource.meta.tag[0]")],
    },
    Case {
        fixture: C,
        change: |b| set(b, "/entry/2/resource/meta/tag/1/code", json!("LTS")),
        told: &[("kyoyu-flag-repeated", "Bundle.entry[2].resource.meta.tag[1]")],
    },
    Case {
        fixture: "drug-allergy/valid",
        change: |b| set(b, &under("meta/tag/0/code"), json!("UNDELIVERED")),
        told: &[("kyoyu-flag-not-allowed", "Bundle.entry[1].resource.meta.tag[0]")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("onsetDateTime"), json!("1026-04-01")),
        told: &[("kyoyu-date", "Bundle.entry[1].resource.onsetDateTime")],
    },
    Case {
        fixture: L,
        change: |b| {
            remove(b, &under("effectiveDateTime"));
            set(b, &under("effectivePeriod"), json!({"start": "2026-13"}));
        },
        told: &[("kyoyu-date", "Bundle.entry[1].resource.effectivePeriod.start")],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("effectiveDateTime")),
        told: &[("kyoyu-observation-date", "Bundle.entry[1].resource.effectiveDateTime")],
    },
    Case {
        fixture: L,
        change: |b| remove(b, &under("status")),
        told: &[("kyoyu-status", "Bundle.entry[1].resource.status")],
    },
    Case {
        fixture: C,
        change: |b| remove(b, &under("verificationStatus")),
        told: &[("kyoyu-status", "Bundle.entry[1].resource.verificationStatus")],
    },
    Case {
        fixture: C,
        change: |b| set(b, &under("clinicalStatus/coding/0/code"), json!("cured")),
        told: &[("kyoyu-status", "Bundle.entry[1].resource.clinicalStatus")],
    },
    Case {
        fixture: "drug-allergy/valid",
        change: |b| {
            set(b, &under("verificationStatus/coding/0/system"), json!("urn:oid:1.2.3"));
        },
        told: &[("kyoyu-status", "Bundle.entry[1].resource.verificationStatus")],
    },
];

#[test]
fn each_rule_is_found_and_nothing_else() {
    for (index, case) in CASES.iter().enumerate() {
        let mut bundle = tree(case.fixture);
        (case.change)(&mut bundle);
        let report = check(&bundle);
        let told: Vec<_> = report.issues.iter().map(told).collect();
        // The tree's keys are sorted, so that "in document order" depends on it.
        let told: HashSet<_> = told.into_iter().collect();
        let expected: HashSet<_> = case.told.iter().copied().collect();
        assert_eq!(told, expected, "case {index}");
    }
}

/// The limits have a test of their own.
#[test]
fn no_rule_is_without_a_case() {
    let covered: HashSet<&str> = CASES
        .iter()
        .flat_map(|case| case.told)
        .map(|(code, _)| *code)
        .chain(prose::covered())
        .collect();
    let missing: Vec<&str> = RULES
        .iter()
        .map(|row| row.rule.code)
        .filter(|code| !covered.contains(code) && !code.starts_with("kyoyu-limit-"))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_refusal_for_the_patient_alone_names_cancel_r02143() {
    let report = check(&tree("condition/patient-only"));
    let (japanese, english) = report.issues[0].rule.repair;
    assert!(japanese.contains("$cancel") && english.contains("$cancel"));
}

#[test]
fn each_limit_holds_on_both_sides() {
    let identifiers = |count| {
        let mut bundle = tree(C);
        for _ in 1..count {
            set(&mut bundle, &under("identifier/-"), json!({"system": "urn:x", "value": "y"}));
        }
        bundle
    };
    let tags = |count| {
        let mut bundle = tree(C);
        set(&mut bundle, &under("meta/tag"), json!([]));
        for _ in 0..count {
            set(&mut bundle, &under("meta/tag/-"), json!({"system": "urn:x", "code": "y"}));
        }
        bundle
    };
    let bundle_tags = |count| {
        let mut bundle = tree(C);
        for _ in 1..count {
            set(&mut bundle, "/meta/tag/-", json!({"system": "urn:x", "code": "y"}));
        }
        bundle
    };
    let contained = |count| {
        let mut bundle = tree(C);
        for number in 1..count {
            let resource = json!({"resourceType": "Location", "id": format!("l{number}")});
            set(&mut bundle, &under("contained/-"), resource);
        }
        bundle
    };
    let entries = |count| {
        let mut bundle = tree(C);
        for number in 5..count {
            let mut entry = bundle["entry"][1].clone();
            entry["fullUrl"] = json!(format!("urn:uuid:00000000-0000-4000-8000-{number:012}"));
            entry["resource"]["identifier"][0]["value"] = json!(format!("n-{number}"));
            set(&mut bundle, "/entry/-", entry);
        }
        bundle
    };
    let limits = Limits { entries: 7, identifiers: 6, tags: 5, contained: 4, ..Limits::default() };
    let codes = |bundle: Value| -> Vec<&'static str> {
        check_with(&bundle, &limits).issues.iter().map(|issue| issue.rule.code).collect()
    };
    assert_eq!(codes(identifiers(6)), [""; 0]);
    assert_eq!(codes(identifiers(7)), ["kyoyu-limit-identifiers"]);
    assert_eq!(codes(tags(5)), [""; 0]);
    assert_eq!(codes(tags(6)), ["kyoyu-limit-tags"]);
    assert_eq!(codes(bundle_tags(5)), [""; 0]);
    assert_eq!(codes(bundle_tags(6)), ["kyoyu-limit-tags"]);
    assert_eq!(codes(contained(4)), [""; 0]);
    assert_eq!(codes(contained(5)), ["kyoyu-limit-contained"]);
    assert_eq!(codes(entries(7)), [""; 0]);
    assert_eq!(codes(entries(8)), ["kyoyu-limit-entries"]);
}

#[test]
fn what_is_tolerated_passes() {
    type Tolerated = (&'static str, fn(&mut Value));
    let tolerated: &[Tolerated] = &[
        (C, |b| set(b, "/timestamp", json!("2026-04-01T09:30:00.123456Z"))),
        (C, |b| set(b, "/meta/profile/0", json!(rules::BUNDLE_PROFILE_URL))),
        (C, |b| {
            set(
                b,
                "/meta/profile/-",
                json!("http://hl7.org/fhir/StructureDefinition/Bundle|4.0.1"),
            );
        }),
        (C, |b| set(b, "/entry/0/resource/identifier/1/value", json!("00123459:::"))),
        (C, |b| remove(b, "/entry/0/resource/identifier/0")),
        (C, |b| remove(b, &under("clinicalStatus"))),
        // The guide's narrative has it, the value set of R4 has not: the profile refuses it.
        (C, |b| set(b, &under("clinicalStatus/coding/0/code"), json!("unknown"))),
        (A, |b| remove(b, &under("verificationStatus"))),
        (A, |b| set(b, &under("meta/tag"), json!([{"system": "urn:x", "code": "LTS"}]))),
        (L, |b| set(b, &under("contained/0/subject"), json!({"reference": "#"}))),
        (L, |b| {
            let url = b.pointer("/entry/0/fullUrl").cloned().expect("a URL");
            set(b, &under("contained/0/subject"), json!({"reference": url}));
        }),
        // A primitive may have an extension instead of a value.
        (C, |b| {
            let extension = json!([null, {"extension": [{"url": "urn:x", "valueCode": "y"}]}]);
            set(b, "/entry/0/resource/name/0/given/-", Value::Null);
            set(b, "/entry/0/resource/name/0/_given", extension);
        }),
    ];
    for (index, (fixture, change)) in tolerated.iter().enumerate() {
        let mut bundle = tree(fixture);
        change(&mut bundle);
        let report = check(&bundle);
        assert!(report.bundle.is_some(), "{index}: {:?}", report.issues);
    }
}

/// Two findings in each of 995 entries become 200 issues, the last of which counts the rest.
#[test]
fn many_findings_are_cut_off_and_counted() {
    let mut bundle = tree(C);
    let entry = bundle["entry"][1].clone();
    for number in 5..1_000 {
        let mut entry = entry.clone();
        entry["fullUrl"] = json!(format!("urn:uuid:00000000-0000-4000-8000-{number:012}"));
        entry["resource"]["identifier"][0]["value"] = json!(format!("n-{number}"));
        set(&mut entry, "/resource/onsetDateTime", json!("yesterday"));
        set(&mut entry, "/resource/subject/reference", json!("Patient/1"));
        set(&mut bundle, "/entry/-", entry);
    }
    let report = check(&bundle);
    assert_eq!(report.issues.len(), kyoyu_profile::collection::MAX_ISSUES);
    let last = report.issues.last().expect("issues");
    assert_eq!(last.rule.code, "kyoyu-more-issues");
    assert_eq!(last.argument.as_deref(), Some((2 * 995 - 199).to_string().as_str()));
    assert!(report.bundle.is_none());
}

/// Nothing of the patient is in an issue: no name, number, value or code.
#[test]
fn no_patient_data_is_in_an_issue() {
    for case in CASES {
        let mut bundle = tree(case.fixture);
        (case.change)(&mut bundle);
        for issue in check(&bundle).issues {
            let text = format!("{issue:?} {} {}", issue.japanese(), issue.english());
            for secret in ["共有 花子", "00123459", "1311234567", "1958", "高血圧", "4.10", "3H015"]
            {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}
