//! 取得 — the addressee receives a letter, and reads it and its attachments afterwards.

use bytes::Bytes;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::{PersonKey, ResourceId, SubmissionId},
    letter::{Letter, LetterEvent, LetterState},
    policy::{self, LetterGrant},
    problem::Problem,
    retention, rules,
    signature::Verification,
};
pub use kyoyu_store::document::{ByteRange, Part};
use kyoyu_store::{
    Tx,
    document::{self, Granted},
    letter, person, purge, signature,
};

use crate::{
    Caller, Service,
    failure::{Failure, retrying},
};

/// 取得結果 — a letter as it was sent.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where it stands now.
    pub letter: Letter,
    /// Its bytes.
    pub text: Bytes,
    /// What became of its electronic signature, if it has one.
    pub signature: Option<Verification>,
}

impl Service {
    /// 取得 — hands a letter to its addressee and marks it received: irreversible, and the
    /// beginning of its last seven days. Receiving again gives the same bytes.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] for everybody else, and as long as it is not readable.
    pub async fn receive(&self, caller: &Caller, id: &str) -> Result<Received, Problem> {
        let mut about = None;
        let outcome = retrying(|| self.try_receive(caller, id)).await;
        if let Ok(received) = &outcome {
            about = Some(received.letter.person);
        }
        self.concluded(caller, Action::Receive, about, outcome).await
    }

    async fn try_receive(&self, caller: &Caller, id: &str) -> Result<Received, Failure> {
        let id = document_id(id)?;
        let mut tx = self.store.begin().await?;
        let (found, _) = find(&mut tx, caller, id).await?;
        // Change and cancel take the same lock; afterwards the letter may be another.
        person::lock(&mut tx, found.person).await?;
        let (mut letter, grant) = find(&mut tx, caller, id).await?;
        let text = document::letter(&mut tx, &grant).await?.ok_or(&rules::NOT_FOUND)?;
        let state = letter.state.after(LetterEvent::Receive)?;
        if state != letter.state {
            letter = Letter { state, received_at: Some(tx.now()), ..letter };
            store_received(&mut tx, &letter).await?;
        }
        let signature = signature_of(&mut tx, id).await?;
        let event = AuditEvent::done(&caller.actor(), Action::Receive, 1);
        tx.commit(event.about(letter.person).of_kinds(vec![letter.kind])).await?;
        Ok(Received { letter, text, signature })
    }

    /// The letter with this id as it was sent, for the addressee that has received it; none
    /// when the caller is not its addressee.
    ///
    /// # Errors
    /// [`rules::LETTER_NOT_RECEIVED`] as long as the addressee has not received it.
    pub(crate) async fn received_letter(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<Received>, Failure> {
        let Ok(id) = document_id(id) else { return Ok(None) };
        let mut tx = self.store.begin().await?;
        let Some((letter, grant)) = find_received(&mut tx, caller, id).await? else {
            return Ok(None);
        };
        let text = document::letter(&mut tx, &grant).await?.ok_or(&rules::NOT_FOUND)?;
        let signature = signature_of(&mut tx, id).await?;
        let event = AuditEvent::done(&caller.actor(), Action::Read, 1);
        tx.commit(event.about(letter.person).of_kinds(vec![letter.kind])).await?;
        Ok(Some(Received { letter, text, signature }))
    }

    /// 添付の閲覧 — an attachment or a part of it, to whom may read the document that it belongs
    /// to.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] to everybody else; [`rules::RANGE`] for a part that is not there.
    pub async fn attachment(
        &self,
        caller: &Caller,
        id: &str,
        range: ByteRange,
    ) -> Result<Part, Problem> {
        let mut about = None;
        let outcome = self.try_attachment(caller, id, range, &mut about).await;
        self.concluded(caller, Action::ReadAttachment, about, outcome).await
    }

    async fn try_attachment(
        &self,
        caller: &Caller,
        id: &str,
        range: ByteRange,
        about: &mut Option<PersonKey>,
    ) -> Result<Part, Failure> {
        let id: ResourceId = id.parse().map_err(|_| &rules::NOT_FOUND)?;
        let ordinal = i16::try_from(id.ordinal).map_err(|_| &rules::NOT_FOUND)?;
        let mut tx = self.store.begin().await?;
        let received = find_received(&mut tx, caller, id.submission).await?;
        let (part, person, kind) = if let Some((letter, grant)) = &received {
            let part = document::part(&mut tx, Granted::Letter(grant), ordinal, range).await?;
            (part, letter.person, letter.kind)
        } else {
            drop(tx);
            let shown = self.shown_document(caller, id.submission, about).await?;
            tx = self.store.begin().await?;
            let granted = Granted::Document(&shown.grant, id.submission);
            let part = document::part(&mut tx, granted, ordinal, range).await?;
            (part, shown.grant.person(), shown.kind)
        };
        *about = Some(person);
        let part = part.ok_or(&rules::NOT_FOUND)?;
        if range != ByteRange::Whole && part.data.is_empty() {
            return Err((&rules::RANGE).into());
        }
        let event = AuditEvent::done(&caller.actor(), Action::ReadAttachment, 1);
        tx.commit(event.about(person).of_kinds(vec![kind])).await?;
        Ok(part)
    }
}

/// The document whose id this is.
pub(super) fn document_id(id: &str) -> Result<SubmissionId, Failure> {
    const OF_DOCUMENT: u16 = 1;
    let id: ResourceId = id.parse().map_err(|_| &rules::NOT_FOUND)?;
    if id.ordinal != OF_DOCUMENT {
        return Err((&rules::NOT_FOUND).into());
    }
    Ok(id.submission)
}

/// A letter, if the caller is its addressee and may see it now.
async fn find(
    tx: &mut Tx,
    caller: &Caller,
    id: SubmissionId,
) -> Result<(Letter, LetterGrant), Failure> {
    let letter = letter::find(tx, id).await?.ok_or(&rules::NOT_FOUND)?;
    let grant = policy::letter_grant(&letter, &caller.institutions(), tx.now())?;
    Ok((letter, grant))
}

/// The same, once it is received; none when the caller is not its addressee.
async fn find_received(
    tx: &mut Tx,
    caller: &Caller,
    id: SubmissionId,
) -> Result<Option<(Letter, LetterGrant)>, Failure> {
    match find(tx, caller, id).await {
        Ok((letter, grant)) if letter.state == LetterState::Received => Ok(Some((letter, grant))),
        Ok(_) => Err((&rules::LETTER_NOT_RECEIVED).into()),
        Err(Failure::Problem(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What became of the signature of a document.
pub(super) async fn signature_of(
    tx: &mut Tx,
    id: SubmissionId,
) -> Result<Option<Verification>, Failure> {
    Ok(signature::of(tx, &[id]).await?.remove(&id.uuid))
}

async fn store_received(tx: &mut Tx, letter: &Letter) -> Result<(), Failure> {
    letter::update(tx, letter).await?;
    letter::mark_received(tx, letter).await?;
    let over = retention::period_over_on(letter.kind, letter.registered_at, letter.received_at);
    Ok(purge::bring_forward(tx, letter.person, over).await?)
}
