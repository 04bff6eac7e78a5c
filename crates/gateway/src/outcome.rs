//! 応答 — the only file that knows which HTTP status an answer has.
//!
//! Two equal refusals are equal bytes: the correlation id stands in a header only.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::SecondsFormat;
use hyper::{
    HeaderMap, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LOCATION, CONTENT_RANGE,
        CONTENT_TYPE, HeaderName, HeaderValue, LINK, RETRY_AFTER, WWW_AUTHENTICATE,
    },
};

use kyoyu_domain::{
    problem::{Category, Issue, Problem, Rule},
    rules,
    signature::Verification,
};
use kyoyu_service::Part;

/// The header that carries the correlation id.
pub(crate) const CORRELATION: HeaderName = HeaderName::from_static("kyoyu-request");
/// The header that says what became of the electronic signature of a document.
const SIGNATURE: HeaderName = HeaderName::from_static("kyoyu-signature");
const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json; charset=utf-8");
const FHIR_NDJSON: HeaderValue = HeaderValue::from_static("application/fhir+ndjson");
const PROGRESS: HeaderName = HeaderName::from_static("x-progress");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const CONTENT_TYPE_OPTIONS: HeaderName = HeaderName::from_static("x-content-type-options");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// What a caller is told to wait when the service as a whole is busy.
const BUSY: Duration = Duration::from_secs(2);

/// 拒否 — a problem on its way to the caller.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub problem: Problem,
    /// When to try again, where waiting helps.
    pub retry_after: Option<Duration>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let retry_after = (problem.category == Category::Unavailable).then_some(BUSY);
        Self { problem, retry_after }
    }
}

impl From<&'static Rule> for Refusal {
    fn from(rule: &'static Rule) -> Self {
        Problem::of(rule).into()
    }
}

/// 結果の種別 — what the request line of the log says of a refusal; travels with the
/// response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told(pub Category);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { problem, retry_after } = self;
        let category = problem.category;
        let body = match category {
            Category::Internal => {
                kyoyu_fhir::outcome::outcome(&Problem::of(&rules::INTERNAL).issues)
            }
            _ => kyoyu_fhir::outcome::outcome(&problem.issues),
        };
        log_cause(&problem);
        let mut response = answer(status(&problem), body.into());
        response.extensions_mut().insert(Told(category));
        let headers = response.headers_mut();
        if let Some(wait) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if category == Category::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// 指摘 — findings as an answer tells them, for those who are told later.
pub fn operation_outcome(issues: &[Issue]) -> Vec<u8> {
    kyoyu_fhir::outcome::outcome(issues)
}

/// Something was done or found.
pub(crate) fn ok(body: impl Into<Bytes>) -> Response {
    answer(StatusCode::OK, body.into())
}

/// 文書 — a document to the byte; what became of its signature stands in a header, since nothing
/// may be added to the bytes. The signer's name stays out of it: headers get into logs.
pub(crate) fn document(text: Bytes, signature: Option<&Verification>) -> Response {
    let mut response = ok(text);
    if let Ok(said) = HeaderValue::from_str(&said_of(signature)) {
        response.headers_mut().insert(SIGNATURE, said);
    }
    response
}

/// `verified; verified-at=…`, `unverified; reason=…; verified-at=…` or `absent`.
fn said_of(signature: Option<&Verification>) -> String {
    let Some(signature) = signature else { return "absent".to_owned() };
    let reason = signature.reason().map(|reason| format!("; reason={}", reason.rule().code));
    let at = signature.verified_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("{}{}; verified-at=\"{at}\"", signature.status(), reason.unwrap_or_default())
}

/// 添付 — bytes of another type than FHIR's; a part where one was asked for.
pub(crate) fn binary(part: &Part, is_part: bool) -> Response {
    let mut response = answer(
        if is_part { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK },
        part.data.clone(),
    );
    let headers = response.headers_mut();
    if let Ok(media_type) = HeaderValue::from_str(&part.media_type) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // What comes from outside is saved, never shown in place.
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    if is_part {
        let last = part.first + (part.data.len() as u64).saturating_sub(1);
        let range = format!("bytes {}-{last}/{}", part.first, part.whole_bytes);
        if let Ok(range) = HeaderValue::from_str(&range) {
            headers.insert(CONTENT_RANGE, range);
        }
    }
    response
}

/// Something new is there.
pub(crate) fn created(body: impl Into<Bytes>) -> Response {
    answer(StatusCode::CREATED, body.into())
}

/// 受付済 — something will be done; `location` tells how far it is.
pub(crate) fn accepted(body: impl Into<Bytes>, location: &str) -> Response {
    let mut response = answer(StatusCode::ACCEPTED, body.into());
    set(response.headers_mut(), CONTENT_LOCATION, location);
    response
}

/// 処理中 — how far something is that is being done.
///
/// Source: FHIR R4, asynchronous request pattern.
pub(crate) fn in_progress(body: impl Into<Bytes>, progress: &str) -> Response {
    let mut response = answer(StatusCode::ACCEPTED, body.into());
    let headers = response.headers_mut();
    set(headers, PROGRESS, progress);
    headers.insert(RETRY_AFTER, HeaderValue::from(BUSY.as_secs()));
    response
}

/// Resources, one on each line; `next` is the address of those that follow.
pub(crate) fn lines(body: impl Into<Bytes>, next: Option<&str>) -> Response {
    let mut response = answer(StatusCode::OK, body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, FHIR_NDJSON);
    if let Some(next) = next {
        set(headers, LINK, &format!("<{next}>; rel=\"next\""));
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The headers that every answer carries, whoever made it.
pub(crate) fn finish(headers: &mut HeaderMap, correlation: &str) {
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(CONTENT_TYPE_OPTIONS, NOSNIFF);
    if let Ok(correlation) = HeaderValue::from_str(correlation) {
        headers.insert(CORRELATION, correlation);
    }
}

fn answer(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, FHIR_JSON);
    response
}

fn status(problem: &Problem) -> StatusCode {
    // Where HTTP is finer than our categories, the rule decides.
    if let Some((_, status)) = BY_RULE.iter().find(|(rule, _)| *rule == problem.rule()) {
        return *status;
    }
    match problem.category {
        Category::Malformed => StatusCode::BAD_REQUEST,
        Category::NotConformant => StatusCode::UNPROCESSABLE_ENTITY,
        Category::Unauthenticated => StatusCode::UNAUTHORIZED,
        Category::Forbidden => StatusCode::FORBIDDEN,
        Category::NotFound => StatusCode::NOT_FOUND,
        Category::Gone => StatusCode::GONE,
        Category::Conflict => StatusCode::CONFLICT,
        Category::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Category::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Category::OutOfRange => StatusCode::RANGE_NOT_SATISFIABLE,
        Category::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Category::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Category::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

static BY_RULE: &[(&Rule, StatusCode)] = &[
    (&rules::METHOD, StatusCode::METHOD_NOT_ALLOWED),
    (&rules::ADDRESS_TOO_LONG, StatusCode::URI_TOO_LONG),
    (&rules::BODY_TOO_SLOW, StatusCode::REQUEST_TIMEOUT),
];

/// The word for a category in logs and metrics.
pub(crate) fn word(category: Category) -> &'static str {
    match category {
        Category::Malformed => "malformed",
        Category::NotConformant => "not-conformant",
        Category::Unauthenticated => "unauthenticated",
        Category::Forbidden => "forbidden",
        Category::NotFound => "not-found",
        Category::Gone => "gone",
        Category::Conflict => "conflict",
        Category::TooLarge => "too-large",
        Category::UnsupportedMedia => "unsupported-media",
        Category::OutOfRange => "out-of-range",
        Category::Throttled => "throttled",
        Category::Unavailable => "unavailable",
        Category::Internal => "internal",
    }
}

/// The cause is ours: it goes to the log, once, and never to the caller.
fn log_cause(problem: &Problem) {
    let Some(cause) = &problem.cause else { return };
    let (cause, rule) = (chain(cause.as_ref()), problem.rule().code);
    match problem.category {
        Category::Internal => tracing::error!(rule, cause, "a request failed inside"),
        Category::Unavailable => tracing::warn!(rule, cause, "a request could not be served"),
        _ => tracing::debug!(rule, cause, "a request was refused"),
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn body_of(refusal: Refusal) -> (StatusCode, Bytes) {
        let response = refusal.into_response();
        let status = response.status();
        (status, response.into_body().collect().await.expect("a body in memory").to_bytes())
    }

    #[test]
    fn every_category_has_its_status() {
        let statuses: Vec<u16> =
            rules::ALL.iter().map(|rule| status(&Problem::of(rule)).as_u16()).collect();
        assert_eq!(statuses.len(), rules::ALL.len());
        let of = |rule: &'static Rule| status(&Problem::of(rule)).as_u16();
        assert_eq!(of(&rules::METHOD), 405);
        assert_eq!(of(&rules::ADDRESS_TOO_LONG), 414);
        assert_eq!(of(&rules::BODY_TOO_SLOW), 408);
        assert_eq!(of(&rules::MEDIA_TYPE), 415);
        assert_eq!(of(&rules::BODY_TOO_LARGE), 413);
        assert_eq!(of(&rules::BUNDLE_EXISTS), 409);
        assert_eq!(of(&rules::PERSON_UNKNOWN), 422);
        assert_eq!(of(&rules::CONSENT_REQUIRED), 403);
        assert_eq!(of(&rules::NOT_FOUND), 404);
        assert_eq!(of(&rules::TOKEN_MISSING), 401);
    }

    #[tokio::test]
    async fn equal_refusals_are_equal_bytes() {
        let first = body_of((&rules::CONSENT_REQUIRED).into()).await;
        assert_eq!(first, body_of((&rules::CONSENT_REQUIRED).into()).await);
    }

    #[tokio::test]
    async fn the_cause_never_leaves_the_server_a39() {
        let problem = Problem::of(&rules::INTERNAL).because("select insured_number from person");
        let (status, body) = body_of(problem.into()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!String::from_utf8_lossy(&body).contains("select"));
    }

    #[test]
    fn a_busy_service_says_when_to_come_back() {
        let response = Refusal::from(&rules::UNAVAILABLE).into_response();
        assert!(response.headers().contains_key(RETRY_AFTER));
    }
}
