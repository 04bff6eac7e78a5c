//! 閲覧履歴 — who looked at the patient's data; for the patient, through the portal.

use axum::{
    extract::{Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::{log, searchset::Frame};
use kyoyu_service::{Access, AccessLog, SearchQuery, SentBy};

use crate::{
    api::query::{self, Links},
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/AuditEvent`; the token names the patient.
pub(crate) async fn by_get(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::ReadAudit, Accepts::Nothing).await?;
    let query = SearchQuery { parameters: query::of_address(&call), by: SentBy::Get };
    let links = Links::of_get(&app.base_url, "AuditEvent", &query.parameters);
    let page = call.run(app.service.access_log(&call.caller, query)).await?;
    Ok(outcome::ok(page_of(&app.base_url, &links, &page)))
}

/// Answers `POST /fhir/AuditEvent/_search`.
pub(crate) async fn by_post(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::ReadAudit, Accepts::Form).await?;
    let query = SearchQuery { parameters: query::of_form(&call).await?, by: SentBy::Post };
    let links = Links::of_post(&app.base_url, "AuditEvent/_search");
    let page = call.run(app.service.access_log(&call.caller, query)).await?;
    Ok(outcome::ok(page_of(&app.base_url, &links, &page)))
}

fn page_of(base_url: &str, links: &Links, page: &AccessLog) -> Vec<u8> {
    let next = page.next.as_deref().map(|cursor| links.next(cursor));
    let frame =
        Frame { base_url, self_link: &links.this, next_link: next.as_deref(), withheld: &[] };
    let accesses: Vec<_> = page.accesses.iter().map(access).collect();
    log::audit_events(&frame, &accesses)
}

fn access(access: &Access) -> log::Access<'_> {
    let institution_name = access.institution_name.as_deref();
    log::Access {
        id: access.id.to_string(),
        at: access.at,
        participant_name: access.participant_name.as_deref(),
        institution: access.institution.map(|number| (number, institution_name)),
        user: access.user.as_deref(),
        qualification: access.qualification.as_deref(),
        purpose: access.purpose,
        action: access.action,
        kinds: &access.kinds,
        refused_by: Some(access.outcome.as_str()).filter(|outcome| *outcome != "done"),
    }
}
