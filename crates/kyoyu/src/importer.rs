//! 一括登録の作業 — the loops that register the lines of bulk imports.
//!
//! Like the purge they take no input, act on what is there, and are safe to run twice and in
//! two places: a line has one outcome, and a Bundle is stored once.

use std::time::Duration;

use kyoyu_domain::problem::Problem;
use kyoyu_service::{ImportTurns, Service, Tidied, Worked};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often lines are looked for that came to another process.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a worker waits after a failure, which is most often that of the database.
const RECOVER: Duration = Duration::from_secs(2);
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// Registers lines until it is told to stop; a line that has begun is finished.
pub async fn work(service: Service, workers: usize, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(register(service.clone(), stop.clone()));
    }
    if workers > 0 {
        tasks.spawn(tidy(service, stop));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a worker of bulk imports failed"
            );
        }
    }
}

async fn register(service: Service, stop: CancellationToken) {
    let mut turns = ImportTurns::default();
    while stop.run_until_cancelled(service.import_may_go_on()).await.is_some() {
        let pause = match service.import_next(&mut turns).await {
            Ok(Worked::Line(state)) => {
                let labels = [("outcome", state.code())];
                metrics::counter!("kyoyu_import_lines_total", &labels).increment(1);
                continue;
            }
            Ok(Worked::Overtaken) => continue,
            Ok(Worked::Nothing) => LOOK_EVERY,
            Err(problem) => {
                report(&problem);
                RECOVER
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = service.import_lines_came(), if pause == LOOK_EVERY => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn tidy(service: Service, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match service.import_tidy().await {
            Ok(Tidied { lines: 0, abandoned: 0, jobs: 0 }) => {}
            Ok(Tidied { lines, abandoned, jobs }) => tracing::info!(
                import.lines = lines,
                import.abandoned = abandoned,
                import.jobs = jobs,
                "bulk imports were tidied up"
            ),
            Err(problem) => report(&problem),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = service.import_was_cancelled() => {}
            () = tokio::time::sleep(TIDY_EVERY) => {}
        }
    }
}

fn report(problem: &Problem) {
    tracing::warn!(
        rule = problem.rule().code,
        error = problem.cause.as_deref().map(|cause| cause as &dyn std::error::Error),
        "bulk imports cannot be worked on now"
    );
}
