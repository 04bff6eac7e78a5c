//! 変更 — replaces a Bundle as a whole.

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

/// Answers `PUT /fhir/Bundle?identifier=system|value`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Change, Accepts::Resource).await?;
    let (identifier, consent) = query::identifier_and_consent(&call).await?;
    let sent = Sent { body: call.body(), consent };
    let changed = app.service.change(&call.caller, &identifier, sent);
    let accepted = call.run(changed).await?;
    let receipt = kyoyu_fhir::receipt::receipt(&accepted.submission, &accepted.findings);
    Ok(outcome::ok(receipt))
}
