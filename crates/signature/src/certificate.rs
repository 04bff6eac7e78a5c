//! 証明書 — X.509 certificates with the bytes that were signed, as received.

use chrono::{DateTime, Utc};
use der::{
    Decode, Reader, SliceReader,
    asn1::{BitString, ObjectIdentifier, PrintableStringRef, Utf8StringRef},
};
use kyoyu_domain::{phi::Phi, signature::Signer};
use x509_cert::{
    TbsCertificate,
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier},
    name::Name,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
    time::Time,
};

use crate::{
    algorithm::{self, Scheme},
    element, role,
};

/// The largest certificate that is looked at.
const MOST_BYTES: usize = 16 * 1024;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const COMMON_NAME: ObjectIdentifier = oid("2.5.4.3");
const NAME_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.30");

/// The critical extensions that are understood. Certificate policies, which may be critical,
/// are taken whatever they are: whom to believe is said by the configured roots.
const UNDERSTOOD: &[ObjectIdentifier] = &[
    oid("2.5.29.9"),  // subjectDirectoryAttributes
    oid("2.5.29.14"), // subjectKeyIdentifier
    oid("2.5.29.15"), // keyUsage
    oid("2.5.29.17"), // subjectAltName
    oid("2.5.29.19"), // basicConstraints
    oid("2.5.29.31"), // cRLDistributionPoints
    oid("2.5.29.32"), // certificatePolicies
    oid("2.5.29.35"), // authorityKeyIdentifier
    oid("2.5.29.37"), // extKeyUsage
];

/// The purposes of which a signer's certificate must have one, where it names any; HPKI's name
/// none.
const SIGNING_PURPOSES: &[ObjectIdentifier] = &[
    oid("2.5.29.37.0"),        // any
    oid("1.3.6.1.5.5.7.3.4"),  // e-mail protection
    oid("1.3.6.1.5.5.7.3.36"), // document signing
];

/// 署名付きの構造 — what certificates and revocation lists have in common.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// The bytes that were signed.
    pub(crate) body: Vec<u8>,
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl Envelope {
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let parse = |reader: &mut der::NestedReader<'_, SliceReader<'_>>| {
            Ok(Self {
                body: reader.tlv_bytes()?.to_vec(),
                algorithm: AlgorithmIdentifierOwned::decode(reader)?,
                signature: BitString::decode(reader)?,
            })
        };
        let envelope = reader.sequence(parse).ok()?;
        reader.is_finished().then_some(envelope)
    }

    /// Whether it was signed with the key of `issuer`.
    pub(crate) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let (Some(scheme), Some(bits)) = (Scheme::of(&self.algorithm), self.signature.as_bytes())
        else {
            return false;
        };
        algorithm::verify(issuer.key(), scheme, &self.body, bits).is_ok()
    }
}

/// 証明書
#[derive(Debug)]
pub(crate) struct Certificate {
    der: Vec<u8>,
    envelope: Envelope,
    body: TbsCertificate,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Certificate {
    /// A certificate from DER.
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        if der.len() > MOST_BYTES || element::bounded(der).is_err() {
            return None;
        }
        let envelope = Envelope::parse(der)?;
        let body = TbsCertificate::from_der(&envelope.body).ok()?;
        // RFC 5280, 4.1.1.2: said twice, and the same both times.
        (body.signature == envelope.algorithm).then(|| Self { der: der.to_vec(), envelope, body })
    }

    pub(crate) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        &self.body.subject_public_key_info
    }

    pub(crate) fn subject(&self) -> &Name {
        &self.body.subject
    }

    pub(crate) fn issuer(&self) -> &Name {
        &self.body.issuer
    }

    pub(crate) fn serial(&self) -> &[u8] {
        self.body.serial_number.as_bytes()
    }

    pub(crate) fn tbs(&self) -> &TbsCertificate {
        &self.body
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }

    pub(crate) fn has_key_identifier(&self, identifier: &SubjectKeyIdentifier) -> bool {
        let own = self.body.get::<SubjectKeyIdentifier>();
        own.is_ok_and(|own| own.is_some_and(|(_, own)| own == *identifier))
    }

    /// Whether `issuer` has signed it; the names are compared first, since that costs nothing.
    pub(crate) fn is_issued_by(&self, issuer: &Self) -> bool {
        self.issuer() == issuer.subject() && self.envelope.is_signed_by(issuer)
    }

    pub(crate) fn is_valid_at(&self, at: DateTime<Utc>) -> bool {
        let validity = &self.body.validity;
        instant(validity.not_before) <= at && at <= instant(validity.not_after)
    }

    pub(crate) fn ends_at(&self) -> DateTime<Utc> {
        instant(self.body.validity.not_after)
    }

    /// Whether it holds nothing that would have to be understood and is not.
    pub(crate) fn is_understood(&self) -> bool {
        let mut extensions = self.body.extensions.iter().flatten();
        extensions.all(|one| {
            one.extn_id != NAME_CONSTRAINTS && (!one.critical || UNDERSTOOD.contains(&one.extn_id))
        })
    }

    /// Whether it is an authority's that may issue certificates with `below` others between it
    /// and the signer's.
    pub(crate) fn may_issue(&self, below: usize) -> bool {
        let is_authority = match self.body.get::<BasicConstraints>() {
            Ok(Some((_, own))) => {
                own.ca && own.path_len_constraint.is_none_or(|most| usize::from(most) >= below)
            }
            _ => false,
        };
        is_authority && self.is_understood() && self.may(KeyUsage::key_cert_sign)
    }

    pub(crate) fn may_sign_lists(&self) -> bool {
        self.may(KeyUsage::crl_sign)
    }

    /// 署名用 — whether it is for signing documents.
    pub(crate) fn may_sign(&self) -> bool {
        let for_signing = |usage: &KeyUsage| usage.digital_signature() || usage.non_repudiation();
        let purpose = match self.body.get::<ExtendedKeyUsage>() {
            Ok(None) => true,
            Ok(Some((_, own))) => own.0.iter().any(|purpose| SIGNING_PURPOSES.contains(purpose)),
            Err(_) => false,
        };
        purpose && self.is_understood() && self.may(for_signing)
    }

    /// Whether its key is for something; where it does not say, for everything (RFC 5280).
    fn may(&self, allowed: impl Fn(&KeyUsage) -> bool) -> bool {
        match self.body.get::<KeyUsage>() {
            Ok(own) => own.is_none_or(|(_, usage)| allowed(&usage)),
            Err(_) => false,
        }
    }

    /// 署名者 — whom it names, with the role.
    pub(crate) fn names(&self) -> Signer {
        Signer {
            name: Phi::new(common_name(self.subject())),
            role: role::of(&self.body),
            issuer: common_name(self.issuer()),
            serial: self.serial().iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// An instant of X.509, in whole seconds.
pub(crate) fn instant(time: Time) -> DateTime<Utc> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The common name, or else the whole name, without control characters and not too long.
fn common_name(name: &Name) -> String {
    const MOST_CHARS: usize = 200;

    let mut parts = name.0.iter().flat_map(|part| part.0.iter());
    let common = parts.find(|part| part.oid == COMMON_NAME).and_then(|part| {
        let text = part.value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned());
        let printable = || part.value.decode_as::<PrintableStringRef<'_>>();
        text.or_else(|_| printable().map(|text| text.as_str().to_owned())).ok()
    });
    let text = common.unwrap_or_else(|| name.to_string());
    text.chars().filter(|char| !char.is_control()).take(MOST_CHARS).collect()
}
