//! 舞台裏 — the clock, the purge and SQL, for the story.

use anyhow::Context;
use chrono::{DateTime, Utc};
use kyoyu_devkit::story::{Backstage, Doing, PurgeReport};
use kyoyu_domain::identifiers::{PersonIdentifier, SubmissionId};
use kyoyu_service::{RunOutcome, Service, certificate_is_signed_by};

use super::{super::audit::line_of, NAME, clock::OffsetClock};
use crate::output;

/// The crew: the server's own use cases and its clock.
pub(super) struct Crew {
    pub(super) service: Service,
    pub(super) clock: OffsetClock,
}

impl Backstage for Crew {
    fn now(&self) -> Doing<'_, DateTime<Utc>> {
        Box::pin(async { self.service.now().await.map_err(|problem| output::problem(&problem)) })
    }

    fn move_clock(&self, days: i64) -> Doing<'_, ()> {
        self.clock.move_by_days(days);
        Box::pin(async { Ok(self.service.reload_participants().await?) })
    }

    fn purge_plan_and_run(&self) -> Doing<'_, PurgeReport> {
        Box::pin(self.purge())
    }

    fn remaining(&self, receipt: SubmissionId) -> Doing<'_, Vec<(String, i64)>> {
        Box::pin(async move {
            let rows = self.service.remaining(receipt).await;
            let rows = rows.map_err(|problem| output::problem(&problem))?;
            Ok(rows.into_iter().map(|(table, rows)| (table.to_owned(), rows)).collect())
        })
    }

    fn audit_of<'a>(&'a self, person: &'a PersonIdentifier) -> Doing<'a, Vec<String>> {
        Box::pin(async move {
            let accesses = self.service.audit_of(NAME, person, 1000).await;
            let accesses = accesses.map_err(|problem| output::problem(&problem))?;
            Ok(accesses.iter().map(line_of).collect())
        })
    }
}

impl Crew {
    async fn purge(&self) -> anyhow::Result<PurgeReport> {
        let refused = |problem| output::problem(&problem);
        let plan = self.service.purge_plan(NAME).await.map_err(refused)?;
        let outcome = self.service.purge_run(NAME, Some(plan.plan)).await.map_err(refused)?;
        let RunOutcome::Done { run, resources, .. } = outcome else {
            anyhow::bail!("the purge did not run: {outcome:?}");
        };
        let status = self.service.purge_status().await.map_err(refused)?;
        let run =
            status.runs.into_iter().find(|one| one.run == run).context("the run is not there")?;
        let certificate = run.certificate.context("the run has no certificate")?;
        let signature = run.signature.context("the certificate is not signed")?;
        let public = self.service.certificate_public_key();
        Ok(PurgeReport {
            planned: plan.counts,
            deleted: resources,
            certificate_verified: certificate_is_signed_by(&public, &certificate, &signature),
            certificate,
        })
    }
}
