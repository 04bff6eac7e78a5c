//! 認証局 — the root, the intermediate authority below it, and their revocation lists.

use std::fmt;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DnType,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use time::OffsetDateTime;

use super::card::{CardPlan, SigningCard};

/// The policy that signers' certificates name.
const POLICY: &[u8] = b"\x30\x0e\x30\x0c\x06\x0a\x2a\x83\x08\x86\x91\x0f\x01\x05\x01\x01";
const CERTIFICATE_POLICIES: &[u64] = &[2, 5, 29, 32];
const SUBJECT_DIRECTORY_ATTRIBUTES: &[u64] = &[2, 5, 29, 9];

/// 開発用HPKI
pub struct Hpki {
    root: Issuer<'static, KeyPair>,
    root_pem: String,
    intermediate: Issuer<'static, KeyPair>,
    intermediate_der: Vec<u8>,
}

impl fmt::Debug for Hpki {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Hpki(<redacted>)")
    }
}

/// 失効 — a certificate that is on a revocation list.
#[derive(Debug, Clone, Copy)]
pub struct RevokedCard<'a> {
    /// Whose.
    pub card: &'a SigningCard,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Whether the key may have been in other hands.
    pub compromised: bool,
}

/// 失効リストの日付
#[derive(Debug, Clone, Copy)]
pub struct RevocationDates {
    /// When the lists are made.
    pub made_at: DateTime<Utc>,
    /// Until when they are good.
    pub until: DateTime<Utc>,
}

impl Hpki {
    /// A new PKI; its authorities are valid throughout this century.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn create() -> Result<Self> {
        let key = || KeyPair::generate().context("no key could be made");
        let (root_key, intermediate_key) = (key()?, key()?);
        let root_params = authority("Kyoyu development HPKI root");
        let root_pem = root_params.self_signed(&root_key)?.pem();
        let root = Issuer::new(root_params, root_key);
        let intermediate_params = authority("Kyoyu development HPKI CA");
        let certificate = intermediate_params.signed_by(&intermediate_key, &root)?;
        let intermediate_der = certificate.der().to_vec();
        let intermediate = Issuer::new(intermediate_params, intermediate_key);
        Ok(Self { root, root_pem, intermediate, intermediate_der })
    }

    /// The root, for those who are to believe it.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// 署名用カード — a certificate for signing with its key.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn card(&self, plan: &CardPlan<'_>) -> Result<SigningCard> {
        let key = plan.key.generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, plan.name);
        (params.not_before, params.not_after) = (moment(plan.from)?, moment(plan.until)?);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        let mut policy = CustomExtension::from_oid_content(CERTIFICATE_POLICIES, POLICY.to_vec());
        policy.set_criticality(true);
        params.custom_extensions.push(policy);
        if let Some(role) = plan.role {
            let role = CustomExtension::from_oid_content(
                SUBJECT_DIRECTORY_ATTRIBUTES,
                directory_attributes(role),
            );
            params.custom_extensions.push(role);
        }
        let certificate = params.signed_by(&key, &self.intermediate)?;
        let chain = vec![certificate.der().to_vec(), self.intermediate_der.clone()];
        Ok(SigningCard::new(chain, plan.key, &key))
    }

    /// The revocation lists of both authorities, as PEM.
    ///
    /// # Errors
    /// When they cannot be signed.
    pub fn revocation_pem(
        &self,
        dates: RevocationDates,
        revoked: &[RevokedCard<'_>],
    ) -> Result<String> {
        Ok([self.root_list_pem(dates)?, list(&self.intermediate, dates, revoked)?].concat())
    }

    /// The root's list alone: it says nothing of signers.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn root_list_pem(&self, dates: RevocationDates) -> Result<String> {
        list(&self.root, dates, &[])
    }
}

fn list(
    issuer: &Issuer<'static, KeyPair>,
    dates: RevocationDates,
    revoked: &[RevokedCard<'_>],
) -> Result<String> {
    let entry = |one: &RevokedCard<'_>| {
        let reason = one.compromised.then_some(RevocationReason::KeyCompromise);
        Ok(RevokedCertParams {
            serial_number: SerialNumber::from_slice(&one.card.serial()?),
            revocation_time: moment(one.at)?,
            reason_code: reason.or(Some(RevocationReason::Superseded)),
            invalidity_date: None,
        })
    };
    let params = CertificateRevocationListParams {
        this_update: moment(dates.made_at)?,
        next_update: moment(dates.until)?,
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect::<Result<_>>()?,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(params.signed_by(issuer)?.pem()?)
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2100, 12, 31);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// An instant in whole seconds, as certificates have it.
fn moment(at: DateTime<Utc>) -> Result<OffsetDateTime> {
    Ok(OffsetDateTime::from_unix_timestamp(at.timestamp())?)
}

/// `SubjectDirectoryAttributes` with hcRole as HPKI writes it.
fn directory_attributes(role: &str) -> Vec<u8> {
    let scheme = element(0xa0, &element(0x06, b"\x2a\x83\x08\x86\x91\x0f\x01\x06\x01\x01"));
    let text = element(0xa2, &element(0x0c, role.as_bytes()));
    let coded = element(0xa0, &element(0x31, &[scheme, text].concat()));
    let actors = element(0x31, &element(0x30, &coded));
    let attribute = [element(0x06, b"\x28\x81\x85\x42\x00\x01"), element(0x31, &actors)].concat();
    element(0x30, &element(0x30, &attribute))
}

/// An element of DER with a short or a two-byte length.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [&head[..], content].concat()
}
