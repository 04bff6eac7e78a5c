//! 窓口 — a person or a system that talks to the service: a certificate, and where there
//! is a person a token for every request.

use anyhow::Result;
use bytes::Bytes;
use kyoyu_domain::{identifiers::PersonIdentifier, participant::Role, policy::Purpose};

use super::{Cast, Party, Setup};
use crate::{Claims, Client, ClientOptions, Reply, Request, TokenIssuer};

/// 窓口 — sends requests as somebody.
#[derive(Debug)]
pub(super) struct Desk {
    client: Client,
    user: Option<User>,
}

/// Who signs for whom.
#[derive(Debug)]
struct User {
    issuer: TokenIssuer,
    claims: Claims,
}

impl Desk {
    /// A system: nobody sits in front of it.
    pub(super) fn system(setup: &Setup<'_>, party: &Party) -> Result<Self> {
        Ok(Self { client: client(setup, party)?, user: None })
    }

    /// A user of an institution, an insurer or the portal.
    pub(super) fn user(
        setup: &Setup<'_>,
        cast: &Cast,
        party: &Party,
        subject: &str,
        qualification: Option<&str>,
    ) -> Result<Self> {
        let claims = Claims {
            audience: setup.audience.to_owned(),
            subject: subject.to_owned(),
            role: party.role,
            purpose: purpose_of(party.role),
            qualification: qualification.map(str::to_owned),
            institution: party.institution,
            patient: None,
            proxy: None,
            certificate: setup.pki.client(party.certificate)?.fingerprint,
        };
        let issuer = cast.issuer(party.role)?.open(setup.pki)?;
        Ok(Self { client: client(setup, party)?, user: Some(User { issuer, claims }) })
    }

    /// The same, for a patient in front of the portal.
    pub(super) fn for_patient(mut self, patient: &PersonIdentifier) -> Self {
        if let Some(user) = &mut self.user {
            user.claims.patient = Some(patient.clone());
        }
        self
    }

    /// A token that is valid from now on; none for a system.
    pub(super) fn token(&self) -> Result<Option<String>> {
        self.user.as_ref().map(|user| user.issuer.issue(&user.claims)).transpose()
    }

    /// Sends a request as it is, but for the token.
    pub(super) async fn send(&self, request: Request) -> Result<Reply> {
        self.client.send(&request.token(self.token()?.as_deref())?).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Reply> {
        self.client.get(path, self.token()?.as_deref()).await
    }

    pub(super) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Result<Reply> {
        self.client.post_json(path, self.token()?.as_deref(), body).await
    }

    pub(super) async fn put(&self, path: &str, body: impl Into<Bytes>) -> Result<Reply> {
        self.client.put_json(path, self.token()?.as_deref(), body).await
    }

    pub(super) async fn search(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Reply> {
        self.client.post_form(path, self.token()?.as_deref(), parameters).await
    }
}

fn client(setup: &Setup<'_>, party: &Party) -> Result<Client> {
    let identity = setup.pki.client(party.certificate)?;
    let options = ClientOptions { connections: 4, ..ClientOptions::default() };
    Client::with(setup.address, setup.pki.root_pem(), Some(&identity), options)
}

fn purpose_of(role: Role) -> Purpose {
    match role {
        Role::PatientPortal => Purpose::PatientRequest,
        Role::Insurer => Purpose::Operations,
        _ => Purpose::Treat,
    }
}
