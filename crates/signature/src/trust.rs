//! 信頼の起点 — the roots that we believe and the revocation lists that we have.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use der::{Decode, oid::AssociatedOid};
use kyoyu_domain::signature::Reason;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use x509_cert::{
    crl::TbsCertList,
    ext::{
        Extensions,
        pkix::{
            BasicConstraints, CrlDistributionPoints, CrlReason, IssuingDistributionPoint,
            name::DistributionPointName,
        },
    },
};

use crate::certificate::{Certificate, Envelope, instant};

/// What cannot be used of the configured files.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrustError {
    /// The file of roots is not PEM, or holds what is no certificate of an authority.
    #[error("certificate {0} of the roots of signatures cannot be used")]
    Root(usize),
    /// The file of revocation lists is not PEM, or holds what is no such list.
    #[error("list {0} of the revocation lists of signatures cannot be used")]
    RevocationList(usize),
}

/// 信頼の起点
#[derive(Debug, Default)]
pub struct Trust {
    roots: Vec<Certificate>,
    lists: Vec<RevocationList>,
}

impl Trust {
    /// Roots and revocation lists from PEM; either may be empty.
    ///
    /// # Errors
    /// The first that cannot be used, counted from 1.
    pub fn from_pem(roots: &[u8], revocation_lists: &[u8]) -> Result<Self, TrustError> {
        let roots = CertificateDer::pem_slice_iter(roots).zip(1..).map(|(root, number)| {
            let root = root.ok().and_then(|root| Certificate::parse(&root));
            root.filter(|root| root.may_issue(0)).ok_or(TrustError::Root(number))
        });
        let lists = CertificateRevocationListDer::pem_slice_iter(revocation_lists);
        let lists = lists.zip(1..).map(|(list, number)| {
            let list = list.ok().and_then(|list| RevocationList::parse(&list));
            list.ok_or(TrustError::RevocationList(number))
        });
        Ok(Self {
            roots: roots.collect::<Result<_, _>>()?,
            lists: lists.collect::<Result<_, _>>()?,
        })
    }

    /// Whether nothing is believed.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// How many roots and how many revocation lists there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.roots.len(), self.lists.len())
    }

    pub(crate) fn roots(&self) -> &[Certificate] {
        &self.roots
    }

    /// Whether a certificate was not revoked at `at`.
    pub(crate) fn revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: DateTime<Utc>,
    ) -> Result<(), Reason> {
        let lists = self.lists.iter().filter(|list| list.covers(certificate, issuer));
        let mut is_known = false;
        for list in lists {
            if list.revokes(certificate, at) {
                return Err(Reason::Revoked);
            }
            is_known |= list.tells_of(certificate, at);
        }
        if is_known { Ok(()) } else { Err(Reason::RevocationUnknown) }
    }
}

/// 失効リスト
#[derive(Debug)]
struct RevocationList {
    envelope: Envelope,
    body: TbsCertList,
    scope: Option<IssuingDistributionPoint>,
    revoked: HashMap<Vec<u8>, Revoked>,
}

#[derive(Debug)]
struct Revoked {
    at: DateTime<Utc>,
    /// Whether the key may have been in other hands: then no signing time is to be believed
    /// that only the signature itself claims.
    compromised: bool,
}

impl RevocationList {
    /// A complete list of one issuer; a delta, an indirect or otherwise unusual one is not
    /// taken.
    fn parse(der: &[u8]) -> Option<Self> {
        let envelope = Envelope::parse(der)?;
        let mut body = TbsCertList::from_der(&envelope.body).ok()?;
        let scope: Option<IssuingDistributionPoint> =
            extension(body.crl_extensions.as_ref()).ok()?;
        let is_partial = scope.as_ref().is_some_and(|scope| {
            scope.indirect_crl
                || scope.only_contains_attribute_certs
                || scope.only_some_reasons.is_some()
        });
        if is_partial || !has_only::<IssuingDistributionPoint>(body.crl_extensions.as_ref()) {
            return None;
        }
        let mut revoked = HashMap::new();
        for entry in body.revoked_certificates.take().unwrap_or_default() {
            let extensions = entry.crl_entry_extensions.as_ref();
            if !has_only::<CrlReason>(extensions) {
                return None;
            }
            let reason: Option<CrlReason> = extension(extensions).ok()?;
            let compromised =
                matches!(reason, Some(CrlReason::KeyCompromise | CrlReason::CaCompromise));
            let at = instant(entry.revocation_date);
            revoked.insert(entry.serial_number.as_bytes().to_vec(), Revoked { at, compromised });
        }
        Some(Self { envelope, body, scope, revoked })
    }

    /// Whether it is the issuer's list for such certificates.
    fn covers(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.body.issuer == *certificate.issuer()
            && issuer.may_sign_lists()
            && self.is_in_scope(certificate)
            && self.envelope.is_signed_by(issuer)
    }

    fn is_in_scope(&self, certificate: &Certificate) -> bool {
        let Some(scope) = &self.scope else { return true };
        let of_authority = certificate.tbs().get::<BasicConstraints>();
        let is_authority = of_authority.is_ok_and(|own| own.is_some_and(|(_, own)| own.ca));
        let excluded = if is_authority {
            scope.only_contains_user_certs
        } else {
            scope.only_contains_ca_certs
        };
        !excluded && scope.distribution_point.as_ref().is_none_or(|point| names(certificate, point))
    }

    /// Whether it says that the certificate was revoked at `at`, or at any time because its key
    /// may have been in other hands.
    fn revokes(&self, certificate: &Certificate, at: DateTime<Utc>) -> bool {
        let revoked = self.revoked.get(certificate.serial());
        revoked.is_some_and(|revoked| revoked.compromised || revoked.at <= at)
    }

    /// Whether it would say so: it is not older than its term at `at`, and was made while the
    /// certificate was still listed, that is, before it ended.
    fn tells_of(&self, certificate: &Certificate, at: DateTime<Utc>) -> bool {
        let made_at = instant(self.body.this_update);
        let until = self.body.next_update.map_or(made_at, instant);
        at <= until.max(made_at) && made_at <= certificate.ends_at()
    }
}

/// Whether a certificate names the distribution point.
fn names(certificate: &Certificate, point: &DistributionPointName) -> bool {
    let own = certificate.tbs().get::<CrlDistributionPoints>();
    let Ok(Some((_, own))) = own else { return false };
    let mut points = own.0.iter().filter_map(|own| own.distribution_point.as_ref());
    points.any(|own| match (own, point) {
        (DistributionPointName::FullName(own), DistributionPointName::FullName(names)) => {
            own.iter().any(|name| names.contains(name))
        }
        _ => own == point,
    })
}

/// The value of an extension, where it is there.
///
/// # Errors
/// When it cannot be read.
fn extension<T: for<'a> Decode<'a> + AssociatedOid>(
    extensions: Option<&Extensions>,
) -> der::Result<Option<T>> {
    let found = extensions.into_iter().flatten().find(|one| one.extn_id == T::OID);
    found.map(|one| T::from_der(one.extn_value.as_bytes())).transpose()
}

/// Whether no other extension is critical than `T`.
fn has_only<T: AssociatedOid>(extensions: Option<&Extensions>) -> bool {
    extensions.into_iter().flatten().all(|one| !one.critical || one.extn_id == T::OID)
}
