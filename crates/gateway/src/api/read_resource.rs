//! 一件の閲覧 — one resource by its id, as it is stored.

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

/// Answers `GET /fhir/<type>/<id>`.
pub(crate) async fn answer(
    of: &'static str,
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Read, Accepts::Nothing).await?;
    let found = call.run(app.service.read(&call.caller, of, &id)).await?;
    Ok(outcome::ok(found.text))
}
