//! 名前 — the canonical addresses under which our own codes and extensions stand.
//!
//! They are names, not places: nothing is ever fetched from them.

/// The code system of rules: `OperationOutcome.issue.details.coding`.
pub const RULE: &str = "https://kyoyu.invalid/fhir/CodeSystem/rule";
/// The code system of the published R-numbers.
pub const RULE_NUMBER: &str = "https://kyoyu.invalid/fhir/CodeSystem/rule-number";
/// The code system of the catalogue.
pub const KIND: &str = "https://kyoyu.invalid/fhir/CodeSystem/kind";
/// The code system of consent categories.
pub const CONSENT_CATEGORY: &str = "https://kyoyu.invalid/fhir/CodeSystem/consent-category";
/// The code system of what was asked for, in the access log.
pub const ACTION: &str = "https://kyoyu.invalid/fhir/CodeSystem/action";
/// The code system of qualifications, as tokens name them.
pub const QUALIFICATION: &str = "https://kyoyu.invalid/fhir/CodeSystem/qualification";

/// The code system of the states of letters.
pub const LETTER_STATE: &str = "https://kyoyu.invalid/fhir/CodeSystem/letter-state";

/// The extension that says where a letter stands.
pub const LETTER_STATE_OF: &str = "https://kyoyu.invalid/fhir/StructureDefinition/letter-state";
/// The extension that says to whom a letter is addressed.
pub const LETTER_ADDRESSEE: &str = "https://kyoyu.invalid/fhir/StructureDefinition/addressee";
/// The extension that says when a letter was received.
pub const LETTER_RECEIVED_AT: &str = "https://kyoyu.invalid/fhir/StructureDefinition/received-at";

/// The extension that says what became of the electronic signature of a document.
pub const SIGNATURE: &str = "https://kyoyu.invalid/fhir/StructureDefinition/signature";

/// The extension that says how to repair what an issue names, in `ja` and `en`.
pub const REPAIR: &str = "https://kyoyu.invalid/fhir/StructureDefinition/repair";
/// The extension of a searchset's entry: when and by whom the resource was registered.
pub const REGISTRATION: &str = "https://kyoyu.invalid/fhir/StructureDefinition/registration";
/// The extension of a searchset's entry: what a page draws of a prescription, and where it
/// comes from.
pub const PRESCRIPTION: &str = "https://kyoyu.invalid/fhir/StructureDefinition/prescription";
/// The code system of 文書区分.
pub const OCCASION: &str = "https://kyoyu.invalid/fhir/CodeSystem/prescription-occasion";

/// 医療機関コード — the system of institution numbers (JP Core).
pub const INSTITUTION_NUMBER: &str =
    "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";
/// The code system of HL7 purposes of use.
pub const PURPOSE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
