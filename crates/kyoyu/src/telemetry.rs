//! ログと計測 — where log lines and metrics go.

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Format, Telemetry};

/// Starts logging to standard error. Statements of the database driver stay out at every
/// level: their parameters are patient data.
///
/// # Errors
/// A level that does not exist, or logging that was started before.
pub fn start(telemetry: &Telemetry) -> anyhow::Result<()> {
    let level = &telemetry.level;
    let filter = EnvFilter::try_new(format!("{level},sqlx=off,hyper=warn,rustls=warn"))
        .with_context(|| format!("telemetry.level {level:?} is not a level"))?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match telemetry.format {
        Format::Json => lines.json().flatten_event(true).try_init(),
        Format::Text => lines.with_target(false).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging was started before: {error}"))
}

/// Collects metrics; the handle renders them for the loopback listener. A second call in
/// one process gets a handle that renders nothing.
pub fn metrics() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics are collected by another server of this process");
    }
    handle
}
