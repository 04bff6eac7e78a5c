//! 本人情報 — the person behind `Patient/<key>`.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;

use crate::{
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/Patient/<key>`.
pub(crate) async fn answer(
    State(app): Shared,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::ReadPatient, Accepts::Nothing).await?;
    let person = call.run(app.service.patient(&call.caller, &key)).await?;
    Ok(outcome::ok(kyoyu_fhir::patient::patient(&person)))
}
