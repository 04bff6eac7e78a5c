//! 片付け — what cancelled, forgotten and ended imports leave behind goes, a batch at a time.

use kyoyu_domain::problem::Problem;
use kyoyu_store::import;

use crate::{Service, failure::problem_of};

/// Rows of one statement.
const BATCH: i64 = 1000;
/// Jobs that are looked at in one go.
const JOBS: i64 = 100;

/// 片付けの結果 — what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Lines of cancelled jobs that were thrown away.
    pub lines: u64,
    /// Uploads that nobody went on with, ended.
    pub abandoned: u64,
    /// Jobs whose days are over, deleted with their outcomes.
    pub jobs: u64,
}

impl Service {
    /// 一括登録の片付け — throws away the lines of cancelled jobs, ends uploads that nobody
    /// goes on with, and deletes jobs with their outcomes after their days. Safe to run twice
    /// and in two places.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn import_tidy(&self) -> Result<Tidied, Problem> {
        self.try_import_tidy().await.map_err(problem_of)
    }

    async fn try_import_tidy(&self) -> Result<Tidied, kyoyu_store::Error> {
        let (store, now) = (&self.store, self.store.now().await?);
        let mut tidied = Tidied::default();
        for job in import::cancelled(store, JOBS).await? {
            loop {
                let gone = import::sweep(store, job, now, BATCH).await?;
                tidied.lines += gone;
                if gone < BATCH as u64 {
                    break;
                }
            }
        }
        let days_are_over = self.kept_since(now);
        tidied.abandoned = import::complete_abandoned(store, days_are_over, now).await?;
        for job in import::ended_before(store, days_are_over, JOBS).await? {
            while import::delete_outcomes(store, job, BATCH).await? == BATCH as u64 {}
            import::forget(store, job).await?;
            tidied.jobs += 1;
        }
        Ok(tidied)
    }

    /// Returns when an import was cancelled in this process.
    pub async fn import_was_cancelled(&self) {
        self.bells.cancelled.notified().await;
    }
}
