//! 電子処方箋管理サービスの代役 — answers questions about synthetic persons over mutual TLS, as
//! `docs/e-prescription.md` has it, and misbehaves when it is told to.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use anyhow::{Context, Result};
use bytes::Bytes;
use chrono::NaiveDate;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header::CONTENT_TYPE,
    server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use kyoyu_domain::{
    clock::japan_day,
    identifiers::{InstitutionNumber, PersonIdentifier, PersonIdentifierSystem},
};
use kyoyu_synth::{EPrescription, Institution, Person, e_prescription};
use rustls::{
    RootCertStore, ServerConfig, crypto::aws_lc_rs, server::WebPkiClientVerifier, version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use crate::Pki;

/// 振舞い — how the stand-in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    Answers,
    /// It takes the question and never answers.
    Silent,
    /// It fails with this status.
    Fails(u16),
    /// It answers something that is no FHIR.
    Garbage,
    /// It answers about everybody whom it knows.
    OtherPersons,
    /// It answers with so many bytes of blanks in front.
    Long(usize),
    /// It answers a first page only.
    FirstPage,
}

/// 代役 — a server on a port of its own; ends when it is dropped.
#[derive(Debug)]
pub struct PrescriptionStandIn {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    /// What it knows, by the digest of an identifier.
    known: HashMap<[u8; 16], Vec<Known>>,
    /// The questions so far.
    questions: Vec<Value>,
}

#[derive(Debug, Clone)]
struct Known {
    institution: InstitutionNumber,
    on: NaiveDate,
    text: String,
}

impl PrescriptionStandIn {
    /// Starts it with the certificate of the development server; it answers whoever has a
    /// certificate of the same authority.
    ///
    /// # Errors
    /// When no port is free or the certificates cannot be used.
    pub async fn start(pki: &Pki) -> Result<Self> {
        let acceptor = TlsAcceptor::from(Arc::new(tls_config(pki)?));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port is free")?;
        let address = listener.local_addr()?;
        let (behaviour, known, questions) = (Behaviour::Answers, HashMap::new(), Vec::new());
        let state = Arc::new(Mutex::new(State { behaviour, known, questions }));
        let serving = tokio::spawn(serve(listener, acceptor, Arc::clone(&state)));
        Ok(Self { address, state, serving })
    }

    /// Where it is: what `prescriptions.base_url` would be.
    pub fn base_url(&self) -> String {
        format!("https://{}/fhir", self.address)
    }

    /// 処方 — an institution prescribes; the texts that will be answered.
    pub fn prescribe(
        &self,
        institution: &Institution,
        person: &Person,
        content: &EPrescription,
    ) -> Vec<String> {
        let texts = e_prescription(institution, person, content);
        let on = japan_day(content.prescribed_at);
        let known = texts.iter().map(|text| Known {
            institution: institution.number,
            on,
            text: text.clone(),
        });
        let digest = person.identifier.digest();
        self.state().known.entry(digest).or_default().extend(known);
        texts
    }

    /// Tells it how to answer from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state().behaviour = behaviour;
    }

    /// The Parameters of every question so far.
    pub fn questions(&self) -> Vec<Value> {
        self.state().questions.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for PrescriptionStandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("no holder of the lock panics")
}

fn tls_config(pki: &Pki) -> Result<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(pki.root_pem().as_bytes()) {
        roots.add(root.context("the root cannot be read")?)?;
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let server = pki.server();
    let chain = CertificateDer::pem_slice_iter(server.certificate_pem.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().context("the certificate cannot be read")?;
    let key = PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier.build()?)
        .with_single_cert(chain, key.context("the key cannot be read")?)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<Mutex<State>>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            // Who does not prove itself, or hangs up, gets no answer.
            let Ok(tls) = acceptor.accept(tcp).await else { return };
            let answer = service_fn(move |request| answer(request, Arc::clone(&state)));
            drop(http1::Builder::new().serve_connection(TokioIo::new(tls), answer).await);
        });
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Answer, Infallible> {
    let is_right = request.method() == Method::POST
        && request.uri().path() == "/fhir/MedicationRequest/$prescribed"
        && request.uri().query().is_none();
    if !is_right {
        return Ok(response(StatusCode::NOT_FOUND, String::new()));
    }
    let body = request.into_body().collect().await;
    let question = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    let Some(question) = question.and_then(|parameters| Question::of(&parameters, &state)) else {
        return Ok(response(StatusCode::BAD_REQUEST, String::new()));
    };
    let behaviour = lock(&state).behaviour;
    if behaviour == Behaviour::Silent {
        return std::future::pending().await;
    }
    let lines = question.lines(&lock(&state), behaviour);
    Ok(match behaviour {
        Behaviour::Fails(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            response(status, String::new())
        }
        Behaviour::Garbage => response(StatusCode::OK, "<html>maintenance</html>".to_owned()),
        Behaviour::Long(bytes) => {
            response(StatusCode::OK, " ".repeat(bytes) + &searchset(&lines, ""))
        }
        Behaviour::FirstPage => {
            let next = r#","link":[{"relation":"next","url":"https://peer.invalid/2"}]"#;
            response(StatusCode::OK, searchset(&lines, next))
        }
        Behaviour::Answers | Behaviour::OtherPersons | Behaviour::Silent => {
            response(StatusCode::OK, searchset(&lines, ""))
        }
    })
}

/// What is asked.
struct Question {
    patients: Vec<PersonIdentifier>,
    institution: Option<String>,
    from: NaiveDate,
    through: NaiveDate,
}

impl Question {
    /// Reads Parameters, and keeps them for who looks at the questions.
    fn of(parameters: &Value, state: &Mutex<State>) -> Option<Self> {
        lock(state).questions.push(parameters.clone());
        let named = |name: &'static str| {
            let all = parameters["parameter"].as_array().into_iter().flatten();
            all.filter(move |one| one["name"] == name)
        };
        let patient = |one: &Value| {
            let system = one["valueIdentifier"]["system"].as_str()?;
            let value = one["valueIdentifier"]["value"].as_str()?;
            PersonIdentifier::new(PersonIdentifierSystem::from_uri(system)?, value).ok()
        };
        let day = |name| named(name).next()?["valueDate"].as_str()?.parse().ok();
        let institution = named("institution").next();
        Some(Self {
            patients: named("patient").map(patient).collect::<Option<_>>()?,
            institution: institution
                .and_then(|one| one["valueIdentifier"]["value"].as_str().map(str::to_owned)),
            from: day("from")?,
            through: day("through")?,
        })
    }

    fn lines(&self, state: &State, behaviour: Behaviour) -> Vec<String> {
        if behaviour == Behaviour::OtherPersons {
            return state.known.values().flatten().map(|known| known.text.clone()).collect();
        }
        let own = self.patients.iter().filter_map(|one| state.known.get(&one.digest())).flatten();
        let is_meant = |known: &&Known| {
            let institution = self.institution.as_deref();
            (self.from..=self.through).contains(&known.on)
                && institution.is_none_or(|asked| asked == known.institution.as_str())
        };
        own.filter(is_meant).map(|known| known.text.clone()).collect()
    }
}

fn searchset(lines: &[String], link: &str) -> String {
    let entries: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(nth, text)| {
            let url = format!("https://e-prescription.invalid/fhir/MedicationRequest/{}", nth + 1);
            format!(r#"{{"fullUrl":"{url}","resource":{text},"search":{{"mode":"match"}}}}"#)
        })
        .collect();
    let entries = match entries.as_slice() {
        [] => String::new(),
        entries => format!(r#","entry":[{}]"#, entries.join(",")),
    };
    format!(r#"{{"resourceType":"Bundle","type":"searchset"{link}{entries}}}"#)
}

fn response(status: StatusCode, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let media_type = hyper::header::HeaderValue::from_static("application/fhir+json");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}
