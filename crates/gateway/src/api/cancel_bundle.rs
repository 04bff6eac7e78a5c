//! 取消 — hides what a Bundle brought; restorable within the undo window.

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

/// Answers `POST /fhir/Bundle/$cancel`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Cancel, Accepts::Resource).await?;
    let submission = call.run(app.service.cancel(&call.caller, call.body())).await?;
    Ok(outcome::ok(kyoyu_fhir::receipt::receipt(&submission, &[])))
}
