//! 相互TLS — TLS 1.3 with a client certificate, and nothing that outlives a connection.
//!
//! No tickets, no stored sessions and no early data: rustls does not run the certificate
//! verifier on a resumed session, so a revoked certificate would go on working.
//!
//! Source: reliability §0 item 5, A01, A02, A34.

use std::{fmt, io, sync::Arc};

use rustls::{
    AlertDescription, CertificateError, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use sha2::{Digest, Sha256};

use kyoyu_domain::participant::Fingerprint;

/// 証明書と鍵 — what the listener proves itself with and whom it believes, as PEM.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// The server's certificate chain, leaf first.
    pub certificates: Vec<u8>,
    /// The server's private key.
    pub key: Vec<u8>,
    /// The authorities whose client certificates are believed.
    pub client_authorities: Vec<u8>,
    /// Their revocation lists; when there is one, every client certificate must be
    /// covered by one.
    pub revocation_lists: Vec<u8>,
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TlsOptions(<redacted>)")
    }
}

/// Why certificates and keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file that holds something else or nothing.
    #[error("the {0} cannot be read as PEM")]
    Pem(&'static str, #[source] pem::Error),
    /// An empty PEM file.
    #[error("there is no {0}")]
    Missing(&'static str),
    /// Authorities or revocation lists that cannot be used.
    #[error("the client authorities cannot be used")]
    Authorities(#[source] rustls::server::VerifierBuilderError),
    /// A certificate and key that do not fit.
    #[error("the server's certificate and key cannot be used")]
    Server(#[source] rustls::Error),
}

/// Builds the configuration of the listener.
pub(crate) fn server_config(options: &TlsOptions) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(
        Arc::new(authorities(&options.client_authorities)?),
        Arc::clone(&provider),
    )
    .with_crls(read_all::<CertificateRevocationListDer<'_>>(
        &options.revocation_lists,
        "revocation lists",
    )?)
    .only_check_end_entity_revocation()
    .build()
    .map_err(TlsError::Authorities)?;
    let chain = read_all::<CertificateDer<'_>>(&options.certificates, "server certificate")?;
    if chain.is_empty() {
        return Err(TlsError::Missing("server certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(&options.key)
        .map_err(|error| TlsError::Pem("server key", error))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Server)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(TlsError::Server)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in read_all::<CertificateDer<'_>>(pem, "client authorities")? {
        store.add(certificate).map_err(TlsError::Server)?;
    }
    if store.is_empty() { Err(TlsError::Missing("client authority")) } else { Ok(store) }
}

fn read_all<T: PemObject>(pem: &[u8], what: &'static str) -> Result<Vec<T>, TlsError> {
    T::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| TlsError::Pem(what, error))
}

/// 指紋 — the SHA-256 of the client's certificate.
pub(crate) fn fingerprint(connection: &rustls::ServerConnection) -> Option<Fingerprint> {
    let leaf = connection.peer_certificates()?.first()?;
    Some(Fingerprint(Sha256::digest(leaf).into()))
}

/// Why a handshake failed, as a label of a metric.
pub(crate) fn refusal_reason(error: &io::Error) -> &'static str {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::NoCertificatesPresented) => "no-certificate",
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "not-yet-valid"
            }
            CertificateError::Revoked => "revoked",
            CertificateError::UnknownRevocationStatus => "revocation-unknown",
            CertificateError::UnknownIssuer => "unknown-issuer",
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "purpose"
            }
            _ => "certificate",
        },
        Some(rustls::Error::PeerIncompatible(_)) => "protocol",
        Some(rustls::Error::AlertReceived(AlertDescription::UnknownCA)) => "server-not-believed",
        Some(rustls::Error::AlertReceived(_)) => "alert",
        Some(_) => "handshake",
        None => "connection",
    }
}

#[cfg(test)]
pub(crate) mod tests;
