//! 外部サービスの窓口 — clients of the services that are asked while somebody reads: today the
//! e-prescription service (電子処方箋管理サービス).
//!
//! HTTP/1.1 over mutual TLS 1.3, with bounds on everything: time to connect, time altogether,
//! bytes of an answer, questions at once; and a breaker that leaves a failing peer alone for a
//! while. Nothing on the way of a submitted Bundle comes here.

mod address;
mod breaker;
mod connection;
mod prescriptions;

pub use self::{
    address::Address,
    breaker::BreakerOptions,
    connection::{Credentials, PeerError},
    prescriptions::{PrescriptionClient, PrescriptionOptions},
};
