//! 取消UNDO — restores a cancelled Bundle.

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

/// Answers `POST /fhir/Bundle/$undo-cancel`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Undo, Accepts::Resource).await?;
    let submission = call.run(app.service.undo(&call.caller, call.body())).await?;
    Ok(outcome::ok(kyoyu_fhir::receipt::receipt(&submission, &[])))
}
