//! 呼出元の確認 — from a connection to a caller: the certificate names the participant, the
//! header the institution, the token the person.
//!
//! Nothing else of a request says who calls: forwarding headers and certificates in
//! headers are not looked at. A refusal here has not reached a use case, so its audit
//! record is written here.
//!
//! Source: design §1; reliability A03, A05, A38.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::Request};
use bytes::Bytes;
use hyper::{HeaderMap, Uri, header::AUTHORIZATION, http::request::Parts};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use kyoyu_domain::{
    audit::{Action, Actor},
    identifiers::InstitutionNumber,
    participant::{Fingerprint, Participant},
    problem::Problem,
    rules,
};
use kyoyu_service::{Caller, Service};

use crate::{
    body::{Accepts, Lines, Received, Receiver},
    limits::{CountedAs, Limits, Rates, Work},
    middleware::Note,
    outcome::Refusal,
    token::{Against, Tokens},
};

/// The header that names the institution for which a participant acts.
const INSTITUTION: &str = "kyoyu-institution";

/// What an upload whose time is over keeps of it, to store what came and to answer.
const LAST_LINES: Duration = Duration::from_secs(20);

/// 受付 — what every handler shares.
pub(crate) struct App {
    pub service: Service,
    /// `https://…/fhir`, without a slash at its end.
    pub base_url: String,
    /// The capability statement, which never changes.
    pub capability: Bytes,
    pub tokens: Tokens,
    pub rates: Rates,
    pub work: Work,
    pub receiver: Receiver,
    pub address_bytes: usize,
    /// For how long the lines of a bulk import may come.
    pub upload_time: Duration,
    /// The gateway is about to stop.
    pub stopping: CancellationToken,
}

/// 呼出 — one request whose caller is known and whose body is here.
pub(crate) struct Call {
    pub caller: Caller,
    pub uri: Uri,
    app: Arc<App>,
    action: Action,
    note: Note,
    body: Received,
    /// Given back when the answer is made.
    place: Option<OwnedSemaphorePermit>,
}

impl App {
    pub(crate) fn new(
        service: Service,
        base_url: String,
        audience: String,
        limits: &Limits,
    ) -> Self {
        let work = Work::new(limits, service.traffic().clone());
        let capability = kyoyu_fhir::capability::capability(&base_url).into();
        Self {
            service,
            base_url,
            capability,
            tokens: Tokens::new(audience),
            rates: Rates::new(limits),
            work,
            receiver: Receiver::new(limits.body),
            address_bytes: limits.address_bytes,
            upload_time: limits.upload_time.saturating_sub(LAST_LINES),
            stopping: CancellationToken::new(),
        }
    }

    /// Finds out who calls and receives the body.
    ///
    /// # Errors
    /// A refusal that has its audit record already.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        request: Request,
        action: Action,
        accepts: Accepts,
    ) -> Result<Call, Refusal> {
        let (parts, body) = request.into_parts();
        let mut call = self.meet(&parts, action).await?;
        match self.take_in(&parts, body, accepts).await {
            Ok((body, place)) => {
                call.body = body;
                call.place = Some(place);
                Ok(call)
            }
            Err(problem) => Err(call.refuse(problem).await),
        }
    }

    /// Finds out who calls with a body of many lines, which is for the handler to read.
    ///
    /// # Errors
    /// A refusal that has its audit record already.
    pub(crate) async fn admit_lines(
        self: &Arc<Self>,
        request: Request,
        action: Action,
    ) -> Result<(Call, Lines<Body>), Refusal> {
        let (parts, body) = request.into_parts();
        let call = self.meet(&parts, action).await?;
        match self.open_lines(&parts, body) {
            Ok(lines) => Ok((call, lines)),
            Err(problem) => Err(call.refuse(problem).await),
        }
    }

    /// Finds out who calls, before anything of the body is looked at.
    async fn meet(self: &Arc<Self>, parts: &Parts, action: Action) -> Result<Call, Refusal> {
        let note = parts.extensions.get::<Note>().cloned().unwrap_or_default();
        // What is known of the caller when it is refused.
        let mut actor = Actor::default();
        let caller = match self.identify(parts, &note, &mut actor) {
            Ok(caller) => caller,
            Err(refusal) => {
                // Throttled calls share one record a minute.
                if refusal.problem.rule() != &rules::THROTTLED {
                    self.service.refuse(&actor, action, &refusal.problem).await;
                }
                note.recorded();
                return Err(refusal);
            }
        };
        note.acts_as(caller.actor(), action);
        let (app, uri, body) = (Arc::clone(self), parts.uri.clone(), Received::nothing());
        Ok(Call { caller, uri, app, action, note, body, place: None })
    }

    fn identify(&self, parts: &Parts, note: &Note, actor: &mut Actor) -> Result<Caller, Refusal> {
        let certificate = parts.extensions.get::<Certificate>().map(|certificate| certificate.0);
        let certificate = certificate.ok_or(&rules::CERTIFICATE_UNKNOWN)?;
        let Some(participant) = self.service.participant(&certificate) else {
            self.count(CountedAs::Stranger(certificate), actor)?;
            return Err((&rules::CERTIFICATE_UNKNOWN).into());
        };
        note.called_by(participant.id);
        actor.participant = Some(participant.id);
        let institution = institution(&parts.headers, &participant)?;
        actor.institution = institution;
        self.count(CountedAs::Participant(participant.id, institution), actor)?;
        self.with_token(&parts.headers, participant, institution, certificate)
    }

    fn count(&self, caller: CountedAs, actor: &Actor) -> Result<(), Refusal> {
        self.rates.check(caller, actor).map_err(|wait| Refusal {
            problem: Problem::of(&rules::THROTTLED),
            retry_after: Some(wait),
        })
    }

    fn with_token(
        &self,
        headers: &HeaderMap,
        participant: Arc<Participant>,
        institution: Option<InstitutionNumber>,
        certificate: Fingerprint,
    ) -> Result<Caller, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(authorization) = values.next() else {
            return Ok(Caller { participant, institution, token: None });
        };
        if values.next().is_some() {
            return Err(Problem::from(crate::token::Invalid::Form).into());
        }
        let against =
            Against { participant: &participant, certificate, now: seconds_of_real_time() };
        let checked = self
            .tokens
            .check(authorization.as_bytes(), &against, |name| self.service.issuer(name))
            .map_err(Problem::from)?;
        // Header and token may each name the institution; together they must agree.
        if headers.contains_key(INSTITUTION)
            && checked.institution.is_some_and(|named| Some(named) != institution)
        {
            return Err(Problem::from(crate::token::Invalid::Institution).into());
        }
        let institution = checked.institution.or(institution);
        Ok(Caller { participant, institution, token: Some(checked.token) })
    }

    async fn take_in(
        &self,
        parts: &Parts,
        body: Body,
        accepts: Accepts,
    ) -> Result<(Received, OwnedSemaphorePermit), Problem> {
        self.check_address(&parts.uri)?;
        let body = self.receiver.receive(&parts.headers, body, accepts).await?;
        Ok((body, self.work.enter().await?))
    }

    fn open_lines(&self, parts: &Parts, body: Body) -> Result<Lines<Body>, Problem> {
        self.check_address(&parts.uri)?;
        if !responds_async(&parts.headers) {
            return Err(Problem::of(&rules::IMPORT_ASYNC));
        }
        let stopping = self.stopping.clone();
        self.receiver.lines(&parts.headers, body, self.upload_time, stopping)
    }

    fn check_address(&self, uri: &Uri) -> Result<(), Problem> {
        let address_bytes = uri.path_and_query().map_or(0, |path| path.as_str().len());
        if address_bytes > self.address_bytes {
            return Err(Problem::of(&rules::ADDRESS_TOO_LONG));
        }
        Ok(())
    }
}

impl Call {
    /// The body as received, decompressed.
    pub(crate) fn body(&self) -> Bytes {
        self.body.bytes.clone()
    }

    /// Makes room for others: the call is about to wait, and takes nothing meanwhile.
    pub(crate) fn step_aside(&mut self) {
        self.place = None;
    }

    /// Runs a use case, which writes its own audit record.
    pub(crate) async fn run<T>(
        &self,
        use_case: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Refusal> {
        let outcome = use_case.await;
        self.note.recorded();
        Ok(outcome?)
    }

    /// Refuses where no use case is reached.
    pub(crate) async fn refuse(&self, problem: impl Into<Refusal>) -> Refusal {
        let refusal = problem.into();
        self.app.service.refuse(&self.caller.actor(), self.action, &refusal.problem).await;
        self.note.recorded();
        refusal
    }
}

/// Whether the client asks for an answer before the work is done.
///
/// Source: RFC 7240, 4.1; FHIR R4, asynchronous request pattern.
fn responds_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';']));
    preferences.any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}

/// 接続の証明書 — travels with each request of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate(pub Fingerprint);

/// The institution of the header; without a header the only one, if there is only one.
fn institution(
    headers: &HeaderMap,
    participant: &Participant,
) -> Result<Option<InstitutionNumber>, Refusal> {
    let mut values = headers.get_all(INSTITUTION).iter();
    let Some(value) = values.next() else {
        let mut institutions = participant.institutions.iter();
        return Ok(institutions.next().copied().filter(|_| institutions.next().is_none()));
    };
    value
        .to_str()
        .ok()
        .filter(|_| values.next().is_none())
        .and_then(|number| number.trim().parse().ok())
        .filter(|number| participant.institutions.contains(number))
        .map(Some)
        .ok_or_else(|| (&rules::INSTITUTION_FOREIGN).into())
}

/// Tokens live in real time, whatever clock the service acts on.
#[expect(clippy::disallowed_methods, reason = "tokens are checked against real time")]
fn seconds_of_real_time() -> i64 {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use kyoyu_domain::participant::Role;

    use super::*;

    fn participant(institutions: &[&str]) -> Participant {
        Participant {
            id: 1,
            name: "EHR".to_owned(),
            role: Role::Institution,
            starts_at: chrono::DateTime::UNIX_EPOCH,
            ends_at: None,
            institutions: institutions.iter().map(|one| one.parse().expect("a number")).collect(),
            predecessors: std::collections::BTreeMap::new(),
            insurer: None,
        }
    }

    fn asked(
        values: &[&'static str],
        institutions: &[&str],
    ) -> Result<Option<String>, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(INSTITUTION, HeaderValue::from_static(value));
        }
        institution(&headers, &participant(institutions))
            .map(|institution| institution.map(|number| number.to_string()))
            .map_err(|refusal| refusal.problem.rule().code)
    }

    #[test]
    fn an_asynchronous_answer_may_be_asked_for_among_other_preferences() {
        let asked = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            responds_async(&headers)
        };
        for values in [&["respond-async"][..], &["wait=5, Respond-Async"], &["x", "respond-async"]]
        {
            assert!(asked(values), "{values:?}");
        }
        for values in [&[][..], &["return=minimal"], &["respond-async-not"]] {
            assert!(!asked(values), "{values:?}");
        }
    }

    const ONE: &[&str] = &["1310000001"];
    const TWO: &[&str] = &["1310000001", "1310000002"];

    #[test]
    fn the_only_institution_is_the_default() {
        assert_eq!(asked(&[], ONE), Ok(Some("1310000001".to_owned())));
        assert_eq!(asked(&[], TWO), Ok(None));
        assert_eq!(asked(&[], &[]), Ok(None));
    }

    #[test]
    fn another_institution_than_ones_own_is_foreign_a03() {
        assert_eq!(asked(&["1310000002"], TWO), Ok(Some("1310000002".to_owned())));
        for foreign in ["1310000003", "1310000002x", "", "1310000001,1310000002"] {
            assert_eq!(asked(&[foreign], TWO), Err("kyoyu-institution-foreign"), "{foreign}");
        }
        assert_eq!(asked(&["1310000001", "1310000002"], TWO), Err("kyoyu-institution-foreign"));
    }
}
