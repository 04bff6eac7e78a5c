//! 分離型CMS — SignedData without its content, in DER or BER, with signed attributes.
//!
//! Source: RFC 5652, 5; RFC 5754 for the algorithms.

use chrono::{DateTime, Utc};
use cms::signed_data::{EncapsulatedContentInfo, SignerIdentifier, SignerInfo};
use der::{
    Decode, DecodeOwned, Encode,
    asn1::{ObjectIdentifier, OctetString},
};
use kyoyu_domain::signature::Reason;
use x509_cert::{attr::Attributes, spki::AlgorithmIdentifierOwned, time::Time};

use crate::{
    Claim, Container, MOST_CERTIFICATES,
    algorithm::{self, Hash, Scheme},
    ber,
    certificate::{self, Certificate},
    element::{self, Element, SEQUENCE, SET, context},
};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = oid("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = oid("1.2.840.113549.1.9.5");

/// 分離型CMS
#[derive(Debug, Clone, Copy)]
pub struct Cms;

/// What is read of SignedData. Certificates stay the bytes that they are.
struct SignedData<'a> {
    certificates: Vec<Element<'a>>,
    signer: SignerInfo,
}

impl Container for Cms {
    fn takes(&self, data: &[u8]) -> bool {
        data.first() == Some(&SEQUENCE)
    }

    fn open(&self, data: &[u8], content: &[u8]) -> Result<Claim, Reason> {
        let data = ber::to_der(data)?;
        element::bounded(&data)?;
        let SignedData { certificates, signer } = read(&data).ok_or(Reason::Container)?;
        if certificates.len() > MOST_CERTIFICATES {
            return Err(Reason::Size);
        }
        let certificates = certificates.iter().map(|one| Certificate::parse(one.whole));
        let mut certificates: Vec<_> =
            certificates.collect::<Option<_>>().ok_or(Reason::Certificate)?;
        let place = certificates.iter().position(|one| is_signers(one, &signer.sid));
        let of_signer = certificates.remove(place.ok_or(Reason::Certificate)?);
        let signed_at = check(&signer, &of_signer, content)?;
        Ok(Claim { signer: of_signer, others: certificates, signed_at })
    }
}

/// Reads a detached SignedData with exactly one signer.
fn read(data: &[u8]) -> Option<SignedData<'_>> {
    let [content_type, content] = Element::of(data)?.children(SEQUENCE)?.try_into().ok()?;
    let [signed_data] = content.children(context(0))?.try_into().ok()?;
    let parts = signed_data.children(SEQUENCE)?;
    let [_version, _digests, what, optional @ .., signers] = parts.as_slice() else { return None };
    let what = EncapsulatedContentInfo::from_der(what.whole).ok()?;
    let is_detached = what.econtent_type == DATA && what.econtent.is_none();
    if !is_detached || ObjectIdentifier::from_der(content_type.whole).ok()? != SIGNED_DATA {
        return None;
    }
    let certificates = optional.iter().find(|part| part.tag == context(0));
    let certificates = certificates.map(|part| part.children(context(0)));
    let [signer] = signers.children(SET)?.try_into().ok()?;
    Some(SignedData {
        certificates: certificates.unwrap_or_else(|| Some(Vec::new()))?,
        signer: SignerInfo::from_der(signer.whole).ok()?,
    })
}

fn is_signers(certificate: &Certificate, signer: &SignerIdentifier) -> bool {
    match signer {
        SignerIdentifier::IssuerAndSerialNumber(own) => {
            own.issuer == *certificate.issuer()
                && own.serial_number.as_bytes() == certificate.serial()
        }
        SignerIdentifier::SubjectKeyIdentifier(own) => certificate.has_key_identifier(own),
    }
}

/// Checks the attributes against the content and the signature against the attributes; answers
/// the signing time among them.
fn check(
    signer: &SignerInfo,
    certificate: &Certificate,
    content: &[u8],
) -> Result<Option<DateTime<Utc>>, Reason> {
    let hash = Hash::of(&signer.digest_alg).ok_or(Reason::Algorithm)?;
    let scheme = scheme(&signer.signature_algorithm, hash)?;
    let attributes = signer.signed_attrs.as_ref().ok_or(Reason::Container)?;
    let content_type: ObjectIdentifier = one(attributes, CONTENT_TYPE)?.ok_or(Reason::Container)?;
    if content_type != DATA {
        return Err(Reason::Container);
    }
    let digest: OctetString = one(attributes, MESSAGE_DIGEST)?.ok_or(Reason::Container)?;
    if digest.as_bytes() != hash.digest(content) {
        return Err(Reason::Mismatch);
    }
    // RFC 5652, 5.4: what is signed is the set in DER, under its own tag.
    let signed = attributes.to_der().map_err(|_| Reason::Container)?;
    algorithm::verify(certificate.key(), scheme, &signed, signer.signature.as_bytes())?;
    let signed_at: Option<Time> = one(attributes, SIGNING_TIME)?;
    Ok(signed_at.map(certificate::instant))
}

fn scheme(algorithm: &AlgorithmIdentifierOwned, hash: Hash) -> Result<Scheme, Reason> {
    Scheme::with_digest(algorithm, hash).ok_or(Reason::Algorithm)
}

/// The value of an attribute, which must not stand there twice nor have two values.
fn one<T: DecodeOwned>(
    attributes: &Attributes,
    wanted: ObjectIdentifier,
) -> Result<Option<T>, Reason> {
    let mut found = attributes.iter().filter(|attribute| attribute.oid == wanted);
    let (Some(attribute), more) = (found.next(), found.next()) else { return Ok(None) };
    let value = attribute.values.get(0).filter(|_| attribute.values.len() == 1 && more.is_none());
    let value = value.and_then(|value| value.to_der().ok());
    let value = value.and_then(|value| T::from_der(&value).ok());
    value.map(Some).ok_or(Reason::Container)
}
