//! 同意・不同意 — the patient answers for a letter; the answer is the letter's new state.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use kyoyu_domain::audit::Action;
use kyoyu_fhir::letter::Listed;

use crate::{
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `POST /fhir/Bundle/<id>/$answer`.
pub(crate) async fn answer(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let call = app.admit(request, Action::AnswerLetter, Accepts::Resource).await?;
    let answered = app.service.answer_letter(&call.caller, &id, call.body());
    let answered = call.run(answered).await?;
    let letter = &answered.letter;
    let name_of = |number| app.service.institution_name(number, letter.registered_at);
    let (sender, addressee) = (name_of(letter.sender()), name_of(letter.addressee));
    let listed = Listed {
        letter,
        sender_name: &sender,
        addressee_name: &addressee,
        signature: answered.signature.as_ref(),
    };
    Ok(outcome::ok(kyoyu_fhir::letter::document_reference(&listed)))
}
