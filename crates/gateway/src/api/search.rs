//! 検索 — a patient's resources of one type, a page at a time.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::searchset::{Content, Elsewhere, Frame, Match, searchset};
use kyoyu_service::{Found, Prescribed, SearchPage, SearchQuery, SentBy};

use crate::{
    api::query::{self, Links},
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/<type>`.
pub(crate) async fn by_get(
    of: &'static str,
    State(app): Shared,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Search, Accepts::Nothing).await?;
    let query = SearchQuery { parameters: query::of_address(&call), by: SentBy::Get };
    let links = Links::of_get(&app.base_url, of, &query.parameters);
    let page = call.run(app.service.search(&call.caller, of, query)).await?;
    Ok(outcome::ok(page_of(&app.base_url, &links, &page)))
}

/// Answers `POST /fhir/<type>/_search`.
pub(crate) async fn by_post(
    of: &'static str,
    State(app): Shared,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Search, Accepts::Form).await?;
    let query = SearchQuery { parameters: query::of_form(&call).await?, by: SentBy::Post };
    let links = Links::of_post(&app.base_url, &format!("{of}/_search"));
    let page = call.run(app.service.search(&call.caller, of, query)).await?;
    Ok(outcome::ok(page_of(&app.base_url, &links, &page)))
}

/// The page as a searchset.
pub(crate) fn page_of(base_url: &str, links: &Links, page: &SearchPage) -> Vec<u8> {
    let next = page.next.as_deref().map(|cursor| links.next(cursor));
    let frame = Frame {
        base_url,
        self_link: &links.this,
        next_link: next.as_deref(),
        withheld: &page.withheld,
    };
    let (matches, elsewhere) = (matches(&page.entries), elsewhere(&page.elsewhere));
    let content = Content { matches: &matches, elsewhere: &elsewhere, notes: &page.notes };
    searchset(&frame, &content)
}

/// Resources as a searchset takes them.
pub(crate) fn matches(found: &[Found]) -> Vec<Match<'_>> {
    found
        .iter()
        .map(|one| Match {
            id: one.id,
            kind: one.kind,
            text: &one.text,
            first_registered_at: one.first_registered_at,
            registered_at: one.registered_at,
            institution: one.institution,
            institution_name: &one.institution_name,
            prescription: one.prescription.as_ref(),
            signature: one.signature.as_ref(),
        })
        .collect()
}

/// Prescriptions of the e-prescription service as a searchset takes them.
pub(crate) fn elsewhere(prescribed: &[Prescribed]) -> Vec<Elsewhere<'_>> {
    prescribed
        .iter()
        .map(|one| Elsewhere {
            full_url: &one.full_url,
            text: &one.text,
            institution: one.institution,
            institution_name: &one.institution_name,
            facts: &one.facts,
        })
        .collect()
}
