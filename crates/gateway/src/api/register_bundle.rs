//! 登録 — registers a Bundle; the answer is a receipt.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_service::Sent;

use crate::{
    api::query,
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `POST /fhir/Bundle`, of a letter with `?consent=oral|portal|card-reader`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Register, Accepts::Resource).await?;
    let sent = Sent { body: call.body(), consent: query::consent(&call).await? };
    let accepted = call.run(app.service.register(&call.caller, sent)).await?;
    let receipt = kyoyu_fhir::receipt::receipt(&accepted.submission, &accepted.findings);
    Ok(if accepted.created { outcome::created(receipt) } else { outcome::ok(receipt) })
}
