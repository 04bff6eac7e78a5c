//! 変更 — replaces a registered Bundle by a newer one, in one transaction.

use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::BundleIdentifier,
    letter::LetterEvent,
    problem::Problem,
    rules,
    submission::Submission,
};
use kyoyu_store::{
    Tx, segment,
    submission::{self, NewSubmission},
};

use crate::{
    Accepted, Caller, Sent, Service,
    cancel::resources_of,
    failure::{Failure, retrying},
    identify, letter,
    place::kinds_beside,
    register::{Checked, kinds_of, refuse_future, repeat_answer},
};

impl Service {
    /// 変更 — replaces the Bundle with the identifier `system|value`.
    ///
    /// # Errors
    /// The findings of the check, or the rule of the refusal.
    pub async fn change(
        &self,
        caller: &Caller,
        identifier: &str,
        sent: impl Into<Sent>,
    ) -> Result<Accepted, Problem> {
        let outcome = self.try_change(caller, identifier, sent.into()).await;
        self.concluded(caller, Action::Change, None, outcome).await
    }

    async fn try_change(
        &self,
        caller: &Caller,
        identifier: &str,
        sent: Sent,
    ) -> Result<Accepted, Failure> {
        caller.must_send()?;
        let identifier = bundle_identifier(identifier)?;
        let checked = self.check(caller, sent).await?;
        if checked.bundle.identifier != identifier {
            return Err((&rules::IDENTIFIER_MISMATCH).into());
        }
        if caller.must_manage(identifier.institution()).is_err() {
            return Err((&rules::NOT_FOUND).into());
        }
        retrying(|| self.change_once(caller, &checked)).await
    }

    async fn change_once(&self, caller: &Caller, checked: &Checked) -> Result<Accepted, Failure> {
        let patient = &checked.bundle.patient;
        let (mut tx, matches) = self.store.begin_for(&patient.identifier).await?;
        let person = identify::by_history(&matches, Some(patient))?;
        refuse_future(checked, tx.now())?;
        let owner = submission::find(&mut tx, &checked.bundle.identifier).await?;
        let Some(owner) = owner else { return Err((&rules::NOT_FOUND).into()) };
        if owner.person != person {
            return Err((&rules::PERSON_SWITCHED).into());
        }
        let Some(current) = owner.current else { return Err((&rules::BUNDLE_USED).into()) };
        self.refuse_cancelled(&current, tx.now())?;
        if current.sha256 == checked.sha256 {
            return repeat_answer(tx, caller, Action::Change, checked, current).await;
        }
        self.change_stored(tx, caller, checked, current).await
    }

    /// Replaces `old` by a newer version of the same person's Bundle. An empty set, where the
    /// policy accepts it, leaves a version without data: it can be changed and cancelled like
    /// any other, and what `old` had hidden is shown again.
    pub(crate) async fn change_stored(
        &self,
        mut tx: Tx,
        caller: &Caller,
        checked: &Checked,
        old: Submission,
    ) -> Result<Accepted, Failure> {
        if checked.bundle.sent_at <= old.sent_at {
            return Err((&rules::BUNDLE_STALE).into());
        }
        let person = old.person;
        letter::refuse_taking_back(&mut tx, &old, LetterEvent::Replace).await?;
        let kinds = kinds_beside(&checked.bundle, Some(&old));
        let stored = segment::list(&mut tx, &[person], &kinds).await?;
        let new = self.prepare(&mut tx, checked, (person, stored), Some(&old)).await?;
        let mut kinds = kinds_of(&new.submission);
        let stored = NewSubmission {
            submission: &new.submission,
            participant: caller.participant.id,
            envelope: new.envelope,
            segments: new.placement.segments,
            attachments: new.placement.attachments,
            letter: new.letter,
            signature: checked.signature.as_ref().map(|signature| &signature.verification),
            due_on: new.placement.due_on,
        };
        for kind in kinds_of(&old) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let resources = resources_of(&new.submission);
        let event = AuditEvent::done(&caller.actor(), Action::Change, resources)
            .about(person)
            .of_kinds(kinds);
        submission::replace(tx, &old, stored, &event).await?;
        Ok(Accepted { submission: new.submission, created: true, findings: new.findings })
    }
}

/// Reads `system|value`; another system and another form are simply not found.
pub(crate) fn bundle_identifier(text: &str) -> Result<BundleIdentifier, Failure> {
    let Some((BundleIdentifier::SYSTEM, value)) = text.split_once('|') else {
        return Err((&rules::NOT_FOUND).into());
    };
    value.parse().map_err(|_| Failure::from(&rules::NOT_FOUND))
}
