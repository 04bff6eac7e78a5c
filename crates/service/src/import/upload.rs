//! 受信 — lines are stored as they come, so that a cut upload loses nothing that was counted.

use bytes::Bytes;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    import::{ImportId, ImportJob},
    problem::{Issue, Problem},
    rules,
};
use kyoyu_store::{
    body,
    import::{self, NewJob, NewLine},
};

use crate::{
    Caller, Service,
    failure::{Failure, problem_of},
};

/// Lines are stored together when they hold so many bytes, or when there are so many.
const BATCH_BYTES: usize = 1024 * 1024;
const BATCH_LINES: usize = 500;

/// 開始 — what a request of an upload says of itself.
#[derive(Debug, Clone, Default)]
pub struct ImportStart {
    /// The job that it goes on with; none: a new one.
    pub job: Option<String>,
    /// The number of its first line.
    pub from: Option<u32>,
}

/// 一行 — one line as it came.
#[derive(Debug, Clone)]
pub enum ImportLine {
    /// Its text.
    Text(Bytes),
    /// It was longer than a body may be, and was thrown away.
    TooLong,
}

/// 受信 — an upload that is going on.
#[derive(Debug)]
pub struct Upload {
    service: Service,
    /// The job as it was when this upload began, with what it has received since.
    job: ImportJob,
    waiting: Vec<ImportLine>,
    waiting_bytes: usize,
}

impl Service {
    /// 一括登録 — opens a job, or goes on with one, and leaves the record of it. What comes
    /// is told by the job; each line leaves the record of its registration.
    ///
    /// # Errors
    /// A caller that may not send or has too many open jobs; a job that is not the caller's,
    /// is ended, or has come to another line.
    pub async fn open_import(
        &self,
        caller: &Caller,
        start: &ImportStart,
    ) -> Result<Upload, Problem> {
        let outcome = match &start.job {
            None => self.try_open_import(caller, start).await,
            Some(job) => self.try_resume_import(caller, job, start).await,
        };
        let job = self.concluded(caller, Action::Import, None, outcome).await?;
        Ok(Upload { service: self.clone(), job, waiting: Vec::new(), waiting_bytes: 0 })
    }

    async fn try_open_import(
        &self,
        caller: &Caller,
        start: &ImportStart,
    ) -> Result<ImportJob, Failure> {
        caller.must_send()?;
        if start.from.is_some_and(|line| line != 1) {
            return Err(Issue::of(&rules::IMPORT_POSITION).with("1").into());
        }
        let most = self.options.imports.open_jobs;
        let mut tx = self.store.begin().await?;
        let id = ImportId::new(tx.randomness().uuid_v7(tx.now()));
        let participant = caller.participant.id;
        let new = NewJob { id, participant, institution: caller.institution };
        if !import::open(&mut tx, new, most).await? {
            return Err(Issue::of(&rules::IMPORT_JOBS).with(most.to_string()).into());
        }
        let job = self.find_import(&mut tx, caller, id).await?;
        tx.commit(AuditEvent::done(&caller.actor(), Action::Import, 0)).await?;
        Ok(job)
    }

    async fn try_resume_import(
        &self,
        caller: &Caller,
        id: &str,
        start: &ImportStart,
    ) -> Result<ImportJob, Failure> {
        let (tx, job) = self.own_import(caller, id).await?;
        let next = job.next_line().ok_or(&rules::IMPORT_ENDED)?;
        if start.from != Some(next) {
            return Err(position(next).into());
        }
        tx.commit(AuditEvent::done(&caller.actor(), Action::Import, 0)).await?;
        Ok(job)
    }

    /// A job as it is now, for a call that has its record.
    async fn look_again(&self, job: &ImportJob) -> Result<ImportJob, Failure> {
        let mut tx = self.store.begin().await?;
        let kept_since = self.kept_since(tx.now());
        let found = import::find(&mut tx, job.id, job.participant, kept_since).await?;
        found.ok_or_else(|| (&rules::NOT_FOUND).into())
    }
}

impl Upload {
    /// Takes a line. It is durable after [`Upload::flush`], which is also done now and then.
    ///
    /// # Errors
    /// [`rules::IMPORT_LIMIT`] when the job is full; what came before is durable then.
    pub async fn take(&mut self, line: ImportLine) -> Result<(), Problem> {
        let limits = &self.service.options.imports;
        let bytes = line.bytes();
        let lines = self.job.received_lines as usize + self.waiting.len();
        let held = self.job.received_bytes + self.waiting_bytes as u64;
        let full = if lines >= limits.lines as usize {
            Some(format!("{} lines", limits.lines))
        } else if held + bytes as u64 > limits.bytes {
            Some(format!("{} bytes", limits.bytes))
        } else {
            None
        };
        if let Some(limit) = full {
            self.flush().await?;
            return Err(Issue::of(&rules::IMPORT_LIMIT).with(limit).into());
        }
        self.waiting.push(line);
        self.waiting_bytes += bytes;
        if self.waiting_bytes >= BATCH_BYTES || self.waiting.len() >= BATCH_LINES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Stores what has come.
    ///
    /// # Errors
    /// Somebody else has sent to the job or ended it; the database does not answer.
    pub async fn flush(&mut self) -> Result<(), Problem> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.waiting);
        let (count, bytes) = (lines.len(), std::mem::take(&mut self.waiting_bytes));
        let packed =
            tokio::task::spawn_blocking(move || lines.iter().map(pack).collect::<Vec<_>>());
        let packed = packed.await.map_err(|error| Problem::of(&rules::INTERNAL).because(error))?;
        let received = self.job.received_lines;
        let stored = import::append(&self.service.store, self.job.id, received, packed).await;
        if !stored.map_err(problem_of)? {
            return Err(self.overtaken().await);
        }
        self.job.received_lines += count as u32;
        self.job.received_bytes += bytes as u64;
        self.service.bells.lines.notify_waiters();
        Ok(())
    }

    /// The body has ended, and more will follow: the job as it is now.
    ///
    /// # Errors
    /// As [`Upload::flush`].
    pub async fn pause(mut self) -> Result<ImportJob, Problem> {
        self.flush().await?;
        Ok(self.job)
    }

    /// The body has ended, and was the last: the job as it is now.
    ///
    /// # Errors
    /// As [`Upload::flush`].
    pub async fn complete(mut self) -> Result<ImportJob, Problem> {
        self.flush().await?;
        let store = &self.service.store;
        let now = store.now().await.map_err(problem_of)?;
        let received = self.job.received_lines;
        let completed = import::complete(store, self.job.id, received, now).await;
        if !completed.map_err(problem_of)? {
            return Err(self.overtaken().await);
        }
        self.job.completed_at = Some(now);
        Ok(self.job)
    }

    /// Somebody else has sent to the job since, or ended it.
    async fn overtaken(&self) -> Problem {
        match self.service.look_again(&self.job).await.map(|job| job.next_line()) {
            Ok(Some(next)) => position(next).into(),
            Ok(None) => Problem::of(&rules::IMPORT_ENDED),
            Err(failure) => failure.into_problem(),
        }
    }
}

impl ImportLine {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::TooLong => 0,
        }
    }
}

fn pack(line: &ImportLine) -> NewLine {
    match line {
        ImportLine::Text(text) => {
            NewLine { packed: body::pack(text), text_bytes: Some(text.len()) }
        }
        ImportLine::TooLong => NewLine { packed: Vec::new(), text_bytes: None },
    }
}

fn position(next: u32) -> Issue {
    Issue::of(&rules::IMPORT_POSITION).with(next.to_string())
}
