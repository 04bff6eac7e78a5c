//! 実行 — carries out a plan, batch by batch.

use std::collections::BTreeMap;

use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::CATALOGUE,
    clock::japan_day,
    identifiers::SubmissionId,
    problem::Problem,
    rules,
};
use kyoyu_store::{
    Tx, person,
    purge::{self, Batch, Burial, Lease, Plan, Position},
    segment::SegmentKey,
};
use uuid::Uuid;

use super::{
    Tally,
    certificate::{self, Root},
    operator,
    plan::Disposals,
};
use crate::{Service, failure::Failure};

/// 実行結果 — how a run ended.
#[derive(Debug, Clone)]
pub enum RunOutcome {
    /// Everything that was due is deleted.
    Done {
        /// The run.
        run: Uuid,
        /// How many resources it deleted.
        resources: u64,
        /// Transactions that it took.
        batches: u32,
    },
    /// Another worker is at it.
    Busy,
    /// The plan waits for an operator's approval.
    WaitsForApproval(Plan),
}

impl Service {
    /// 実行 — carries out the newest plan, or the one named. Safe to run twice and in two
    /// places: the second finds nothing, or finds the lease taken.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] without a plan that may run.
    pub async fn purge_run(&self, who: &str, plan: Option<Uuid>) -> Result<RunOutcome, Problem> {
        self.try_purge_run(who, plan).await.map_err(Failure::into_problem)
    }

    async fn try_purge_run(&self, who: &str, plan: Option<Uuid>) -> Result<RunOutcome, Failure> {
        let Some(lease) = Lease::try_take(&self.store).await? else { return Ok(RunOutcome::Busy) };
        let outcome = self.run_with(&lease, who, plan).await;
        lease.release().await?;
        outcome
    }

    async fn run_with(
        &self,
        lease: &Lease,
        who: &str,
        plan: Option<Uuid>,
    ) -> Result<RunOutcome, Failure> {
        let mut tx = self.store.begin().await?;
        let plan = purge::find_plan(&mut tx, plan).await?.ok_or(&rules::NOT_FOUND)?;
        match plan.state.as_str() {
            "open" | "approved" => {}
            "waits-for-approval" => return Ok(RunOutcome::WaitsForApproval(plan)),
            _ => return Err((&rules::NOT_FOUND).into()),
        }
        let run = tx.randomness().uuid_v7(tx.now());
        purge::insert_run(&mut tx, run, plan.plan, Root::default().as_bytes()).await?;
        tx.commit(AuditEvent::done(&operator(who), Action::Purge, 0)).await?;
        match self.run_batches(lease, who, run, &plan).await {
            Ok((resources, batches)) => {
                self.certify(who, run, &plan).await?;
                Ok(RunOutcome::Done { run, resources, batches })
            }
            Err(failure) => {
                self.stop(who, run, &failure).await;
                Err(failure)
            }
        }
    }

    async fn run_batches(
        &self,
        lease: &Lease,
        who: &str,
        run: Uuid,
        plan: &Plan,
    ) -> Result<(u64, u32), Failure> {
        let mut progress = Progress { run, ..Progress::default() };
        loop {
            self.run_batch(lease, who, plan, &mut progress).await?;
            if progress.position.is_none() {
                return Ok((progress.resources, progress.batches));
            }
        }
    }

    /// One transaction: look again under the locks, delete, leave tombstones, record.
    async fn run_batch(
        &self,
        lease: &Lease,
        who: &str,
        plan: &Plan,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut tx = self.store.begin().await?;
        lease.check(&mut tx).await?;
        // What became due since the plan waits for the next one.
        let day = plan.due_through.min(japan_day(tx.now()));
        let batch = self.due_batch(&mut tx, day, progress.position).await?;
        // A person for whom something is being written right now is left for the next
        // run, instead of waiting with the locks of the others in hand.
        let persons = person::try_lock(&mut tx, &batch.persons).await?;
        let disposals = self.disposals(&mut tx, &persons, day).await?;
        let (deleted, root) = dispose(&mut tx, progress, &disposals).await?;
        let event = AuditEvent::done(&operator(who), Action::Purge, deleted as usize);
        let kinds = CATALOGUE
            .iter()
            .filter(|kind| disposals.segments.iter().any(|one| one.segment.key.kind == *kind))
            .collect();
        tx.commit(event.of_kinds(kinds)).await?;
        progress.resources += deleted;
        progress.batches += 1;
        (progress.position, progress.root) = (batch.position, root);
        Ok(())
    }

    /// Ends a run with its certificate.
    async fn certify(&self, who: &str, run: Uuid, plan: &Plan) -> Result<(), Failure> {
        let mut tx = self.store.begin().await?;
        let key = &self.options.purge.certificate_key;
        let certificate = certificate::write(&mut tx, run, plan, key).await?;
        let signed = Some((certificate.text.as_str(), &certificate.signature[..]));
        purge::end_run(&mut tx, run, None, signed).await?;
        let from = if plan.state == "approved" { "approved" } else { "open" };
        purge::move_plan(&mut tx, plan.plan, from, "done", who).await?;
        Ok(tx.commit(AuditEvent::done(&operator(who), Action::Administer, 0)).await?)
    }

    /// Leaves a trace of a run that stopped; what it had committed stays deleted, and the
    /// next run goes on where it is.
    async fn stop(&self, who: &str, run: Uuid, failure: &Failure) {
        let reason = match failure {
            Failure::Problem(problem) => problem.rule().code.to_owned(),
            Failure::Store(error) => error.to_string(),
        };
        let ended = async {
            let mut tx = self.store.begin().await?;
            purge::end_run(&mut tx, run, Some(&reason), None).await?;
            tx.commit(AuditEvent::done(&operator(who), Action::Administer, 0)).await
        };
        if let Err(error) = ended.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the end of a purge run could not be recorded"
            );
        }
    }
}

/// 進み — how far a run has come.
#[derive(Debug, Default)]
struct Progress {
    run: Uuid,
    /// Where the next batch begins; none: at the beginning, or there is no next.
    position: Option<Position>,
    resources: u64,
    batches: u32,
    root: Root,
}

/// Carries out a batch's disposals; answers how many resources were deleted, and the root
/// with their tombstones.
async fn dispose(
    tx: &mut Tx,
    progress: &Progress,
    disposals: &Disposals,
) -> Result<(u64, Root), Failure> {
    let mut whole: Vec<SegmentKey> = Vec::new();
    let mut lost: BTreeMap<SubmissionId, Tally> = BTreeMap::new();
    for one in &disposals.segments {
        lost.entry(one.segment.key.submission).or_default().join(&one.tally);
        if one.kept.is_empty() {
            whole.push(one.segment.key);
        } else {
            purge::shrink(tx, &one.segment, &one.kept).await?;
        }
    }
    purge::delete(tx, &whole).await?;
    purge::put_off(tx, &disposals.next).await?;
    let burials: Vec<Burial> = lost
        .iter()
        .map(|(submission, tally)| Burial { submission: *submission, counts: tally.text() })
        .collect();
    let stones = purge::bury(tx, progress.run, &burials).await?;
    let root = progress.root.after(&stones);
    let resources = lost.values().map(Tally::resources).sum::<u64>();
    let batch = Batch {
        segments: disposals.segments.len() as i64,
        resources: resources as i64,
        tombstones: stones.len() as i64,
        root: root.as_bytes(),
    };
    purge::add_batch(tx, progress.run, batch).await?;
    Ok((resources, root))
}
