//! 電子署名 — whom we believe, and what is said of the signatures of documents.
//!
//! Source: S9.6; decision record 6.

use std::sync::{Arc, RwLock};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    phi::Phi,
    problem::{Issue, Problem},
    rules,
    signature::{Verification, rule_of},
};
use kyoyu_profile::collection::SignatureFacts;
use kyoyu_signature::{SignedDocument, Trust};

use crate::{Service, failure::Failure};

/// 信頼の起点 — the roots and revocation lists of now; clones share them.
#[derive(Debug, Clone, Default)]
pub struct SharedTrust(Arc<RwLock<Arc<Trust>>>);

impl SharedTrust {
    /// Begins with these.
    pub fn new(trust: Trust) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(trust))))
    }

    /// Takes others from now on.
    pub fn replace(&self, trust: Trust) {
        *self.0.write().expect("no holder of the lock panics") = Arc::new(trust);
    }

    pub(crate) fn current(&self) -> Arc<Trust> {
        Arc::clone(&self.0.read().expect("no holder of the lock panics"))
    }
}

/// 検証 — what is to be said of a signature in a body at `now`. It takes time.
pub fn verify_now(
    body: &[u8],
    facts: &SignatureFacts,
    trust: &Trust,
    now: DateTime<Utc>,
) -> Verification {
    let document = SignedDocument {
        text: body,
        member: facts.member.clone(),
        data: facts.data.as_ref().map(Phi::expose).map(String::as_str),
        when: facts.when,
    };
    kyoyu_signature::verify(&document, trust, now)
}

impl Service {
    /// The roots and revocation lists of signatures, to replace them.
    pub fn signature_trust(&self) -> &SharedTrust {
        &self.options.signatures
    }

    /// Verifies the signature of a body that is received now, away from the threads that serve
    /// other requests; the clock is only asked where there is a signature.
    pub(crate) async fn verify_signature(
        &self,
        body: &Bytes,
        facts: Option<SignatureFacts>,
    ) -> Result<Option<Signature>, Failure> {
        let Some(facts) = facts else { return Ok(None) };
        let now = self.store.now().await?;
        let (body, trust) = (body.clone(), self.options.signatures.current());
        let place = self.place_to_check().await?;
        let verified = tokio::task::spawn_blocking(move || {
            let verification = verify_now(&body, &facts, &trust, now);
            Signature { verification, facts }
        });
        let verified = verified.await;
        drop(place);
        Ok(Some(verified.map_err(|error| Problem::of(&rules::INTERNAL).because(error))?))
    }
}

/// 署名 — a signature with what became of it.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) verification: Verification,
    facts: SignatureFacts,
}

impl Signature {
    /// What the sender is told.
    pub(crate) fn finding(&self) -> Issue {
        self.verification.finding().at(self.facts.place.clone())
    }
}

/// What the sender was told of the signature of a body before: the outcome of then, out of the
/// ledger, at the place that the same bytes have.
pub(crate) fn told_before(
    notes: &[(String, String)],
    signature: Option<&Signature>,
) -> Option<Issue> {
    let place = signature?.facts.place.clone();
    let mut told = notes.iter().filter_map(|(code, argument)| Some((rule_of(code)?, argument)));
    let (rule, argument) = told.next()?;
    Some(Issue::of(rule).with(argument.clone()).at(place))
}
