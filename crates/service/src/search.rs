//! 検索 — a doctor or the patient asks for the resources of one type.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::Kind,
    consent::ConsentCategory,
    identifiers::{InstitutionNumber, PersonKey, ResourceId},
    policy::ReadGrant,
    prescription::Facts,
    problem::{Issue, Problem},
    signature::Verification,
};
use kyoyu_profile::resource;
use kyoyu_store::segment::Segment;

use crate::{
    Caller, Prescribed, SearchQuery, Service,
    cursor::{self, Binding, Position},
    failure::Failure,
    prescriptions,
    query::{Filter, Operation},
    read::{Asked, Readable, Session},
};

/// 検索結果 — one page.
#[derive(Debug)]
pub struct SearchPage {
    /// The resources, newest first.
    pub entries: Vec<Found>,
    /// 電子処方箋管理サービスの処方 — of a search of prescriptions, on its first page.
    pub elsewhere: Vec<Prescribed>,
    /// What is not there, and why.
    pub notes: Vec<Issue>,
    /// Categories asked for that the consent leaves out.
    pub withheld: Vec<ConsentCategory>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// 閲覧結果 — one resource as it leaves the service.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub id: ResourceId,
    /// Its kind.
    pub kind: &'static Kind,
    /// Its text, as sent apart from id and patient reference.
    pub text: Bytes,
    /// When its institution registered it first.
    pub first_registered_at: DateTime<Utc>,
    /// When this copy was registered.
    pub registered_at: DateTime<Utc>,
    /// Who sent it.
    pub institution: InstitutionNumber,
    /// That institution's name as of the registration.
    pub institution_name: Arc<str>,
    /// What a page draws of a prescription; none of every other kind.
    pub prescription: Option<Facts>,
    /// What became of the electronic signature of a document that has one.
    pub signature: Option<Verification>,
}

impl Service {
    /// 検索 — the patient's resources of a type, newest first, a page at a time.
    ///
    /// # Errors
    /// One refusal for no consent, an unknown and a wrong patient; the first parameter
    /// that is not understood.
    pub async fn search(
        &self,
        caller: &Caller,
        resource_type: &'static str,
        query: SearchQuery,
    ) -> Result<SearchPage, Problem> {
        let mut person = None;
        let outcome = self.try_search(caller, resource_type, &query, &mut person).await;
        self.concluded(caller, Action::Search, person, outcome).await
    }

    async fn try_search(
        &self,
        caller: &Caller,
        resource_type: &'static str,
        query: &SearchQuery,
        about: &mut Option<PersonKey>,
    ) -> Result<SearchPage, Failure> {
        let filter = Filter::read(query, Operation::Search, resource_type)?;
        let (mut session, segments) = self.session(caller, &filter, resource_type, about).await?;
        let binding = binding(caller, &session, resource_type, query);
        let key = &self.options.cursor_key;
        let now = session.grant.now();
        let after = match &filter.cursor {
            Some(cursor) => Some(cursor::read(key, &binding, cursor, now)?),
            None => None,
        };
        let mut wanted = self.readable(&session.grant, &segments);
        wanted.retain(|one| filter.passes(one.entry(), one.segment.registered_at));
        let mut notes = self.told_of_prescriptions(&mut session, &wanted).await?;
        wanted.sort_unstable_by_key(|one| std::cmp::Reverse(order(one)));
        wanted.retain(|one| after.is_none_or(|after| order(one) < (after.at_micros, after.tie)));
        let wanted = self.with_codes(&mut session, wanted, &filter).await?;
        let page = &wanted[..fitting(&wanted, filter.count)];
        let more = wanted.len() > page.len();
        let next = page.last().filter(|_| more).map(|last| {
            let (at_micros, tie) = order(last);
            cursor::write(key, &binding, Position { at_micros, tie }, now)
        });
        let entries = self.fetch(&mut session, page).await?;
        drop(session.reader);
        let elsewhere = self.prescribed_elsewhere(&session.grant, &filter, &mut notes).await?;
        let shown = entries.len() + elsewhere.len();
        self.record_shown(caller, Action::Search, &session.grant, shown).await?;
        Ok(SearchPage { entries, elsewhere, notes, withheld: session.withheld, next })
    }

    /// What the e-prescription service knows and the first page of a search of prescriptions
    /// asks for; why it could not be asked is noted.
    async fn prescribed_elsewhere(
        &self,
        grant: &ReadGrant,
        filter: &Filter,
        notes: &mut Vec<Issue>,
    ) -> Result<Vec<Prescribed>, Failure> {
        let scope = prescriptions::scope_of(filter, grant.now());
        let (Some(_), Some(scope), None) = (prescriptions::granted(grant), scope, &filter.cursor)
        else {
            return Ok(Vec::new());
        };
        let asked = self.ask_for_prescriptions(grant, scope).await?;
        notes.extend(asked.note);
        let mut prescribed = asked.prescribed;
        prescribed.retain(|one| filter.passes_elsewhere(one.authored_at, &one.text));
        Ok(prescribed)
    }

    /// 直近の結果 — `Observation/$lastn`: the newest results of each item.
    ///
    /// # Errors
    /// As [`Service::search`].
    pub async fn last_n(&self, caller: &Caller, query: SearchQuery) -> Result<SearchPage, Problem> {
        let mut person = None;
        let outcome = self.try_last_n(caller, &query, &mut person).await;
        self.concluded(caller, Action::Search, person, outcome).await
    }

    async fn try_last_n(
        &self,
        caller: &Caller,
        query: &SearchQuery,
        about: &mut Option<PersonKey>,
    ) -> Result<SearchPage, Failure> {
        let filter = Filter::read(query, Operation::LastN, "Observation")?;
        let (mut session, segments) = self.session(caller, &filter, "Observation", about).await?;
        let mut wanted = self.readable(&session.grant, &segments);
        wanted.retain(|one| filter.passes(one.entry(), one.segment.registered_at));
        wanted.sort_unstable_by_key(|one| std::cmp::Reverse(order(one)));
        let mut wanted = self.with_codes(&mut session, wanted, &filter).await?;
        let mut taken: HashMap<(&str, u16), usize> = HashMap::new();
        wanted.retain(|one| {
            let so_far = taken.entry((one.segment.key.kind.code, one.entry().item)).or_default();
            *so_far += 1;
            *so_far <= filter.max
        });
        let entries = self.fetch(&mut session, &wanted).await?;
        drop(session.reader);
        self.record_shown(caller, Action::Search, &session.grant, entries.len()).await?;
        let withheld = session.withheld;
        Ok(SearchPage { entries, elsewhere: Vec::new(), notes: Vec::new(), withheld, next: None })
    }

    async fn session(
        &self,
        caller: &Caller,
        filter: &Filter,
        resource_type: &str,
        about: &mut Option<PersonKey>,
    ) -> Result<(Session, Vec<Segment>), Failure> {
        let reader = self.store.reader().await?;
        let asked = Asked {
            patient: filter.patient.as_ref(),
            kinds: &filter.kinds,
            resource_type: Some(resource_type),
        };
        self.open(reader, caller, asked).await.map_err(|(failure, person)| {
            *about = person;
            failure
        })
    }

    /// Leaves only resources with one of the codes asked for; their texts are looked at.
    async fn with_codes<'a>(
        &self,
        session: &mut Session,
        wanted: Vec<Readable<'a>>,
        filter: &Filter,
    ) -> Result<Vec<Readable<'a>>, Failure> {
        if filter.codes.is_empty() {
            return Ok(wanted);
        }
        let found = self.fetch(session, &wanted).await?;
        let passing: std::collections::HashSet<ResourceId> = found
            .iter()
            .filter(|one| filter.passes_code(&resource::codings(&one.text)))
            .map(|one| one.id)
            .collect();
        Ok(wanted.into_iter().filter(|one| passing.contains(&one.id())).collect())
    }

    async fn record_shown(
        &self,
        caller: &Caller,
        action: Action,
        grant: &ReadGrant,
        resources: usize,
    ) -> Result<(), Failure> {
        let event = AuditEvent::done(&caller.actor(), action, resources)
            .about(grant.person())
            .of_kinds(grant.kinds().to_vec());
        self.record_read(grant.now(), event).await
    }
}

/// How many of these make a page: at least one, and no more than fit an answer.
fn fitting(wanted: &[Readable<'_>], count: usize) -> usize {
    /// Documents are large; a page of them is an answer of a size that a caller can hold.
    const MOST_BYTES: usize = 16 << 20;
    let mut bytes = 0;
    let fits = |one: &&Readable<'_>| {
        bytes += one.entry().text_bytes as usize;
        bytes <= MOST_BYTES
    };
    let fitting = wanted.iter().take(count).take_while(fits).count();
    fitting.max(1).min(wanted.len())
}

/// Newest first: when it happened, then the id.
fn order(one: &Readable<'_>) -> (i64, u128) {
    let id = one.id();
    // UUIDv7 begins with 48 bits of time; rotating them out leaves room for the ordinal
    // without losing uniqueness within one patient and millisecond.
    let tie = (id.submission.uuid.as_u128() << 16) | u128::from(id.ordinal);
    (one.happened_at().timestamp_micros(), tie)
}

fn binding(
    caller: &Caller,
    session: &Session,
    resource_type: &str,
    query: &SearchQuery,
) -> Binding {
    let actor = caller.actor();
    let mut parts: Vec<Vec<u8>> = vec![
        resource_type.as_bytes().to_vec(),
        session.grant.person().uuid().as_bytes().to_vec(),
        session.consent_fingerprint.to_be_bytes().to_vec(),
        caller.participant.id.to_be_bytes().to_vec(),
        actor.institution.map(|number| number.to_string()).unwrap_or_default().into_bytes(),
        actor.user.unwrap_or_default().into_bytes(),
    ];
    for (name, value) in &query.parameters {
        if name != "cursor" {
            parts.push(name.clone().into_bytes());
            parts.push(value.clone().into_bytes());
        }
    }
    Binding::of(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}
