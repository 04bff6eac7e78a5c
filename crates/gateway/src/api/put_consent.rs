//! 同意の登録・変更 — from the eligibility network only.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_service::ConsentAnswer;

use crate::{
    api::query,
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `POST /fhir/Consent`.
pub(crate) async fn register(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Consent, Accepts::Resource).await?;
    let answer = call.run(app.service.put_consent(&call.caller, None, call.body())).await?;
    let body = body(&answer);
    Ok(if answer.created { outcome::created(body) } else { outcome::ok(body) })
}

/// Answers `PUT /fhir/Consent?identifier=system|value`.
pub(crate) async fn change(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Consent, Accepts::Resource).await?;
    let identifier = query::identifier(&call).await?;
    let changed = app.service.put_consent(&call.caller, Some(&identifier), call.body());
    Ok(outcome::ok(body(&call.run(changed).await?)))
}

fn body(answer: &ConsentAnswer) -> Vec<u8> {
    let (system, value) = &answer.identifier;
    kyoyu_fhir::consent::consent(&answer.consent, answer.version, (system, value))
}
