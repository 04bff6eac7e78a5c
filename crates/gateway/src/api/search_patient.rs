//! 個人の検索 — the person of an identifier; one or a refusal.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::searchset::Frame;
use kyoyu_service::{SearchQuery, SentBy};

use crate::{
    api::query::{self, Links},
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `POST /fhir/Patient/_search`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::ReadPatient, Accepts::Form).await?;
    let query = SearchQuery { parameters: query::of_form(&call).await?, by: SentBy::Post };
    let person = call.run(app.service.find_patient(&call.caller, query)).await?;
    let links = Links::of_post(&app.base_url, "Patient/_search");
    let frame =
        Frame { base_url: &app.base_url, self_link: &links.this, next_link: None, withheld: &[] };
    Ok(outcome::ok(kyoyu_fhir::patient::patients(&frame, &person)))
}
