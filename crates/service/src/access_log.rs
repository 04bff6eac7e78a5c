//! 閲覧履歴 — who looked at what, when and why, for the patient.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::{self, Kind},
    identifiers::{InstitutionNumber, PersonKey},
    participant::Role,
    person::Disclosure,
    policy::Purpose,
    problem::Problem,
    rules,
};
use kyoyu_store::{audit, person};
use uuid::Uuid;

use crate::{
    Caller, SearchQuery, Service,
    cursor::{self, Binding, Position},
    failure::Failure,
    query::{Filter, Operation},
    read::Asked,
};

/// 閲覧履歴 — a page, newest first.
#[derive(Debug)]
pub struct AccessLog {
    /// The accesses.
    pub accesses: Vec<Access>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// 閲覧 — one access to a patient's data.
#[derive(Debug, Clone)]
pub struct Access {
    /// The record's id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// The participant that called.
    pub participant_name: Option<String>,
    /// The institution that it acted for.
    pub institution: Option<InstitutionNumber>,
    /// That institution's name at the time.
    pub institution_name: Option<Arc<str>>,
    /// The person who acted.
    pub user: Option<String>,
    /// That person's qualification.
    pub qualification: Option<String>,
    /// Why.
    pub purpose: Option<Purpose>,
    /// What was done.
    pub action: Action,
    /// With which kinds.
    pub kinds: Vec<&'static Kind>,
    /// `done` or the code of the refusing rule.
    pub outcome: String,
    /// How many resources were shown, or how many refusals it stands for.
    pub quantity: i32,
}

impl Service {
    /// 閲覧履歴 — the accesses to the portal user's own data.
    ///
    /// # Errors
    /// The refusal of a caller other than the portal; [`rules::LOG_CLOSED`] from the moment
    /// at which the eligibility network closes the log, also between two pages.
    pub async fn access_log(
        &self,
        caller: &Caller,
        query: SearchQuery,
    ) -> Result<AccessLog, Problem> {
        let outcome = self.try_access_log(caller, &query).await;
        self.concluded(caller, Action::ReadAudit, None, outcome).await
    }

    async fn try_access_log(
        &self,
        caller: &Caller,
        query: &SearchQuery,
    ) -> Result<AccessLog, Failure> {
        caller.must_be(Role::PatientPortal)?;
        let filter = Filter::read(query, Operation::AccessLog, "AuditEvent")?;
        let reader = self.store.reader().await?;
        let asked = Asked { patient: filter.patient.as_ref(), kinds: &[], resource_type: None };
        let opened = self.open(reader, caller, asked).await;
        let (session, _) = opened.map_err(|(failure, _)| failure)?;
        drop(session.reader);
        let (person, now) = (session.grant.person(), session.grant.now());
        let binding = Binding::of(&[b"AuditEvent", person.uuid().as_bytes()]);
        let key = &self.options.cursor_key;
        let before = match &filter.cursor {
            Some(cursor) => Some(cursor::read(key, &binding, cursor, now)?),
            None => None,
        };
        let accesses = self.accesses(person, before.and_then(instant), filter.count + 1).await?;
        let more = accesses.len() > filter.count;
        let accesses: Vec<Access> = accesses.into_iter().take(filter.count).collect();
        let next = accesses.last().filter(|_| more).map(|last| {
            let tie = last.id.as_u128();
            let position = Position { at_micros: last.at.timestamp_micros(), tie };
            cursor::write(key, &binding, position, now)
        });
        let event = AuditEvent::done(&caller.actor(), Action::ReadAudit, accesses.len());
        self.record_read(now, event.about(person)).await?;
        Ok(AccessLog { accesses, next })
    }

    async fn accesses(
        &self,
        person: PersonKey,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: usize,
    ) -> Result<Vec<Access>, Failure> {
        let mut tx = self.store.begin().await?;
        if person::disclosure(&mut tx, person).await? == Disclosure::Closed {
            return Err((&rules::LOG_CLOSED).into());
        }
        let rows = audit::list(&mut tx, person, before, limit as i64).await?;
        Ok(rows.into_iter().map(|row| self.access(row)).collect())
    }

    fn access(&self, row: audit::Access) -> Access {
        let institution: Option<InstitutionNumber> =
            row.institution.and_then(|number| number.parse().ok());
        Access {
            id: row.event,
            at: row.at,
            participant_name: row.participant,
            institution,
            institution_name: institution
                .map(|number| self.directory.institution_name(number, row.at)),
            user: row.user,
            qualification: row.qualification,
            purpose: row.purpose.as_deref().and_then(Purpose::from_code),
            action: row.action,
            kinds: row.kinds.iter().filter_map(|code| catalogue::find(code)).collect(),
            outcome: row.outcome,
            quantity: row.quantity,
        }
    }

    /// 監査 — a patient's accesses for an operator at the command line, newest first.
    ///
    /// # Errors
    /// [`rules::PERSON_UNKNOWN`] when the identifier is nobody's.
    pub async fn audit_of(
        &self,
        operator: &str,
        identifier: &kyoyu_domain::identifiers::PersonIdentifier,
        limit: usize,
    ) -> Result<Vec<Access>, Problem> {
        let outcome = self.try_audit_of(operator, identifier, limit).await;
        outcome.map_err(Failure::into_problem)
    }

    async fn try_audit_of(
        &self,
        operator: &str,
        identifier: &kyoyu_domain::identifiers::PersonIdentifier,
        limit: usize,
    ) -> Result<Vec<Access>, Failure> {
        let mut reader = self.store.reader().await?;
        let persons = person::find(&mut reader, identifier).await?;
        drop(reader);
        let mut tx = self.store.begin().await?;
        let [person] = persons[..] else { return Err((&rules::PERSON_UNKNOWN).into()) };
        let rows = audit::list(&mut tx, person, None, limit as i64).await?;
        let accesses: Vec<Access> = rows.into_iter().map(|row| self.access(row)).collect();
        let event =
            AuditEvent::done(&crate::purge::operator(operator), Action::ReadAudit, accesses.len());
        tx.commit(event.about(person)).await?;
        Ok(accesses)
    }
}

fn instant(position: Position) -> Option<(DateTime<Utc>, Uuid)> {
    let at = DateTime::from_timestamp_micros(position.at_micros)?;
    Some((at, Uuid::from_u128(position.tie)))
}
