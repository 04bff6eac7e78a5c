//! 閲覧同意 — reads the Consent that the eligibility network sends.
//!
//! A consent must never be wider than what was understood, so that every element is either
//! read or refused by name:
//!
//! ```json
//! {
//!   "resourceType": "Consent",
//!   "identifier": [{"system": "urn:…", "value": "…"}],
//!   "status": "active",
//!   "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
//!                         "code": "patient-privacy"}]},
//!   "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
//!   "patient": {"identifier": {"system": "…/JP_Insurance_memberID", "value": "…"}},
//!   "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
//!                              "code": "OPTIN"}]},
//!   "provision": {
//!     "type": "permit",
//!     "period": {"start": "2026-04-01T09:00:00+09:00", "end": "2026-04-02T09:00:00+09:00"},
//!     "actor": [{"role": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
//!                                     "code": "PRCP"}]},
//!                "reference": {"identifier": {"system": "…/insurance-medical-institution-no",
//!                                             "value": "1310000001"}}}],
//!     "code": [{"coding": [{"system": "https://kyoyu.invalid/fhir/CodeSystem/consent-category",
//!                           "code": "conditions"}]}]
//!   }
//! }
//! ```
//!
//! The institution is the actor with the role PRCP, and nowhere else: `organization` is in
//! FHIR who keeps the consent, which is another thing. An active consent names at least one
//! category, since in FHIR no code means everything. A period's end that is a day means the
//! whole day.
//!
//! Source: FHIR R4, Consent; S10.3; design §5.

use chrono::{DateTime, Days, Utc};

use kyoyu_domain::{
    clock::start_of_japan_day,
    consent::{Categories, ConsentCategory},
    identifiers::{InstitutionNumber, PersonIdentifier, PersonIdentifierSystem},
    problem::Issue,
    rules::CONSENT_SHAPE,
};

use crate::{
    closed::{self, Reader},
    dates,
    json::Value,
    limits::Limits,
};

/// The system of the categories in `Consent.provision.code`.
pub const CATEGORY_SYSTEM: &str = "https://kyoyu.invalid/fhir/CodeSystem/consent-category";

/// The system of institution numbers.
pub const INSTITUTION_SYSTEM: &str =
    "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const SCOPES: &[(&str, &str)] =
    &[("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")];
const CONSENT_CATEGORIES: &[(&str, &str)] =
    &[("http://loinc.org", "59284-0"), (ACT_CODE, "INFA"), (ACT_CODE, "IDSCL")];
const POLICY_RULES: &[(&str, &str)] = &[(ACT_CODE, "OPTIN")];
const RECIPIENTS: &[(&str, &str)] =
    &[("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP")];

/// 同意 — one Consent as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentStatement {
    /// System and value of `Consent.identifier[0]`, the key.
    pub identifier: (String, String),
    /// `active`; a revoked consent is `inactive`.
    pub active: bool,
    /// Whose data.
    pub patient: PersonIdentifier,
    /// Who may read.
    pub institution: InstitutionNumber,
    /// What may be read; none only in a revocation.
    pub categories: Categories,
    /// From when, if the Consent says so.
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when, exclusive, if the Consent says so.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Reads one Consent.
///
/// # Errors
/// What is missing or not understood.
pub fn read(body: &[u8], limits: &Limits) -> Result<ConsentStatement, Vec<Issue>> {
    let document = closed::document(body, limits, "Consent")?;
    let mut reader = Reader::new(&CONSENT_SHAPE);
    let statement = statement(document.root(), &mut reader);
    reader.finish(statement)
}

fn statement(consent: Value<'_>, reader: &mut Reader) -> Option<ConsentStatement> {
    const KNOWN: &[&str] = &[
        "resourceType",
        "id",
        "meta",
        "language",
        "text",
        "identifier",
        "status",
        "scope",
        "category",
        "patient",
        "dateTime",
        "policyRule",
        "provision",
    ];
    reader.only(consent, KNOWN);
    frame(consent, reader);
    let identifier = identifier(consent, reader);
    let active = reader.read(consent, "status", |status| match &**status {
        "active" => Some(true),
        "inactive" => Some(false),
        _ => None,
    });
    let patient = patient(consent, reader);
    let provision = reader.object(consent, "provision", &["type", "period", "actor", "code"])?;
    reader.read_if_there(provision, "type", |text| (*text == "permit").then_some(()));
    let institution = institution(provision, reader);
    let categories = categories(provision, active, reader);
    let (starts_at, ends_at) = period(provision, reader);
    Some(ConsentStatement {
        identifier: identifier?,
        active: active?,
        patient: patient?,
        institution: institution?,
        categories,
        starts_at,
        ends_at,
    })
}

/// What has to be as usual and says nothing more.
fn frame(consent: Value<'_>, reader: &mut Reader) {
    if let Some(meta) = consent.get("meta") {
        // Security labels and tags could narrow the consent.
        reader.only(meta, &["versionId", "lastUpdated", "source", "profile"]);
    }
    reader.read_if_there(consent, "dateTime", |text| dates::date_time(text));
    if let Some(scope) = consent.get("scope") {
        concept(scope, SCOPES, reader);
    }
    if let Some(rule) = consent.get("policyRule") {
        concept(rule, POLICY_RULES, reader);
    }
    if consent.get("category").is_some() {
        for category in reader.items(consent, "category") {
            concept(category, CONSENT_CATEGORIES, reader);
        }
    }
}

fn identifier(consent: Value<'_>, reader: &mut Reader) -> Option<(String, String)> {
    let identifier = reader.single(consent, "identifier")?;
    reader.only(identifier, &["system", "value"]);
    let system = reader.text(identifier, "system");
    let value = reader.text(identifier, "value");
    Some((system?.into_owned(), value?.into_owned()))
}

fn patient(consent: Value<'_>, reader: &mut Reader) -> Option<PersonIdentifier> {
    let patient = reader.object(consent, "patient", &["identifier", "type", "display"])?;
    reader.read_if_there(patient, "type", |text| (*text == "Patient").then_some(()));
    let identifier = reader.object(patient, "identifier", &["system", "value"])?;
    let system =
        reader.read(identifier, "system", |text| PersonIdentifierSystem::from_uri(text))?;
    reader.read(identifier, "value", |text| PersonIdentifier::new(system, text).ok())
}

/// The one who may read: the only actor, in the role of the recipient.
fn institution(provision: Value<'_>, reader: &mut Reader) -> Option<InstitutionNumber> {
    let actor = reader.single(provision, "actor")?;
    reader.only(actor, &["role", "reference"]);
    match actor.get("role") {
        Some(role) => concept(role, RECIPIENTS, reader),
        None => reader.absent(actor, "role"),
    }
    let reference = reader.object(actor, "reference", &["identifier", "type", "display"])?;
    reader.read_if_there(reference, "type", |text| (*text == "Organization").then_some(()));
    let identifier = reader.object(reference, "identifier", &["system", "value"])?;
    reader.read(identifier, "system", |text| (*text == INSTITUTION_SYSTEM).then_some(()));
    let reads = |number: &InstitutionNumber| !number.is_checkup_centre();
    reader.read(identifier, "value", |text| text.parse().ok().filter(reads))
}

fn categories(provision: Value<'_>, active: Option<bool>, reader: &mut Reader) -> Categories {
    if provision.get("code").is_none() {
        if active != Some(false) {
            reader.absent(provision, "code");
        }
        return Categories::NONE;
    }
    let codes = reader.items(provision, "code");
    codes.into_iter().filter_map(|code| category(code, reader)).collect()
}

fn category(code: Value<'_>, reader: &mut Reader) -> Option<ConsentCategory> {
    reader.only(code, &["coding", "text"]);
    let coding = reader.single(code, "coding")?;
    reader.only(coding, &["system", "code", "display"]);
    reader.read(coding, "system", |text| (*text == CATEGORY_SYSTEM).then_some(()))?;
    reader.read(coding, "code", |text| ConsentCategory::from_code(text))
}

fn period(
    provision: Value<'_>,
    reader: &mut Reader,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let Some(period) = provision.get("period") else { return (None, None) };
    reader.only(period, &["start", "end"]);
    let day_or_instant = |text: &str| text.len() >= 10;
    let starts_at = reader.read_if_there(period, "start", |text| {
        day_or_instant(text).then(|| dates::date_time(text)).flatten()
    });
    let ends_at = reader.read_if_there(period, "end", |text| match dates::date(text) {
        Some(last_day) => last_day.checked_add_days(Days::new(1)).map(start_of_japan_day),
        None => dates::instant(text),
    });
    if let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at)
        && ends_at <= starts_at
    {
        reader.refuse(period);
    }
    (starts_at, ends_at)
}

/// A concept all of whose codings are expected ones.
fn concept(concept: Value<'_>, expected: &[(&str, &str)], reader: &mut Reader) {
    reader.only(concept, &["coding", "text"]);
    for coding in reader.items(concept, "coding") {
        reader.only(coding, &["system", "version", "code", "display"]);
        let (system, code) = (coding.text_of("system"), coding.text_of("code"));
        let pair = (system.unwrap_or_default(), code.unwrap_or_default());
        if !expected.contains(&(&*pair.0, &*pair.1)) {
            reader.refuse(coding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = r#"{
      "resourceType": "Consent",
      "identifier": [{"system": "urn:oid:1.2.3", "value": "c-1"}],
      "status": "active",
      "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
        "code": "patient-privacy"}]},
      "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
      "patient": {"identifier": {
        "system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
        "value": "01234567:a:1:01"}},
      "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "code": "OPTIN"}]},
      "provision": {
        "type": "permit",
        "period": {"start": "2026-04-01T09:00:00+09:00", "end": "2026-04-02"},
        "actor": [{
          "role": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
            "code": "PRCP"}]},
          "reference": {"identifier": {
            "system": "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no",
            "value": "1310000001"}}}],
        "code": [
          {"coding": [{"system": "https://kyoyu.invalid/fhir/CodeSystem/consent-category",
            "code": "conditions"}]},
          {"coding": [{"system": "https://kyoyu.invalid/fhir/CodeSystem/consent-category",
            "code": "record"}]}]
      }
    }"#;

    fn refused(from: &str, to: &str) -> Vec<String> {
        let body = VALID.replacen(from, to, 1);
        assert_ne!(body, VALID, "{from}");
        let issues = read(body.as_bytes(), &Limits::default()).expect_err(to);
        let name = |issue: Issue| issue.argument.expect("the element's name").into_owned();
        issues.into_iter().map(name).collect()
    }

    #[test]
    fn a_consent_says_who_may_read_what_of_whom_and_when() {
        let read = read(VALID.as_bytes(), &Limits::default()).expect("it is valid");
        assert_eq!(read.identifier, ("urn:oid:1.2.3".to_owned(), "c-1".to_owned()));
        assert!(read.active);
        assert_eq!(read.patient.value().expose(), "01234567:a:1:01");
        assert_eq!(read.institution.as_str(), "1310000001");
        let categories: Vec<&str> = read.categories.iter().map(ConsentCategory::code).collect();
        assert_eq!(categories, ["conditions", "record"]);
        assert_eq!(read.starts_at, "2026-04-01T00:00:00Z".parse().ok());
        assert_eq!(read.ends_at, "2026-04-02T15:00:00Z".parse().ok());
    }

    #[test]
    fn a_revocation_needs_no_categories() {
        let (head, _) = VALID.split_once(",\n        \"code\": [").expect("the codes");
        let without_codes = format!("{head}}}}}");
        let revoked = without_codes.replace("\"active\"", "\"inactive\"");
        let read_revoked = read(revoked.as_bytes(), &Limits::default()).expect("it is valid");
        assert!(!read_revoked.active);
        assert_eq!(read_revoked.categories, Categories::NONE);
        let issues = read(without_codes.as_bytes(), &Limits::default()).expect_err("no code");
        assert_eq!(issues[0].argument.as_deref(), Some("provision.code"));
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let actor = "provision.actor[0]";
        for (from, to, element) in [
            ("\"active\"", "\"proposed\"", "status"),
            ("\"status\"", "\"extension\": [], \"status\"", "extension"),
            ("\"status\"", "\"modifierExtension\": [], \"status\"", "modifierExtension"),
            ("\"status\"", "\"meta\": {\"security\": []}, \"status\"", "meta.security"),
            ("\"status\"", "\"organization\": [], \"status\"", "organization"),
            ("patient-privacy", "research", "scope.coding[0]"),
            ("59284-0", "1-8", "category[0].coding[0]"),
            ("OPTIN", "OPTOUT", "policyRule.coding[0]"),
            ("urn:oid:1.2.3\",", "\",", "identifier[0].system"),
            (":1:01", ":1", "patient.identifier.value"),
            ("JP_Insurance_memberID", "JP_Other", "patient.identifier.system"),
            ("\"permit\"", "\"deny\"", "provision.type"),
            ("\"type\": \"permit\"", "\"provision\": []", "provision.provision"),
            ("\"type\": \"permit\"", "\"purpose\": []", "provision.purpose"),
            ("\"type\": \"permit\"", "\"dataPeriod\": {}", "provision.dataPeriod"),
            ("2026-04-02", "2026-04", "provision.period.end"),
            ("2026-04-02", "2026-03-31", "provision.period"),
            ("2026-04-01T09:00:00+09:00", "2026", "provision.period.start"),
            ("PRCP", "CST", &format!("{actor}.role.coding[0]")),
            ("1310000001", "1320000001", &format!("{actor}.reference.identifier.value")),
            ("\"conditions\"", "\"everything\"", "provision.code[0].coding[0].code"),
            ("consent-category\"", "other\"", "provision.code[0].coding[0].system"),
        ] {
            assert_eq!(refused(from, to), [element], "{to}");
        }
    }
}
