//! 削除の作業 — the loop that deletes what is due.
//!
//! The worker is a reconciler: it takes no input, acts on the current state, and is safe
//! to run twice and in two places.

use std::time::Duration;

use kyoyu_domain::randomness::Randomness;
use kyoyu_service::{RunOutcome, Service};
use tokio_util::sync::CancellationToken;

/// The name under which the worker's runs are recorded.
const NAME: &str = "worker";

/// Plans and runs at every interval until it is told to stop. A run that has begun a
/// batch finishes that batch.
pub async fn work(
    service: Service,
    interval: Duration,
    randomness: &dyn Randomness,
    stop: CancellationToken,
) {
    loop {
        tick(&service).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(jittered(interval, randomness)) => {}
        }
    }
}

async fn tick(service: &Service) {
    let outcome = async {
        service.purge_plan(NAME).await?;
        service.purge_run(NAME, None).await
    };
    match outcome.await {
        Ok(RunOutcome::Done { resources, batches, .. }) => {
            tracing::info!(purge.resources = resources, purge.batches = batches, "purge run ended");
            metrics::counter!("kyoyu_purge_deleted").increment(resources);
            metrics::counter!("kyoyu_purge_batches").increment(u64::from(batches));
            metrics::counter!("kyoyu_purge_successes").increment(1);
        }
        Ok(RunOutcome::Busy) => tracing::info!("another worker is purging"),
        Ok(RunOutcome::WaitsForApproval(plan)) => tracing::warn!(
            purge.plan = %plan.plan,
            purge.resources = plan.resources,
            "a purge plan is larger than usual and waits for approval"
        ),
        Err(problem) => tracing::error!(
            rule = problem.rule().code,
            error = problem.cause.as_deref().map(|cause| cause as &dyn std::error::Error),
            "a purge run failed"
        ),
    }
    report_backlog(service).await;
}

async fn report_backlog(service: &Service) {
    if let Ok(status) = service.purge_status().await {
        metrics::gauge!("kyoyu_purge_backlog_persons").set(status.backlog.persons as f64);
    }
}

/// The interval, up to a tenth longer, so that workers do not wake together.
fn jittered(interval: Duration, randomness: &dyn Randomness) -> Duration {
    interval + interval.mul_f64(f64::from(randomness.bytes()[0]) / 2550.0)
}
