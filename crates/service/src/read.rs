//! 閲覧 — what every read of a patient's data has in common: who asks for whom, the grant,
//! and what is readable now. Also the read of one resource by its id.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::{self, Kind},
    clock::japan_day,
    consent::ConsentCategory,
    identifiers::{PersonKey, ResourceId, SubmissionId},
    participant::Role,
    policy::{self, ReadGrant, ReadRequest},
    prescription::{Facts, Source},
    problem::{Issue, Problem},
    retention::{self, fates},
    rules,
    signature::Verification,
};
use kyoyu_store::{
    Error, Reader, consent, document, person,
    sealed::{self, Wanted},
    segment::{self, Segment},
    signature,
};
use uuid::Uuid;

use crate::{
    Caller, Found, Service,
    failure::Failure,
    prescriptions::{self, PRESCRIPTIONS},
    query::Patient,
};

/// 閲覧の場 — a decided read.
///
/// The connection is given back (dropped) before the read is recorded: the recorder may be
/// waiting for one.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) reader: Reader,
    pub(crate) grant: ReadGrant,
    /// What the grant was given for.
    pub(crate) request: ReadRequest,
    pub(crate) withheld: Vec<ConsentCategory>,
    /// Moves with every change of the consents that the read rests on.
    pub(crate) consent_fingerprint: i64,
}

/// 文書 — a whole document as it was sent.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Its bytes.
    pub text: Bytes,
    /// What became of its electronic signature, if it has one.
    pub signature: Option<Verification>,
}

/// 請求 — what a read asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The patient, where the call names one.
    pub(crate) patient: Option<&'a Patient>,
    /// The kinds that a grant is asked for.
    pub(crate) kinds: &'a [&'static Kind],
    /// The resource type whose segments are wanted; none: only the grant is.
    pub(crate) resource_type: Option<&'a str>,
}

/// 閲覧できる明細 — a resource that this reader may see now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readable<'a> {
    pub(crate) segment: &'a Segment,
    /// Its position in the segment's directory.
    pub(crate) position: usize,
}

impl Readable<'_> {
    pub(crate) fn entry(&self) -> &kyoyu_domain::entry::Entry {
        &self.segment.entries[self.position]
    }

    pub(crate) fn id(&self) -> ResourceId {
        ResourceId { submission: self.segment.key.submission, ordinal: self.entry().ordinal }
    }

    /// When it happened, or else when it was registered: the order of every list.
    pub(crate) fn happened_at(&self) -> DateTime<Utc> {
        self.entry().dated_at.unwrap_or(self.segment.registered_at)
    }
}

/// The FHIR type of whole documents.
pub(crate) const DOCUMENTS: &str = "Bundle";

/// 閲覧できる文書 — a document that a reader may see, without its text.
#[derive(Debug)]
pub(crate) struct ShownDocument {
    pub(crate) grant: ReadGrant,
    pub(crate) kind: &'static Kind,
}

/// A refusal, with the patient whom it concerns where one is known.
pub(crate) type Refused = (Failure, Option<PersonKey>);

impl Service {
    /// Decides a read, and opens every segment that the grant lets one see, of all kinds of
    /// the resource type. Unknown patient, wrong patient and no consent are one refusal.
    pub(crate) async fn open(
        &self,
        mut reader: Reader,
        caller: &Caller,
        asked: Asked<'_>,
    ) -> Result<(Session, Vec<Segment>), Refused> {
        let token = caller.must_have_token().map_err(|problem| (problem.into(), None))?;
        let role = caller.participant.role;
        if policy::audience(role, token.purpose).is_none() {
            return Err(((&rules::ROLE).into(), None));
        }
        let person = match role {
            Role::PatientPortal => own_person(&mut reader, caller, asked.patient).await,
            _ => named_person(&mut reader, asked.patient).await,
        }
        .map_err(|failure| (failure, None))?;
        // An unknown patient goes the same way as a known one without consent.
        let key = person.unwrap_or(PersonKey::new(Uuid::nil()));
        let of_type: Vec<&'static Kind> =
            asked.resource_type.into_iter().flat_map(catalogue::of_type).collect();
        let wanted = Wanted { person: key, institution: caller.institution, kinds: &of_type };
        let (standing, sealed) =
            sealed::fetch(&mut reader, &wanted).await.map_err(|error| (error.into(), person))?;
        let person = match (person, role) {
            (Some(person), Role::Insurer) => member(&mut reader, caller, person, standing.now)
                .await
                .map_err(|failure| (failure, Some(person)))?,
            (person, _) => person,
        };
        let request = ReadRequest {
            role,
            purpose: token.purpose,
            person: key,
            consent: standing.categories,
            kinds: asked.kinds.to_vec(),
            now: standing.now,
        };
        if person.is_none() {
            return Err(((&rules::CONSENT_REQUIRED).into(), None));
        }
        let permission = policy::grant(request.clone()).map_err(|rule| (rule.into(), person))?;
        let segments = sealed.open(&permission.grant).map_err(|error| (error.into(), person))?;
        if role == Role::PatientPortal && segments.is_empty() {
            must_be_there(&mut reader, key).await.map_err(|failure| (failure, person))?;
        }
        let session = Session {
            reader,
            grant: permission.grant,
            request,
            withheld: permission.withheld,
            consent_fingerprint: standing.fingerprint,
        };
        Ok((session, segments))
    }

    /// Every segment that a grant lets one see, of all kinds of a resource type; for reads
    /// that know what they want only after the grant.
    pub(crate) async fn segments(
        &self,
        session: &mut Session,
        resource_type: &str,
    ) -> Result<Vec<Segment>, Failure> {
        let kinds: Vec<&'static Kind> = catalogue::of_type(resource_type).collect();
        let wanted = Wanted { person: session.grant.person(), institution: None, kinds: &kinds };
        let (_, sealed) = sealed::fetch(&mut session.reader, &wanted).await?;
        Ok(sealed.open(&session.grant)?)
    }

    /// What of these segments is readable: within its period, current, and shown to this
    /// reader.
    pub(crate) fn readable<'a>(
        &self,
        grant: &ReadGrant,
        segments: &'a [Segment],
    ) -> Vec<Readable<'a>> {
        let copies: Vec<retention::Copy<'_>> = segments.iter().flat_map(Segment::copies).collect();
        let fates = fates(&copies, &self.options.retention);
        let places = segments.iter().flat_map(|segment| {
            (0..segment.entries.len()).map(move |position| (segment, position))
        });
        places
            .zip(&fates)
            .filter(|((segment, position), fate)| {
                fate.readable(grant.now())
                    && grant.shows(segment.key.kind, &segment.entries[*position])
            })
            .map(|((segment, position), _)| Readable { segment, position })
            .collect()
    }

    /// Fetches the texts of readable resources, in their order. What was deleted in
    /// between is left out.
    pub(crate) async fn fetch(
        &self,
        session: &mut Session,
        wanted: &[Readable<'_>],
    ) -> Result<Vec<Found>, Failure> {
        let mut segments: Vec<&Segment> = Vec::new();
        for one in wanted {
            if !segments.iter().any(|known| known.key == one.segment.key) {
                segments.push(one.segment);
            }
        }
        let texts = segment::texts(&mut session.reader, &session.grant, &segments).await?;
        let mut signatures = signatures_of(session, &segments).await?;
        let mut found = Vec::with_capacity(wanted.len());
        for one in wanted {
            let place = segments.iter().position(|known| known.key == one.segment.key);
            let text = place.and_then(|place| texts[place].as_ref());
            let Some(text) = text.map(|text| text.text(one.position)) else { continue };
            let text = whole(session, one, text).await?;
            let signature = signatures.remove(&one.segment.key.submission.uuid);
            found.push(Found { signature, ..self.found(one, text) });
        }
        Ok(found)
    }

    fn found(&self, one: &Readable<'_>, text: Bytes) -> Found {
        let (segment, entry) = (one.segment, one.entry());
        let registered_at = segment.registered_at;
        let is_prescription = segment.key.kind.resource_type == PRESCRIPTIONS;
        let prescription = is_prescription.then(|| Facts {
            listed: entry.listed,
            ..prescriptions::facts(&text, Source::Document)
        });
        Found {
            id: one.id(),
            kind: segment.key.kind,
            text,
            first_registered_at: entry.first_registered_at,
            registered_at,
            institution: segment.institution,
            institution_name: self.directory.institution_name(segment.institution, registered_at),
            prescription,
            signature: None,
        }
    }

    /// 一件の閲覧 — reads one resource by its id. Whatever stands in the way of seeing it,
    /// the answer is that it is not there.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`], or the refusal of a caller who does not read at all.
    pub async fn read(
        &self,
        caller: &Caller,
        resource_type: &'static str,
        id: &str,
    ) -> Result<Found, Problem> {
        let mut person = None;
        let outcome = self.try_read(caller, resource_type, id, &mut person).await;
        self.concluded(caller, Action::Read, person, outcome).await
    }

    /// 文書の閲覧 — a whole document by its id: a letter by its addressee once it is received,
    /// everything else as [`Service::read`].
    ///
    /// # Errors
    /// As [`Service::read`]; [`rules::LETTER_NOT_RECEIVED`] to the addressee who has not
    /// received it.
    pub async fn read_document(&self, caller: &Caller, id: &str) -> Result<Whole, Problem> {
        let outcome = match self.received_letter(caller, id).await {
            Ok(None) => {
                let found = self.read(caller, DOCUMENTS, id).await?;
                return Ok(Whole { text: found.text, signature: found.signature });
            }
            Ok(Some(received)) => Ok(Whole { text: received.text, signature: received.signature }),
            Err(failure) => Err(failure),
        };
        self.concluded(caller, Action::Read, None, outcome).await
    }

    /// A document that this reader may see now, without its text.
    pub(crate) async fn shown_document(
        &self,
        caller: &Caller,
        id: SubmissionId,
        about: &mut Option<PersonKey>,
    ) -> Result<ShownDocument, Failure> {
        let kinds: Vec<&'static Kind> = catalogue::of_type(DOCUMENTS).collect();
        let mut session = self.session_of(caller, id, &kinds, about).await?;
        let segments = self.segments(&mut session, DOCUMENTS).await?;
        let readable = self.readable(&session.grant, &segments);
        let one = readable.into_iter().find(|one| one.segment.key.submission == id);
        let kind = one.ok_or(&rules::NOT_FOUND)?.segment.key.kind;
        Ok(ShownDocument { grant: session.grant, kind })
    }

    /// Decides the read of something by its id: whatever stands in the way, it is not there.
    pub(crate) async fn session_of(
        &self,
        caller: &Caller,
        id: SubmissionId,
        kinds: &[&'static Kind],
        about: &mut Option<PersonKey>,
    ) -> Result<Session, Failure> {
        let mut reader = self.store.reader().await?;
        let owner = segment::owner(&mut reader, id).await?;
        *about = owner;
        let patient = Patient::Key(owner.unwrap_or(PersonKey::new(Uuid::nil())));
        let asked = Asked { patient: Some(&patient), kinds, resource_type: None };
        match self.open(reader, caller, asked).await {
            Err((Failure::Problem(problem), _)) if problem.rule() == &rules::CONSENT_REQUIRED => {
                Err((&rules::NOT_FOUND).into())
            }
            opened => opened.map(|(session, _)| session).map_err(|(failure, _)| failure),
        }
    }

    async fn try_read(
        &self,
        caller: &Caller,
        resource_type: &'static str,
        id: &str,
        about: &mut Option<PersonKey>,
    ) -> Result<Found, Failure> {
        let not_there = || Failure::from(&rules::NOT_FOUND);
        let id: ResourceId = id.parse().map_err(|_| not_there())?;
        let kinds: Vec<&'static Kind> = catalogue::of_type(resource_type).collect();
        let mut session = self.session_of(caller, id.submission, &kinds, about).await?;
        let segments = self.segments(&mut session, resource_type).await?;
        let readable = self.readable(&session.grant, &segments);
        let one = readable.into_iter().find(|one| one.id() == id).ok_or_else(not_there)?;
        let found = self.fetch(&mut session, &[one]).await?.pop().ok_or_else(not_there)?;
        drop(session.reader);
        let event = AuditEvent::done(&caller.actor(), Action::Read, 1)
            .about(session.grant.person())
            .of_kinds(vec![found.kind]);
        self.record_read(session.grant.now(), event).await?;
        Ok(found)
    }
}

/// What became of the signatures of the documents among these.
async fn signatures_of(
    session: &mut Session,
    segments: &[&Segment],
) -> Result<HashMap<Uuid, Verification>, Failure> {
    let documents = segments.iter().filter(|one| one.key.kind.is_document());
    let ids: Vec<SubmissionId> = documents.map(|one| one.key.submission).collect();
    Ok(signature::of_read(&mut session.reader, &ids).await?)
}

/// A document with its attachments; every other text is whole.
async fn whole(session: &mut Session, one: &Readable<'_>, text: Bytes) -> Result<Bytes, Failure> {
    let Session { reader, grant, .. } = session;
    if !one.segment.key.kind.is_document() {
        return Ok(text);
    }
    Ok(document::whole(reader, grant, one.segment.key.submission, &text).await?)
}

/// A patient who was joined with another since the token's identifier was looked up would see
/// an empty list; an institution is refused then, for want of a consent.
async fn must_be_there(reader: &mut Reader, person: PersonKey) -> Result<(), Failure> {
    if person::is_there(reader, person).await? { Ok(()) } else { Err(Error::Overtaken.into()) }
}

/// An insurer reads of its own members, as of today, and of nobody else.
async fn member(
    reader: &mut Reader,
    caller: &Caller,
    person: PersonKey,
    now: DateTime<Utc>,
) -> Result<Option<PersonKey>, Failure> {
    let Some(insurer) = &caller.participant.insurer else { return Ok(None) };
    let is_member = person::is_member(reader, person, insurer, japan_day(now)).await?;
    Ok(Some(person).filter(|_| is_member))
}

async fn named_person(
    reader: &mut Reader,
    patient: Option<&Patient>,
) -> Result<Option<PersonKey>, Failure> {
    match patient {
        None => Err((&rules::PATIENT_REQUIRED).into()),
        Some(Patient::Key(key)) => Ok(Some(*key)),
        Some(Patient::Identifier(identifier)) => Ok(consent::person_of(reader, identifier).await?),
    }
}

/// The portal reads the patient whom its token names, and nobody else.
async fn own_person(
    reader: &mut Reader,
    caller: &Caller,
    patient: Option<&Patient>,
) -> Result<Option<PersonKey>, Failure> {
    let identifier = caller.must_have_token()?.patient.as_ref();
    let identifier = identifier.ok_or(&rules::PATIENT_REQUIRED)?;
    let own = consent::person_of(reader, identifier).await?;
    let asked = match patient {
        None => own,
        Some(_) => named_person(reader, patient).await?,
    };
    Ok(own.filter(|own| asked == Some(*own)))
}

/// Names a parameter in a refusal.
pub(crate) fn bad_parameter(name: &'static str) -> Problem {
    Issue::of(&rules::PARAMETER_VALUE).with(name).into()
}
