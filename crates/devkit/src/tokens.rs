//! 開発用トークン発行者 — signs the tokens that name a person behind a certificate.
//!
//! Source: design §1; RFC 7519, RFC 8705 §3.

use std::fmt;

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use kyoyu_domain::{
    identifiers::{InstitutionNumber, PersonIdentifier},
    participant::{Fingerprint, IssuerKey, Role, SignatureAlgorithm},
    policy::Purpose,
    randomness::{Randomness, SystemRandomness},
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use serde_json::{Value, json};

use crate::real_time;

/// How long a token lives; the service takes none that lives longer.
const LIFE_SECONDS: i64 = 300;

/// 表明 — what a token is to say.
#[derive(Debug, Clone)]
pub struct Claims {
    /// `aud`: the service that it is for.
    pub audience: String,
    /// `sub`: the person who acts.
    pub subject: String,
    /// `role`: that of the participant.
    pub role: Role,
    /// `purpose`
    pub purpose: Purpose,
    /// `qualification`: doctor, dentist, pharmacist, …
    pub qualification: Option<String>,
    /// `institution`: where the person works.
    pub institution: Option<InstitutionNumber>,
    /// `patient`: whose data the portal's user asks for.
    pub patient: Option<PersonIdentifier>,
    /// `proxy`: who acts for the patient.
    pub proxy: Option<String>,
    /// `cnf`: the certificate of the connection that the token comes over.
    pub certificate: Fingerprint,
}

/// 下書き — a token before it is signed; a test may break anything in it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

/// トークン発行者 — a name and a private key.
pub struct TokenIssuer {
    name: String,
    algorithm: SignatureAlgorithm,
    public_pem: String,
    key: EncodingKey,
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TokenIssuer({}, {})", self.name, self.algorithm.code())
    }
}

/// The key id of every development issuer: it has one key.
const KEY_ID: &str = "dev";

impl TokenIssuer {
    /// A new issuer with a new key.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn create(name: &str, algorithm: SignatureAlgorithm) -> Result<Self> {
        Self::from_pem(name, algorithm, &new_key_pem(algorithm)?)
    }

    /// An issuer with a known key (PKCS #8).
    ///
    /// # Errors
    /// When the key cannot be read or is of another kind.
    pub fn from_pem(name: &str, algorithm: SignatureAlgorithm, key_pem: &str) -> Result<Self> {
        let pair = KeyPair::from_pem(key_pem).context("the issuer's key cannot be read")?;
        let key = match algorithm {
            SignatureAlgorithm::Es256 => EncodingKey::from_ec_der(pair.serialized_der()),
            SignatureAlgorithm::EdDsa => EncodingKey::from_ed_der(pair.serialized_der()),
        };
        let issuer =
            Self { name: name.to_owned(), algorithm, public_pem: pair.public_key_pem(), key };
        // A key of the other kind shows itself here and not at the first token.
        issuer.sign(&Draft { header: json!({}), claims: json!({}) })?;
        Ok(issuer)
    }

    /// `iss` of its tokens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key as the service registers it.
    pub fn public_key(&self) -> IssuerKey {
        IssuerKey {
            kid: KEY_ID.to_owned(),
            algorithm: self.algorithm,
            public_pem: self.public_pem.clone(),
        }
    }

    /// 発行 — a token that is valid from now on, for five minutes.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn issue(&self, claims: &Claims) -> Result<String> {
        self.sign(&self.draft(claims))
    }

    /// A token as it would be issued now, still open.
    pub fn draft(&self, claims: &Claims) -> Draft {
        self.draft_at(claims, real_time::now())
    }

    /// A token as it would have been issued at an instant.
    pub fn draft_at(&self, claims: &Claims, at: DateTime<Utc>) -> Draft {
        let now = at.timestamp();
        let randomness: &dyn Randomness = &SystemRandomness;
        let mut said = json!({
            "iss": self.name,
            "aud": claims.audience,
            "sub": claims.subject,
            "iat": now,
            "nbf": now,
            "exp": now + LIFE_SECONDS,
            "jti": randomness.uuid_v4().simple().to_string(),
            "cnf": {"x5t#S256": URL_SAFE_NO_PAD.encode(claims.certificate.0)},
            "role": claims.role.code(),
            "purpose": claims.purpose.code(),
        });
        let patient = claims
            .patient
            .as_ref()
            .map(|patient| format!("{}|{}", patient.system().uri(), patient.value().expose()));
        let optional = [
            ("qualification", claims.qualification.clone()),
            ("institution", claims.institution.map(|number| number.to_string())),
            ("patient", patient),
            ("proxy", claims.proxy.clone()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                said[name] = value.into();
            }
        }
        let header = json!({"alg": self.algorithm.code(), "typ": "JWT", "kid": KEY_ID});
        Draft { header, claims: said }
    }

    /// Signs a draft as it is.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, draft: &Draft) -> Result<String> {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&draft.header), encode(&draft.claims));
        let algorithm = match self.algorithm {
            SignatureAlgorithm::Es256 => Algorithm::ES256,
            SignatureAlgorithm::EdDsa => Algorithm::EdDSA,
        };
        let signature = crypto::sign(signed.as_bytes(), &self.key, algorithm)
            .context("the issuer's key does not sign")?;
        Ok(format!("{signed}.{signature}"))
    }
}

/// A new private key as PEM (PKCS #8).
pub(crate) fn new_key_pem(algorithm: SignatureAlgorithm) -> Result<String> {
    let kind = match algorithm {
        SignatureAlgorithm::Es256 => &PKCS_ECDSA_P256_SHA256,
        SignatureAlgorithm::EdDsa => &PKCS_ED25519,
    };
    Ok(KeyPair::generate_for(kind).context("no key could be made")?.serialize_pem())
}

#[cfg(test)]
mod tests;
