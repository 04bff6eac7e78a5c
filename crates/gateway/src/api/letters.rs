//! 文書一覧 — the addressee's inbox, the patient's letters that wait, and those that a card
//! reader asks consent for.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::{
    letter::{self, Listed},
    searchset::Frame,
};
use kyoyu_service::{Inbox, SearchQuery, SentBy};

use crate::{
    api::query::{self, Links},
    body::Accepts,
    caller::{App, Call},
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/DocumentReference`.
pub(crate) async fn by_get(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Search, Accepts::Nothing).await?;
    let query = SearchQuery { parameters: query::of_address(&call), by: SentBy::Get };
    let links = Links::of_get(&app.base_url, "DocumentReference", &query.parameters);
    list(&app, call, query, links).await
}

/// Answers `POST /fhir/DocumentReference/_search`.
pub(crate) async fn by_post(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Search, Accepts::Form).await?;
    let query = SearchQuery { parameters: query::of_form(&call).await?, by: SentBy::Post };
    let links = Links::of_post(&app.base_url, "DocumentReference/_search");
    list(&app, call, query, links).await
}

async fn list(
    app: &App,
    mut call: Call,
    query: SearchQuery,
    links: Links,
) -> Result<Response, Refusal> {
    if query.parameters.iter().any(|(name, _)| name == "wait") {
        call.step_aside();
    }
    let inbox = call.run(app.service.letters(&call.caller, query)).await?;
    Ok(outcome::ok(page_of(app, &links, &inbox)))
}

fn page_of(app: &App, links: &Links, inbox: &Inbox) -> Vec<u8> {
    let next = inbox.next.as_deref().map(|cursor| links.next(cursor));
    let frame = Frame {
        base_url: &app.base_url,
        self_link: &links.this,
        next_link: next.as_deref(),
        withheld: &[],
    };
    let names: Vec<_> = inbox
        .letters
        .iter()
        .map(|letter| {
            let name_of = |number| app.service.institution_name(number, letter.registered_at);
            (letter, name_of(letter.sender()), name_of(letter.addressee))
        })
        .collect();
    let listed: Vec<Listed<'_>> = names
        .iter()
        .map(|(letter, sender_name, addressee_name)| Listed {
            letter,
            sender_name,
            addressee_name,
            signature: inbox.signatures.get(&letter.submission.uuid),
        })
        .collect();
    letter::document_references(&frame, &listed)
}
