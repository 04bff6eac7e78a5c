//! 接続 — TCP, TLS 1.3 and HTTP/1.1, one upon the other.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::ClientOptions;
use crate::Identity;

/// 接続の作り手 — everything that a new connection needs.
pub(crate) struct Connector {
    address: SocketAddr,
    tls: TlsConnector,
    limit: Duration,
}

pub(super) type Connection = SendRequest<Full<Bytes>>;

fn tls_config(root_pem: &str, identity: Option<&Identity>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(root_pem.as_bytes()) {
        roots.add(root.context("a root certificate cannot be read")?)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = CertificateDer::pem_slice_iter(identity.certificate_pem.as_bytes())
                .collect::<Result<Vec<_>, _>>()
                .context("the client certificate cannot be read")?;
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())
                .context("the client key cannot be read")?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl Connector {
    pub(crate) fn new(
        address: SocketAddr,
        root_pem: &str,
        identity: Option<&Identity>,
        options: &ClientOptions,
    ) -> Result<Self> {
        let config = Arc::new(tls_config(root_pem, identity)?);
        Ok(Self { address, tls: TlsConnector::from(config), limit: options.connect_time })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) async fn open(&self) -> Result<Connection> {
        timeout(self.limit, self.open_patiently()).await.context("no connection in time")?
    }

    async fn open_patiently(&self) -> Result<Connection> {
        let tls = self.stream().await?;
        let (sender, connection) = http1::handshake(TokioIo::new(tls)).await?;
        // The request that breaks with the connection reports it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// A connection without HTTP on it.
    pub(crate) async fn stream(&self) -> Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(self.address).await.context("the server does not answer")?;
        // A request is written at once; waiting for more of it would cost milliseconds.
        tcp.set_nodelay(true)?;
        let name = ServerName::IpAddress(self.address.ip().into());
        self.tls.connect(name, tcp).await.context("TLS failed")
    }
}
