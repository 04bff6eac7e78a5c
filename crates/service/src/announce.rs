//! 資格情報の通知 — the eligibility network announces a person, and that identifiers are
//! one person's.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::PersonKey,
    participant::Role,
    person::{Announcement, Person},
    problem::Problem,
    rules,
};
use kyoyu_profile::announcement;
use kyoyu_store::{Tx, person};

use crate::{
    Caller, Service,
    failure::{Failure, retrying},
    register::Checked,
};

impl Service {
    /// 通知 — takes in a person; announcing twice changes nothing.
    ///
    /// # Errors
    /// Identifiers that are known as different persons' are refused, and so is another
    /// birth date: joining two persons wrongly is the worst that can happen here.
    pub async fn announce(&self, caller: &Caller, body: Bytes) -> Result<Person, Problem> {
        let outcome = self.try_announce(caller, &body).await;
        self.concluded(caller, Action::Announce, None, outcome).await
    }

    async fn try_announce(&self, caller: &Caller, body: &[u8]) -> Result<Person, Failure> {
        caller.must_be(Role::EligibilityNetwork)?;
        let announcement =
            announcement::read(body, &self.options.limits).map_err(Problem::of_findings)?;
        retrying(|| self.take_in(caller, &announcement)).await
    }

    /// Asks the eligibility network for the person of a Bundle, and takes in its answer.
    pub(crate) async fn ask_for_person(
        &self,
        caller: &Caller,
        checked: &Checked,
    ) -> Result<(), Failure> {
        let identifier = &checked.bundle.patient.identifier;
        let Some(announcement) = self.eligibility.ask(identifier).await else {
            return Err((&rules::PERSON_UNKNOWN).into());
        };
        retrying(|| self.take_in(caller, &announcement)).await?;
        Ok(())
    }

    async fn take_in(
        &self,
        caller: &Caller,
        announcement: &Announcement,
    ) -> Result<Person, Failure> {
        let mut tx = self.store.begin().await?;
        let now = tx.now();
        let key = match known_as(&mut tx, announcement).await? {
            Some(key) => {
                confirm(&mut tx, key, announcement).await?;
                put_identifiers(&mut tx, key, announcement, now).await?;
                key
            }
            None => add(&mut tx, announcement, now).await?,
        };
        if let Some(disclosure) = announcement.disclosure {
            person::disclose(&mut tx, key, disclosure).await?;
        }
        let person = person::get(&mut tx, key).await?.ok_or(&rules::INTERNAL)?;
        let event = AuditEvent::done(&caller.actor(), Action::Announce, 1).about(key);
        tx.commit(event).await?;
        Ok(person)
    }
}

/// The one person whose identifiers these are; none when all are new.
async fn known_as(tx: &mut Tx, announcement: &Announcement) -> Result<Option<PersonKey>, Failure> {
    let mut known = None;
    for dated in &announcement.identifiers {
        let owner = person::owner(tx, &dated.identifier).await?;
        match (known, owner) {
            (Some(one), Some(other)) if one != other => {
                return Err((&rules::PERSON_CONFLICT).into());
            }
            (None, owner) => known = owner,
            _ => {}
        }
    }
    Ok(known)
}

/// A known person must have the announced birth date; the sex may be corrected.
async fn confirm(tx: &mut Tx, key: PersonKey, announcement: &Announcement) -> Result<(), Failure> {
    let known = person::get(tx, key).await?.ok_or(&rules::INTERNAL)?;
    if known.birth_on != announcement.birth_on {
        return Err((&rules::PERSON_CONFLICT).into());
    }
    if known.gender != announcement.gender {
        person::update(tx, key, &announcement.birth_on, announcement.gender).await?;
    }
    Ok(())
}

async fn add(
    tx: &mut Tx,
    announcement: &Announcement,
    now: DateTime<Utc>,
) -> Result<PersonKey, Failure> {
    let key = PersonKey::new(tx.randomness().uuid_v4());
    person::insert(tx, key, &announcement.birth_on, announcement.gender).await?;
    put_identifiers(tx, key, announcement, now).await?;
    Ok(key)
}

async fn put_identifiers(
    tx: &mut Tx,
    key: PersonKey,
    announcement: &Announcement,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    for dated in &announcement.identifiers {
        person::put_identifier(tx, key, dated, now).await?;
    }
    Ok(())
}
