//! 署名方式 — the list of algorithms that are taken, and nothing else: SHA-256 or stronger with
//! RSA of at least 2048 bits (PKCS #1 or PSS) or ECDSA on a NIST curve.

use aws_lc_rs::{
    digest,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA384_ASN1,
        ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
        ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1,
        ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use der::{
    Decode, Encode, Sequence,
    asn1::{AnyRef, ObjectIdentifier},
};
use kyoyu_domain::signature::Reason;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const RSA_KEY: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
const EC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");

/// ハッシュ関数
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// Every one with its identifier and its length in bytes.
    const ALL: [(Self, ObjectIdentifier, u8); 3] = [
        (Self::Sha256, oid("2.16.840.1.101.3.4.2.1"), 32),
        (Self::Sha384, oid("2.16.840.1.101.3.4.2.2"), 48),
        (Self::Sha512, oid("2.16.840.1.101.3.4.2.3"), 64),
    ];

    pub(crate) fn of(algorithm: &AlgorithmIdentifierOwned) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == algorithm.oid).map(|row| row.0)
    }

    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// 署名方式
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Pkcs1(Hash),
    Pss(Hash),
    /// As certificates and CMS have it: two integers in DER.
    Ecdsa(Hash),
    /// As JWS has it: two integers of fixed length; the curve follows from the hash.
    EcdsaFixed(Hash),
}

impl Scheme {
    /// Those that are named with their hash.
    const NAMED: [(ObjectIdentifier, Self); 6] = [
        (oid("1.2.840.113549.1.1.11"), Self::Pkcs1(Hash::Sha256)),
        (oid("1.2.840.113549.1.1.12"), Self::Pkcs1(Hash::Sha384)),
        (oid("1.2.840.113549.1.1.13"), Self::Pkcs1(Hash::Sha512)),
        (oid("1.2.840.10045.4.3.2"), Self::Ecdsa(Hash::Sha256)),
        (oid("1.2.840.10045.4.3.3"), Self::Ecdsa(Hash::Sha384)),
        (oid("1.2.840.10045.4.3.4"), Self::Ecdsa(Hash::Sha512)),
    ];

    /// The scheme of a certificate, a revocation list or a CMS.
    pub(crate) fn of(algorithm: &AlgorithmIdentifierOwned) -> Option<Self> {
        if algorithm.oid == RSA_PSS {
            return pss(algorithm).map(Self::Pss);
        }
        Self::NAMED.iter().find(|row| row.0 == algorithm.oid).map(|row| row.1)
    }

    /// The same of a CMS, which may name the kind of key only; then the hash is that of its
    /// digest.
    pub(crate) fn with_digest(algorithm: &AlgorithmIdentifierOwned, hash: Hash) -> Option<Self> {
        match algorithm.oid {
            RSA_KEY => Some(Self::Pkcs1(hash)),
            _ => Self::of(algorithm).filter(|scheme| scheme.hash() == hash),
        }
    }

    fn hash(self) -> Hash {
        match self {
            Self::Pkcs1(hash) | Self::Pss(hash) | Self::Ecdsa(hash) | Self::EcdsaFixed(hash) => {
                hash
            }
        }
    }
}

/// RFC 4055: what is left out means SHA-1, which is not taken.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_bytes: Option<u8>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

/// The hash of a PSS that uses one hash throughout and a salt of its length.
fn pss(algorithm: &AlgorithmIdentifierOwned) -> Option<Hash> {
    let parameters = algorithm.parameters.as_ref()?.to_der().ok()?;
    let parameters = PssParameters::from_der(&parameters).ok()?;
    let hash = Hash::of(&parameters.hash?)?;
    let mask = parameters.mask.filter(|mask| mask.oid == MGF1)?;
    let mask: AlgorithmIdentifierOwned = mask.parameters?.decode_as().ok()?;
    let (_, _, hash_bytes) = Hash::ALL.into_iter().find(|row| row.0 == hash)?;
    let usual =
        parameters.salt_bytes == Some(hash_bytes) && parameters.trailer.is_none_or(|own| own == 1);
    (usual && Hash::of(&mask) == Some(hash)).then_some(hash)
}

/// 楕円曲線
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

/// Whether `signature` is one of `message` by this key.
///
/// # Errors
/// [`Reason::Algorithm`] for a key or scheme that is not on the list,
/// [`Reason::Mismatch`] otherwise.
pub(crate) fn verify(
    key: &SubjectPublicKeyInfoOwned,
    scheme: Scheme,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Reason> {
    let algorithm = algorithm(key, scheme).ok_or(Reason::Algorithm)?;
    let bits = key.subject_public_key.as_bytes().ok_or(Reason::Certificate)?;
    UnparsedPublicKey::new(algorithm, bits).verify(message, signature).map_err(|_| Reason::Mismatch)
}

fn algorithm(
    key: &SubjectPublicKeyInfoOwned,
    scheme: Scheme,
) -> Option<&'static dyn VerificationAlgorithm> {
    let is_rsa = key.algorithm.oid == RSA_KEY;
    Some(match (scheme, curve(key)) {
        (Scheme::Pkcs1(Hash::Sha256), _) if is_rsa => &RSA_PKCS1_2048_8192_SHA256,
        (Scheme::Pkcs1(Hash::Sha384), _) if is_rsa => &RSA_PKCS1_2048_8192_SHA384,
        (Scheme::Pkcs1(Hash::Sha512), _) if is_rsa => &RSA_PKCS1_2048_8192_SHA512,
        (Scheme::Pss(Hash::Sha256), _) if is_rsa => &RSA_PSS_2048_8192_SHA256,
        (Scheme::Pss(Hash::Sha384), _) if is_rsa => &RSA_PSS_2048_8192_SHA384,
        (Scheme::Pss(Hash::Sha512), _) if is_rsa => &RSA_PSS_2048_8192_SHA512,
        (Scheme::Ecdsa(Hash::Sha256), Some(Curve::P256)) => &ECDSA_P256_SHA256_ASN1,
        (Scheme::Ecdsa(Hash::Sha384), Some(Curve::P256)) => &ECDSA_P256_SHA384_ASN1,
        (Scheme::Ecdsa(Hash::Sha512), Some(Curve::P256)) => &ECDSA_P256_SHA512_ASN1,
        (Scheme::Ecdsa(Hash::Sha256), Some(Curve::P384)) => &ECDSA_P384_SHA256_ASN1,
        (Scheme::Ecdsa(Hash::Sha384), Some(Curve::P384)) => &ECDSA_P384_SHA384_ASN1,
        (Scheme::Ecdsa(Hash::Sha512), Some(Curve::P384)) => &ECDSA_P384_SHA512_ASN1,
        (Scheme::Ecdsa(Hash::Sha256), Some(Curve::P521)) => &ECDSA_P521_SHA256_ASN1,
        (Scheme::Ecdsa(Hash::Sha384), Some(Curve::P521)) => &ECDSA_P521_SHA384_ASN1,
        (Scheme::Ecdsa(Hash::Sha512), Some(Curve::P521)) => &ECDSA_P521_SHA512_ASN1,
        (Scheme::EcdsaFixed(Hash::Sha256), Some(Curve::P256)) => &ECDSA_P256_SHA256_FIXED,
        (Scheme::EcdsaFixed(Hash::Sha384), Some(Curve::P384)) => &ECDSA_P384_SHA384_FIXED,
        _ => return None,
    })
}

fn curve(key: &SubjectPublicKeyInfoOwned) -> Option<Curve> {
    const CURVES: [(ObjectIdentifier, Curve); 3] = [
        (oid("1.2.840.10045.3.1.7"), Curve::P256),
        (oid("1.3.132.0.34"), Curve::P384),
        (oid("1.3.132.0.35"), Curve::P521),
    ];
    let parameters = key.algorithm.parameters.as_ref().filter(|_| key.algorithm.oid == EC_KEY)?;
    let named = AnyRef::from(parameters).decode_as::<ObjectIdentifier>().ok()?;
    CURVES.iter().find(|row| row.0 == named).map(|row| row.1)
}
