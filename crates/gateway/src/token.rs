//! トークン — a JWT that names the person behind a certificate.
//!
//! Shape:  ES256 or `EdDSA`, at most 8 kB and five minutes, bound to the certificate of the
//!         connection (`cnf.x5t#S256`, RFC 8705).
//! Answer: what the token says, or one word for what is wrong with it; never its content.
//! Source: design §1; reliability A04 to A09.
//!
//! The header chooses nothing: the issuer is looked up by `iss`, the key by `kid`, and the
//! algorithm is the one registered with the key. `jku`, `x5u`, `jwk` and every other
//! member of the header that we do not know is refused.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use sha2::{Digest, Sha256};

use kyoyu_domain::{
    identifiers::{InstitutionNumber, PersonIdentifier, PersonIdentifierSystem},
    participant::{Fingerprint, Issuer, IssuerKey, Participant, Role, SignatureAlgorithm},
    policy::Purpose,
    problem::{Issue, Problem},
    rules,
};
use kyoyu_service::Token;

/// Longer tokens are refused before anything is decoded.
const MAX_BYTES: usize = 8 * 1024;
/// The longest life that a token may give itself.
const MAX_LIFE_SECONDS: i64 = 300;
/// How far the clocks of issuer and service may differ.
const LEEWAY_SECONDS: i64 = 10;
/// The longest text that a claim may hold; audit records keep some of them.
const MAX_TEXT_CHARS: usize = 200;
/// How many checked signatures are remembered.
const MAX_REMEMBERED: usize = 65_536;

/// 無効の理由 — what is wrong with a token, as one fixed word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    Form,
    Issuer,
    Signature,
    Certificate,
    Audience,
    Expired,
    NotYetValid,
    Institution,
    Claims,
}

impl Invalid {
    fn word(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::Certificate => "certificate",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Institution => "institution",
            Self::Claims => "claims",
        }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Issue::of(&rules::TOKEN_INVALID).with(invalid.word()).into()
    }
}

/// 検証の前提 — what a token is checked against.
pub(crate) struct Against<'a> {
    /// The participant of the connection.
    pub participant: &'a Participant,
    /// The certificate of the connection.
    pub certificate: Fingerprint,
    /// Real time, in seconds since 1970.
    pub now: i64,
}

/// 検証済トークン — what a good token says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    pub token: Token,
    pub institution: Option<InstitutionNumber>,
}

/// 検証器 — checks tokens for one audience.
pub(crate) struct Tokens {
    audience: String,
    /// Signatures that were good: a token is used for several requests, and its signature
    /// costs more than all other checks together. Everything else is checked every time.
    good: Mutex<HashMap<[u8; 32], Good>>,
}

struct Good {
    issuer: Arc<Issuer>,
    expires: i64,
}

impl Tokens {
    pub(crate) fn new(audience: String) -> Self {
        Self { audience, good: Mutex::default() }
    }

    /// Checks the value of `Authorization`.
    pub(crate) fn check(
        &self,
        authorization: &[u8],
        against: &Against<'_>,
        issuer: impl Fn(&str) -> Option<Arc<Issuer>>,
    ) -> Result<Checked, Invalid> {
        let token = bearer(authorization)?;
        let (signed, signature) = token.rsplit_once('.').ok_or(Invalid::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(Invalid::Form)?;
        let header: Header = decode(header, Invalid::Form)?;
        let claims: Claims = decode(claims, Invalid::Claims)?;
        let issuer = issuer(&claims.iss).ok_or(Invalid::Issuer)?;
        let key = header.key_of(&issuer)?;
        self.check_signature(signed, signature, key, &issuer, claims.exp)?;
        claims.check(&self.audience, against, &issuer)
    }

    fn check_signature(
        &self,
        signed: &str,
        signature: &str,
        key: &IssuerKey,
        issuer: &Arc<Issuer>,
        expires: i64,
    ) -> Result<(), Invalid> {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(signed)
            .chain_update(".")
            .chain_update(signature)
            .finalize()
            .into();
        let mut good = self.good.lock().expect("no holder of the lock panics");
        // A key that was withdrawn since makes another issuer.
        if good.get(&digest).is_some_and(|good| good.issuer == *issuer) {
            return Ok(());
        }
        drop(good);
        verify(signed, signature, key)?;
        good = self.good.lock().expect("no holder of the lock panics");
        if good.len() >= MAX_REMEMBERED {
            good.retain(|_, good| good.expires > expires - MAX_LIFE_SECONDS);
        }
        if good.len() >= MAX_REMEMBERED {
            good.clear();
        }
        good.insert(digest, Good { issuer: Arc::clone(issuer), expires });
        Ok(())
    }
}

fn bearer(authorization: &[u8]) -> Result<&str, Invalid> {
    let text = std::str::from_utf8(authorization).map_err(|_| Invalid::Form)?;
    let (scheme, token) = text.split_once(' ').ok_or(Invalid::Form)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.len() > MAX_BYTES {
        return Err(Invalid::Form);
    }
    Ok(token.trim())
}

/// Decodes one part: base64url without padding, JSON without repeated members.
fn decode<T: for<'de> Deserialize<'de>>(part: &str, wrong_members: Invalid) -> Result<T, Invalid> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Invalid::Form)?;
    serde_json::from_slice::<Unique>(&json).map_err(|_| Invalid::Form)?;
    serde_json::from_slice(&json).map_err(|_| wrong_members)
}

fn verify(signed: &str, signature: &str, key: &IssuerKey) -> Result<(), Invalid> {
    let pem = key.public_pem.as_bytes();
    let (algorithm, decoding_key) = match key.algorithm {
        SignatureAlgorithm::Es256 => (Algorithm::ES256, DecodingKey::from_ec_pem(pem)),
        SignatureAlgorithm::EdDsa => (Algorithm::EdDSA, DecodingKey::from_ed_pem(pem)),
    };
    let decoding_key = decoding_key.map_err(|_| Invalid::Issuer)?;
    match crypto::verify(signature, signed.as_bytes(), &decoding_key, algorithm) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(Invalid::Signature),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: Option<String>,
}

impl Header {
    fn key_of<'a>(&self, issuer: &'a Issuer) -> Result<&'a IssuerKey, Invalid> {
        if self.typ.as_ref().is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt")) {
            return Err(Invalid::Form);
        }
        let key = issuer.keys.iter().find(|key| key.kid == self.kid).ok_or(Invalid::Issuer)?;
        // The algorithm belongs to the key; the header may only repeat it.
        if self.alg == key.algorithm.code() { Ok(key) } else { Err(Invalid::Signature) }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    cnf: Confirmation,
    role: String,
    purpose: String,
    qualification: Option<String>,
    institution: Option<String>,
    patient: Option<String>,
    proxy: Option<String>,
}

#[derive(Deserialize)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    certificate: String,
}

impl Claims {
    fn check(
        self,
        audience: &str,
        against: &Against<'_>,
        issuer: &Issuer,
    ) -> Result<Checked, Invalid> {
        if self.cnf.certificate != URL_SAFE_NO_PAD.encode(against.certificate.0) {
            return Err(Invalid::Certificate);
        }
        if self.aud != audience {
            return Err(Invalid::Audience);
        }
        self.check_times(against.now)?;
        self.check_texts()?;
        if self.role != issuer.role.code() || issuer.role != against.participant.role {
            return Err(Invalid::Issuer);
        }
        let institution = self.institution(issuer, against.participant)?;
        let patient = self.patient(issuer.role)?;
        let purpose = Purpose::from_code(&self.purpose).ok_or(Invalid::Claims)?;
        let token = Token {
            user: self.sub,
            qualification: self.qualification,
            purpose,
            patient,
            proxy: self.proxy,
        };
        Ok(Checked { token, institution })
    }

    fn check_times(&self, now: i64) -> Result<(), Invalid> {
        let life = self.exp.checked_sub(self.iat).ok_or(Invalid::Claims)?;
        if !(1..=MAX_LIFE_SECONDS).contains(&life) {
            return Err(Invalid::Claims);
        }
        let latest_start = now + LEEWAY_SECONDS;
        if self.iat > latest_start || self.nbf > latest_start {
            return Err(Invalid::NotYetValid);
        }
        if self.exp <= now - LEEWAY_SECONDS { Err(Invalid::Expired) } else { Ok(()) }
    }

    fn check_texts(&self) -> Result<(), Invalid> {
        let optional = [&self.qualification, &self.proxy].into_iter().flatten();
        let fit = |text: &String| {
            !text.is_empty()
                && text.chars().count() <= MAX_TEXT_CHARS
                && !text.chars().any(char::is_control)
        };
        let all_fit = [&self.sub, &self.jti].into_iter().chain(optional).all(fit);
        if all_fit { Ok(()) } else { Err(Invalid::Claims) }
    }

    /// The institution must be one of the issuer's and one of the participant's; an
    /// institution's token must name one.
    fn institution(
        &self,
        issuer: &Issuer,
        participant: &Participant,
    ) -> Result<Option<InstitutionNumber>, Invalid> {
        let Some(institution) = &self.institution else {
            let needed = issuer.role == Role::Institution;
            return if needed { Err(Invalid::Institution) } else { Ok(None) };
        };
        let institution = institution.parse().map_err(|_| Invalid::Institution)?;
        let known = issuer.institutions.contains(&institution)
            && participant.institutions.contains(&institution);
        if known { Ok(Some(institution)) } else { Err(Invalid::Institution) }
    }

    /// Only the portal says whose data its user asks for, and who acts for the patient.
    fn patient(&self, role: Role) -> Result<Option<PersonIdentifier>, Invalid> {
        if role != Role::PatientPortal && (self.patient.is_some() || self.proxy.is_some()) {
            return Err(Invalid::Claims);
        }
        let Some(patient) = &self.patient else { return Ok(None) };
        let (system, value) = patient.split_once('|').ok_or(Invalid::Claims)?;
        let system = PersonIdentifierSystem::from_uri(system).ok_or(Invalid::Claims)?;
        PersonIdentifier::new(system, value).map(Some).map_err(|_| Invalid::Claims)
    }
}

/// Any JSON in which no object repeats a member. `serde_json` keeps the last of repeated
/// members silently; another reader may keep the first.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON without repeated members")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some((name, Unique)) = members.next_entry::<String, Unique>()? {
            if !seen.insert(name) {
                return Err(de::Error::custom("a member is repeated"));
            }
        }
        Ok(Unique)
    }
}

#[cfg(test)]
mod tests;
