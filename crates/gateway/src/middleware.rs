//! 一件の要求 — what happens around every request: it runs to its end whatever becomes of
//! the connection, within its time, and leaves one line in the log.
//!
//! The line holds the route's template, never the address: no query string, body, name
//! or number of a patient.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::{
    Method, Uri,
    body::{Body as HttpBody, Frame, SizeHint},
};
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::Instrument;

use kyoyu_domain::{
    audit::{Action, Actor},
    participant::Fingerprint,
    problem::Problem,
    randomness::{Randomness, SystemRandomness},
    rules,
};
use kyoyu_service::Service;

use crate::{
    caller::Certificate,
    outcome::{self, Refusal, Told},
    stream::Busy,
};

/// 覚書 — what is known of a request while it is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note(Arc<NoteContent>);

#[derive(Debug, Default)]
struct NoteContent {
    participant: OnceLock<i32>,
    actor: OnceLock<(Actor, Action)>,
    route: OnceLock<MatchedPath>,
    recorded: AtomicBool,
}

impl Note {
    /// The certificate is this participant's.
    pub(crate) fn called_by(&self, participant: i32) {
        self.0.participant.get_or_init(|| participant);
    }

    /// The caller is known.
    pub(crate) fn acts_as(&self, actor: Actor, action: Action) {
        self.0.actor.get_or_init(|| (actor, action));
    }

    /// The request has its audit record.
    pub(crate) fn recorded(&self) {
        self.0.recorded.store(true, Ordering::Relaxed);
    }

    fn route(&self) -> &str {
        self.0.route.get().map_or("unknown", MatchedPath::as_str)
    }
}

/// Notes the route's template; a layer, because only the router knows it.
pub(crate) async fn note_route(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let (Some(note), Some(route)) = (extensions.get::<Note>(), extensions.get::<MatchedPath>()) {
        note.0.route.get_or_init(|| route.clone());
    }
    next.run(request).await
}

/// The one address whose bodies may come for a long time.
pub(crate) const UPLOAD: &str = "/fhir/$import";

/// 応答係 — answers requests.
#[derive(Clone)]
pub(crate) struct Front {
    pub service: Service,
    pub router: Router,
    pub request_time: Duration,
    /// That of a request that uploads a bulk import.
    pub upload_time: Duration,
    /// Every request that has begun; a shutdown waits for them.
    pub requests: TaskTracker,
}

impl Front {
    /// Answers one request.
    pub(crate) async fn answer<B>(
        self,
        certificate: Fingerprint,
        busy: Busy,
        mut request: hyper::Request<B>,
    ) -> hyper::Response<Answering>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let began = Instant::now();
        let correlation = (&SystemRandomness as &dyn Randomness).uuid_v4().simple().to_string();
        let span = tracing::info_span!("request", "request.id" = correlation);
        let method = request.method().clone();
        let note = Note::default();
        if let Some(uri) = with_plain_dollar(request.uri()) {
            *request.uri_mut() = uri;
        }
        request.extensions_mut().insert(note.clone());
        request.extensions_mut().insert(Certificate(certificate));
        let mut response = self.run(request.map(Body::new), &note).instrument(span.clone()).await;
        outcome::finish(response.headers_mut(), &correlation);
        span.in_scope(|| report(&note, &method, &response, began.elapsed()));
        response.map(|body| Answering { body, _busy: busy })
    }

    /// Runs the request on a task of its own: a client that goes away, or takes too long,
    /// does not stop a use case halfway, nor its audit record.
    async fn run(&self, request: Request, note: &Note) -> Response {
        let time = self.time_of(&request);
        let handler = self.router.clone().oneshot(request).in_current_span();
        let task = self.requests.spawn(handler);
        match timeout(time, task).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(_panic)) => {
                self.record_panic(note).await;
                Refusal::from(&rules::INTERNAL).into_response()
            }
            Err(_elapsed) => {
                let problem = Problem::of(&rules::UNAVAILABLE).because("the request took too long");
                Refusal::from(problem).into_response()
            }
        }
    }

    fn time_of(&self, request: &Request) -> Duration {
        if request.method() == Method::POST && request.uri().path() == UPLOAD {
            self.upload_time
        } else {
            self.request_time
        }
    }

    async fn record_panic(&self, note: &Note) {
        tracing::error!("a request panicked");
        if note.0.recorded.load(Ordering::Relaxed) {
            return;
        }
        let unknown = (Actor::default(), Action::Unknown);
        let (actor, action) = note.0.actor.get().unwrap_or(&unknown);
        self.service.refuse(actor, *action, &Problem::of(&rules::INTERNAL)).await;
    }
}

/// The address of an operation that was written with `%24`, as some clients do.
fn with_plain_dollar(uri: &Uri) -> Option<Uri> {
    if !uri.path().contains("%24") {
        return None;
    }
    let path = uri.path().replace("%24", "$");
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{query}").parse().ok()
}

/// The one line, and the metrics.
fn report(note: &Note, method: &Method, response: &Response, took: Duration) {
    let route = note.route().to_owned();
    let status = response.status().as_u16();
    let told = response.extensions().get::<Told>();
    let category = told.map_or("ok", |told| outcome::word(told.0));
    tracing::info!(
        caller.participant = note.0.participant.get(),
        http.method = word(method),
        http.route = route,
        http.status = status,
        outcome.category = category,
        duration_ms = took.as_secs_f64() * 1000.0,
        "a request was answered"
    );
    let labels =
        [("route", route), ("method", word(method).to_owned()), ("status", status.to_string())];
    metrics::counter!("kyoyu_http_requests_total", &labels).increment(1);
    metrics::histogram!("kyoyu_http_request_seconds", &labels).record(took.as_secs_f64());
}

/// A method is the client's word: only known ones become a label.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// 送信中の応答 — the body of an answer; the request counts as being answered until it has
/// been sent or dropped.
#[derive(Debug)]
pub(crate) struct Answering {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_dollar_is_a_dollar_in_paths_only() {
        let plain = |uri: &str| with_plain_dollar(&uri.parse().expect("an address"));
        let operation = plain("/fhir/Bundle/%24submissions?receipt=%24").expect("a change");
        assert_eq!(operation.to_string(), "/fhir/Bundle/$submissions?receipt=%24");
        assert!(plain("/fhir/Condition?code=%24").is_none());
    }
}
