//! 照会 — the state of what the caller has sent, and a list to reconcile with.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;

use crate::{
    api::query,
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/Bundle/$submissions`, by `receipt`, `identifier` or `since`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Status, Accepts::Nothing).await?;
    let parameters = query::of_address(&call);
    let page = call.run(app.service.submissions(&call.caller, &parameters)).await?;
    let next = page.next.as_deref();
    Ok(outcome::ok(kyoyu_fhir::receipt::submissions(&page.submissions, &page.letters, next)))
}
