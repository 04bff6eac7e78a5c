//! 受診 — the consents that the eligibility network registers.

use kyoyu_domain::{
    consent::ConsentCategory,
    identifiers::{InstitutionNumber, PersonIdentifier},
};
use serde_json::{Value, json};

use super::words::url_encoded;

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const CONSENT_SYSTEM: &str = "urn:kyoyu:test:consent";

/// 受診 — a consent for one visit at one institution.
#[derive(Debug, Clone)]
pub struct Visit {
    pub(super) number: u32,
    pub(super) institution: InstitutionNumber,
    pub(super) patient: PersonIdentifier,
}

impl Visit {
    /// `PUT` changes it here.
    pub fn address(&self) -> String {
        let token = format!("{CONSENT_SYSTEM}|visit-{}", self.number);
        format!("/fhir/Consent?identifier={}", url_encoded(&token))
    }

    /// The consent to categories.
    pub fn active(&self, categories: &[ConsentCategory]) -> String {
        self.body("active", categories).to_string()
    }

    /// The revocation.
    pub fn inactive(&self) -> String {
        self.body("inactive", &[]).to_string()
    }

    /// The consent as JSON, for tests that break it.
    pub fn body(&self, status: &str, categories: &[ConsentCategory]) -> Value {
        let coded =
            |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
        let mut provision = json!({
            "type": "permit",
            "actor": [{
                "role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP"),
                "reference": {"identifier": {
                    "system": kyoyu_profile::consent::INSTITUTION_SYSTEM,
                    "value": self.institution.as_str(),
                }},
            }],
        });
        if !categories.is_empty() {
            let system = kyoyu_profile::consent::CATEGORY_SYSTEM;
            let codes = categories.iter().map(|category| coded(system, category.code()));
            provision["code"] = codes.collect();
        }
        json!({
            "resourceType": "Consent",
            "identifier": [{"system": CONSENT_SYSTEM, "value": format!("visit-{}", self.number)}],
            "status": status,
            "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            "category": [coded("http://loinc.org", "59284-0")],
            "patient": {"identifier": {
                "system": self.patient.system().uri(),
                "value": self.patient.value().expose(),
            }},
            "policyRule": coded(ACT_CODE, "OPTIN"),
            "provision": provision,
        })
    }
}
