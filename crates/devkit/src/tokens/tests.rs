use jsonwebtoken::DecodingKey;
use kyoyu_domain::identifiers::PersonIdentifierSystem;

use super::*;

fn claims() -> Claims {
    Claims {
        audience: "https://kyoyu.example/fhir".to_owned(),
        subject: "dr-1".to_owned(),
        role: Role::Institution,
        purpose: Purpose::Treat,
        qualification: Some("doctor".to_owned()),
        institution: "1310000001".parse().ok(),
        patient: None,
        proxy: None,
        certificate: Fingerprint([7; 32]),
    }
}

fn said(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    let json = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    serde_json::from_slice(&json).expect("JSON")
}

#[test]
fn tokens_of_both_algorithms_verify_with_the_public_key() {
    for (algorithm, name) in SignatureAlgorithm::ALL {
        let issuer = TokenIssuer::create("https://issuer.example", *algorithm).expect("a key");
        let token = issuer.issue(&claims()).expect("a token");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let pem = issuer.public_key().public_pem;
        let (key, algorithm) = match algorithm {
            SignatureAlgorithm::Es256 => {
                (DecodingKey::from_ec_pem(pem.as_bytes()), Algorithm::ES256)
            }
            SignatureAlgorithm::EdDsa => {
                (DecodingKey::from_ed_pem(pem.as_bytes()), Algorithm::EdDSA)
            }
        };
        let key = key.expect("a public key");
        let good = crypto::verify(signature, signed.as_bytes(), &key, algorithm);
        assert!(good.expect("a verdict"), "{name}");
    }
}

#[test]
fn a_token_lives_five_minutes_and_is_bound_to_its_certificate() {
    let issuer = TokenIssuer::create("i", SignatureAlgorithm::Es256).expect("a key");
    let said = said(&issuer.issue(&claims()).expect("a token"));
    let seconds = |name: &str| said[name].as_i64().expect("seconds");
    assert_eq!(seconds("exp") - seconds("iat"), 300);
    assert_eq!(said["cnf"]["x5t#S256"], URL_SAFE_NO_PAD.encode([7; 32]));
    assert_eq!(said["institution"], "1310000001");
    assert_eq!(said.get("patient"), None);
}

#[test]
fn no_two_tokens_share_their_id() {
    let issuer = TokenIssuer::create("i", SignatureAlgorithm::EdDsa).expect("a key");
    let [one, other] =
        [0, 1].map(|_| said(&issuer.issue(&claims()).expect("a token"))["jti"].clone());
    assert_ne!(one, other);
}

#[test]
fn the_portal_names_the_patient_with_the_system() {
    let system = PersonIdentifierSystem::Insured;
    let patient = PersonIdentifier::new(system, "01234567:あ:1:01").expect("an identifier");
    let issuer = TokenIssuer::create("i", SignatureAlgorithm::Es256).expect("a key");
    let draft = issuer.draft(&Claims { patient: Some(patient), ..claims() });
    assert_eq!(draft.claims["patient"], format!("{}|01234567:あ:1:01", system.uri()));
}

#[test]
fn a_draft_can_be_broken_and_is_signed_all_the_same() {
    let issuer = TokenIssuer::create("i", SignatureAlgorithm::Es256).expect("a key");
    let mut draft = issuer.draft(&claims());
    draft.claims["aud"] = json!("https://test.example/fhir");
    draft.header["jku"] = json!("https://attacker.example/keys");
    let token = issuer.sign(&draft).expect("a token");
    assert_eq!(said(&token)["aud"], "https://test.example/fhir");
}

#[test]
fn a_key_of_the_other_kind_is_refused_at_once() {
    let pem = new_key_pem(SignatureAlgorithm::EdDsa).expect("a key");
    assert!(TokenIssuer::from_pem("i", SignatureAlgorithm::Es256, &pem).is_err());
}
