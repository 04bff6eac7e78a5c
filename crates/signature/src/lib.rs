//! 電子署名 — verifies the electronic signature of a document: what was signed, by whom, with
//! which role, and whether that can be believed.
//!
//! Pure: it receives bytes and an instant and opens nothing. [`signed_bytes`] says which bytes
//! are signed; [`Container`] is what holds a signature, with one implementation each for a
//! detached JWS and a detached CMS; [`Trust`] is whom we believe. What is broken is an answer
//! with a reason, never an error and never a panic, and its work is bounded: by bytes, by the
//! number of certificates, by the number of signatures that are calculated.
//!
//! Source: S9.6; RFC 5280, RFC 5652, RFC 7515, RFC 7797; ISO 17090; decision record 6.

mod algorithm;
mod ber;
mod certificate;
mod chain;
mod cms;
mod element;
mod jws;
mod role;
mod signed;
mod trust;

use std::ops::Range;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use kyoyu_domain::signature::{Reason, Verdict, Verification};

use crate::certificate::Certificate;
pub use crate::{
    cms::Cms,
    jws::Jws,
    signed::signed_bytes,
    trust::{Trust, TrustError},
};

/// The largest `Signature.data` that is looked at, in bytes of base64.
pub const MOST_BASE64_BYTES: usize = 192 * 1024;

/// The most certificates that a container may hold.
pub const MOST_CERTIFICATES: usize = 8;

/// How far a signing time may lie ahead of the receipt, and of the time in the container.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(10);

/// 署名付き文書 — a document with the signature that it carries.
#[derive(Debug, Clone)]
pub struct SignedDocument<'a> {
    /// The document as it was received.
    pub text: &'a [u8],
    /// Where the root's `signature` member stands in it, from the quote of its key to the end
    /// of its value.
    pub member: Range<usize>,
    /// `Signature.data`: base64, blanks allowed.
    pub data: Option<&'a str>,
    /// `Signature.when`: when it is said to have been signed.
    pub when: Option<DateTime<Utc>>,
}

/// 署名の入れ物 — a format that a signature comes in.
pub trait Container {
    /// Whether data look like this format; at most one format takes any data.
    fn takes(&self, data: &[u8]) -> bool;

    /// Reads the container and checks that its signature is one of `content` by the key of a
    /// certificate in it. Whether that certificate is to be believed is not asked here.
    ///
    /// # Errors
    /// The first reason not to.
    fn open(&self, data: &[u8], content: &[u8]) -> Result<Claim, Reason>;
}

/// 主張 — what a container says, its signature being good.
#[derive(Debug)]
pub struct Claim {
    signer: Certificate,
    others: Vec<Certificate>,
    /// When it was signed, as the signer has signed it.
    signed_at: Option<DateTime<Utc>>,
}

/// The formats that are read.
static CONTAINERS: &[&(dyn Container + Sync)] = &[&Jws, &Cms];

/// 検証 — what is to be said of a document's signature at `now`, the instant of its receipt.
pub fn verify(document: &SignedDocument<'_>, trust: &Trust, now: DateTime<Utc>) -> Verification {
    let verdict = match check(document, trust, now) {
        Ok(claim) => Verdict::Verified(claim.signer.names()),
        Err(reason) => Verdict::Unverified(reason),
    };
    Verification { verdict, claimed_at: document.when, verified_at: now }
}

fn check(
    document: &SignedDocument<'_>,
    trust: &Trust,
    now: DateTime<Utc>,
) -> Result<Claim, Reason> {
    if trust.is_empty() {
        return Err(Reason::NoRoots);
    }
    let data = decoded(document.data.unwrap_or_default())?;
    let container = CONTAINERS.iter().find(|one| one.takes(&data)).ok_or(Reason::Container)?;
    let content = signed_bytes(document.text, document.member.clone());
    let claim = container.open(&data, &content)?;
    let at = signing_time(document.when, claim.signed_at, now)?;
    if !claim.signer.may_sign() {
        return Err(Reason::Certificate);
    }
    chain::check(&claim.signer, &claim.others, trust, at)?;
    Ok(claim)
}

fn decoded(base64: &str) -> Result<Vec<u8>, Reason> {
    if base64.len() > MOST_BASE64_BYTES {
        return Err(Reason::Size);
    }
    let digits: Vec<u8> = base64.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).map_err(|_| Reason::Container)
}

/// The time at which certificates are judged: what `Signature.when` claims, if nothing speaks
/// against it. It stands outside of what is signed, so that it is never a proof.
fn signing_time(
    when: Option<DateTime<Utc>>,
    signed: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Reason> {
    let when = when.ok_or(Reason::Time)?;
    let contradicted = signed.is_some_and(|signed| (signed - when).abs() > MOST_AHEAD);
    if contradicted || when > now + MOST_AHEAD {
        return Err(Reason::Time);
    }
    Ok(when)
}

#[cfg(test)]
mod tests;
