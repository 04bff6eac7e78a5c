//! 資格情報の通知 — the eligibility network announces a person, and that identifiers are
//! one person's.

use std::collections::BTreeSet;

use bytes::Bytes;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::{CATALOGUE, Kind},
    identifiers::PersonKey,
    participant::Role,
    person::{Announcement, Disclosure, Person},
    problem::Problem,
    rules,
};
use kyoyu_profile::announcement;
use kyoyu_store::{Error, Tx, person};

use crate::{
    Caller, Service,
    failure::{Failure, retrying},
    place,
    register::Checked,
};

impl Service {
    /// 通知 — takes in a person; announcing twice changes nothing. Identifiers that were known
    /// as different persons' are one person's from now on.
    ///
    /// # Errors
    /// Another birth date than the one known is refused, of each of them: joining two persons
    /// wrongly is the worst that can happen here.
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

    /// Everything that is written for a person happens under its lock, joining it included.
    async fn take_in(
        &self,
        caller: &Caller,
        announcement: &Announcement,
    ) -> Result<Person, Failure> {
        let mut tx = self.store.begin().await?;
        let now = tx.now();
        let known = lock_known(&mut tx, announcement).await?;
        for person in &known {
            confirm(&mut tx, *person, announcement).await?;
        }
        let key = match known.as_slice() {
            [] => add(&mut tx, announcement).await?,
            [one] => *one,
            several => self.join(&mut tx, several, announcement).await?,
        };
        for dated in &announcement.identifiers {
            person::put_identifier(&mut tx, key, dated, now).await?;
        }
        if let Some(disclosure) = announcement.disclosure {
            person::disclose(&mut tx, key, disclosure).await?;
        }
        let person = person::get(&mut tx, key).await?.ok_or(&rules::INTERNAL)?;
        let event = AuditEvent::done(&caller.actor(), Action::Announce, known.len().max(1));
        tx.commit(event.about(key)).await?;
        Ok(person)
    }

    /// 統合 — persons known so far as several are one: all that is theirs goes to a new key, whose
    /// bucket is none of theirs. An access log that must not be shown of one of them stays closed.
    async fn join(
        &self,
        tx: &mut Tx,
        several: &[PersonKey],
        announcement: &Announcement,
    ) -> Result<PersonKey, Failure> {
        let mut disclosure = Disclosure::Open;
        for person in several {
            if person::disclosure(tx, *person).await? == Disclosure::Closed {
                disclosure = Disclosure::Closed;
            }
        }
        let is_theirs = |key: &PersonKey| several.iter().any(|one| one.bucket() == key.bucket());
        let into = loop {
            let key = PersonKey::new(tx.randomness().uuid_v4());
            if !is_theirs(&key) {
                break key;
            }
        };
        person::insert(tx, into, &announcement.birth_on, announcement.gender).await?;
        person::disclose(tx, into, disclosure).await?;
        person::Join::new(several, into).run(tx).await?;
        let kinds: Vec<&'static Kind> = CATALOGUE.iter().collect();
        place::reschedule(tx, into, &kinds, &self.options.retention).await?;
        Ok(into)
    }
}

/// The persons whose identifiers these are, with their locks; none when all are new.
///
/// # Errors
/// [`Error::Overtaken`] when they were joined while this waited for a lock.
async fn lock_known(tx: &mut Tx, announcement: &Announcement) -> Result<Vec<PersonKey>, Failure> {
    let known = owners(tx, announcement).await?;
    for person in &known {
        person::lock(tx, *person).await?;
    }
    if !known.is_empty() && owners(tx, announcement).await? != known {
        return Err(Error::Overtaken.into());
    }
    Ok(known.into_iter().collect())
}

/// In the order in which locks are taken.
async fn owners(tx: &mut Tx, announcement: &Announcement) -> Result<BTreeSet<PersonKey>, Failure> {
    let mut owners = BTreeSet::new();
    for dated in &announcement.identifiers {
        owners.extend(person::owner(tx, &dated.identifier).await?);
    }
    Ok(owners)
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

async fn add(tx: &mut Tx, announcement: &Announcement) -> Result<PersonKey, Failure> {
    let key = PersonKey::new(tx.randomness().uuid_v4());
    person::insert(tx, key, &announcement.birth_on, announcement.gender).await?;
    Ok(key)
}
