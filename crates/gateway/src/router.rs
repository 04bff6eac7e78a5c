//! 目次 — every address of the API, one line each.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn,
    routing::{get, post},
};

use kyoyu_domain::{audit::Action, catalogue, rules};

use crate::{
    api::{
        access_log, announce_patient, answer_letter, assemble_summary, cancel_bundle,
        change_bundle, import, last_n, letters, look_up, metadata, preview_bundle, put_consent,
        read_attachment, read_document, read_patient, read_resource, receive_letter,
        register_bundle, search, search_patient, submissions, undo_bundle, validate_bundle,
    },
    body::Accepts,
    caller::App,
    middleware::note_route,
    outcome::Refusal,
};

/// What a handler is given.
pub(crate) type Shared = State<Arc<App>>;

/// The API.
pub(crate) fn router(app: Arc<App>) -> Router {
    let own = Router::new()
        .route("/fhir/metadata", get(metadata::answer))
        .route("/fhir/Bundle", post(register_bundle::answer).put(change_bundle::answer))
        .route("/fhir/Bundle/$validate", post(validate_bundle::answer))
        .route("/fhir/Bundle/$preview", post(preview_bundle::answer))
        .route("/fhir/Bundle/$cancel", post(cancel_bundle::answer))
        .route("/fhir/Bundle/$undo-cancel", post(undo_bundle::answer))
        .route("/fhir/Bundle/$submissions", get(submissions::answer))
        .route("/fhir/$import", get(import::list).post(import::upload))
        .route("/fhir/$import/{id}", get(import::status).delete(import::cancel))
        .route("/fhir/$import/{id}/outcomes", get(import::outcomes))
        .route("/fhir/Bundle/{id}/$receive", post(receive_letter::answer))
        .route("/fhir/Bundle/{id}/$answer", post(answer_letter::answer))
        .route("/fhir/Bundle/{id}/$assemble", get(assemble_summary::answer))
        .route("/fhir/Bundle/{id}", get(read_document::answer))
        .route("/fhir/DocumentReference", get(letters::by_get))
        .route("/fhir/DocumentReference/_search", post(letters::by_post))
        .route("/fhir/Binary/{id}", get(read_attachment::answer))
        .route("/fhir/Organization", get(look_up::by_get))
        .route("/fhir/Organization/_search", post(look_up::by_post))
        .route("/fhir/Patient/$announce", post(announce_patient::answer))
        .route("/fhir/Patient/_search", post(search_patient::answer))
        .route("/fhir/Patient/{id}", get(read_patient::answer))
        .route("/fhir/Consent", post(put_consent::register).put(put_consent::change))
        .route("/fhir/AuditEvent", get(access_log::by_get))
        .route("/fhir/AuditEvent/_search", post(access_log::by_post))
        .route("/fhir/Observation/$lastn", get(last_n::by_get).post(last_n::by_post));
    catalogue::resource_types()
        .into_iter()
        .fold(own, clinical)
        .fallback(unknown_address)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn(note_route))
        .with_state(app)
}

/// The addresses of one type of clinical resource.
fn clinical(router: Router<Arc<App>>, of: &'static str) -> Router<Arc<App>> {
    let router = router
        .route(&format!("/fhir/{of}"), get(move |app, call| search::by_get(of, app, call)))
        .route(
            &format!("/fhir/{of}/_search"),
            post(move |app, call| search::by_post(of, app, call)),
        );
    if of == "Bundle" {
        // A whole document is read in its own way.
        return router;
    }
    router.route(
        &format!("/fhir/{of}/{{id}}"),
        get(move |app, id, call| read_resource::answer(of, app, id, call)),
    )
}

async fn unknown_address(State(app): Shared, request: Request) -> Refusal {
    match app.admit(request, Action::Unknown, Accepts::Nothing).await {
        Ok(call) => call.refuse(&rules::UNKNOWN_ADDRESS).await,
        Err(refusal) => refusal,
    }
}

async fn unknown_method(State(app): Shared, request: Request) -> Refusal {
    match app.admit(request, Action::Unknown, Accepts::Nothing).await {
        Ok(call) => call.refuse(&rules::METHOD).await,
        Err(refusal) => refusal,
    }
}
