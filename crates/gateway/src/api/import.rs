//! 一括登録 — the bulk door: many Bundles in one upload, one on each line.

use axum::{
    body::Body,
    extract::{Path, Request, State},
    response::Response,
};

use kyoyu_domain::{
    audit::Action,
    import::{ImportJob, ImportState},
    problem::{Issue, Problem},
    rules,
};
use kyoyu_service::{ImportStart, Upload};

use crate::{
    api::query,
    body::{Accepts, Lines},
    caller::App,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `POST /fhir/$import`: a new job, or with `job` and `from` the rest of one. With
/// `complete=false` the body is not the last; any other whole body ends the upload. What was
/// received whole is durable when this answers, also when it refuses.
pub(crate) async fn upload(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let (call, mut lines) = app.admit_lines(request, Action::Import).await?;
    let (start, body) = match asked(query::of_address(&call)) {
        Ok(asked) => asked,
        Err(problem) => return Err(call.refuse(problem).await),
    };
    let mut upload = call.run(app.service.open_import(&call.caller, &start)).await?;
    let received = receive(&app, &mut lines, &mut upload).await;
    // Lines that came whole are kept, whatever became of the rest.
    let ended = match (received, body) {
        (Ok(()), BodyIs::Last) => upload.complete().await,
        (Ok(()), BodyIs::Part) => upload.pause().await,
        (Err(problem), _) => upload.pause().await.and(Err(problem)),
    };
    match ended {
        Ok(job) => {
            let location = address(&app, &job);
            Ok(outcome::accepted(kyoyu_fhir::import::status(&job, &app.base_url), &location))
        }
        Err(problem) => Err(call.refuse(problem).await),
    }
}

/// Answers `GET /fhir/$import`: the caller's jobs, newest first.
pub(crate) async fn list(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::ImportStatus, Accepts::Nothing).await?;
    let jobs = call.run(app.service.imports(&call.caller)).await?;
    Ok(outcome::ok(kyoyu_fhir::import::list(&jobs, &app.base_url)))
}

/// Answers `GET /fhir/$import/<id>`: 202 while there is something to do, then 200.
pub(crate) async fn status(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::ImportStatus, Accepts::Nothing).await?;
    let job = call.run(app.service.import(&call.caller, &id)).await?;
    Ok(standing(&app, &job))
}

/// Answers `DELETE /fhir/$import/<id>`: what has not been worked on will not be.
pub(crate) async fn cancel(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::CancelImport, Accepts::Nothing).await?;
    let job = call.run(app.service.cancel_import(&call.caller, &id)).await?;
    Ok(standing(&app, &job))
}

/// Answers `GET /fhir/$import/<id>/outcomes`, with `after`, `_count` and `status`.
pub(crate) async fn outcomes(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::ImportStatus, Accepts::Nothing).await?;
    let parameters = query::of_address(&call);
    let page = call.run(app.service.import_outcomes(&call.caller, &id, &parameters)).await?;
    let next = page.next_after.map(|after| {
        let kept = parameters.iter().filter(|(name, _)| name != "after");
        let after = ("after".to_owned(), after.to_string());
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept.chain([&after]))
            .finish();
        format!("{}/$import/{id}/outcomes?{query}", app.base_url)
    });
    Ok(outcome::lines(kyoyu_fhir::import::outcomes(&page.outcomes), next.as_deref()))
}

/// Whether more is to follow after a body.
enum BodyIs {
    Last,
    Part,
}

/// What the address says of an upload.
fn asked(parameters: Vec<(String, String)>) -> Result<(ImportStart, BodyIs), Problem> {
    let (mut start, mut body) = (ImportStart::default(), BodyIs::Last);
    for (name, value) in parameters {
        let bad = |name: &'static str| Problem::from(Issue::of(&rules::PARAMETER_VALUE).with(name));
        match name.as_str() {
            "job" => start.job = Some(value),
            "from" => start.from = Some(value.parse().map_err(|_| bad("from"))?),
            "complete" => {
                body = match value.as_str() {
                    "true" => BodyIs::Last,
                    "false" => BodyIs::Part,
                    _ => return Err(bad("complete")),
                }
            }
            _ => return Err(query::unknown(&name)),
        }
    }
    Ok((start, body))
}

/// Moves the lines into the job, each in its turn among all that the gateway does.
async fn receive(app: &App, lines: &mut Lines<Body>, upload: &mut Upload) -> Result<(), Problem> {
    while let Some(line) = lines.next().await? {
        let _place = app.work.enter_in_bulk().await?;
        upload.take(line).await?;
    }
    Ok(())
}

fn standing(app: &App, job: &ImportJob) -> Response {
    let body = kyoyu_fhir::import::status(job, &app.base_url);
    if job.ended_at.is_some() {
        return outcome::ok(body);
    }
    let received = match job.state() {
        ImportState::Receiving => " received so far",
        _ => "",
    };
    let (worked, all) = (job.worked_lines(), job.received_lines);
    outcome::in_progress(body, &format!("{worked} of {all} lines{received}"))
}

fn address(app: &App, job: &ImportJob) -> String {
    format!("{}/$import/{}", app.base_url, job.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn an_upload_names_its_job_its_first_line_and_whether_more_follows() {
        let asked_for = parameters(&[("job", "j"), ("from", "12"), ("complete", "false")]);
        let (start, body) = asked(asked_for).expect("well formed");
        assert_eq!((start.job.as_deref(), start.from), (Some("j"), Some(12)));
        assert!(matches!(body, BodyIs::Part));
        assert!(matches!(asked(Vec::new()), Ok((_, BodyIs::Last))));
        for (name, value) in
            [("from", "x"), ("from", "-1"), ("complete", "no"), ("consent", "oral")]
        {
            assert!(asked(parameters(&[(name, value)])).is_err(), "{name}={value}");
        }
    }
}
