//! 受信箱 — the letters that somebody may know of: the addressee's inbox, the patient's letters
//! that wait, and what the addressee's card reader asks consent for.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::{InstitutionNumber, PersonIdentifier, PersonKey},
    letter::{ConsentPattern, Letter},
    participant::Role,
    problem::Problem,
    rules,
    signature::Verification,
};
use kyoyu_store::{
    Tx,
    letter::{self, Inbox as Wanted, Open},
    signature,
};
use uuid::Uuid;

use super::{paging::Paging, query::InboxQuery};
use crate::{
    Caller, SearchQuery, Service, failure::Failure, identify, query::Patient, read::bad_parameter,
};

/// How often a waiting inbox looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// 受信箱 — a page of letters, newest first.
#[derive(Debug)]
pub struct Inbox {
    /// The letters.
    pub letters: Vec<Letter>,
    /// What became of the electronic signatures of those that have one, by submission.
    pub signatures: HashMap<Uuid, Verification>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl Service {
    /// 文書一覧 — the letters that the caller may know of. An institution sees what is
    /// addressed to it and readable; the portal sees the patient's own that wait for an
    /// answer or for their addressee; the eligibility network sees those of a patient that an
    /// institution's card reader may ask consent for.
    ///
    /// With `wait` (seconds) and `since`, an institution's call stays open until something
    /// newer is there, so that letters ring without a connection to the institution.
    ///
    /// # Errors
    /// The first parameter that is not understood; the refusal of every other role.
    pub async fn letters(&self, caller: &Caller, query: SearchQuery) -> Result<Inbox, Problem> {
        let mut about = None;
        let outcome = self.try_letters(caller, &query, &mut about).await;
        self.concluded(caller, Action::Search, about, outcome).await
    }

    async fn try_letters(
        &self,
        caller: &Caller,
        query: &SearchQuery,
        about: &mut Option<PersonKey>,
    ) -> Result<Inbox, Failure> {
        let wanted = InboxQuery::read(query)?;
        match caller.participant.role {
            Role::Institution => {
                wanted.only(&[
                    "patient",
                    "patient:identifier",
                    "since",
                    "wait",
                    "_count",
                    "cursor",
                ])?;
                self.inbox(caller, &wanted).await
            }
            Role::PatientPortal => {
                let patient = caller.must_have_token()?.patient.clone();
                let patient = patient.ok_or(&rules::PATIENT_REQUIRED)?;
                wanted.only(&["_count", "cursor"])?;
                self.waiting(caller, &wanted, (&patient, None), about).await
            }
            Role::EligibilityNetwork => {
                wanted.only(&["patient:identifier", "addressee", "_count", "cursor"])?;
                let (Some(Patient::Identifier(patient)), Some(addressee)) =
                    (&wanted.patient, wanted.addressee)
                else {
                    return Err((&rules::PATIENT_REQUIRED).into());
                };
                self.waiting(caller, &wanted, (patient, Some(addressee)), about).await
            }
            _ => Err((&rules::ROLE).into()),
        }
    }

    /// The addressee's inbox.
    async fn inbox(&self, caller: &Caller, wanted: &InboxQuery) -> Result<Inbox, Failure> {
        let institutions: Vec<InstitutionNumber> = caller.institutions().into_iter().collect();
        let until = tokio::time::Instant::now() + wanted.wait;
        loop {
            let mut tx = self.store.begin().await?;
            let page = self.page(&mut tx, caller, wanted, &institutions).await?;
            let waits = page.letters.is_empty() && tokio::time::Instant::now() < until;
            if !waits || self.store.is_closed() {
                let shown = page.letters.len();
                let event = AuditEvent::done(&caller.actor(), Action::Search, shown);
                tx.commit(event).await?;
                return Ok(page);
            }
            // Nothing is held while it waits.
            drop(tx);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn page(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        wanted: &InboxQuery,
        institutions: &[InstitutionNumber],
    ) -> Result<Inbox, Failure> {
        let now = tx.now();
        let paging = Paging::new(&self.options.cursor_key, caller, (wanted, None), now);
        let person = match &wanted.patient {
            Some(Patient::Key(key)) => Some(*key),
            Some(Patient::Identifier(_)) => return Err(bad_parameter("patient").into()),
            None => None,
        };
        let (after, limit) = (paging.after()?, paging.limit());
        let asked = Wanted { institutions, person, since: wanted.since, after, limit };
        let mut letters = letter::inbox(tx, &asked).await?;
        let next = paging.cut(&mut letters, |letter| letter.visible_at);
        letters.retain(|letter| letter.is_visible(now));
        let signatures = signatures_of(tx, &letters).await?;
        Ok(Inbox { letters, signatures, next })
    }

    /// Letters about a patient that nobody has received yet; those for one addressee, where
    /// its card reader asks.
    async fn waiting(
        &self,
        caller: &Caller,
        wanted: &InboxQuery,
        (patient, addressee): (&PersonIdentifier, Option<InstitutionNumber>),
        about: &mut Option<PersonKey>,
    ) -> Result<Inbox, Failure> {
        let (mut tx, matches) = self.store.begin_for(patient).await?;
        let person = identify::by_history(&matches, None).map_err(|_| &rules::NOT_FOUND)?;
        *about = Some(person);
        let pattern =
            if addressee.is_some() { ConsentPattern::CardReader } else { ConsentPattern::Portal };
        self.pattern(pattern.code())?;
        let now = tx.now();
        let key = &self.options.cursor_key;
        let paging = Paging::new(key, caller, (wanted, Some(person)), now);
        let (after, limit) = (paging.after()?, paging.limit());
        let open = Open { person, addressee, after, limit };
        let mut letters = letter::open_of(&mut tx, &open).await?;
        let next = paging.cut(&mut letters, |letter| Some(letter.registered_at));
        letters.retain(|letter| letter.is_live(now));
        let signatures = signatures_of(&mut tx, &letters).await?;
        let event = AuditEvent::done(&caller.actor(), Action::Search, letters.len());
        tx.commit(event.about(person)).await?;
        Ok(Inbox { letters, signatures, next })
    }

    /// 利用状況確認 — whether an institution takes part, and its name.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] when it does not.
    pub async fn institution(
        &self,
        caller: &Caller,
        number: &str,
    ) -> Result<(InstitutionNumber, std::sync::Arc<str>), Problem> {
        let outcome = self.try_institution(caller, number).await;
        self.concluded(caller, Action::LookUp, None, outcome).await
    }

    async fn try_institution(
        &self,
        caller: &Caller,
        number: &str,
    ) -> Result<(InstitutionNumber, std::sync::Arc<str>), Failure> {
        caller.must_be(Role::Institution)?;
        let number: InstitutionNumber = number.parse().map_err(|_| bad_parameter("identifier"))?;
        if !self.directory.takes_part(number) {
            return Err((&rules::NOT_FOUND).into());
        }
        let now = self.store.now().await?;
        let event = AuditEvent::done(&caller.actor(), Action::LookUp, 1);
        self.record_read(now, event).await?;
        Ok((number, self.directory.institution_name(number, now)))
    }

    /// 医療機関名 — the name of an institution as of an instant.
    pub fn institution_name(
        &self,
        number: InstitutionNumber,
        at: DateTime<Utc>,
    ) -> std::sync::Arc<str> {
        self.directory.institution_name(number, at)
    }
}

async fn signatures_of(
    tx: &mut Tx,
    letters: &[Letter],
) -> Result<HashMap<Uuid, Verification>, Failure> {
    let ids: Vec<_> = letters.iter().map(|letter| letter.submission).collect();
    Ok(signature::of(tx, &ids).await?)
}
