//! 本人情報 — the person behind `Patient/<key>`.

use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::PersonKey,
    person::Person,
    problem::Problem,
    rules,
};
use kyoyu_store::person;

use crate::{
    Caller, SearchQuery, Service,
    failure::Failure,
    query::{Filter, Operation, Patient},
    read::{Asked, bad_parameter},
};

impl Service {
    /// Reads `Patient/<key>`. Whatever stands in the way, the answer is that it is not
    /// there.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`], or the refusal of a caller who does not read at all.
    pub async fn patient(&self, caller: &Caller, key: &str) -> Result<Person, Problem> {
        let mut about = None;
        let outcome = match key.parse() {
            Ok(key) => {
                let patient = Patient::Key(key);
                hide(self.person(caller, Some(&patient), &mut about).await)
            }
            Err(_) => Err((&rules::NOT_FOUND).into()),
        };
        self.concluded(caller, Action::ReadPatient, about, outcome).await
    }

    /// Finds the patient of an identifier (`POST Patient/_search`).
    ///
    /// # Errors
    /// One refusal for no consent, an unknown and a wrong patient.
    pub async fn find_patient(
        &self,
        caller: &Caller,
        query: SearchQuery,
    ) -> Result<Person, Problem> {
        let mut about = None;
        let outcome = self.try_find_patient(caller, &query, &mut about).await;
        self.concluded(caller, Action::ReadPatient, about, outcome).await
    }

    async fn try_find_patient(
        &self,
        caller: &Caller,
        query: &SearchQuery,
        about: &mut Option<PersonKey>,
    ) -> Result<Person, Failure> {
        let filter = Filter::read(query, Operation::Patient, "Patient")?;
        if matches!(filter.patient, Some(Patient::Key(_))) {
            return Err(bad_parameter("patient").into());
        }
        self.person(caller, filter.patient.as_ref(), about).await
    }

    async fn person(
        &self,
        caller: &Caller,
        patient: Option<&Patient>,
        about: &mut Option<PersonKey>,
    ) -> Result<Person, Failure> {
        let reader = self.store.reader().await?;
        let asked = Asked { patient, kinds: &[], resource_type: None };
        let opened = self.open(reader, caller, asked).await;
        let (session, _) = opened.map_err(|(failure, person)| {
            *about = person;
            failure
        })?;
        drop(session.reader);
        let mut tx = self.store.begin().await?;
        let person = person::granted(&mut tx, &session.grant).await?;
        let person = person.ok_or(&rules::CONSENT_REQUIRED)?;
        let event = AuditEvent::done(&caller.actor(), Action::ReadPatient, 1).about(person.key);
        tx.commit(event).await?;
        Ok(person)
    }
}

/// For a read by id, "not yours" looks like "not there".
fn hide(outcome: Result<Person, Failure>) -> Result<Person, Failure> {
    match outcome {
        Err(Failure::Problem(problem)) if problem.rule() == &rules::CONSENT_REQUIRED => {
            Err((&rules::NOT_FOUND).into())
        }
        outcome => outcome,
    }
}
