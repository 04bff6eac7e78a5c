//! 署名用カード — a signer's key with its certificates, and detached JWS by it.

use std::fmt;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
        ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
        RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use der::Decode;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use x509_cert::Certificate;

use super::cms::CmsHash;

/// 鍵の種類
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKey {
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA, 2048 bits.
    Rsa2048,
}

impl CardKey {
    pub(super) fn generate(self) -> Result<KeyPair> {
        let key = match self {
            Self::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Self::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            Self::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
        };
        key.context("no key could be made")
    }

    /// The usual algorithm of a JWS with such a key.
    fn jws_algorithm(self) -> &'static str {
        match self {
            Self::P256 => "ES256",
            Self::P384 => "ES384",
            Self::Rsa2048 => "PS256",
        }
    }
}

/// What a signer's certificate says.
#[derive(Debug, Clone, Copy)]
pub struct CardPlan<'a> {
    /// The common name.
    pub name: &'a str,
    /// hcRole.
    pub role: Option<&'a str>,
    /// The key.
    pub key: CardKey,
    /// Since when it is valid.
    pub from: DateTime<Utc>,
    /// Until when it is valid.
    pub until: DateTime<Utc>,
}

/// 署名用カード
#[derive(Clone)]
pub struct SigningCard {
    /// The signer's certificate and the intermediate authority's, as DER.
    pub chain: Vec<Vec<u8>>,
    pub(super) kind: CardKey,
    key_pkcs8: Vec<u8>,
}

impl fmt::Debug for SigningCard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningCard(<redacted>)")
    }
}

/// How integers stand in an ECDSA signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Fixed,
    Der,
}

impl SigningCard {
    pub(super) fn new(chain: Vec<Vec<u8>>, kind: CardKey, key: &KeyPair) -> Self {
        Self { chain, kind, key_pkcs8: key.serialize_der() }
    }

    /// The signer's certificate.
    pub(super) fn certificate(&self) -> Result<Certificate> {
        let own = self.chain.first().context("a card has a certificate")?;
        Ok(Certificate::from_der(own)?)
    }

    pub(super) fn serial(&self) -> Result<Vec<u8>> {
        Ok(self.certificate()?.tbs_certificate.serial_number.as_bytes().to_vec())
    }

    /// 分離型JWS — of these bytes, with the usual header.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn jws(&self, content: &[u8]) -> Result<Vec<u8>> {
        self.jws_with(&json!({"alg": self.kind.jws_algorithm(), "x5c": self.x5c()}), content)
    }

    /// The certificates as a JWS header has them.
    pub fn x5c(&self) -> Vec<String> {
        self.chain.iter().map(|der| BASE64_STANDARD.encode(der)).collect()
    }

    /// The same with any header; `b64: false` leaves the content as it is. The signature is
    /// one of the key's kind, whatever the header says.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn jws_with(&self, header: &Value, content: &[u8]) -> Result<Vec<u8>> {
        let head = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
        let payload = match header["b64"] {
            Value::Bool(false) => content.to_vec(),
            _ => BASE64_URL_SAFE_NO_PAD.encode(content).into_bytes(),
        };
        let message = [head.as_bytes(), b".", &payload].concat();
        let signature = if header["alg"] == "RS256" {
            self.rsa(&RSA_PKCS1_SHA256, &message)?
        } else if self.kind == CardKey::Rsa2048 {
            self.rsa(&RSA_PSS_SHA256, &message)?
        } else {
            self.ecdsa(Form::Fixed, &message)?
        };
        Ok(format!("{head}..{}", BASE64_URL_SAFE_NO_PAD.encode(signature)).into_bytes())
    }

    /// A signature as CMS has it: PSS where the key is RSA and the hash says so.
    pub(super) fn sign_cms(&self, hash: CmsHash, message: &[u8]) -> Result<Vec<u8>> {
        match (self.kind, hash) {
            (CardKey::Rsa2048, CmsHash::Sha256) => self.rsa(&RSA_PKCS1_SHA256, message),
            (CardKey::Rsa2048, CmsHash::Sha384) => self.rsa(&RSA_PKCS1_SHA384, message),
            (CardKey::Rsa2048, CmsHash::Sha512) => self.rsa(&RSA_PKCS1_SHA512, message),
            _ => self.ecdsa(Form::Der, message),
        }
    }

    pub(super) fn sign_pss(&self, hash: CmsHash, message: &[u8]) -> Result<Vec<u8>> {
        match hash {
            CmsHash::Sha256 => self.rsa(&RSA_PSS_SHA256, message),
            CmsHash::Sha384 => self.rsa(&RSA_PSS_SHA384, message),
            CmsHash::Sha512 => self.rsa(&RSA_PSS_SHA512, message),
        }
    }

    fn rsa(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Result<Vec<u8>> {
        let key = RsaKeyPair::from_pkcs8(&self.key_pkcs8).map_err(|_| anyhow!("no RSA key"))?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| anyhow!("the key does not sign"))?;
        Ok(signature)
    }

    fn ecdsa(&self, form: Form, message: &[u8]) -> Result<Vec<u8>> {
        let algorithm: &'static EcdsaSigningAlgorithm = match (self.kind, form) {
            (CardKey::P384, Form::Fixed) => &ECDSA_P384_SHA384_FIXED_SIGNING,
            (CardKey::P384, Form::Der) => &ECDSA_P384_SHA384_ASN1_SIGNING,
            (_, Form::Fixed) => &ECDSA_P256_SHA256_FIXED_SIGNING,
            (_, Form::Der) => &ECDSA_P256_SHA256_ASN1_SIGNING,
        };
        let key = EcdsaKeyPair::from_pkcs8(algorithm, &self.key_pkcs8)
            .map_err(|_| anyhow!("no ECDSA key"))?;
        let signature = key.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| anyhow!("the key does not sign"))?.as_ref().to_vec())
    }
}
