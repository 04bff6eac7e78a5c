//! 失敗 — what stops a use case, and what becomes of it.

use kyoyu_domain::{
    problem::{Issue, Problem, Rule},
    rules,
};
use kyoyu_store::Error;

/// A use case stops with a refusal for the caller or with a failure of the store.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller gets this.
    Problem(Problem),
    /// The store failed; the whole use case may be tried again.
    Store(Error),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Issue> for Failure {
    fn from(issue: Issue) -> Self {
        Self::Problem(issue.into())
    }
}

impl From<&'static Rule> for Failure {
    fn from(rule: &'static Rule) -> Self {
        Self::Problem(Problem::of(rule))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// What the caller gets.
    pub(crate) fn into_problem(self) -> Problem {
        match self {
            Self::Problem(problem) => problem,
            Self::Store(error) => problem_of(error),
        }
    }
}

/// What the caller gets of a failure of the store.
pub(crate) fn problem_of(error: Error) -> Problem {
    let rule = match error {
        Error::Unavailable(_) | Error::Retry(_) | Error::Overtaken => &rules::UNAVAILABLE,
        _ => &rules::INTERNAL,
    };
    Problem::of(rule).because(error)
}

/// How often a use case is tried when transactions get in each other's way.
const ATTEMPTS: u32 = 3;

/// Runs a use case, again when it was aborted in favour of another transaction.
///
/// Other failures are not repeated: whether a commit went through is then unknown, and
/// the sender's own retry finds the answer in the ledger.
pub(crate) async fn retrying<T, F, A>(attempt: A) -> Result<T, Failure>
where
    A: Fn() -> F,
    F: Future<Output = Result<T, Failure>>,
{
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(Failure::Store(Error::Retry(_) | Error::Overtaken)) => {
                tokio::task::yield_now().await;
            }
            outcome => return outcome,
        }
    }
    attempt().await
}
