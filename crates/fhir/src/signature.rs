//! 電子署名 — what became of a document's signature, as an extension for those who may read the
//! document.

use fhir_sdk::r4b::types::{Extension, ExtensionValue};
use kyoyu_domain::signature::{Signer, Verification};

use crate::{names, parts, splice};

/// The extension; a document without a signature says so.
pub(crate) fn extension(of: Option<&Verification>) -> Extension {
    let status = of.map_or("absent", Verification::status);
    let mut said = vec![parts::extension("status", ExtensionValue::Code(status.to_owned()))];
    if let Some(verification) = of {
        said.extend(reason(verification));
        said.extend(verification.signer().into_iter().flat_map(signer));
        let instant =
            |name, at| parts::extension(name, ExtensionValue::Instant(parts::instant(at)));
        said.extend(verification.claimed_at.map(|at| instant("claimedAt", at)));
        said.push(instant("verifiedAt", verification.verified_at));
    }
    parts::complex_extension(names::SIGNATURE, said)
}

/// The same as bytes.
pub(crate) fn bytes(of: &Verification) -> Vec<u8> {
    splice::bytes(&extension(Some(of)))
}

fn reason(verification: &Verification) -> Option<Extension> {
    let rule = verification.reason()?.rule();
    let coding = parts::coding_with(names::RULE, rule.code, rule.japanese);
    Some(parts::extension("reason", ExtensionValue::Coding(coding)))
}

fn signer(signer: &Signer) -> Vec<Extension> {
    let mut said = vec![parts::extension("signer", parts::text(signer.name.expose()))];
    if let Some(role) = &signer.role {
        said.push(parts::extension("role", parts::text(role.as_str())));
        let japanese = role.japanese();
        said.extend(japanese.map(|text| parts::extension("roleDisplay", parts::text(text))));
    }
    said.push(parts::extension("issuer", parts::text(&signer.issuer)));
    said.push(parts::extension("serial", parts::text(&signer.serial)));
    said
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::{
        phi::Phi,
        signature::{HealthcareRole, Reason, Verdict},
    };
    use serde_json::{Value, json};

    use super::*;

    fn said(verdict: Verdict) -> Value {
        let at = "2026-04-01T00:00:00Z".parse().expect("an instant");
        let of = Verification { verdict, claimed_at: Some(at), verified_at: at };
        serde_json::from_slice(&bytes(&of)).expect("JSON")
    }

    #[test]
    fn a_verified_signature_tells_who_signed_with_which_role() {
        let told = said(Verdict::Verified(Signer {
            name: Phi::new("Kyoyu Hanako".to_owned()),
            role: HealthcareRole::new("Medical Doctor"),
            issuer: "CA".to_owned(),
            serial: "0a".to_owned(),
        }));
        assert_eq!(
            told["extension"],
            json!([
                {"url": "status", "valueCode": "verified"},
                {"url": "signer", "valueString": "Kyoyu Hanako"},
                {"url": "role", "valueString": "Medical Doctor"},
                {"url": "roleDisplay", "valueString": "医師"},
                {"url": "issuer", "valueString": "CA"},
                {"url": "serial", "valueString": "0a"},
                {"url": "claimedAt", "valueInstant": "2026-04-01T09:00:00+09:00"},
                {"url": "verifiedAt", "valueInstant": "2026-04-01T09:00:00+09:00"},
            ])
        );
    }

    #[test]
    fn an_unverified_one_tells_the_reason_and_nobody() {
        let told = said(Verdict::Unverified(Reason::Revoked));
        assert_eq!(told["extension"][0]["valueCode"], "unverified");
        assert_eq!(told["extension"][1]["valueCoding"]["code"], "kyoyu-signature-revoked");
        assert!(!told.to_string().contains("signer"));
    }

    #[test]
    fn a_document_without_one_says_so() {
        let told: Value = serde_json::to_value(extension(None)).expect("JSON");
        assert_eq!(told["extension"], json!([{"url": "status", "valueCode": "absent"}]));
    }
}
