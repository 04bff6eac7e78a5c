//! 検査 — checks a Bundle as a registration would, and stores nothing.

use bytes::Bytes;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    problem::{Issue, Problem},
};
use kyoyu_profile::collection;

use crate::{Caller, Service, failure::Failure, signature::Signature};

impl Service {
    /// 検査 — the findings, in document order; empty means conformant.
    ///
    /// # Errors
    /// When the caller may not ask.
    pub async fn validate(&self, caller: &Caller, body: Bytes) -> Result<Vec<Issue>, Problem> {
        let outcome = self.try_validate(caller, &body).await;
        self.concluded(caller, Action::Validate, None, outcome).await
    }

    async fn try_validate(&self, caller: &Caller, body: &Bytes) -> Result<Vec<Issue>, Failure> {
        caller.must_send()?;
        let options = &self.options;
        let report = collection::check_with(body, &options.limits, &options.validator);
        let mut issues = report.issues;
        let signature = self.verify_signature(body, report.signature).await?;
        issues.extend(signature.as_ref().map(Signature::finding));
        let now = self.store.now().await?;
        let event = AuditEvent::done(&caller.actor(), Action::Validate, issues.len());
        self.record_read(now, event).await?;
        Ok(issues)
    }
}
