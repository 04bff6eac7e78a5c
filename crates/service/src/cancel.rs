//! 取消 — hides a registered Bundle at once; it can be restored within the undo window.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue,
    clock::japan_day,
    identifiers::PersonKey,
    letter::LetterEvent,
    problem::Problem,
    rules,
    submission::{State, Submission},
};
use kyoyu_profile::parameters::{self, Cancellation};
use kyoyu_store::{Tx, segment, submission};

use crate::{
    Caller, Service,
    failure::{Failure, retrying},
    identify, letter, place,
    register::kinds_of,
};

impl Service {
    /// 取消 — cancels the Bundle that the Parameters name (identifier, insured person).
    /// A Bundle that is cancelled already stays so.
    ///
    /// # Errors
    /// The rule of the refusal.
    pub async fn cancel(&self, caller: &Caller, body: Bytes) -> Result<Submission, Problem> {
        let outcome = self.try_cancel(caller, &body).await;
        self.concluded(caller, Action::Cancel, None, outcome).await
    }

    async fn try_cancel(&self, caller: &Caller, body: &[u8]) -> Result<Submission, Failure> {
        let wanted = self.cancellation(caller, body)?;
        retrying(|| self.cancel_once(caller, &wanted)).await
    }

    async fn cancel_once(
        &self,
        caller: &Caller,
        wanted: &Cancellation,
    ) -> Result<Submission, Failure> {
        let (mut tx, current) = self.find_named(wanted).await?;
        if current.state == State::Cancelled && self.undo_is_open(&current, tx.now()) {
            let event = AuditEvent::done(&caller.actor(), Action::Cancel, 0);
            tx.commit(event.about(current.person)).await?;
            return Ok(current);
        }
        self.refuse_cancelled(&current, tx.now())?;
        let now = tx.now();
        letter::refuse_taking_back(&mut tx, &current, LetterEvent::Cancel).await?;
        submission::cancel(&mut tx, current.id).await?;
        segment::set_cancelled(&mut tx, current.person, current.id, Some(now)).await?;
        letter::set_cancelled(&mut tx, &current, Some(now)).await?;
        self.reschedule(&mut tx, &current).await?;
        let event = AuditEvent::done(&caller.actor(), Action::Cancel, resources_of(&current));
        tx.commit(event.about(current.person).of_kinds(kinds_of(&current))).await?;
        Ok(Submission { state: State::Cancelled, state_at: now, ..current })
    }

    /// Reads the Parameters of `$cancel` and `$undo-cancel`, for the institution itself or its
    /// successor.
    pub(crate) fn cancellation(
        &self,
        caller: &Caller,
        body: &[u8],
    ) -> Result<Cancellation, Failure> {
        caller.must_send()?;
        let wanted =
            parameters::cancellation(body, &self.options.limits).map_err(Problem::of_findings)?;
        if caller.must_manage(wanted.identifier.institution()).is_err() {
            return Err((&rules::NOT_FOUND).into());
        }
        Ok(wanted)
    }

    /// The named Bundle, with the lock of its person. Unknown, foreign, another person's:
    /// one answer.
    pub(crate) async fn find_named(
        &self,
        wanted: &Cancellation,
    ) -> Result<(Tx, Submission), Failure> {
        let (mut tx, matches) = self.store.begin_for(&wanted.patient).await?;
        let person: PersonKey = match identify::by_history(&matches, None) {
            Ok(person) => person,
            Err(rule) if rule == &rules::PERSON_AMBIGUOUS => return Err(rule.into()),
            Err(_) => return Err((&rules::NOT_FOUND).into()),
        };
        let owner = submission::find(&mut tx, &wanted.identifier).await?;
        let Some(owner) = owner.filter(|owner| owner.person == person) else {
            return Err((&rules::NOT_FOUND).into());
        };
        let current = owner.current.ok_or(&rules::BUNDLE_USED)?;
        Ok((tx, current))
    }

    /// Whether a cancelled Bundle can still be restored.
    pub(crate) fn undo_is_open(&self, cancelled: &Submission, now: DateTime<Utc>) -> bool {
        japan_day(now) < self.options.retention.undo_over_on(cancelled.state_at)
    }

    /// Computes the purge's day anew with the kinds beside those of a Bundle.
    pub(crate) async fn reschedule(
        &self,
        tx: &mut Tx,
        changed: &Submission,
    ) -> Result<(), Failure> {
        let types: Vec<&str> = kinds_of(changed).iter().map(|kind| kind.resource_type).collect();
        let kinds: Vec<_> = catalogue::CATALOGUE
            .iter()
            .filter(|kind| types.contains(&kind.resource_type))
            .collect();
        place::reschedule(tx, changed.person, &kinds, &self.options.retention).await
    }
}

pub(crate) fn resources_of(submission: &Submission) -> usize {
    submission.counts.iter().map(|count| count.sent as usize).sum()
}
