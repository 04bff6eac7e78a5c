//! 計画 — what is due and why, counted before anything is deleted.

use std::collections::HashMap;

use chrono::NaiveDate;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::CATALOGUE,
    clock::japan_day,
    identifiers::PersonKey,
    problem::Problem,
    retention::{self, Fate, fates},
    rules,
};
use kyoyu_store::{
    Tx,
    purge::{self, Plan, Position},
    segment::{self, Segment},
};
use uuid::Uuid;

use super::{Tally, operator};
use crate::{Service, failure::Failure};

/// 処分 — what becomes of one segment in a batch.
#[derive(Debug)]
pub(super) struct Disposal {
    pub(super) segment: Segment,
    /// Positions of the directory that stay.
    pub(super) kept: Vec<usize>,
    /// Why the others go.
    pub(super) tally: Tally,
}

/// 処分一式 — what becomes of everything that some persons have.
#[derive(Debug, Default)]
pub(super) struct Disposals {
    /// The segments that lose something.
    pub(super) segments: Vec<Disposal>,
    /// The day on which the purge looks at each person again.
    pub(super) next: Vec<(PersonKey, Option<NaiveDate>)>,
}

impl Disposals {
    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for one in &self.segments {
            tally.join(&one.tally);
        }
        tally
    }
}

/// A part of the walk over everything that is due.
#[derive(Debug)]
pub(super) struct Batch {
    /// Where the next part begins.
    pub(super) position: Option<Position>,
    /// Persons that may be deleted from.
    pub(super) persons: Vec<PersonKey>,
    /// Persons under a legal hold.
    pub(super) held: Vec<PersonKey>,
}

impl Service {
    /// 計画 — walks over everything that is due and stores what a run would delete.
    /// Deletes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purge_plan(&self, who: &str) -> Result<Plan, Problem> {
        self.try_purge_plan(who).await.map_err(Failure::into_problem)
    }

    async fn try_purge_plan(&self, who: &str) -> Result<Plan, Failure> {
        let mut tx = self.store.begin().await?;
        let now = tx.now();
        let today = japan_day(now);
        let (mut tally, mut held) = (Tally::default(), Tally::default());
        let mut position = None;
        loop {
            let batch = self.due_batch(&mut tx, today, position).await?;
            tally.join(&self.disposals(&mut tx, &batch.persons, today).await?.tally());
            held.join(&self.disposals(&mut tx, &batch.held, today).await?.tally());
            position = batch.position;
            if position.is_none() {
                break;
            }
        }
        let plan = Plan {
            plan: tx.randomness().uuid_v7(now),
            made_at: now,
            due_through: today,
            policy_version: self.options.retention.version as i32,
            counts: tally.text(),
            resources: tally.resources() as i64,
            held: held.resources() as i64,
            state: self.first_state(&mut tx, tally.resources()).await?.to_owned(),
        };
        purge::insert_plan(&mut tx, &plan).await?;
        tx.commit(AuditEvent::done(&operator(who), Action::Administer, 0)).await?;
        Ok(plan)
    }

    /// 承認 — lets a plan run that waits because it is larger than usual.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] when no such plan waits.
    pub async fn approve_plan(&self, who: &str, plan: Uuid) -> Result<(), Problem> {
        self.try_approve_plan(who, plan).await.map_err(Failure::into_problem)
    }

    async fn try_approve_plan(&self, who: &str, plan: Uuid) -> Result<(), Failure> {
        let mut tx = self.store.begin().await?;
        if !purge::move_plan(&mut tx, plan, "waits-for-approval", "approved", who).await? {
            return Err((&rules::NOT_FOUND).into());
        }
        Ok(tx.commit(AuditEvent::done(&operator(who), Action::Administer, 1)).await?)
    }

    /// A plan that would delete far more than the last runs waits for an operator.
    async fn first_state(&self, tx: &mut Tx, resources: u64) -> Result<&'static str, Failure> {
        const RUNS: i64 = 30;
        let options = &self.options.purge;
        let runs = purge::runs(tx, RUNS).await?;
        let usual = runs.iter().map(|run| run.resources as u64).max().unwrap_or(0);
        let most = options.always_allowed.max(usual.saturating_mul(options.times_usual));
        Ok(if resources > most { "waits-for-approval" } else { "open" })
    }

    /// The next persons of whom something may be due.
    pub(super) async fn due_batch(
        &self,
        tx: &mut Tx,
        today: NaiveDate,
        after: Option<Position>,
    ) -> Result<Batch, Failure> {
        let limit = i64::from(self.options.purge.batch_persons);
        let due = purge::due(tx, today, after, limit).await?;
        let position = due.last().filter(|_| due.len() as i64 == limit).map(|last| last.0);
        let mut persons: Vec<PersonKey> = due.into_iter().map(|(_, person)| person).collect();
        persons.sort_unstable();
        let held = purge::held(tx, &persons).await?;
        persons.retain(|person| !held.contains(person));
        Ok(Batch { position, persons, held })
    }

    /// What becomes on a day of everything that some persons have, by the same function as
    /// the reads.
    pub(super) async fn disposals(
        &self,
        tx: &mut Tx,
        persons: &[PersonKey],
        day: NaiveDate,
    ) -> Result<Disposals, Failure> {
        if persons.is_empty() {
            return Ok(Disposals::default());
        }
        let kinds: Vec<_> = CATALOGUE.iter().collect();
        let mut groups: HashMap<(PersonKey, &str), Vec<Segment>> = HashMap::new();
        for segment in segment::list(tx, persons, &kinds).await? {
            let group = (segment.key.person, segment.key.kind.resource_type);
            groups.entry(group).or_default().push(segment);
        }
        let mut next: HashMap<PersonKey, Option<NaiveDate>> =
            persons.iter().map(|person| (*person, None)).collect();
        let mut disposals = Vec::new();
        for ((person, _), segments) in groups {
            let copies: Vec<retention::Copy<'_>> =
                segments.iter().flat_map(Segment::copies).collect();
            let fates = fates(&copies, &self.options.retention);
            let later = fates.iter().filter(|fate| !fate.deletable(day));
            let next = next.entry(person).or_default();
            *next = later.filter_map(|fate| fate.deletable_on).chain(*next).min();
            let mut rest = &fates[..];
            for segment in segments {
                let (own, others) = rest.split_at(segment.entries.len());
                rest = others;
                disposals.extend(disposal(segment, own, day));
            }
        }
        disposals.sort_by_key(|one| (one.segment.key.submission, one.segment.key.kind.code));
        Ok(Disposals { segments: disposals, next: next.into_iter().collect() })
    }
}

/// What becomes of a segment; none when it stays as it is. 未提供 is deleted like the rest
/// and never counted: plans and certificates would tell that it was there.
fn disposal(segment: Segment, fates: &[Fate], day: NaiveDate) -> Option<Disposal> {
    let mut tally = Tally::default();
    let mut kept = Vec::new();
    for (position, fate) in fates.iter().enumerate() {
        if fate.deletable(day) {
            let shown = !segment.entries[position].flags.undelivered;
            tally.add(segment.key.kind.code, fate.reason, u64::from(shown));
        } else {
            kept.push(position);
        }
    }
    (kept.len() < fates.len()).then_some(Disposal { segment, kept, tally })
}
