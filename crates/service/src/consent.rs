//! 閲覧同意 — the eligibility network registers, changes and revokes consents.
//!
//! A consent only ever says what an institution may read; registering data needs none.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    consent::Consent,
    identifiers::PersonKey,
    participant::Role,
    problem::Problem,
    rules,
};
use kyoyu_profile::consent::{self as statement, ConsentStatement};
use kyoyu_store::{
    Tx,
    consent::{self, Version},
};

use crate::{
    Caller, Service,
    failure::{Failure, retrying},
    identify,
};

/// 同意の受理 — what the eligibility network gets.
#[derive(Debug)]
pub struct ConsentAnswer {
    /// The sender's identifier: system and value.
    pub identifier: (String, String),
    /// What is in force from now on.
    pub consent: Consent,
    /// Which version it is.
    pub version: i32,
    /// Whether this call stored it.
    pub created: bool,
}

impl Service {
    /// 同意 — registers a consent (no `identifier`), or changes the one that
    /// `identifier` (`system|value`) names. A revocation takes effect on the next request.
    ///
    /// # Errors
    /// The findings of the check, or the rule of the refusal.
    pub async fn put_consent(
        &self,
        caller: &Caller,
        identifier: Option<&str>,
        body: Bytes,
    ) -> Result<ConsentAnswer, Problem> {
        let outcome = self.try_put_consent(caller, identifier, &body).await;
        self.concluded(caller, Action::Consent, None, outcome).await
    }

    async fn try_put_consent(
        &self,
        caller: &Caller,
        identifier: Option<&str>,
        body: &[u8],
    ) -> Result<ConsentAnswer, Failure> {
        caller.must_be(Role::EligibilityNetwork)?;
        let statement =
            statement::read(body, &self.options.limits).map_err(Problem::of_findings)?;
        let (system, value) = &statement.identifier;
        if identifier.is_some_and(|named| named != format!("{system}|{value}")) {
            return Err((&rules::IDENTIFIER_MISMATCH).into());
        }
        let sent_as = if identifier.is_some() { SentAs::Change } else { SentAs::Registration };
        retrying(|| self.store_consent(caller, &statement, sent_as)).await
    }

    async fn store_consent(
        &self,
        caller: &Caller,
        statement: &ConsentStatement,
        sent_as: SentAs,
    ) -> Result<ConsentAnswer, Failure> {
        let (mut tx, matches) = self.store.begin_for(&statement.patient).await?;
        let person = identify::by_history(&matches, None)?;
        let (system, value) = &statement.identifier;
        let key = consent::identifier_digest(system, value);
        let known = consent::find(&mut tx, person, key).await?;
        let wanted = consent_of(statement, person, tx.now(), known.as_ref());
        let (version, created) = match (known, sent_as) {
            (Some(known), _) if known.consent == wanted => (known.version, false),
            (Some(_), SentAs::Registration) => return Err((&rules::CONSENT_EXISTS).into()),
            (None, SentAs::Change) => return Err((&rules::NOT_FOUND).into()),
            (known, _) => (known.map_or(1, |known| known.version + 1), true),
        };
        if created {
            let now = tx.now();
            put(&mut tx, key, Version { version, consent: wanted.clone() }, now).await?;
        }
        let event = AuditEvent::done(&caller.actor(), Action::Consent, usize::from(created));
        tx.commit(event.about(person)).await?;
        let identifier = statement.identifier.clone();
        Ok(ConsentAnswer { identifier, consent: wanted, version, created })
    }
}

/// Which verb the statement came with.
#[derive(Debug, Clone, Copy)]
enum SentAs {
    Registration,
    Change,
}

async fn put(
    tx: &mut Tx,
    key: [u8; 16],
    version: Version,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    Ok(consent::put(tx, key, &version, now).await?)
}

/// A statement without a start begins now, or when the known version began; without an
/// end it lasts for the visit.
fn consent_of(
    statement: &ConsentStatement,
    person: PersonKey,
    now: DateTime<Utc>,
    known: Option<&Version>,
) -> Consent {
    let began = known.map_or(now, |known| known.consent.starts_at);
    let starts_at = statement.starts_at.unwrap_or(began);
    let ends_at = statement.ends_at.unwrap_or_else(|| Consent::default_end(starts_at));
    Consent {
        person,
        institution: statement.institution,
        categories: statement.categories,
        starts_at,
        ends_at,
        active: statement.active,
    }
}
