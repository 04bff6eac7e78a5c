//! 開発用具 — what a developer needs around the service: a certificate authority, an issuer
//! of tokens, a reference client of an electronic medical record, and the demonstration.
//!
//! Nothing of this is reachable from `kyoyu serve`: keys that are made here are for
//! machines of developers.

mod ca;
mod client;
mod real_time;
mod tokens;

pub use crate::{
    ca::{Authority, Flaw, Identity, Pki},
    //client::{Client, ClientOptions, Reply, Request, RetryPolicy},
    tokens::{Claims, Draft, TokenIssuer},
};
