//! 分離型CMS — SignedData by a card, good ones and, for tests, bad ones.

use anyhow::Result;
use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use der::{
    Any, Decode, Encode,
    asn1::{ObjectIdentifier, OctetString, SetOfVec, UtcTime},
};
use x509_cert::{Certificate, attr::Attribute, spki::AlgorithmIdentifierOwned};

use super::card::{CardKey, SigningCard};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// ハッシュ関数
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CmsHash {
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

impl CmsHash {
    fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        })
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// 下書き — what a CMS will say; a test changes parts of it before it is signed.
#[derive(Debug, Clone)]
pub struct CmsDraft {
    /// The hash of digest and signature.
    pub hash: CmsHash,
    /// Whether an RSA key signs with PSS; PKCS #1 otherwise.
    pub padding: Padding,
    /// The signed attributes, one value each.
    pub attributes: Vec<(ObjectIdentifier, Any)>,
    /// The type of the content.
    pub content_type: ObjectIdentifier,
    /// The content, where it is put in: such a CMS is not detached.
    pub attached: Option<Vec<u8>>,
    /// The certificates, as DER.
    pub certificates: Vec<Vec<u8>>,
}

/// How an RSA key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// PKCS #1 v1.5
    Pkcs1,
    /// PSS
    Pss,
}

impl SigningCard {
    /// 分離型CMS — of these bytes, signed at an instant.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn cms(&self, content: &[u8], signed_at: DateTime<Utc>) -> Result<Vec<u8>> {
        // The hash that goes with the curve.
        let hash = if self.kind == CardKey::P384 { CmsHash::Sha384 } else { CmsHash::Sha256 };
        self.cms_of(&self.cms_draft(content, hash, signed_at)?)
    }

    /// The draft of a good CMS.
    ///
    /// # Errors
    /// A time that CMS cannot say.
    pub fn cms_draft(
        &self,
        content: &[u8],
        hash: CmsHash,
        signed_at: DateTime<Utc>,
    ) -> Result<CmsDraft> {
        let since_1970 = std::time::Duration::from_secs(u64::try_from(signed_at.timestamp())?);
        let attributes = vec![
            (CONTENT_TYPE, Any::encode_from(&DATA)?),
            (MESSAGE_DIGEST, Any::encode_from(&OctetString::new(hash.digest(content))?)?),
            (SIGNING_TIME, Any::encode_from(&UtcTime::from_unix_duration(since_1970)?)?),
        ];
        Ok(CmsDraft {
            hash,
            padding: Padding::Pkcs1,
            attributes,
            content_type: DATA,
            attached: None,
            certificates: self.chain.clone(),
        })
    }

    /// Signs a draft.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn cms_of(&self, draft: &CmsDraft) -> Result<Vec<u8>> {
        let digest_alg = AlgorithmIdentifierOwned { oid: draft.hash.oid(), parameters: None };
        let signer = self.signer_info(draft, &digest_alg)?;
        let certificate =
            |der: &Vec<u8>| Ok(CertificateChoices::Certificate(Certificate::from_der(der)?));
        let certificates: Vec<_> =
            draft.certificates.iter().map(certificate).collect::<Result<_>>()?;
        let attached = draft.attached.as_ref();
        let econtent = attached.map(|own| Any::encode_from(&OctetString::new(own.clone())?));
        let signed_data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![digest_alg])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: draft.content_type,
                econtent: econtent.transpose()?,
            },
            certificates: Some(CertificateSet::try_from(certificates)?),
            crls: None,
            signer_infos: SignerInfos::try_from(vec![signer])?,
        };
        let content = Any::encode_from(&signed_data)?;
        Ok(ContentInfo { content_type: SIGNED_DATA, content }.to_der()?)
    }

    fn signer_info(
        &self,
        draft: &CmsDraft,
        digest_alg: &AlgorithmIdentifierOwned,
    ) -> Result<SignerInfo> {
        let attribute = |(oid, value): &(ObjectIdentifier, Any)| {
            Ok(Attribute { oid: *oid, values: SetOfVec::try_from(vec![value.clone()])? })
        };
        let attributes = draft.attributes.iter().map(attribute).collect::<Result<Vec<_>>>()?;
        let attributes = SetOfVec::try_from(attributes)?;
        let message = attributes.to_der()?;
        let is_pss = self.kind == CardKey::Rsa2048 && draft.padding == Padding::Pss;
        let signature = if is_pss {
            self.sign_pss(draft.hash, &message)?
        } else {
            self.sign_cms(draft.hash, &message)?
        };
        let own = self.certificate()?.tbs_certificate;
        let sid = IssuerAndSerialNumber { issuer: own.issuer, serial_number: own.serial_number };
        let signature_algorithm =
            if is_pss { pss(draft.hash)? } else { self.algorithm(draft.hash) };
        Ok(SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(sid),
            digest_alg: digest_alg.clone(),
            signed_attrs: (!attributes.is_empty()).then_some(attributes),
            signature_algorithm,
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        })
    }

    fn algorithm(&self, hash: CmsHash) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match (self.kind, hash) {
            // As many programs write it: the kind of key only.
            (CardKey::Rsa2048, _) => ("1.2.840.113549.1.1.1", Some(Any::null())),
            (_, CmsHash::Sha256) => ("1.2.840.10045.4.3.2", None),
            (_, CmsHash::Sha384) => ("1.2.840.10045.4.3.3", None),
            (_, CmsHash::Sha512) => ("1.2.840.10045.4.3.4", None),
        };
        AlgorithmIdentifierOwned { oid: ObjectIdentifier::new_unwrap(oid), parameters }
    }
}

/// RFC 4055: one hash throughout, a salt of its length.
fn pss(hash: CmsHash) -> Result<AlgorithmIdentifierOwned> {
    let (last, salt) = match hash {
        CmsHash::Sha256 => (1, 32),
        CmsHash::Sha384 => (2, 48),
        CmsHash::Sha512 => (3, 64),
    };
    let of_hash = [&b"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"[..], &[last], b"\x05\0"];
    let of_hash = of_hash.concat();
    let mask = b"\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
    let parts = [&b"\x30\x34\xa0\x0f"[..], &of_hash, mask, &of_hash, b"\xa2\x03\x02\x01", &[salt]];
    let parameters = Some(Any::from_der(&parts.concat())?);
    Ok(AlgorithmIdentifierOwned { oid: RSA_PSS, parameters })
}
