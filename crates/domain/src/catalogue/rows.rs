//! 台帳の行 — the rows of the catalogue.

use super::{Audience, Discriminator, Kind, Need, Oneness, Opening};
use crate::{
    consent::ConsentCategory,
    lab_items::{CORE_LAB_SYSTEMS, INFECTION_SYSTEMS},
    retention::Period,
};

const INSTITUTIONS_AND_PATIENT: &[Audience] = &[Audience::Institution, Audience::Patient];
const ADDRESSEE: &[Audience] = &[Audience::Addressee];
const CLINS_VERSIONS: &[&str] = &["1.10.0", "1.11.0", "1.12.0"];
const CHECKUP_VERSIONS: &[&str] = &["1.5.0"];

/// What most clinical items have in common.
const ITEM: Kind = Kind {
    code: "",
    japanese: "",
    english: "",
    resource_type: "",
    recognised_by: Discriminator::Type,
    profile: "",
    versions: CLINS_VERSIONS,
    keep: Period::Years(5),
    keep_after_receipt: None,
    one_within: Oneness::Institution,
    last_n: None,
    sent_as_list: false,
    may_be_long_term: false,
    may_be_hidden: false,
    readers: INSTITUTIONS_AND_PATIENT,
    consent: Need::Category(ConsentCategory::Record),
    accept: Opening::Always,
    show: Opening::Always,
    shows_refuted: false,
};

/// What letters have in common (文書送受信サービス, S10.1).
const LETTER: Kind = Kind {
    resource_type: "Bundle",
    keep: Period::Days(180),
    keep_after_receipt: Some(Period::Days(7)),
    readers: ADDRESSEE,
    consent: Need::EachDocument,
    ..ITEM
};

/// Every kind that is shared, in the order of screens and documents.
pub static CATALOGUE: &[Kind] = &[
    Kind {
        code: "referral",
        japanese: "診療情報提供書",
        english: "referral letters",
        recognised_by: Discriminator::Document("57133-1"),
        profile: "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_eReferral",
        ..LETTER
    },
    Kind {
        code: "discharge-summary",
        japanese: "退院時サマリー",
        english: "discharge summaries",
        recognised_by: Discriminator::Document("18842-5"),
        profile: "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_eDischargeSummary",
        ..LETTER
    },
    Kind {
        code: "checkup",
        japanese: "健康診断結果報告書",
        english: "checkup reports",
        resource_type: "Bundle",
        recognised_by: Discriminator::Document("53576-5"),
        profile: "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_eCheckupGeneral",
        versions: CHECKUP_VERSIONS,
        one_within: Oneness::Patient,
        readers: &[Audience::Institution, Audience::Insurer, Audience::Patient],
        consent: Need::Category(ConsentCategory::Checkup),
        ..ITEM
    },
    Kind {
        code: "condition",
        japanese: "傷病名",
        english: "conditions",
        sent_as_list: true,
        resource_type: "Condition",
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Condition_eCS",
        may_be_long_term: true,
        may_be_hidden: true,
        consent: Need::Category(ConsentCategory::Conditions),
        ..ITEM
    },
    Kind {
        code: "infection",
        japanese: "感染症",
        english: "infections",
        resource_type: "Observation",
        recognised_by: Discriminator::CodeSystem(INFECTION_SYSTEMS),
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
        may_be_long_term: true,
        consent: Need::Category(ConsentCategory::Infections),
        ..ITEM
    },
    Kind {
        code: "drug-allergy",
        japanese: "薬剤アレルギー等",
        english: "drug allergies",
        sent_as_list: true,
        resource_type: "AllergyIntolerance",
        recognised_by: Discriminator::Category(&["medication", "biologic"]),
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_AllergyIntolerance_eCS",
        may_be_long_term: true,
        shows_refuted: true,
        ..ITEM
    },
    Kind {
        code: "other-allergy",
        japanese: "その他アレルギー等",
        english: "other allergies",
        sent_as_list: true,
        resource_type: "AllergyIntolerance",
        recognised_by: Discriminator::Rest,
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_AllergyIntolerance_eCS",
        may_be_long_term: true,
        shows_refuted: true,
        ..ITEM
    },
    Kind {
        code: "lab",
        japanese: "検査",
        english: "laboratory results",
        resource_type: "Observation",
        recognised_by: Discriminator::CodeSystem(CORE_LAB_SYSTEMS),
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
        keep: Period::Years(1),
        last_n: Some(3),
        ..ITEM
    },
    Kind {
        code: "lab-unlisted",
        japanese: "検査（共有項目外）",
        english: "laboratory results outside the shared items",
        resource_type: "Observation",
        recognised_by: Discriminator::Rest,
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
        keep: Period::Years(1),
        readers: &[],
        show: Opening::Closed,
        ..ITEM
    },
    Kind {
        code: "prescription",
        japanese: "処方",
        english: "prescriptions",
        resource_type: "MedicationRequest",
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_MedicationRequest_eCS",
        keep: Period::Days(100),
        last_n: Some(3),
        ..ITEM
    },
    Kind {
        code: "patient-summary",
        japanese: "患者サマリー",
        english: "patient summaries",
        resource_type: "Bundle",
        recognised_by: Discriminator::Document("56447-6"),
        profile: "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_ePCS",
        keep: Period::Days(180),
        readers: &[Audience::Patient],
        consent: Need::Nothing,
        ..ITEM
    },
];
