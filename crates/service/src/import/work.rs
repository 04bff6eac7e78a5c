//! 処理 — a worker takes one line after the other and registers it.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use kyoyu_domain::{
    audit::{Action, Actor},
    import::LineState,
    problem::{Category, Issue, Problem},
    rules,
};
use kyoyu_store::import::{self, Claimed, Conclusion, Turn};

use crate::{
    Caller, Service,
    failure::{Failure, problem_of},
    register::{Accepted, Sent},
};

/// 順番 — whose line a worker took last; participants take turns.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportTurns {
    last: i32,
}

/// 一歩 — what a worker did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// A line has its outcome.
    Line(LineState),
    /// Somebody else has concluded the line meanwhile, or taken it first.
    Overtaken,
    /// There was nothing to do.
    Nothing,
}

impl Service {
    /// Returns when nobody else has to wait, so that the next line may be worked on.
    pub async fn import_may_go_on(&self) {
        self.traffic.calm(self.options.imports.patience).await;
    }

    /// 一行の処理 — registers the next line, by the same use case as a single Bundle. A line
    /// that is worked on twice, after a crash or a long claim, gets the receipt of the first
    /// time.
    ///
    /// # Errors
    /// The database does not answer; then the line waits for another try.
    pub async fn import_next(&self, turns: &mut ImportTurns) -> Result<Worked, Problem> {
        match self.try_import_next(turns).await {
            Ok(worked) => Ok(worked),
            Err(failure) => Err(failure.into_problem()),
        }
    }

    async fn try_import_next(&self, turns: &mut ImportTurns) -> Result<Worked, Failure> {
        let now = self.store.now().await?;
        let Some(turn) = import::next_turn(&self.store, turns.last, now).await? else {
            return Ok(Worked::Nothing);
        };
        turns.last = turn.participant;
        let until = now + time_delta(self.options.imports.claim);
        let Some(line) = import::claim(&self.store, turn.job, now, until).await? else {
            return Ok(Worked::Overtaken);
        };
        let conclusion = match self.register_line(&turn, &line).await {
            Ok(accepted) => self.accepted(&accepted),
            Err(problem) if problem.category == Category::Unavailable => {
                import::give_back(&self.store, &line).await?;
                return Err(problem.into());
            }
            Err(problem) => self.refused(&line, &problem),
        };
        let now = self.store.now().await?;
        let concluded = import::conclude(&self.store, &line, &conclusion, now).await?;
        Ok(if concluded { Worked::Line(conclusion.state) } else { Worked::Overtaken })
    }

    /// Registers a line on a task of its own, so that a panic is the line's outcome instead
    /// of the worker's end.
    async fn register_line(&self, turn: &Turn, line: &Claimed) -> Result<Accepted, Problem> {
        let Some(participant) = self.directory.participant_by_number(turn.participant) else {
            let actor = Actor { participant: Some(turn.participant), ..Actor::default() };
            return self.refuse_line(&actor, Problem::of(&rules::CERTIFICATE_UNKNOWN)).await;
        };
        // The rights are those of now; a participant may have lost the institution.
        let institution =
            turn.institution.filter(|number| participant.institutions.contains(number));
        let caller = Caller { participant, institution, token: None };
        let Some(text) = line.text().map_err(problem_of)? else {
            let limit = self.options.limits.body_bytes.to_string();
            let too_large = Issue::of(&rules::BODY_TOO_LARGE).with(limit);
            return self.refuse_line(&caller.actor(), too_large.into()).await;
        };
        let service = self.clone();
        let sent = Sent::from(Bytes::from(text));
        let registered = tokio::spawn(async move { service.register(&caller, sent).await });
        match registered.await {
            Ok(outcome) => outcome,
            Err(panic) => Err(Problem::of(&rules::INTERNAL).because(panic)),
        }
    }

    /// A line that does not reach the registration has its record all the same.
    async fn refuse_line(&self, actor: &Actor, problem: Problem) -> Result<Accepted, Problem> {
        self.refuse(actor, Action::Register, &problem).await;
        Err(problem)
    }

    fn accepted(&self, accepted: &Accepted) -> Conclusion {
        let findings = &accepted.findings;
        Conclusion {
            state: if accepted.created { LineState::Registered } else { LineState::Known },
            receipt: Some(accepted.submission.id),
            findings: (!findings.is_empty()).then(|| (self.options.imports.findings)(findings)),
        }
    }

    fn refused(&self, line: &Claimed, problem: &Problem) -> Conclusion {
        if problem.category == Category::Internal {
            // The sender is told no more than that; whoever runs the service has to know.
            tracing::error!(
                import.job = %line.job,
                import.line = line.line,
                error = problem.cause.as_deref().map(|cause| cause as &dyn std::error::Error),
                "a line of a bulk import failed inside"
            );
        }
        let findings = match problem.category {
            Category::Internal => {
                (self.options.imports.findings)(&Problem::of(&rules::INTERNAL).issues)
            }
            _ => (self.options.imports.findings)(&problem.issues),
        };
        Conclusion { state: LineState::Refused, receipt: None, findings: Some(findings) }
    }

    /// Returns when lines have come to this process.
    pub async fn import_lines_came(&self) {
        self.bells.lines.notified().await;
    }
}

fn time_delta(time: Duration) -> TimeDelta {
    TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
}
