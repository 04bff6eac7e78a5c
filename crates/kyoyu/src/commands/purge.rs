//! `kyoyu purge`

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use kyoyu_domain::problem::Problem;
use kyoyu_service::{Plan, RunOutcome, Service};

use super::audit::read_identifier;
use crate::{config::Config, output};

/// Plans and runs the deletion of what is due. Without a verb it only plans.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Who acts; stands in the audit records.
    #[arg(long, global = true, default_value = "operator")]
    operator: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Counts what is due and why; deletes nothing.
    Plan,
    /// Deletes what the newest plan covers, or the plan with this id.
    Run {
        /// The plan's id.
        #[arg(long)]
        plan: Option<uuid::Uuid>,
    },
    /// Lets a plan run that waits because it is larger than usual.
    Approve {
        /// The plan's id.
        plan: uuid::Uuid,
    },
    /// Shows the backlog, the newest plan and the newest runs.
    Status,
    /// Keeps everything of a person from being deleted (legal hold).
    Hold {
        /// File with the insured-person identifier; `-` reads standard input.
        #[arg(long, default_value = "-")]
        patient: PathBuf,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Ends the legal holds on a person.
    Release {
        /// File with the insured-person identifier; `-` reads standard input.
        #[arg(long, default_value = "-")]
        patient: PathBuf,
    },
}

pub(super) async fn run(
    config: &Config,
    name: &str,
    arguments: Arguments,
) -> anyhow::Result<ExitCode> {
    let (service, connection) = super::open(config, name).await?;
    let verb = arguments.verb.unwrap_or(Verb::Plan);
    let code = act(&service, &arguments.operator, verb).await;
    service.close().await;
    connection.close().await?;
    code
}

async fn act(service: &Service, operator: &str, verb: Verb) -> anyhow::Result<ExitCode> {
    let refused = |problem: Problem| output::problem(&problem);
    match verb {
        Verb::Plan => {
            print_plan(&service.purge_plan(operator).await.map_err(refused)?)?;
        }
        Verb::Run { plan } => {
            return print_outcome(service.purge_run(operator, plan).await.map_err(refused)?);
        }
        Verb::Approve { plan } => {
            service.approve_plan(operator, plan).await.map_err(refused)?;
            output::line("approved; `kyoyu purge run` carries it out")?;
        }
        Verb::Status => print_status(service).await?,
        Verb::Hold { patient, reason } => {
            let patient = read_identifier(&patient)?;
            service.place_hold(operator, &patient, &reason).await.map_err(refused)?;
            output::line("the hold is placed")?;
        }
        Verb::Release { patient } => {
            let patient = read_identifier(&patient)?;
            service.release_hold(operator, &patient).await.map_err(refused)?;
            output::line("the hold is released")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_plan(plan: &Plan) -> anyhow::Result<()> {
    output::line(&format!(
        "plan {} of {}: {} resources are due by {} (policy {}), {} more are under a legal hold; {}",
        plan.plan,
        plan.made_at.format("%Y-%m-%d %H:%M UTC"),
        plan.resources,
        plan.due_through,
        plan.policy_version,
        plan.held,
        plan.state,
    ))?;
    for part in plan.counts.split(';').filter(|part| !part.is_empty()) {
        output::line(&format!("  {part}"))?;
    }
    Ok(())
}

fn print_outcome(outcome: RunOutcome) -> anyhow::Result<ExitCode> {
    match outcome {
        RunOutcome::Done { run, resources, batches } => {
            output::line(&format!(
                "run {run}: {resources} resources deleted in {batches} batches"
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        RunOutcome::Busy => {
            output::line("another worker is purging right now; nothing was done")?;
            Ok(ExitCode::FAILURE)
        }
        RunOutcome::WaitsForApproval(plan) => {
            print_plan(&plan)?;
            output::line(&format!(
                "larger than usual: look at it, then `kyoyu purge approve {}`",
                plan.plan
            ))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn print_status(service: &Service) -> anyhow::Result<()> {
    let status = service.purge_status().await.map_err(|problem| output::problem(&problem))?;
    let oldest = status.backlog.oldest_due_on.map_or("-".to_owned(), |day| day.to_string());
    output::line(&format!(
        "backlog: {} patients to look at, the oldest since {oldest}",
        status.backlog.persons
    ))?;
    if let Some(plan) = &status.plan {
        print_plan(plan)?;
    }
    for run in &status.runs {
        let ended = run.ended_at.map_or("running".to_owned(), |at| at.to_rfc3339());
        output::line(&format!(
            "run {}: {} resources in {} batches, {ended}{}",
            run.run,
            run.resources,
            run.batches,
            run.error.as_ref().map_or(String::new(), |error| format!(", stopped: {error}")),
        ))?;
    }
    Ok(())
}
