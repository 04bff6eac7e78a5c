//! 同意・不同意 — the patient answers for a letter, in the portal or at the addressee's card
//! reader.

use bytes::Bytes;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::{PersonKey, SubmissionId},
    letter::{ConsentPattern, Letter, LetterEvent, LetterState},
    participant::Role,
    problem::{Issue, Problem},
    rules,
    signature::Verification,
};
use kyoyu_profile::parameters::{self, LetterAnswer};
use kyoyu_store::{Tx, letter};

use super::{
    receive::{document_id, signature_of},
    visible_from,
};
use crate::{
    Caller, Service,
    failure::{Failure, retrying},
    identify,
};

/// What a card reader has to name beside the patient.
const WHERE: &str = "addressee (valueString: ten digits)";

/// 回答結果 — a letter after the answer.
#[derive(Debug)]
pub struct Answered {
    /// Where it stands now.
    pub letter: Letter,
    /// What became of its electronic signature, if it has one.
    pub signature: Option<Verification>,
}

impl Service {
    /// 同意・不同意 — permits or refuses that the addressee sees a letter. The answer can be
    /// changed until the letter is received. A referral and the discharge summaries that follow
    /// it are under one consent: whichever is answered, all go with it.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] for a letter of somebody else, [`rules::LETTER_RECEIVED`], or a
    /// way of answering that is not open.
    pub async fn answer_letter(
        &self,
        caller: &Caller,
        id: &str,
        body: Bytes,
    ) -> Result<Answered, Problem> {
        let mut about = None;
        let outcome = self.try_answer_letter(caller, id, &body).await;
        if let Ok(answered) = &outcome {
            about = Some(answered.letter.person);
        }
        self.concluded(caller, Action::AnswerLetter, about, outcome).await
    }

    async fn try_answer_letter(
        &self,
        caller: &Caller,
        id: &str,
        body: &[u8],
    ) -> Result<Answered, Failure> {
        let answer =
            parameters::letter_answer(body, &self.options.limits).map_err(Problem::of_findings)?;
        let (patient, pattern) = match caller.participant.role {
            Role::PatientPortal => {
                (caller.must_have_token()?.patient.clone(), ConsentPattern::Portal)
            }
            Role::EligibilityNetwork => {
                // A card reader stands at one addressee, and asks for nobody else's letters.
                answer.addressee.ok_or_else(|| Issue::of(&rules::PARAMETERS_SHAPE).with(WHERE))?;
                (answer.patient.clone(), ConsentPattern::CardReader)
            }
            _ => return Err((&rules::ROLE).into()),
        };
        self.pattern(pattern.code())?;
        let patient = patient.ok_or(&rules::PATIENT_REQUIRED)?;
        let id = document_id(id)?;
        retrying(|| async {
            let (tx, matches) = self.store.begin_for(&patient).await?;
            let person = identify::by_history(&matches, None).map_err(|_| &rules::NOT_FOUND)?;
            self.answer_once(tx, caller, (id, person), &answer).await
        })
        .await
    }

    async fn answer_once(
        &self,
        mut tx: Tx,
        caller: &Caller,
        (id, person): (SubmissionId, PersonKey),
        answer: &LetterAnswer,
    ) -> Result<Answered, Failure> {
        let now = tx.now();
        let letter = letter::find(&mut tx, id).await?;
        let own = |letter: &Letter| letter.person == person && letter.is_live(now);
        let letter = letter.filter(own).ok_or(&rules::NOT_FOUND)?;
        if answer.addressee.is_some_and(|addressee| addressee != letter.addressee) {
            return Err((&rules::NOT_FOUND).into());
        }
        let event = if answer.permits { LetterEvent::Permit } else { LetterEvent::Refuse };
        letter.state.after(event)?;
        let asked = under_whose_consent(&mut tx, letter).await?;
        let answered = answered(&mut tx, asked, event).await?;
        letter::follow(&mut tx, answered.submission, &answered).await?;
        let answered = letter::find(&mut tx, id).await?.ok_or(&rules::NOT_FOUND)?;
        let signature = signature_of(&mut tx, id).await?;
        let event = AuditEvent::done(&caller.actor(), Action::AnswerLetter, 1);
        tx.commit(event.about(person).of_kinds(vec![answered.kind])).await?;
        Ok(Answered { letter: answered, signature })
    }
}

/// The referral that a discharge summary follows, as long as its addressee has not received it;
/// else the letter itself.
async fn under_whose_consent(tx: &mut Tx, letter: Letter) -> Result<Letter, Failure> {
    let referral = match letter.belongs_to {
        Some(referral) => letter::find(tx, referral).await?,
        None => None,
    };
    let now = tx.now();
    let is_open =
        |referral: &Letter| referral.state != LetterState::Received && referral.is_live(now);
    Ok(referral.filter(is_open).unwrap_or(letter))
}

/// Stores an answer; the same answer again changes nothing.
async fn answered(tx: &mut Tx, letter: Letter, event: LetterEvent) -> Result<Letter, Failure> {
    let state = letter.state.after(event)?;
    if state == letter.state {
        return Ok(letter);
    }
    let visible_at = visible_from(tx, state, letter.addressee).await?;
    let letter = Letter { state, visible_at, ..letter };
    letter::update(tx, &letter).await?;
    Ok(letter)
}
