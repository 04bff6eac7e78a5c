//! 患者サマリー — a summary with what belongs to it, for the patient.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::searchset::{Content, Frame, searchset};

use crate::{
    api::search::{elsewhere, matches},
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/Bundle/<id>/$assemble`.
pub(crate) async fn answer(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::Read, Accepts::Nothing).await?;
    let assembled = call.run(app.service.assemble(&call.caller, &id)).await?;
    let self_link = format!("{}/Bundle/{id}/$assemble", app.base_url);
    let frame =
        Frame { base_url: &app.base_url, self_link: &self_link, next_link: None, withheld: &[] };
    let (entries, prescriptions) =
        (matches(&assembled.entries), elsewhere(&assembled.prescriptions));
    let content = Content { matches: &entries, elsewhere: &prescriptions, notes: &assembled.notes };
    Ok(outcome::ok(searchset(&frame, &content)))
}
