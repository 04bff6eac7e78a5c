use jsonwebtoken::EncodingKey;
use rcgen::KeyPair;
use serde_json::{Value, json};

use super::*;

const AUDIENCE: &str = "https://kyoyu.example/fhir";
const NOW: i64 = 1_800_000_000;
const CERTIFICATE: Fingerprint = Fingerprint([7; 32]);

/// An issuer with one key of each algorithm, and the private halves.
struct Signer {
    issuer: Arc<Issuer>,
    es256: KeyPair,
    eddsa: KeyPair,
}

impl Signer {
    fn new(role: Role) -> Self {
        let es256 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
        let eddsa = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
        let key = |kid: &str, algorithm, pair: &KeyPair| IssuerKey {
            kid: kid.to_owned(),
            algorithm,
            public_pem: pair.public_key_pem(),
        };
        let issuer = Issuer {
            name: "https://issuer.example".to_owned(),
            role,
            keys: vec![
                key("es", SignatureAlgorithm::Es256, &es256),
                key("ed", SignatureAlgorithm::EdDsa, &eddsa),
            ],
            institutions: institutions(&["1310000001", "1310000002"]),
        };
        Self { issuer: Arc::new(issuer), es256, eddsa }
    }

    fn sign(&self, header: &Value, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(&header.to_string()), encode(claims));
        let (algorithm, key) = match header["kid"].as_str() {
            Some("ed") => (Algorithm::EdDSA, EncodingKey::from_ed_der(&self.eddsa.serialize_der())),
            _ => (Algorithm::ES256, EncodingKey::from_ec_der(&self.es256.serialize_der())),
        };
        let signature = crypto::sign(signed.as_bytes(), &key, algorithm).expect("a signature");
        format!("Bearer {signed}.{signature}")
    }

    fn check(&self, authorization: &str) -> Result<Checked, Invalid> {
        self.check_at(authorization, NOW)
    }

    fn check_at(&self, authorization: &str, now: i64) -> Result<Checked, Invalid> {
        let participant = participant(self.issuer.role);
        let against = Against { participant: &participant, certificate: CERTIFICATE, now };
        let issuer = |name: &str| (name == self.issuer.name).then(|| Arc::clone(&self.issuer));
        Tokens::new(AUDIENCE.to_owned()).check(authorization.as_bytes(), &against, issuer)
    }

    fn refusal_of(&self, change: impl FnOnce(&mut Value)) -> Invalid {
        let mut claims = claims();
        change(&mut claims);
        self.check(&self.sign(&header(), &claims.to_string())).expect_err("a refusal")
    }
}

fn institutions(numbers: &[&str]) -> std::collections::BTreeSet<InstitutionNumber> {
    numbers.iter().map(|number| number.parse().expect("a number")).collect()
}

fn participant(role: Role) -> Participant {
    Participant {
        id: 1,
        name: "EHR".to_owned(),
        role,
        starts_at: chrono::DateTime::UNIX_EPOCH,
        ends_at: None,
        institutions: institutions(&["1310000001", "1310000003"]),
        predecessors: std::collections::BTreeMap::new(),
        insurer: None,
    }
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "JWT", "kid": "es"})
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example",
        "aud": AUDIENCE,
        "sub": "dr-1",
        "iat": NOW - 10,
        "nbf": NOW - 10,
        "exp": NOW + 290,
        "jti": "j-1",
        "cnf": {"x5t#S256": URL_SAFE_NO_PAD.encode(CERTIFICATE.0)},
        "role": "institution",
        "qualification": "doctor",
        "institution": "1310000001",
        "purpose": "TREAT",
    })
}

fn portal_claims() -> Value {
    let mut claims = claims();
    claims["role"] = json!("patient-portal");
    claims["purpose"] = json!("PATRQT");
    claims.as_object_mut().expect("an object").remove("institution");
    let system = PersonIdentifierSystem::Insured.uri();
    claims["patient"] = json!(format!("{system}|01234567:a:1:01"));
    claims
}

#[test]
fn good_tokens_of_both_algorithms_are_taken() {
    let signer = Signer::new(Role::Institution);
    for (alg, kid) in [("ES256", "es"), ("EdDSA", "ed")] {
        let header = json!({"alg": alg, "kid": kid});
        let checked =
            signer.check(&signer.sign(&header, &claims().to_string())).expect("a good token");
        assert_eq!(checked.institution, "1310000001".parse().ok());
        assert_eq!(checked.token.user, "dr-1");
        assert_eq!(checked.token.purpose, Purpose::Treat);
    }
}

#[test]
fn the_portal_names_the_patient_and_nobody_else_does() {
    let portal = Signer::new(Role::PatientPortal);
    let good = portal.sign(&header(), &portal_claims().to_string());
    assert!(portal.check(&good).expect("a good token").token.patient.is_some());
    let patient = portal_claims()["patient"].clone();
    let refusal = Signer::new(Role::Institution).refusal_of(|claims| claims["patient"] = patient);
    assert_eq!(refusal, Invalid::Claims);
}

#[test]
fn the_header_chooses_neither_algorithm_nor_key_a04() {
    let signer = Signer::new(Role::Institution);
    let claims = claims().to_string();
    let refusal =
        |header: Value| signer.check(&signer.sign(&header, &claims)).expect_err("refusal");
    assert_eq!(refusal(json!({"alg": "none", "kid": "es"})), Invalid::Signature);
    assert_eq!(refusal(json!({"alg": "HS256", "kid": "es"})), Invalid::Signature);
    assert_eq!(refusal(json!({"alg": "EdDSA", "kid": "es"})), Invalid::Signature);
    assert_eq!(refusal(json!({"alg": "ES256", "kid": "ed"})), Invalid::Signature);
    assert_eq!(refusal(json!({"alg": "ES256", "kid": "other"})), Invalid::Issuer);
    assert_eq!(refusal(json!({"alg": "ES256"})), Invalid::Form);
    for member in ["jku", "x5u", "jwk", "x5c", "crit"] {
        let mut header = header();
        header[member] = json!("https://attacker.example/keys");
        assert_eq!(refusal(header), Invalid::Form, "{member}");
    }
}

#[test]
fn a_token_without_or_with_another_signature_is_refused_a04() {
    let signer = Signer::new(Role::Institution);
    let good = signer.sign(&header(), &claims().to_string());
    let (unsigned, _) = good.rsplit_once('.').expect("three parts");
    assert_eq!(signer.check(&format!("{unsigned}.")), Err(Invalid::Signature));
    let other = Signer::new(Role::Institution).sign(&header(), &claims().to_string());
    assert_eq!(signer.check(&other), Err(Invalid::Signature));
}

#[test]
fn a_public_key_is_no_shared_secret_a04() {
    let signer = Signer::new(Role::Institution);
    let header = json!({"alg": "HS256", "kid": "es"});
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(header.to_string()), encode(claims().to_string()));
    let key = EncodingKey::from_secret(signer.es256.public_key_pem().as_bytes());
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature");
    assert_eq!(signer.check(&format!("Bearer {message}.{signature}")), Err(Invalid::Signature));
}

#[test]
fn a_token_belongs_to_one_certificate_a05() {
    let signer = Signer::new(Role::Institution);
    let other = URL_SAFE_NO_PAD.encode([8; 32]);
    let refusal = signer.refusal_of(|claims| claims["cnf"] = json!({"x5t#S256": other}));
    assert_eq!(refusal, Invalid::Certificate);
    let without = signer.refusal_of(|claims| claims["cnf"] = json!({}));
    assert_eq!(without, Invalid::Claims);
}

#[test]
fn every_time_is_demanded_and_kept_a06() {
    let signer = Signer::new(Role::Institution);
    for missing in ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "cnf", "role", "purpose"] {
        let refusal = signer.refusal_of(|claims| {
            claims.as_object_mut().expect("an object").remove(missing);
        });
        assert_eq!(refusal, Invalid::Claims, "{missing}");
    }
    let ten_years = signer.refusal_of(|claims| claims["exp"] = json!(NOW + 315_360_000));
    assert_eq!(ten_years, Invalid::Claims);
    let too_long = signer.refusal_of(|claims| claims["exp"] = json!(NOW + 291));
    assert_eq!(too_long, Invalid::Claims);
    let future = signer.refusal_of(|claims| claims["nbf"] = json!(NOW + LEEWAY_SECONDS + 1));
    assert_eq!(future, Invalid::NotYetValid);
    let overflow = signer.refusal_of(|claims| {
        claims["iat"] = json!(i64::MIN);
        claims["exp"] = json!(i64::MAX);
    });
    assert_eq!(overflow, Invalid::Claims);
}

#[test]
fn a_token_ends_with_its_last_second_and_ten_of_leeway_a06() {
    let signer = Signer::new(Role::Institution);
    let token = signer.sign(&header(), &claims().to_string());
    let (first, last) = (NOW - 10 - LEEWAY_SECONDS, NOW + 290 + LEEWAY_SECONDS - 1);
    assert!(signer.check_at(&token, first).is_ok());
    assert!(signer.check_at(&token, last).is_ok());
    assert_eq!(signer.check_at(&token, first - 1), Err(Invalid::NotYetValid));
    assert_eq!(signer.check_at(&token, last + 1), Err(Invalid::Expired));
}

#[test]
fn a_token_of_the_test_system_is_refused_a08() {
    let signer = Signer::new(Role::Institution);
    let refusal = signer.refusal_of(|claims| claims["aud"] = json!("https://test.example/fhir"));
    assert_eq!(refusal, Invalid::Audience);
}

#[test]
fn the_institution_is_one_of_issuer_and_participant() {
    let signer = Signer::new(Role::Institution);
    // The issuer's only, the participant's only, nobody's, and none.
    for institution in [json!("1310000002"), json!("1310000003"), json!("1310000009"), json!(null)]
    {
        let refusal = signer.refusal_of(|claims| claims["institution"] = institution);
        assert_eq!(refusal, Invalid::Institution);
    }
}

#[test]
fn a_role_other_than_the_issuers_is_refused() {
    let signer = Signer::new(Role::Institution);
    let refusal = signer.refusal_of(|claims| claims["role"] = json!("operator"));
    assert_eq!(refusal, Invalid::Issuer);
}

#[test]
fn repeated_members_are_refused_a09() {
    let signer = Signer::new(Role::Institution);
    let repeated = claims().to_string().replacen('{', r#"{"sub":"dr-2","#, 1);
    assert_eq!(signer.check(&signer.sign(&header(), &repeated)), Err(Invalid::Form));
    let nested = claims().to_string().replacen(r#""cnf":{"#, r#""cnf":{"x5t#S256":"a","#, 1);
    assert_eq!(signer.check(&signer.sign(&header(), &nested)), Err(Invalid::Form));
}

#[test]
fn oversized_and_deep_tokens_are_refused_before_any_signature_work_a09() {
    let signer = Signer::new(Role::Institution);
    let refusal = |authorization: &str| signer.check(authorization).expect_err("a refusal");
    assert_eq!(refusal(&format!("Bearer {}", "a".repeat(1 << 20))), Invalid::Form);
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    assert_eq!(refusal(&signer.sign(&header(), &deep)), Invalid::Form);
    for nonsense in ["", "Bearer", "Bearer ", "Bearer a.b", "Bearer a.b.c.d", "Basic a.b.c"] {
        assert_eq!(refusal(nonsense), Invalid::Form, "{nonsense}");
    }
}

#[test]
fn control_characters_stay_out_of_audit_records_a45() {
    let signer = Signer::new(Role::Institution);
    let refusal = signer.refusal_of(|claims| claims["sub"] = json!("dr-1\n\u{1b}[31m"));
    assert_eq!(refusal, Invalid::Claims);
}

#[test]
fn a_remembered_signature_is_forgotten_with_its_key() {
    let signer = Signer::new(Role::Institution);
    let token = signer.sign(&header(), &claims().to_string());
    let participant = participant(Role::Institution);
    let against = Against { participant: &participant, certificate: CERTIFICATE, now: NOW };
    let tokens = Tokens::new(AUDIENCE.to_owned());
    let known = |_: &str| Some(Arc::clone(&signer.issuer));
    for _ in 0..2 {
        assert!(tokens.check(token.as_bytes(), &against, known).is_ok());
    }
    let other_key = Signer::new(Role::Institution).issuer;
    let renewed = |_: &str| Some(Arc::clone(&other_key));
    assert_eq!(tokens.check(token.as_bytes(), &against, renewed), Err(Invalid::Signature));
}
