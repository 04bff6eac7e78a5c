//! 生の接続 — TLS with a certificate, and bytes as no client library would send them.

use std::{net::SocketAddr, sync::Arc};

use kyoyu_devkit::Identity;
use rustls::{ClientConfig, RootCertStore, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// 生の接続 — an open connection over mutual TLS.
#[derive(Debug)]
pub struct RawConnection(TlsStream<TcpStream>);

impl RawConnection {
    /// Connects and shakes hands.
    ///
    /// # Panics
    /// When the handshake is refused.
    pub async fn open(address: SocketAddr, root_pem: &str, identity: &Identity) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(root_pem.as_bytes()).expect("a certificate");
        roots.add(root).expect("a root");
        let leaf = CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .expect("TLS 1.3")
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![leaf.expect("a certificate")], key)
            .expect("a certificate with its key");
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        let name = ServerName::try_from("localhost").expect("a name");
        let connector = TlsConnector::from(Arc::new(config));
        Self(connector.connect(name, stream).await.expect("a handshake"))
    }

    /// Sends bytes; false when the other side has hung up.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok() && self.0.flush().await.is_ok()
    }

    /// Everything until the other side hangs up.
    pub async fn rest(&mut self) -> String {
        let mut received = Vec::new();
        // A connection that is reset has answered as much as it will.
        drop(self.0.read_to_end(&mut received).await);
        String::from_utf8_lossy(&received).into_owned()
    }

    /// What comes next, at most 64 kB at once; empty when the other side has hung up.
    pub async fn some(&mut self) -> String {
        let mut received = vec![0; 64 * 1024];
        let length = self.0.read(&mut received).await.unwrap_or_default();
        String::from_utf8_lossy(&received[..length]).into_owned()
    }
}
