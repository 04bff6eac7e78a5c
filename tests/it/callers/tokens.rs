//! Tokens: one good one, and everything that is wrong with others.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use kyoyu_devkit::{Draft, Reply, Request, TokenIssuer};
use kyoyu_domain::participant::SignatureAlgorithm;
use kyoyu_tests::app::{Answer, TestApp};
use serde_json::{Value, json};
use sha2::Sha256;

async fn with_token(app: &TestApp, token: &str) -> Reply {
    let request = Request::get("/fhir/Observation?patient=x").expect("a path");
    app.doctor.send(request.token(Some(token)).expect("a header")).await
}

/// The refusal names the reason by one word, and nothing of the token.
async fn refused(app: &TestApp, token: &str, word: &str) {
    let reply = with_token(app, token).await;
    reply.must_refuse(401, "kyoyu-token-invalid");
    assert!(reply.text().contains(word), "{word}: {}", reply.text());
    assert!(reply.headers.contains_key("www-authenticate"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_with_a_wrong_or_missing_claim_is_401_a06_a08() {
    let app = TestApp::start().await;
    let (issuer, claims) = app.doctor.tokens();
    let draft = || issuer.draft(claims);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut draft = draft();
        change(&mut draft.claims);
        issuer.sign(&draft).expect("the key signs")
    };
    let good = issuer.sign(&draft()).expect("the key signs");
    with_token(&app, &good).await.must_refuse(400, "kyoyu-parameter-value");
    with_token(&app, &good).await.must_refuse(400, "kyoyu-parameter-value");
    let now = draft().claims["iat"].as_i64().expect("seconds");
    let foreign = app.cast.hospital.institution.expect("a number").to_string();
    let cases: Vec<(String, &str)> = vec![
        (
            changed(&|claims| {
                claims["exp"] = json!(now - 20);
                claims["iat"] = json!(now - 300);
            }),
            "expired",
        ),
        (changed(&|claims| claims["exp"] = json!(now + 301)), "claims"),
        (changed(&|claims| claims["exp"] = json!(now + 315_360_000)), "claims"),
        (changed(&|claims| claims["nbf"] = json!(now + 60)), "not-yet-valid"),
        (
            changed(&|claims| {
                claims["iat"] = json!(now + 60);
                claims["exp"] = json!(now + 120);
            }),
            "not-yet-valid",
        ),
        (changed(&|claims| claims["aud"] = json!("https://test.invalid/fhir")), "audience"),
        (changed(&|claims| claims["cnf"]["x5t#S256"] = json!("AAAA")), "certificate"),
        (changed(&|claims| claims["iss"] = json!("https://nobody.invalid")), "issuer"),
        (changed(&|claims| claims["role"] = json!("operator")), "issuer"),
        (changed(&|claims| claims["institution"] = json!("1310009999")), "institution"),
        (changed(&|claims| claims["institution"] = json!(foreign)), "institution"),
        (changed(&|claims| claims["patient"] = json!("a|b")), "claims"),
        (changed(&|claims| claims["purpose"] = json!("CURIOSITY")), "claims"),
    ];
    for (token, word) in cases {
        refused(&app, &token, word).await;
    }
    for missing in ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "cnf", "role", "purpose"] {
        let token = changed(&|claims| {
            claims.as_object_mut().expect("claims").remove(missing);
        });
        refused(&app, &token, "claims").await;
    }
    let token = changed(&|claims| {
        claims.as_object_mut().expect("claims").remove("institution");
    });
    refused(&app, &token, "institution").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_chooses_neither_algorithm_nor_key_a04() {
    let app = TestApp::start().await;
    let (issuer, claims) = app.doctor.tokens();
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let good = issuer.draft(claims);
    let none =
        format!("{}.{}.", encode(&json!({"alg": "none", "kid": "dev"})), encode(&good.claims));
    refused(&app, &none, "signature").await;
    // HS256 with the public key as the secret.
    let signed =
        format!("{}.{}", encode(&json!({"alg": "HS256", "kid": "dev"})), encode(&good.claims));
    let secret = issuer.public_key().public_pem;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(signed.as_bytes());
    let mac = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    refused(&app, &format!("{signed}.{mac}"), "signature").await;
    let with_header = |header: Value| {
        issuer.sign(&Draft { header, claims: good.claims.clone() }).expect("the key signs")
    };
    refused(&app, &with_header(json!({"alg": "ES256", "kid": "other"})), "issuer").await;
    for member in ["jku", "x5u", "jwk", "crit"] {
        let mut header = json!({"alg": "ES256", "kid": "dev"});
        header[member] = json!("https://evil.invalid/keys");
        refused(&app, &with_header(header), "form").await;
    }
    let impostor = TokenIssuer::create(issuer.name(), SignatureAlgorithm::Es256).expect("a key");
    refused(&app, &impostor.issue(claims).expect("it signs"), "signature").await;
    let token = with_header(json!({"alg": "ES256", "kid": "dev"}));
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, _) = signed.split_once('.').expect("three parts");
    let mut other = good.claims.clone();
    other["sub"] = json!("doctor-9");
    refused(&app, &format!("{header}.{}.{signature}", encode(&other)), "signature").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_token_is_worth_nothing_on_another_certificate_a05() {
    let app = TestApp::start().await;
    let token = app.doctor.token().expect("a token");
    for party in [&app.cast.hospital, &app.cast.pharmacy, &app.cast.portal] {
        let request = Request::get("/fhir/Observation?patient=x").expect("a path");
        let reply = app.system(party).send(request.token(Some(&token)).expect("a header")).await;
        reply.must_refuse(401, "kyoyu-token-invalid");
        assert!(reply.text().contains("certificate"), "{}", reply.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_token_is_refused_before_any_signature_a09() {
    let app = TestApp::start().await;
    let long = "a".repeat(9_000);
    let repeated = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","alg":"none","kid":"dev"}"#);
    let nested = URL_SAFE_NO_PAD.encode("[".repeat(3_000));
    for token in
        ["x", "a.b.c", "..", &long, &format!("{repeated}.e30.AA"), &format!("{nested}.e30.AA")]
    {
        refused(&app, token, "").await;
    }
    app.finish().await;
}
