//! 分離型JWS — `header..signature`: the content is the document itself, not in the middle.
//!
//! Source: RFC 7515 (compact form, appendix F), RFC 7797 (`b64`), RFC 7518 (algorithms); FHIR
//! R4, Signature.

use std::borrow::Cow;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use kyoyu_domain::signature::Reason;
use serde::Deserialize;

use crate::{
    Claim, Container, MOST_CERTIFICATES,
    algorithm::{self, Hash, Scheme},
    certificate::Certificate,
};

/// 分離型JWS
#[derive(Debug, Clone, Copy)]
pub struct Jws;

/// What is read of the header; whatever else stands there says nothing to us.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    crit: Option<Vec<String>>,
    /// RFC 7797: whether the content is encoded before it is signed.
    #[serde(default)]
    b64: Option<bool>,
    #[serde(default)]
    x5c: Vec<String>,
    /// When it was signed, in seconds since 1970.
    #[serde(default)]
    iat: Option<i64>,
    /// The same as text (JAdES).
    #[serde(default, rename = "sigT")]
    sig_t: Option<String>,
}

/// The algorithms that are taken. `none` is not among them, nor is any with a shared key.
static ALGORITHMS: &[(&str, Scheme)] = &[
    ("ES256", Scheme::EcdsaFixed(Hash::Sha256)),
    ("ES384", Scheme::EcdsaFixed(Hash::Sha384)),
    ("RS256", Scheme::Pkcs1(Hash::Sha256)),
    ("PS256", Scheme::Pss(Hash::Sha256)),
];

impl Container for Jws {
    /// A JWS begins with a JSON object in base64url: `{` gives `e`.
    fn takes(&self, data: &[u8]) -> bool {
        data.first() == Some(&b'e')
    }

    fn open(&self, data: &[u8], content: &[u8]) -> Result<Claim, Reason> {
        let text = std::str::from_utf8(data).map_err(|_| Reason::Container)?;
        let mut parts = text.split('.');
        let (Some(head), Some(""), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Reason::Container);
        };
        let header: Header =
            serde_json::from_slice(&decoded(head)?).map_err(|_| Reason::Container)?;
        let scheme = header.scheme()?;
        let mut certificates = header.certificates()?;
        let message = [head.as_bytes(), b".", &header.payload(content)?].concat();
        let signer = certificates.remove(0);
        algorithm::verify(signer.key(), scheme, &message, &decoded(signature)?)?;
        Ok(Claim { signer, others: certificates, signed_at: header.signed_at()? })
    }
}

impl Header {
    fn scheme(&self) -> Result<Scheme, Reason> {
        let known = ALGORITHMS.iter().find(|row| row.0 == self.alg);
        known.map(|row| row.1).ok_or(Reason::Algorithm)
    }

    /// The content as it is signed: in base64url unless the header says otherwise. Every
    /// critical header but `b64` is unknown, and `b64` without being critical is a mistake
    /// (RFC 7797, 6).
    fn payload<'a>(&self, content: &'a [u8]) -> Result<Cow<'a, [u8]>, Reason> {
        let critical = match self.crit.as_deref() {
            None => false,
            Some([only]) if only == "b64" => true,
            Some(_) => return Err(Reason::Algorithm),
        };
        match self.b64 {
            None if !critical => Ok(URL_SAFE_NO_PAD.encode(content).into_bytes().into()),
            Some(true) if critical => Ok(URL_SAFE_NO_PAD.encode(content).into_bytes().into()),
            Some(false) if critical => Ok(content.into()),
            _ => Err(Reason::Container),
        }
    }

    /// The signer's first.
    fn certificates(&self) -> Result<Vec<Certificate>, Reason> {
        if self.x5c.len() > MOST_CERTIFICATES {
            return Err(Reason::Size);
        }
        let parse = |base64: &String| Certificate::parse(&STANDARD.decode(base64).ok()?);
        let certificates: Option<Vec<_>> = self.x5c.iter().map(parse).collect();
        certificates.filter(|all| !all.is_empty()).ok_or(Reason::Certificate)
    }

    fn signed_at(&self) -> Result<Option<DateTime<Utc>>, Reason> {
        let of_text = |text: &String| {
            DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).map_err(|_| Reason::Time)
        };
        if let Some(text) = &self.sig_t {
            return of_text(text).map(Some);
        }
        let of_seconds = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(Reason::Time);
        self.iat.map(of_seconds).transpose()
    }
}

fn decoded(base64url: &str) -> Result<Vec<u8>, Reason> {
    URL_SAFE_NO_PAD.decode(base64url).map_err(|_| Reason::Container)
}
