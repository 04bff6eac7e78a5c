//! 開発認証局 — a certificate authority for development, with the certificates of the
//! server and of every participant.
//!
//! Its keys lie as files in a directory, so that a second run of the demonstration finds
//! the certificates of the first; tests keep them in memory.

mod authority;
mod files;
mod pki;
#[cfg(test)]
mod tests;

pub use self::{
    authority::{Authority, Flaw, Identity},
    pki::Pki,
};
