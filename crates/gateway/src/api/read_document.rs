//! 文書の閲覧 — a whole document by its id, to the byte as it was sent.

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

/// Answers `GET /fhir/Bundle/<id>`.
pub(crate) async fn answer(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Read, Accepts::Nothing).await?;
    let whole = call.run(app.service.read_document(&call.caller, &id)).await?;
    Ok(outcome::document(whole.text, whole.signature.as_ref()))
}
