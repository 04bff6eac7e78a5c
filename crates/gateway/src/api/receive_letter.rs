//! 取得 — the addressee receives a letter: the answer is the letter as it was sent.

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

/// Answers `POST /fhir/Bundle/<id>/$receive`.
pub(crate) async fn answer(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Receive, Accepts::Nothing).await?;
    let received = call.run(app.service.receive(&call.caller, &id)).await?;
    Ok(outcome::document(received.text, received.signature.as_ref()))
}
