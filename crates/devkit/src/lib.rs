//! 開発用具 — what a developer needs around the service: a certificate authority, an issuer
//! of tokens, a reference client of an electronic medical record, stand-ins of the eligibility
//! network and of the e-prescription service, and the demonstration.
//!
//! Nothing of this is reachable from `kyoyu serve`: keys that are made here are for
//! machines of developers.

mod bulk;
mod ca;
mod client;
pub mod hpki;
mod prescriptions;
mod real_time;
mod standin;
pub mod story;
mod tokens;
mod wire;

pub use crate::{
    bulk::{BulkImport, BulkStatus},
    ca::{Authority, Flaw, Identity, Pki},
    client::{Client, ClientOptions, Reply, Request, RetryPolicy},
    prescriptions::{Behaviour, PrescriptionStandIn},
    standin::{StandIn, announcement_of},
    tokens::{Claims, Draft, TokenIssuer},
    wire::Wire,
};
