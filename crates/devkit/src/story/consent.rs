//! 同意の書き方 — the Consent that the eligibility network sends when the patient has put
//! the card on the reader.

use kyoyu_domain::{
    consent::ConsentCategory,
    identifiers::{InstitutionNumber, PersonIdentifier},
};
use serde_json::{Value, json};

/// The system of the network's own consent numbers.
const SYSTEM: &str = "urn:kyoyu:demo:consent";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// 同意 — for one visit at one institution.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The network's number of the consent.
    pub number: u32,
    /// Whose data.
    pub patient: PersonIdentifier,
    /// Who may read.
    pub institution: InstitutionNumber,
}

impl Visit {
    /// `system|value`, ready for a query.
    pub(super) fn query(&self) -> String {
        form_urlencoded::byte_serialize(format!("{SYSTEM}|{}", self.value()).as_bytes()).collect()
    }

    /// The consent as a body.
    pub fn allows(&self, categories: &[ConsentCategory]) -> String {
        self.body("active", categories)
    }

    /// The revocation.
    pub fn revoked(&self) -> String {
        self.body("inactive", &[])
    }

    fn value(&self) -> String {
        format!("visit-{}", self.number)
    }

    fn body(&self, status: &str, categories: &[ConsentCategory]) -> String {
        let mut provision = json!({
            "type": "permit",
            "actor": [{
                "role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP"),
                "reference": {"identifier": {
                    "system": "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no",
                    "value": self.institution.as_str(),
                }},
            }],
        });
        if !categories.is_empty() {
            let system = "https://kyoyu.invalid/fhir/CodeSystem/consent-category";
            let codes = categories.iter().map(|category| coded(system, category.code()));
            provision["code"] = codes.collect();
        }
        let scope = coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy");
        json!({
            "resourceType": "Consent",
            "identifier": [{"system": SYSTEM, "value": self.value()}],
            "status": status,
            "scope": scope,
            "category": [coded("http://loinc.org", "59284-0")],
            "patient": {"identifier": {
                "system": self.patient.system().uri(),
                "value": self.patient.value().expose(),
            }},
            "policyRule": coded(ACT_CODE, "OPTIN"),
            "provision": provision,
        })
        .to_string()
    }
}

fn coded(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}
