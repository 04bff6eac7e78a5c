//! 接続 — TCP, TLS 1.3 with our own certificate, and HTTP/1.1; one connection per question:
//! a handshake is a millisecond, and no state is left that could be stale.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Address;

/// 証明書と鍵 — what we prove ourselves with and whom we believe, as PEM.
#[derive(Clone)]
pub struct Credentials {
    /// Our certificate chain, leaf first.
    pub certificates: Vec<u8>,
    /// Our private key.
    pub key: Vec<u8>,
    /// The authorities of the peer's certificate; no others are believed.
    pub roots: Vec<u8>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credentials(<redacted>)")
    }
}

/// Why a peer cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The base URL.
    #[error("the base URL must be https:// with a host, without user and query")]
    Address,
    /// A host name that no certificate can name.
    #[error("the host is not one that a certificate names")]
    Host,
    /// A PEM file that holds something else or nothing.
    #[error("the {0} cannot be read as PEM")]
    Pem(&'static str),
    /// Certificates that cannot be used.
    #[error("certificate, key and roots cannot be used")]
    Tls(#[from] rustls::Error),
}

/// 接続の作り手
pub(crate) struct Connector {
    address: Address,
    name: ServerName<'static>,
    tls: TlsConnector,
}

impl fmt::Debug for Connector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connector").field("address", &self.address).finish_non_exhaustive()
    }
}

pub(crate) type Connection = SendRequest<Full<Bytes>>;

impl Connector {
    pub(crate) fn new(address: Address, credentials: &Credentials) -> Result<Self, PeerError> {
        let name = ServerName::try_from(address.host.clone()).map_err(|_| PeerError::Host)?;
        let tls = TlsConnector::from(Arc::new(tls_config(credentials)?));
        Ok(Self { address, name, tls })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// A new connection; whoever asks bounds the time.
    pub(crate) async fn open(&self) -> std::io::Result<Connection> {
        let Address { host, port, .. } = &self.address;
        let tcp = TcpStream::connect((host.as_str(), *port)).await?;
        tcp.set_nodelay(true)?;
        let tls = self.tls.connect(self.name.clone(), tcp).await?;
        let handshake = http1::handshake(TokioIo::new(tls)).await;
        let (sender, connection) = handshake.map_err(std::io::Error::other)?;
        // The question that breaks with the connection reports it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}

fn tls_config(credentials: &Credentials) -> Result<ClientConfig, PeerError> {
    let mut roots = RootCertStore::empty();
    for root in certificates(&credentials.roots, "root certificates")? {
        roots.add(root)?;
    }
    let chain = certificates(&credentials.certificates, "certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&credentials.key);
    let key = key.map_err(|_| PeerError::Pem("key"))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, PeerError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    all.ok().filter(|all| !all.is_empty()).ok_or(PeerError::Pem(what))
}
