//! 資格情報の通知 — the eligibility network announces a person.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;

use crate::{
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `POST /fhir/Patient/$announce`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Announce, Accepts::Resource).await?;
    let person = call.run(app.service.announce(&call.caller, call.body())).await?;
    Ok(outcome::ok(kyoyu_fhir::patient::patient(&person)))
}
