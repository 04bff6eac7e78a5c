//! 閲覧同意 — `Consent` as the service has understood it.
//!
//! Source: S10.3; design §5.

use fhir_sdk::{
    DateTime,
    r4b::{
        codes::{ConsentProvisionType, ConsentState},
        resources::{Consent as ConsentResource, ConsentProvision, ConsentProvisionActor},
        types::{Meta, Period},
    },
};
use kyoyu_domain::consent::Consent;

use crate::{names, parts, splice};

const COMPLETE: &str = "every mandatory element is set";
const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

/// One version of a consent under the identifier (system, value) that its sender gave.
pub fn consent(consent: &Consent, version: i32, identifier: (&str, &str)) -> Vec<u8> {
    splice::bytes(&build(consent, version, identifier))
}

fn build(consent: &Consent, version: i32, identifier: (&str, &str)) -> ConsentResource {
    let state = if consent.active { ConsentState::Active } else { ConsentState::Inactive };
    let meta = Meta::builder().version_id(version.to_string()).build().expect(COMPLETE);
    let (system, value) = identifier;
    ConsentResource::builder()
        .meta(meta)
        .identifier(vec![Some(parts::identifier(system, value))])
        .status(state)
        .scope(parts::concept(parts::coding(SCOPE, "patient-privacy")))
        .category(vec![Some(parts::concept(parts::coding(CATEGORY, "IDSCL")))])
        .patient(parts::reference(format!("Patient/{}", consent.person)))
        .policy_rule(parts::concept(parts::coding(CATEGORY, "OPTIN")))
        .provision(provision(consent))
        .build()
        .expect(COMPLETE)
}

fn provision(consent: &Consent) -> ConsentProvision {
    let period = Period::builder()
        .start(DateTime::DateTime(parts::instant(consent.starts_at)))
        .end(DateTime::DateTime(parts::instant(consent.ends_at)))
        .build()
        .expect(COMPLETE);
    let reader = ConsentProvisionActor::builder()
        .role(parts::concept(parts::coding(ROLE, "IRCP")))
        .reference(parts::reference(format!("Organization/{}", consent.institution)))
        .build()
        .expect(COMPLETE);
    let categories = consent.categories.iter().map(|category| {
        let (code, display) = (category.code(), category.japanese());
        Some(parts::concept(parts::coding_with(names::CONSENT_CATEGORY, code, display)))
    });
    ConsentProvision::builder()
        .r#type(ConsentProvisionType::Permit)
        .period(period)
        .actor(vec![Some(reader)])
        .code(categories.collect::<Vec<_>>())
        .build()
        .expect(COMPLETE)
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::{
        consent::{Categories, ConsentCategory},
        identifiers::PersonKey,
    };
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_consent_names_patient_reader_categories_and_period() {
        let starts_at = "2026-04-01T00:00:00Z".parse().expect("an instant");
        let given = Consent {
            person: "0196a4e2000070008000000000000001".parse::<PersonKey>().expect("a key"),
            institution: "1310000001".parse().expect("a number"),
            categories: [ConsentCategory::Conditions, ConsentCategory::Record]
                .into_iter()
                .collect::<Categories>(),
            starts_at,
            ends_at: Consent::default_end(starts_at),
            active: false,
        };
        let written: Value =
            serde_json::from_slice(&consent(&given, 3, ("urn:x", "c-1"))).expect("JSON");
        assert_eq!(written["status"], "inactive");
        assert_eq!(written["meta"]["versionId"], "3");
        assert_eq!(written["identifier"][0]["value"], "c-1");
        let provision = &written["provision"];
        assert_eq!(provision["actor"][0]["reference"]["reference"], "Organization/1310000001");
        assert_eq!(provision["period"]["end"], "2026-04-02T09:00:00+09:00");
        assert_eq!(provision["code"][1]["coding"][0]["code"], "record");
    }
}
