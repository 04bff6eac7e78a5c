use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use rustls::{ClientConfig, client::Resumption, version::TLS12};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;

/// An authority, a server and the means to make clients.
pub(crate) struct TestPki {
    authority: CertifiedIssuer<'static, KeyPair>,
    server: (String, String),
}

/// What a client presents.
pub(crate) type ClientCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl TestPki {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        let server = (certificate.pem(), key.serialize_pem());
        Self { authority, server }
    }

    pub(crate) fn client(&self, change: impl FnOnce(&mut CertificateParams)) -> ClientCertificate {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(SerialNumber::from(42_u64));
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        (vec![certificate.der().clone()], key)
    }

    pub(crate) fn options(&self) -> TlsOptions {
        TlsOptions {
            certificates: self.server.0.clone().into_bytes(),
            key: self.server.1.clone().into_bytes(),
            client_authorities: self.authority.pem().into_bytes(),
            revocation_lists: Vec::new(),
        }
    }

    fn revoking(&self, serial: u64) -> Vec<u8> {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2040, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.authority).expect("a list");
        list.pem().expect("PEM").into_bytes()
    }

    pub(crate) fn client_config(&self, certificate: Option<ClientCertificate>) -> ClientConfig {
        self.client_config_for(certificate, &[&TLS13])
    }

    fn client_config_for(
        &self,
        certificate: Option<ClientCertificate>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).expect("an authority");
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots);
        let mut config = match certificate {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).expect("a client"),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(8);
        config
    }
}

/// Shakes hands in memory: the server's view.
async fn handshake(
    options: &TlsOptions,
    client: ClientConfig,
) -> Result<Fingerprint, &'static str> {
    let acceptor = TlsAcceptor::from(Arc::new(server_config(options).expect("a configuration")));
    let (near, far) = duplex(64 * 1024);
    let client = tokio::spawn(async move {
        let name = ServerName::try_from("localhost").expect("a name");
        if let Ok(mut stream) = TlsConnector::from(Arc::new(client)).connect(name, far).await {
            // The client of TLS 1.3 learns of a refusal when it reads.
            let mut byte = [0];
            drop(stream.read(&mut byte).await);
        }
    });
    let accepted = acceptor.accept(near).await;
    let result = match accepted {
        Ok(mut stream) => {
            let fingerprint = fingerprint(stream.get_ref().1).expect("a certificate");
            stream.shutdown().await.expect("memory");
            Ok(fingerprint)
        }
        Err(error) => Err(refusal_reason(&error)),
    };
    client.await.expect("the client does not panic");
    result
}

#[tokio::test]
async fn a_good_certificate_is_known_by_its_fingerprint() {
    let pki = TestPki::new("authority");
    let client = pki.client(|_| {});
    let expected = Fingerprint(Sha256::digest(&client.0[0]).into());
    let found = handshake(&pki.options(), pki.client_config(Some(client))).await;
    assert_eq!(found, Ok(expected));
}

#[tokio::test]
async fn without_a_good_certificate_there_is_no_connection_a01() {
    let pki = TestPki::new("authority");
    let other = TestPki::new("another authority");
    let expired = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    };
    let server_only = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    };
    let cases = [
        (None, "no-certificate"),
        (Some(other.client(|_| {})), "unknown-issuer"),
        (Some(pki.client(expired)), "expired"),
        (Some(pki.client(server_only)), "purpose"),
    ];
    for (certificate, reason) in cases {
        let refusal = handshake(&pki.options(), pki.client_config(certificate)).await;
        assert_eq!(refusal, Err(reason));
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_a02() {
    let pki = TestPki::new("authority");
    let options = TlsOptions { revocation_lists: pki.revoking(42), ..pki.options() };
    let refusal = handshake(&options, pki.client_config(Some(pki.client(|_| {})))).await;
    assert_eq!(refusal, Err("revoked"));
    let options = TlsOptions { revocation_lists: pki.revoking(43), ..pki.options() };
    let accepted = handshake(&options, pki.client_config(Some(pki.client(|_| {})))).await;
    assert!(accepted.is_ok());
}

#[tokio::test]
async fn older_versions_are_refused_a34() {
    let pki = TestPki::new("authority");
    let client = pki.client_config_for(Some(pki.client(|_| {})), &[&TLS12]);
    assert_eq!(handshake(&pki.options(), client).await, Err("protocol"));
}

/// A client that would resume finds nothing to resume with.
#[tokio::test]
async fn no_session_is_ever_resumed_a02_a34() {
    let pki = TestPki::new("authority");
    let config = server_config(&pki.options()).expect("a configuration");
    assert_eq!((config.send_tls13_tickets, config.max_early_data_size), (0, 0));
    assert!(!config.session_storage.can_cache());
    assert!(!config.ticketer.enabled());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let client = Arc::new(pki.client_config(Some(pki.client(|_| {}))));
    for _ in 0..2 {
        let (near, far) = duplex(64 * 1024);
        let connector = TlsConnector::from(Arc::clone(&client));
        let name = ServerName::try_from("localhost").expect("a name");
        let (server, client) = tokio::join!(acceptor.accept(near), connector.connect(name, far));
        let (mut server, mut client) = (server.expect("accepted"), client.expect("connected"));
        server.write_all(b"x").await.expect("memory");
        let mut byte = [0];
        client.read_exact(&mut byte).await.expect("memory");
        let kind = server.get_ref().1.handshake_kind();
        assert_eq!(kind, Some(rustls::HandshakeKind::Full));
    }
}

#[test]
fn unusable_options_are_named() {
    let pki = TestPki::new("authority");
    let reason = |options| server_config(&options).expect_err("unusable").to_string();
    let none = TlsOptions { client_authorities: Vec::new(), ..pki.options() };
    assert_eq!(reason(none), "there is no client authority");
    let none = TlsOptions { certificates: Vec::new(), ..pki.options() };
    assert_eq!(reason(none), "there is no server certificate");
    assert_eq!(format!("{:?}", pki.options()), "TlsOptions(<redacted>)");
}
