//! 窓口 — who sends a request: certificates, tokens and connections.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use hyper::{Method, StatusCode};
use kyoyu_devkit::{
    Claims, Client, ClientOptions, Identity, Pki, Reply, Request, TokenIssuer,
    story::{Cast, Party},
};
use kyoyu_domain::{participant::Role, policy::Purpose};
use kyoyu_synth::Person;

use super::{AUDIENCE, Calls, words::number_of};

/// What desks are made of.
pub(super) struct Desks<'a> {
    pub(super) address: SocketAddr,
    pub(super) pki: &'a Pki,
    pub(super) cast: &'a Cast,
    pub(super) calls: &'a Arc<Calls>,
}

impl Desks<'_> {
    pub(super) fn client(&self, identity: Option<&Identity>) -> Client {
        let options = ClientOptions {
            connections: 8,
            request_time: Duration::from_secs(90),
            ..ClientOptions::once()
        };
        let client = Client::with(self.address, self.pki.root_pem(), identity, options);
        client.expect("certificates of our own")
    }

    pub(super) fn plain(&self, identity: &Identity) -> Desk {
        let client = self.client(Some(identity));
        Desk { client, user: None, calls: Arc::clone(self.calls) }
    }

    pub(super) fn system(&self, party: &Party) -> Desk {
        self.plain(&self.pki.client(party.certificate).expect("a certificate"))
    }

    pub(super) fn user(&self, party: &Party, subject: &str, qualification: Option<&str>) -> Desk {
        let identity = self.pki.client(party.certificate).expect("a certificate");
        let purpose = match party.role {
            Role::PatientPortal => Purpose::PatientRequest,
            Role::Insurer => Purpose::Operations,
            _ => Purpose::Treat,
        };
        let claims = Claims {
            audience: AUDIENCE.to_owned(),
            subject: subject.to_owned(),
            role: party.role,
            purpose,
            qualification: qualification.map(str::to_owned),
            institution: party.institution,
            patient: None,
            proxy: None,
            certificate: identity.fingerprint,
        };
        let issuer = self.cast.issuers.iter().find(|issuer| issuer.role == party.role);
        let issuer = issuer.expect("somebody signs for the role").open(self.pki).expect("a key");
        let user = Some(User { issuer: Arc::new(issuer), claims });
        Desk { user, ..self.plain(&identity) }
    }
}

/// 窓口 — sends requests as somebody; each request must leave one audit record.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The connections.
    pub client: Client,
    user: Option<User>,
    calls: Arc<Calls>,
}

#[derive(Debug, Clone)]
struct User {
    issuer: Arc<TokenIssuer>,
    claims: Claims,
}

impl Desk {
    /// The same with other claims in its tokens.
    ///
    /// # Panics
    /// When nobody sits at this desk.
    #[must_use]
    pub fn claiming(&self, change: impl FnOnce(&mut Claims)) -> Self {
        let mut desk = self.clone();
        change(&mut desk.user.as_mut().expect("a user").claims);
        desk
    }

    /// The issuer of the desk's tokens and what they say.
    ///
    /// # Panics
    /// When nobody sits at this desk.
    pub fn tokens(&self) -> (&TokenIssuer, &Claims) {
        let user = self.user.as_ref().expect("a user");
        (&user.issuer, &user.claims)
    }

    /// A fresh token; none for a system.
    ///
    /// # Panics
    /// When the key does not sign.
    pub fn token(&self) -> Option<String> {
        let user = self.user.as_ref()?;
        Some(user.issuer.issue(&user.claims).expect("the key signs"))
    }

    /// Sends a request as it is.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: Request) -> Reply {
        let reply = self.client.send(&request).await.expect("an answer");
        // Throttled calls share a record.
        if reply.status != StatusCode::TOO_MANY_REQUESTS {
            self.calls.0.fetch_add(1, Ordering::SeqCst);
        }
        reply
    }

    async fn send_signed(&self, request: anyhow::Result<Request>) -> Reply {
        let token = self.token();
        let request = request.and_then(|request| request.token(token.as_deref()));
        self.send(request.expect("a well-formed request")).await
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Reply {
        self.send_signed(Request::get(path)).await
    }

    /// `POST` of a resource.
    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send_signed(Request::post_json(path, body)).await
    }

    /// `PUT` of a resource.
    pub async fn put(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send_signed(Request::put_json(path, body)).await
    }

    /// `POST` of search parameters.
    pub async fn search(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send_signed(Request::post_form(path, parameters)).await
    }

    /// Any other method.
    pub async fn call(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send_signed(Request::new(method, path, body)).await
    }

    /// Searches a type for a patient by the insured number, in the body.
    pub async fn search_for(&self, of: &str, person: &Person) -> Reply {
        let number = number_of(&person.identifier);
        self.search(&format!("/fhir/{of}/_search"), &[("patient:identifier", &number)]).await
    }
}
