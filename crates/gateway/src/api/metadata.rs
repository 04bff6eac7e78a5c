//! 提供機能 — the `CapabilityStatement`, for registered participants.

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

/// Answers `GET /fhir/metadata`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Metadata, Accepts::Nothing).await?;
    call.run(app.service.used(&call.caller.actor(), Action::Metadata)).await?;
    Ok(outcome::ok(app.capability.clone()))
}
