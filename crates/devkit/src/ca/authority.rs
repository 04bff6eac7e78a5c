//! 認証局 — issues certificates, good ones and, for tests, bad ones.

use std::fmt;

use anyhow::{Context, Result};
use chrono::{DateTime, Datelike, Days, Months, Utc};
use kyoyu_domain::participant::Fingerprint;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use sha2::{Digest, Sha256};

use crate::real_time;

/// Long enough that no demonstration ends by it.
const LIFE_MONTHS: Months = Months::new(120);
const ROOT_NAME: &str = "Kyoyu development CA";

/// 身元 — a certificate and its private key, both as PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate_pem: String,
    /// The private key (PKCS #8).
    pub key_pem: String,
    /// SHA-256 of the certificate's DER: how the service knows a participant.
    pub fingerprint: Fingerprint,
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Identity({:02x?}…)", &self.fingerprint.0[..4])
    }
}

impl Identity {
    /// An identity from PEM.
    ///
    /// # Errors
    /// When the certificate is not one.
    pub fn from_pem(certificate_pem: String, key_pem: String) -> Result<Self> {
        let leaf = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .context("a certificate cannot be read")?;
        let fingerprint = Fingerprint(Sha256::digest(&leaf).into());
        Ok(Self { certificate_pem, key_pem, fingerprint })
    }
}

/// 欠陥 — what is wrong with a certificate that a test presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// 期限切れ — ended yesterday.
    Expired,
    /// 期間前 — begins tomorrow.
    NotYetValid,
    /// 用途違い — a server's, presented by a client.
    WrongUsage,
}

/// 認証局 — a root certificate with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
}

impl fmt::Debug for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Authority(<redacted>)")
    }
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn create() -> Result<Self> {
        let key = KeyPair::generate().context("no key could be made")?;
        let certificate_pem = root_params().self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(root_params(), key), certificate_pem })
    }

    /// An authority from PEM that [`Authority::create`] made.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn from_pem(certificate_pem: String, key_pem: &str) -> Result<Self> {
        let key = KeyPair::from_pem(key_pem).context("the key of the CA cannot be read")?;
        // What it signs names its subject and key identifier only: both follow from these.
        Ok(Self { issuer: Issuer::new(root_params(), key), certificate_pem })
    }

    /// The root certificate, for those who are to believe it.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    pub(super) fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// サーバー証明書 — for this machine under its own names.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn server(&self) -> Result<Identity> {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let params = CertificateParams::new(names)?;
        self.issue(params, "localhost", ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// 参加者証明書 — for the systems of a participant.
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn client(&self, name: &str) -> Result<Identity> {
        self.issue(client_params(name)?, name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A participant's certificate with something wrong. One of another authority comes
    /// from another [`Authority`].
    ///
    /// # Errors
    /// When the machine makes no key.
    pub fn flawed_client(&self, name: &str, flaw: Flaw) -> Result<Identity> {
        let mut params = client_params(name)?;
        let now = real_time::now();
        match flaw {
            Flaw::Expired => end(&mut params, now - Days::new(1)),
            Flaw::NotYetValid => begin(&mut params, now + Days::new(2)),
            Flaw::WrongUsage => {}
        }
        let usage = match flaw {
            Flaw::WrongUsage => ExtendedKeyUsagePurpose::ServerAuth,
            Flaw::Expired | Flaw::NotYetValid => ExtendedKeyUsagePurpose::ClientAuth,
        };
        self.issue(params, name, usage)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Identity> {
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().context("no key could be made")?;
        let certificate: Certificate = params.signed_by(&key, &self.issuer)?;
        Identity::from_pem(certificate.pem(), key.serialize_pem())
    }
}

fn root_params() -> CertificateParams {
    let mut params = dated_params(CertificateParams::default());
    params.distinguished_name.push(DnType::CommonName, ROOT_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn client_params(name: &str) -> Result<CertificateParams> {
    let host = format!("{name}.participant.kyoyu.invalid");
    Ok(dated_params(CertificateParams::new([host])?))
}

fn dated_params(mut params: CertificateParams) -> CertificateParams {
    let now = real_time::now();
    // A clock that is a little behind must not refuse what was just made.
    begin(&mut params, now - Days::new(2));
    end(&mut params, now + LIFE_MONTHS);
    params.use_authority_key_identifier_extension = true;
    params
}

fn begin(params: &mut CertificateParams, at: DateTime<Utc>) {
    params.not_before = date_time_ymd(at.year(), at.month() as u8, at.day() as u8);
}

fn end(params: &mut CertificateParams, at: DateTime<Utc>) {
    params.not_after = date_time_ymd(at.year(), at.month() as u8, at.day() as u8);
}
