//! 直近の結果 — the newest results of each item.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_service::{SearchQuery, SentBy};

use crate::{
    api::{
        query::{self, Links},
        search,
    },
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

const OPERATION: &str = "Observation/$lastn";

/// Answers `GET /fhir/Observation/$lastn`.
pub(crate) async fn by_get(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Search, Accepts::Nothing).await?;
    let query = SearchQuery { parameters: query::of_address(&call), by: SentBy::Get };
    let links = Links::of_get(&app.base_url, OPERATION, &query.parameters);
    let page = call.run(app.service.last_n(&call.caller, query)).await?;
    Ok(outcome::ok(search::page_of(&app.base_url, &links, &page)))
}

/// Answers `POST /fhir/Observation/$lastn`, where an insured number may stand.
pub(crate) async fn by_post(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Search, Accepts::Form).await?;
    let query = SearchQuery { parameters: query::of_form(&call).await?, by: SentBy::Post };
    let links = Links::of_post(&app.base_url, OPERATION);
    let page = call.run(app.service.last_n(&call.caller, query)).await?;
    Ok(outcome::ok(search::page_of(&app.base_url, &links, &page)))
}
