//! 資格確認 — asking the eligibility network for a person that was never announced.

use std::{fmt, future::Future, pin::Pin};

use kyoyu_domain::{identifiers::PersonIdentifier, person::Announcement};

/// An answer that is on its way.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Option<Announcement>> + Send + 'a>>;

/// オンライン資格確認等システム — who knows persons that were not announced to us.
///
/// A person is never made up on first use: what this does not know is unknown.
pub trait Eligibility: fmt::Debug + Send + Sync + 'static {
    /// Asks for the person whom an identifier means.
    fn ask<'a>(&'a self, identifier: &'a PersonIdentifier) -> Asking<'a>;
}

/// No network to ask: only announced persons are known.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEligibilityPeer;

impl Eligibility for NoEligibilityPeer {
    fn ask<'a>(&'a self, _identifier: &'a PersonIdentifier) -> Asking<'a> {
        Box::pin(std::future::ready(None))
    }
}
