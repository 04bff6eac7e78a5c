//! 削除 — deletes what the rules say, when they say it, and proves it.
//!
//! Two phases. A *plan* walks over everything that is due, asks the same function as the
//! reads ([`kyoyu_domain::retention::fates`]) and counts. A *run* walks again, decides each
//! resource anew under the lock of its person, deletes in batches, leaves tombstones and
//! ends with a signed certificate. A run that would delete far more than usual waits for
//! an operator. Nothing here looks at the wall clock: due is what the database's day says.

mod certificate;
mod plan;
mod run;

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::Actor,
    clock::japan_day,
    identifiers::{PersonIdentifier, PersonKey, SubmissionId},
    problem::Problem,
    retention::Reason,
    rules,
};
use kyoyu_store::purge;

pub use certificate::{CertificateKey, certificate_is_signed_by};
pub use kyoyu_store::purge::{Plan, Run};
pub use run::RunOutcome;

use crate::{Service, failure::Failure};

/// How the purge works.
#[derive(Debug, Clone)]
pub struct PurgeOptions {
    /// Signs certificates of deletion.
    pub certificate_key: CertificateKey,
    /// Persons looked at in one transaction.
    pub batch_persons: u16,
    /// A plan of at most so many resources never waits for approval.
    pub always_allowed: u64,
    /// A larger plan waits when it exceeds the largest of the last runs so many times.
    pub times_usual: u64,
}

/// 状況 — what operators and metrics see.
#[derive(Debug, Clone)]
pub struct PurgeStatus {
    /// Patients that were to be looked at by today, and since when the oldest.
    pub backlog: purge::Backlog,
    /// The newest plan.
    pub plan: Option<Plan>,
    /// The newest runs.
    pub runs: Vec<Run>,
}

/// An operator at the command line, as audit records name one.
pub(crate) fn operator(name: &str) -> Actor {
    Actor { user: Some(name.to_owned()), ..Actor::default() }
}

/// How many resources of a kind are deleted for a reason; those that nobody may know of
/// are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally(std::collections::BTreeMap<(&'static str, Reason), u64>);

impl Tally {
    pub(crate) fn add(&mut self, kind: &'static str, reason: Reason, resources: u64) {
        if resources == 0 {
            return;
        }
        *self.0.entry((kind, reason)).or_default() += resources;
    }

    pub(crate) fn join(&mut self, other: &Self) {
        for ((kind, reason), resources) in &other.0 {
            self.add(kind, *reason, *resources);
        }
    }

    pub(crate) fn resources(&self) -> u64 {
        self.0.values().sum()
    }

    /// `condition cancelled 3;lab expired 18`.
    pub(crate) fn text(&self) -> String {
        let part = |((kind, reason), resources): (&(&str, Reason), &u64)| {
            format!("{kind} {} {resources}", reason.code())
        };
        self.0.iter().map(part).collect::<Vec<_>>().join(";")
    }
}

impl Service {
    /// 状況 — backlog, newest plan, newest runs.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purge_status(&self) -> Result<PurgeStatus, Problem> {
        self.try_purge_status().await.map_err(Failure::into_problem)
    }

    async fn try_purge_status(&self) -> Result<PurgeStatus, Failure> {
        let mut tx = self.store.begin().await?;
        let today = japan_day(tx.now());
        Ok(PurgeStatus {
            backlog: purge::backlog(&mut tx, today).await?,
            plan: purge::find_plan(&mut tx, None).await?,
            runs: purge::runs(&mut tx, 20).await?,
        })
    }

    /// 残存 — how many rows with content are left of a receipt's version, table by table;
    /// for operators who check a deletion.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remaining(
        &self,
        receipt: SubmissionId,
    ) -> Result<[(&'static str, i64); 5], Problem> {
        let counted = async {
            let mut tx = self.store.begin().await?;
            purge::remaining(&mut tx, receipt).await
        };
        counted.await.map_err(crate::failure::problem_of)
    }

    /// The public part of the key that signs certificates of deletion.
    pub fn certificate_public_key(&self) -> [u8; 32] {
        self.options.purge.certificate_key.public()
    }

    /// The instant that the service acts on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn now(&self) -> Result<DateTime<Utc>, Problem> {
        self.store.now().await.map_err(crate::failure::problem_of)
    }

    /// リーガルホールド — keeps everything of a person from being deleted.
    ///
    /// # Errors
    /// [`rules::PERSON_UNKNOWN`] when the identifier is nobody's.
    pub async fn place_hold(
        &self,
        who: &str,
        identifier: &PersonIdentifier,
        reason: &str,
    ) -> Result<(), Problem> {
        let change = HoldChange::Place(reason);
        self.change_hold(who, identifier, change).await.map_err(Failure::into_problem)
    }

    /// Ends every hold on a person.
    ///
    /// # Errors
    /// [`rules::PERSON_UNKNOWN`] when the identifier is nobody's.
    pub async fn release_hold(
        &self,
        who: &str,
        identifier: &PersonIdentifier,
    ) -> Result<(), Problem> {
        let change = HoldChange::Release;
        self.change_hold(who, identifier, change).await.map_err(Failure::into_problem)
    }

    async fn change_hold(
        &self,
        who: &str,
        identifier: &PersonIdentifier,
        change: HoldChange<'_>,
    ) -> Result<(), Failure> {
        use kyoyu_domain::audit::{Action, AuditEvent};
        let (mut tx, matches) = self.store.begin_for(identifier).await?;
        let person: PersonKey = crate::identify::by_history(&matches, None)?;
        match change {
            HoldChange::Place(reason) => purge::hold(&mut tx, person, reason).await?,
            HoldChange::Release => {
                if purge::release_hold(&mut tx, person).await? == 0 {
                    return Err((&rules::NOT_FOUND).into());
                }
            }
        }
        let event = AuditEvent::done(&operator(who), Action::Administer, 1).about(person);
        Ok(tx.commit(event).await?)
    }
}

#[derive(Debug, Clone, Copy)]
enum HoldChange<'a> {
    Place(&'a str),
    Release,
}
