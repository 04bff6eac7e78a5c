//! 取消UNDO — restores a cancelled Bundle; the clock of retention does not restart.

use bytes::Bytes;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    problem::Problem,
    rules,
    submission::{State, Submission},
};
use kyoyu_profile::parameters::Cancellation;
use kyoyu_store::{segment, submission};

use crate::{
    Caller, Service,
    cancel::resources_of,
    failure::{Failure, retrying},
    letter,
    register::kinds_of,
};

impl Service {
    /// 取消UNDO — restores the Bundle that the Parameters name.
    ///
    /// # Errors
    /// The rule of the refusal.
    pub async fn undo(&self, caller: &Caller, body: Bytes) -> Result<Submission, Problem> {
        let outcome = self.try_undo(caller, &body).await;
        self.concluded(caller, Action::Undo, None, outcome).await
    }

    async fn try_undo(&self, caller: &Caller, body: &[u8]) -> Result<Submission, Failure> {
        let wanted = self.cancellation(caller, body)?;
        retrying(|| self.undo_once(caller, &wanted)).await
    }

    async fn undo_once(
        &self,
        caller: &Caller,
        wanted: &Cancellation,
    ) -> Result<Submission, Failure> {
        let (mut tx, current) = self.find_named(wanted).await?;
        if was_restored(&current) {
            let event = AuditEvent::done(&caller.actor(), Action::Undo, 0);
            tx.commit(event.about(current.person)).await?;
            return Ok(current);
        }
        if current.state != State::Cancelled {
            return Err((&rules::NOT_CANCELLED).into());
        }
        if !self.undo_is_open(&current, tx.now()) {
            return Err((&rules::UNDO_OVER).into());
        }
        let now = tx.now();
        submission::restore(&mut tx, current.id).await?;
        segment::set_cancelled(&mut tx, current.person, current.id, None).await?;
        letter::set_cancelled(&mut tx, &current, None).await?;
        self.reschedule(&mut tx, &current).await?;
        let event = AuditEvent::done(&caller.actor(), Action::Undo, resources_of(&current));
        tx.commit(event.about(current.person).of_kinds(kinds_of(&current))).await?;
        Ok(Submission { state: State::Registered, state_at: now, ..current })
    }
}

/// Whether a registered Bundle has been restored before: the answer to a repeated undo.
fn was_restored(current: &Submission) -> bool {
    current.state == State::Registered && current.state_at != current.registered_at
}
