//! 利用状況確認 — whether an institution takes part.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::{letter, names};

use crate::{
    api::query,
    body::Accepts,
    caller::{App, Call},
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/Organization?identifier=…`.
pub(crate) async fn by_get(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::LookUp, Accepts::Nothing).await?;
    let identifier = query::identifier(&call).await?;
    look_up(&app, &call, &identifier).await
}

/// Answers `POST /fhir/Organization/_search`.
pub(crate) async fn by_post(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::LookUp, Accepts::Form).await?;
    let identifier = query::identifier_of_form(&call).await?;
    look_up(&app, &call, &identifier).await
}

async fn look_up(app: &App, call: &Call, identifier: &str) -> Result<Response, Refusal> {
    let number = match identifier.split_once('|') {
        Some((names::INSTITUTION_NUMBER, number)) => number,
        Some(_) => "",
        None => identifier,
    };
    let (number, name) = call.run(app.service.institution(&call.caller, number)).await?;
    Ok(outcome::ok(letter::organization(number, &name)))
}
