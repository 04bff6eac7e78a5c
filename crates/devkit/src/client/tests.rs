//! Against a small server that answers as it is told, over real TLS.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Error;
use http_body_util::{BodyExt, Full};
use hyper::{
    Response, StatusCode, body::Incoming, header::RETRY_AFTER, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::{
    RootCertStore, ServerConfig, crypto::aws_lc_rs, server::WebPkiClientVerifier, version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{Authority, Flaw, Pki};

/// What the server does with its next request.
#[derive(Debug, Clone, Copy)]
enum Does {
    Answers(u16),
    AsksToWait(u16),
    /// Takes the request and closes.
    HangsUp,
    /// Answers, then closes.
    AnswersAndCloses,
}

/// What the server has seen.
#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<(String, Bytes)>,
}

struct TestServer {
    pki: Pki,
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl TestServer {
    async fn start(script: impl IntoIterator<Item = Does>) -> Self {
        let pki = Pki::in_memory().expect("certificates");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let acceptor = TlsAcceptor::from(Arc::new(server_config(&pki)));
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        tokio::spawn(serve(listener, acceptor, Arc::clone(&seen), script));
        Self { pki, address, seen }
    }

    fn client(&self, connections: usize) -> Client {
        let options = ClientOptions { connections, retry: quick(), ..ClientOptions::default() };
        let identity = self.pki.client("hospital").expect("a certificate");
        Client::with(self.address, self.pki.root_pem(), Some(&identity), options).expect("a client")
    }

    fn connections(&self) -> usize {
        self.seen.lock().expect("unpoisoned").connections
    }

    fn requests(&self) -> Vec<(String, Bytes)> {
        self.seen.lock().expect("unpoisoned").requests.clone()
    }
}

fn quick() -> RetryPolicy {
    RetryPolicy { first_wait: Duration::from_millis(2), attempts: 3, ..RetryPolicy::default() }
}

fn server_config(pki: &Pki) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(pki.root_pem().as_bytes()).expect("a root");
    roots.add(root).expect("a root");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .expect("a verifier");
    let server = pki.server();
    let chain = CertificateDer::pem_slice_iter(server.certificate_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .expect("a chain");
    let key = PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes()).expect("a key");
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .expect("a version")
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .expect("a configuration")
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    seen: Arc<Mutex<Seen>>,
    script: Arc<Mutex<VecDeque<Does>>>,
) {
    while let Ok((tcp, _)) = listener.accept().await {
        let Ok(tls) = acceptor.accept(tcp).await else { continue };
        seen.lock().expect("unpoisoned").connections += 1;
        let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let next = script.lock().expect("unpoisoned").pop_front();
            let seen = Arc::clone(&seen);
            async move {
                let target = format!("{} {}", request.method(), request.uri());
                let body = request.into_body().collect().await?.to_bytes();
                seen.lock().expect("unpoisoned").requests.push((target, body));
                answer(next.unwrap_or(Does::Answers(200)))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tls), answer));
    }
}

fn answer(does: Does) -> Result<Response<Full<Bytes>>, Error> {
    let reply = Response::builder();
    let reply = match does {
        Does::HangsUp => anyhow::bail!("the script says so"),
        Does::Answers(status) => reply.status(status),
        Does::AsksToWait(status) => reply.status(status).header(RETRY_AFTER, "0"),
        Does::AnswersAndCloses => reply.header("connection", "close"),
    };
    Ok(reply.body(Full::from("{}"))?)
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = TestServer::start([]).await;
    let client = server.client(1);
    for _ in 0..20 {
        let reply = client.get("/fhir/metadata", None).await.expect("an answer");
        assert_eq!(reply.status, StatusCode::OK);
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 20));
}

#[tokio::test]
async fn a_pool_opens_no_more_connections_than_it_may() {
    let server = TestServer::start([]).await;
    let client = server.client(3);
    let tasks: Vec<_> = (0..60)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get("/x", None).await.map(|reply| reply.status) })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("no panic").expect("an answer"), StatusCode::OK);
    }
    assert!((1..=3).contains(&server.connections()), "{}", server.connections());
}

#[tokio::test]
async fn a_lost_answer_makes_the_same_bytes_go_again() {
    let server = TestServer::start([Does::HangsUp, Does::Answers(201)]).await;
    let client = server.client(1);
    let reply = client.post_json("/fhir/Bundle", None, "{\"a\":4.10}").await.expect("an answer");
    assert_eq!(reply.status, StatusCode::CREATED);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
    assert_eq!(client.resent(), 1);
}

#[tokio::test]
async fn busy_answers_are_asked_again_and_others_are_not() {
    for status in [503, 429] {
        let server = TestServer::start([Does::AsksToWait(status), Does::Answers(200)]).await;
        let reply = server.client(1).get("/x", None).await.expect("an answer");
        assert_eq!((reply.status, server.requests().len()), (StatusCode::OK, 2));
    }
    for status in [400, 404, 409, 422, 500] {
        let server = TestServer::start([Does::Answers(status)]).await;
        let reply = server.client(1).get("/x", None).await.expect("an answer");
        assert_eq!((reply.status.as_u16(), server.requests().len()), (status, 1));
    }
}

#[tokio::test]
async fn after_the_last_attempt_the_answer_is_what_it_is() {
    let server = TestServer::start([Does::Answers(503); 9]).await;
    let reply = server.client(1).get("/x", None).await.expect("an answer");
    assert_eq!((reply.status.as_u16(), server.requests().len()), (503, 3));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_opened_anew_without_an_attempt() {
    let server = TestServer::start([Does::AnswersAndCloses; 5]).await;
    let client = server.client(1);
    for _ in 0..5 {
        let reply = client.get("/x", None).await.expect("an answer");
        assert_eq!(reply.status, StatusCode::OK);
    }
    assert_eq!((server.connections(), client.resent()), (5, 0));
}

#[tokio::test]
async fn search_parameters_travel_in_the_body() {
    let server = TestServer::start([]).await;
    let parameters = [("patient:identifier", "urn:x|01234567:あ:1:01"), ("_count", "5")];
    let reply = server.client(1).post_form("/fhir/Condition/_search", None, &parameters).await;
    assert_eq!(reply.expect("an answer").status, StatusCode::OK);
    let (target, body) = server.requests().remove(0);
    assert_eq!(target, "POST /fhir/Condition/_search");
    let sent: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    assert_eq!(sent[0].1, parameters[0].1);
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn bad_certificates_get_no_answer() {
    let server = TestServer::start([]).await;
    let ours = server.pki.authority();
    let bad = [
        None,
        Some(Authority::create().expect("a CA").client("hospital").expect("a certificate")),
        Some(ours.flawed_client("hospital", Flaw::Expired).expect("a certificate")),
        Some(ours.flawed_client("hospital", Flaw::NotYetValid).expect("a certificate")),
        Some(ours.flawed_client("hospital", Flaw::WrongUsage).expect("a certificate")),
    ];
    for identity in &bad {
        let client = Client::with(
            server.address,
            server.pki.root_pem(),
            identity.as_ref(),
            ClientOptions::once(),
        );
        assert!(client.expect("a client").get("/x", None).await.is_err(), "{identity:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_believed() {
    let server = TestServer::start([]).await;
    let other = Pki::in_memory().expect("certificates");
    let identity = server.pki.client("hospital").expect("a certificate");
    let client = Client::connect(server.address, other.root_pem(), Some(&identity));
    let client = client.expect("a client");
    assert!(client.get("/x", None).await.is_err());
    assert_eq!(client.resent(), 0);
}
