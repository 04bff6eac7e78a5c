//! The rules that only the guide's text states: each broken once, and once nearly.

use kyoyu_profile::{Generation, Limits, collection::check_as, rules};
use serde_json::{Value, json};

use crate::{
    broken::{R, remove, set, under},
    support::{check, told, tree},
};

/// One rule with a Bundle that breaks it and one that does not.
struct Case {
    code: &'static str,
    fixture: &'static str,
    breaks: fn(&mut Value),
    /// Where it is found.
    at: &'static str,
    keeps: fn(&mut Value),
}

const C: &str = "condition/valid";
const L: &str = "lab/valid";
const I: &str = "infection/valid";
const U: &str = "lab-unlisted/valid";
const D: &str = "drug-allergy/valid";
const A: &str = "other-allergy/valid";

const LOCAL_DISPLAY: &str = "/entry/1/resource/code/coding/0/display";
const POS_NEG: &str = "http://jpfhir.jp/fhir/LaboResult/CodeSystem/JP_PosNegHold_CS";
const URINE: &str = "http://jpfhir.jp/fhir/LaboResult/CodeSystem/JP_Urine_Code_CS";

fn coded(system: &str) -> Value {
    json!({"coding": [{"system": system, "code": "2"}], "text": "見本"})
}

fn interpretation(code: &str) -> Value {
    let system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
    json!([{"coding": [{"system": system, "code": code}]}])
}

fn with_status(bundle: &mut Value, status: &str) {
    set(bundle, &under("status"), json!(status));
}

fn with_insured(bundle: &mut Value, value: &str) {
    set(bundle, "/entry/0/resource/identifier/1/value", json!(value));
}

fn with_public_payer(bundle: &mut Value, value: &str) {
    let system = "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID";
    let identifier = json!({"system": system, "value": value});
    set(bundle, "/entry/0/resource/identifier/-", identifier);
}

fn with_version(bundle: &mut Value, version: &str) {
    let profile = format!("{}|{version}", rules::BUNDLE_PROFILE_URL);
    set(bundle, "/meta/profile/0", json!(profile));
}

const CASES: &[Case] = &[
    Case {
        code: "kyoyu-text-half-width-kana",
        fixture: L,
        breaks: |b| set(b, LOCAL_DISPLAY, json!("ｶﾘｳﾑ")),
        at: "Bundle.entry[1].resource.code.coding[0].display",
        keeps: |b| set(b, LOCAL_DISPLAY, json!("カリウム・β")),
    },
    Case {
        code: "kyoyu-text-full-width-space",
        fixture: L,
        breaks: |b| set(b, &under("code/text"), json!("カリウム\u{3000}血清")),
        at: "Bundle.entry[1].resource.code.text",
        keeps: |b| set(b, &under("code/text"), json!("カリウム 血清")),
    },
    Case {
        code: "kyoyu-text-control",
        fixture: L,
        breaks: |b| set(b, LOCAL_DISPLAY, json!("カリ\tウム")),
        at: "Bundle.entry[1].resource.code.coding[0].display",
        keeps: |b| set(b, &under("note"), json!([{"text": "一行目\n二行目"}])),
    },
    Case {
        code: "kyoyu-text-full-width-ascii",
        fixture: L,
        breaks: |b| set(b, LOCAL_DISPLAY, json!("Ｋ")),
        at: "Bundle.entry[1].resource.code.coding[0].display",
        keeps: |b| set(b, LOCAL_DISPLAY, json!("第Ⅷ因子(α)")),
    },
    Case {
        code: "kyoyu-text-vendor",
        fixture: L,
        breaks: |b| set(b, LOCAL_DISPLAY, json!("カリウム①")),
        at: "Bundle.entry[1].resource.code.coding[0].display",
        keeps: |b| set(b, LOCAL_DISPLAY, json!("カリウム1")),
    },
    Case {
        code: "kyoyu-coding-form",
        fixture: L,
        breaks: |b| set(b, &under("code/coding/0/code"), json!("01 02")),
        at: "Bundle.entry[1].resource.code.coding[0]",
        keeps: |b| set(b, &under("code/coding/0/code"), json!("01-02_a")),
    },
    Case {
        code: "kyoyu-coding-form",
        fixture: U,
        breaks: |b| {
            set(b, &under("code/coding/1/code"), json!("9999999999999999"));
            set(b, &under("code/coding/1/display"), json!("未標準化"));
        },
        at: "Bundle.entry[1].resource.code.coding[1]",
        keeps: |_| {},
    },
    Case {
        code: "kyoyu-coding-form",
        fixture: C,
        breaks: |b| set(b, &under("code/coding/0/code"), json!("I10")),
        at: "Bundle.entry[1].resource.code.coding[0]",
        keeps: |b| {
            let mut receipt = b.pointer(&under("code/coding/0")).cloned().expect("a coding");
            receipt["system"] = json!("http://jpfhir.jp/fhir/core/mhlw/CodeSystem/masterB-disease");
            receipt["code"] = json!("8833421");
            set(b, &under("code/coding/-"), receipt);
        },
    },
    Case {
        code: "kyoyu-coding-form",
        fixture: A,
        breaks: |b| set(b, &under("code/coding/0/code"), json!("J9N000000001")),
        at: "Bundle.entry[1].resource.code.coding[0]",
        keeps: |b| set(b, &under("code/coding/0/code"), json!("D9F000000000")),
    },
    Case {
        code: "kyoyu-reserved-display",
        fixture: C,
        breaks: |b| set(b, &under("code/coding/0/code"), json!("99999999")),
        at: "Bundle.entry[1].resource.code.coding[0]",
        keeps: |b| {
            set(b, &under("code/coding/0/code"), json!("99999999"));
            set(b, &under("code/coding/0/display"), json!("未コード化傷病名"));
        },
    },
    Case {
        code: "kyoyu-code-not-used",
        fixture: L,
        breaks: |b| set(b, &under("interpretation"), interpretation("HH")),
        at: "Bundle.entry[1].resource.interpretation[0].coding[0]",
        keeps: |b| set(b, &under("interpretation"), interpretation("H")),
    },
    Case {
        code: "kyoyu-uri-misprinted",
        fixture: A,
        breaks: |b| {
            let printed = "JP_JfagyNonFoodNonMedicationAllergen_CSS";
            let system = format!("http://jpfhir.jp/fhir/core/CodeSystem/{printed}");
            set(b, "/entry/2/resource/code/coding/0/system", json!(system));
        },
        at: "Bundle.entry[2].resource.code.coding[0].system",
        keeps: |_| {},
    },
    Case {
        code: "kyoyu-observation-uncoded",
        fixture: U,
        breaks: |b| remove(b, &under("code/coding/1")),
        at: "Bundle.entry[1].resource.code.coding",
        keeps: |b| {
            let system = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits";
            let general = json!({"system": system, "code": "8A065000002391901", "display": "見本"});
            set(b, &under("code/coding/1"), general);
        },
    },
    Case {
        code: "kyoyu-uncoded-beside-code",
        fixture: L,
        breaks: |b| {
            let uncoded = tree(U).pointer(&under("code/coding/1")).cloned().expect("a coding");
            set(b, &under("code/coding/-"), uncoded);
        },
        at: "Bundle.entry[1].resource.code.coding[3]",
        keeps: |_| {},
    },
    Case {
        code: "kyoyu-item-display",
        fixture: L,
        breaks: |b| set(b, &under("code/coding/1/display"), json!("Na")),
        at: "Bundle.entry[1].resource.code.coding[1]",
        keeps: |b| set(b, &under("code/coding/1/display"), json!("カリウム(K)")),
    },
    Case {
        code: "kyoyu-item-only-general",
        fixture: L,
        breaks: |b| remove(b, &under("code/coding/1")),
        at: "Bundle.entry[1].resource.code.coding[1]",
        keeps: |b| {
            remove(b, &under("code/coding/1"));
            set(b, &under("code/coding/1/code"), json!("8A065000002391901"));
        },
    },
    Case {
        code: "kyoyu-item-general-differs",
        fixture: L,
        breaks: |b| set(b, &under("code/coding/2/code"), json!("3H010000002326101")),
        at: "Bundle.entry[1].resource.code.coding[2]",
        keeps: |b| set(b, &under("code/coding/2/code"), json!("3H015000001926101")),
    },
    Case {
        code: "kyoyu-item-value-type",
        fixture: L,
        breaks: |b| {
            remove(b, &under("valueQuantity"));
            set(b, &under("valueCodeableConcept"), coded("urn:oid:1.2.3"));
        },
        at: "Bundle.entry[1].resource.valueCodeableConcept",
        keeps: |b| {
            remove(b, &under("valueQuantity"));
            set(b, &under("valueString"), json!("測定範囲外"));
        },
    },
    Case {
        code: "kyoyu-item-result-codes",
        fixture: I,
        breaks: |b| {
            remove(b, &under("valueString"));
            set(b, &under("valueCodeableConcept"), coded(URINE));
        },
        at: "Bundle.entry[1].resource.valueCodeableConcept.coding[0]",
        keeps: |b| {
            remove(b, &under("valueString"));
            set(b, &under("valueCodeableConcept"), coded(POS_NEG));
        },
    },
    Case {
        code: "kyoyu-value-forbidden",
        fixture: L,
        breaks: |b| with_status(b, "registered"),
        at: "Bundle.entry[1].resource.valueQuantity",
        keeps: |b| with_status(b, "preliminary"),
    },
    Case {
        code: "kyoyu-value-missing",
        fixture: L,
        breaks: |b| remove(b, &under("valueQuantity")),
        at: "Bundle.entry[1].resource.value",
        keeps: |b| {
            remove(b, &under("valueQuantity"));
            set(b, &under("dataAbsentReason"), json!({"text": "検体不良"}));
        },
    },
    Case {
        code: "kyoyu-value-missing",
        fixture: L,
        breaks: |b| remove(b, "/entry/2/resource/dataAbsentReason"),
        at: "Bundle.entry[2].resource.value",
        keeps: |_| {},
    },
    Case {
        code: "kyoyu-status-unused",
        fixture: L,
        breaks: |b| with_status(b, "amended"),
        at: "Bundle.entry[1].resource.status",
        keeps: |b| with_status(b, "corrected"),
    },
    Case {
        code: "kyoyu-condition-standing",
        fixture: C,
        breaks: |b| set(b, &under("clinicalStatus/coding/0/code"), json!("resolved")),
        at: "Bundle.entry[1].resource.clinicalStatus",
        keeps: |b| {
            set(b, &under("clinicalStatus/coding/0/code"), json!("resolved"));
            set(b, &under("abatementDateTime"), json!("2026-03"));
        },
    },
    Case {
        code: "kyoyu-allergen-category",
        fixture: A,
        breaks: |b| set(b, &under("category"), json!(["medication"])),
        at: "Bundle.entry[1].resource.category",
        keeps: |b| set(b, &under("category"), json!(["environment", "food"])),
    },
    Case {
        code: "kyoyu-insured-width",
        fixture: C,
        breaks: |b| with_insured(b, "00123459:A1:１２３４:02"),
        at: "Bundle.entry[0].resource.identifier[1]",
        keeps: |b| with_insured(b, "00123459:A1:1234:02"),
    },
    Case {
        code: "kyoyu-branch-missing",
        fixture: C,
        breaks: |b| with_insured(b, "00123459:架空:１２３４:"),
        at: "Bundle.entry[0].resource.identifier[1]",
        keeps: |b| with_insured(b, "00123459:架空:１２３４:00"),
    },
    Case {
        code: "kyoyu-public-payer",
        fixture: C,
        breaks: |b| {
            with_public_payer(b, "12345678:1234567");
            with_version(b, "1.11.0");
        },
        at: "Bundle.entry[0].resource.identifier[2]",
        keeps: |b| {
            with_public_payer(b, "12345678::1234567:");
            with_version(b, "1.11.0");
        },
    },
    Case {
        code: "kyoyu-local-institution",
        fixture: C,
        breaks: |b| {
            let system = "urn:oid:1.2.392.100495.20.3.51.11311234560";
            set(b, "/entry/0/resource/identifier/0/system", json!(system));
        },
        at: "Bundle.entry[0].resource.identifier[0]",
        keeps: |_| {},
    },
    Case {
        code: "kyoyu-name-full-width-space",
        fixture: C,
        breaks: |b| set(b, "/entry/0/resource/name/0/given/0", json!("花\u{3000}子")),
        at: "Bundle.entry[0].resource.name[0].given[0]",
        keeps: |b| set(b, "/entry/0/resource/name/0/given/0", json!("花 子")),
    },
    Case {
        code: "kyoyu-contained-patient",
        fixture: L,
        breaks: |b| {
            let patient = json!({"resourceType": "Patient", "id": "other"});
            set(b, &under("contained/-"), patient);
        },
        at: "Bundle.entry[1].resource.contained[2]",
        keeps: |b| {
            let specimen = json!({"resourceType": "Specimen", "id": "other"});
            set(b, &under("contained/-"), specimen);
        },
    },
    Case {
        code: "kyoyu-reference-logical",
        fixture: L,
        breaks: |b| {
            let identifier = json!({"system": "urn:oid:1.2.3", "value": "x"});
            set(b, &under("specimen"), json!({"type": "Specimen", "identifier": identifier}));
        },
        at: "Bundle.entry[1].resource.specimen",
        keeps: |_| {},
    },
    Case {
        code: "kyoyu-resource-identifier-uri",
        fixture: C,
        breaks: |b| set(b, &under("identifier/0/value"), json!("http://example.test/病名/1")),
        at: "Bundle.entry[1].resource.identifier[0]",
        keeps: |b| set(b, &under("identifier/0/value"), json!("病名 1")),
    },
    Case {
        code: "kyoyu-allergy-department",
        fixture: D,
        breaks: |b| remove(b, &under("extension/1")),
        at: "Bundle.entry[1].resource.extension",
        keeps: |_| {},
    },
    Case {
        code: "kyoyu-department-name",
        fixture: C,
        breaks: |b| remove(b, &under("extension/1/valueCodeableConcept/text")),
        at: "Bundle.entry[1].resource.extension[1].valueCodeableConcept.text",
        keeps: |b| remove(b, &under("extension/1/valueCodeableConcept/coding")),
    },
];

/// The codes that have a case here.
pub(crate) fn covered() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.code)
}

#[test]
fn each_prose_rule_is_found_where_it_is_broken() {
    for (index, case) in CASES.iter().enumerate() {
        let mut bundle = tree(case.fixture);
        (case.breaks)(&mut bundle);
        let report = check(&bundle);
        let told: Vec<_> = report.issues.iter().map(told).collect();
        assert_eq!(told, [(case.code, case.at)], "case {index}");
    }
}

#[test]
fn each_prose_rule_lets_pass_what_keeps_it() {
    for (index, case) in CASES.iter().enumerate() {
        let mut bundle = tree(case.fixture);
        (case.keeps)(&mut bundle);
        let codes: Vec<_> = check(&bundle).issues.iter().map(|issue| issue.rule.code).collect();
        assert_eq!(codes, [""; 0], "case {index}, {}", case.code);
    }
}

#[test]
fn a_name_of_the_patient_is_not_a_name_of_an_item() {
    let mut bundle = tree(C);
    set(&mut bundle, &format!("{R}/code/text"), json!("Ｃ型慢性肝炎"));
    assert!(check(&bundle).issues.is_empty());
}

#[test]
fn every_generation_is_accepted_and_asks_its_own_rules() {
    for (version, codes) in [
        ("1.10.0", &[][..]),
        ("1.11.0", &["kyoyu-public-payer"][..]),
        ("1.12.0", &["kyoyu-public-payer"][..]),
        ("1.13.0", &["kyoyu-profile-version"][..]),
    ] {
        let mut bundle = tree(C);
        with_public_payer(&mut bundle, "1234567");
        with_version(&mut bundle, version);
        let told: Vec<_> = check(&bundle).issues.iter().map(|issue| issue.rule.code).collect();
        assert_eq!(told, codes, "{version}");
    }
}

#[test]
fn a_bundle_that_names_no_version_is_judged_by_the_chosen_generation() {
    let mut bundle = tree(C);
    with_public_payer(&mut bundle, "1234567");
    let text = serde_json::to_string(&bundle).expect("it is JSON").replace("|1.10.0", "");
    let errors = |generation| {
        let report = check_as(text.as_bytes(), &Limits::default(), generation);
        report.issues.iter().map(|issue| issue.rule.code).collect::<Vec<_>>()
    };
    assert_eq!(errors(Generation::V1_10), [""; 0]);
    assert_eq!(errors(Generation::V1_11), ["kyoyu-public-payer"]);
}

/// The items with a control ratio became part of those with a positive control (1.11).
#[test]
fn the_display_of_a_merged_item_is_known_from_its_generation_on() {
    let merged = |version| {
        let mut bundle = tree(I);
        with_version(&mut bundle, version);
        remove(&mut bundle, &under("valueString"));
        set(&mut bundle, &under("valueQuantity"), json!({"value": 1.2}));
        set(&mut bundle, &under("code/coding/1/code"), json!("5F016141002305231"));
        set(&mut bundle, &under("code/coding/1/display"), json!("HBs抗原(陽性コントロール比)"));
        check(&bundle).issues.iter().map(|issue| issue.rule.code).collect::<Vec<_>>()
    };
    assert_eq!(merged("1.10.0"), ["kyoyu-item-display"]);
    assert_eq!(merged("1.11.0"), [""; 0]);
}
