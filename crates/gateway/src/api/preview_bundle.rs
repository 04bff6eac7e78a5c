//! 試読 — what a reader would see of a Bundle; stores nothing.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::{
    outcome::PreviewLine,
    searchset::{self, Frame},
};

use crate::{
    api::{
        query::{self, Links},
        search,
    },
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `POST /fhir/Bundle/$preview?as=…`.
pub(crate) async fn answer(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Preview, Accepts::Resource).await?;
    let parameters = query::of_address(&call);
    let links = Links::of_get(&app.base_url, "Bundle/$preview", &parameters);
    let preview = call.run(app.service.preview(&call.caller, &parameters, call.body())).await?;
    let lines: Vec<PreviewLine<'_>> = preview
        .lines
        .iter()
        .map(|line| PreviewLine { kind: line.kind, rule: line.rule, entries: &line.entries })
        .collect();
    let frame =
        Frame { base_url: &app.base_url, self_link: &links.this, next_link: None, withheld: &[] };
    Ok(outcome::ok(searchset::preview(&frame, &search::matches(&preview.shown), &lines)))
}
