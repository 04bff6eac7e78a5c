//! 共有サービスの入口 — HTTP over mutual TLS, and nothing but that.
//!
//! [`Gateway`] serves the FHIR API to participants; [`Health`] serves liveness, readiness
//! and metrics on a loopback address of its own. What a call may do is decided by
//! `kyoyu-service`; here it is decided who calls, how much, and how an answer looks.

mod api;
mod body;
mod caller;
mod health;
mod limits;
mod listener;
mod middleware;
mod outcome;
mod router;
mod stream;
mod tls;
mod token;

pub use body::BodyLimits;
pub use health::{Health, HealthError, Ready, RenderMetrics};
pub use limits::Limits;
pub use listener::{BindError, Gateway, Options, TlsReloader};
pub use outcome::operation_outcome;
pub use tls::{TlsError, TlsOptions};
