//! 検査 — checks a Bundle and stores nothing.

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

/// Answers `POST /fhir/Bundle/$validate`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Validate, Accepts::Resource).await?;
    let findings = call.run(app.service.validate(&call.caller, call.body())).await?;
    Ok(outcome::ok(kyoyu_fhir::outcome::outcome(&findings)))
}
