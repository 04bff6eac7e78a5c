//! 処方の照会 — asking the e-prescription service (電子処方箋管理サービス) for a person's
//! prescriptions, at the time of reading; nothing of an answer is kept.
//!
//! The interface and what makes an answer usable: `docs/e-prescription.md`. Source: S6.12,
//! S11.7; design §1.

mod told;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use kyoyu_domain::{
    catalogue::{self, Kind},
    clock::japan_day,
    identifiers::{InstitutionNumber, PersonIdentifier},
    person::DatedIdentifier,
    policy::ReadGrant,
    prescription::{Facts, Source},
    problem::Issue,
    rules,
};
use kyoyu_profile::prescription;
use kyoyu_store::person;

pub(crate) use self::told::scope_of;
use crate::{Service, failure::Failure};

/// The FHIR type of prescriptions.
pub(crate) const PRESCRIPTIONS: &str = "MedicationRequest";

/// An answer that is on its way: the body of a searchset as it came, or why there is none.
pub type AskingPrescriptions<'a> =
    Pin<Box<dyn Future<Output = Result<Bytes, Unasked>> + Send + 'a>>;

/// 電子処方箋管理サービス — who knows what was prescribed electronically.
///
/// What it answers is read and judged by the service ([`Unasked::Answer`]): an
/// implementation brings bytes, and bounds their number and the time that they take.
pub trait PrescriptionSource: fmt::Debug + Send + Sync + 'static {
    /// Asks for the prescriptions of one person.
    fn ask<'a>(&'a self, question: &'a Question) -> AskingPrescriptions<'a>;
}

/// 照会 — whose prescriptions are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The person's identifiers that are valid now or were valid in the period; at least one.
    pub patient: Vec<PersonIdentifier>,
    /// Who prescribed; none: everybody.
    pub institution: Option<InstitutionNumber>,
    /// The first day in Japan of the period, by 処方日.
    pub from: NaiveDate,
    /// Its last day.
    pub through: NaiveDate,
}

/// 照会不能 — why the e-prescription service could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unasked {
    /// The person has no identifier that is valid now or was valid in the period.
    Identifier,
    /// Too many questions are under way.
    Busy,
    /// It has failed lately and is left alone for a while.
    Resting,
    /// It did not answer in time.
    TimeOut,
    /// It cannot be reached, or does not believe us, or we do not believe it.
    Unreachable,
    /// It refused, or says that it cannot answer.
    Refused,
    /// It answered something else than it must: no searchset, too much, another person.
    Answer,
}

impl Unasked {
    /// Every reason with its code, as outcomes and logs name it.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Identifier, "identifier"),
        (Self::Busy, "busy"),
        (Self::Resting, "resting"),
        (Self::TimeOut, "time-out"),
        (Self::Unreachable, "unreachable"),
        (Self::Refused, "refused"),
        (Self::Answer, "answer"),
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).expect("every reason has a row").1
    }
}

/// 照会結果の処方 — one prescription as the e-prescription service gave it.
#[derive(Debug, Clone)]
pub struct Prescribed {
    /// The `fullUrl` of its entry.
    pub full_url: String,
    /// Its text, to the byte.
    pub text: Bytes,
    /// Who prescribed it.
    pub institution: InstitutionNumber,
    /// That institution's name as of today.
    pub institution_name: Arc<str>,
    /// 処方日
    pub authored_at: DateTime<Utc>,
    /// What a page draws.
    pub facts: Facts,
}

/// 照会の範囲 — what is asked for besides the person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) institution: Option<InstitutionNumber>,
    pub(crate) from: NaiveDate,
    pub(crate) through: NaiveDate,
}

/// What became of a question, with the outcome that says so where there is no answer.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Newest first.
    pub(crate) prescribed: Vec<Prescribed>,
    pub(crate) note: Option<Issue>,
}

impl Asked {
    fn without(note: Issue) -> Self {
        Self { prescribed: Vec::new(), note: Some(note) }
    }
}

/// The kind, where a reader is granted it.
pub(crate) fn granted(grant: &ReadGrant) -> Option<&'static Kind> {
    catalogue::of_type(PRESCRIPTIONS).find(|kind| grant.kinds().contains(kind))
}

impl Service {
    /// Asks for the prescriptions of the person of a grant. The caller holds no connection to
    /// the database meanwhile: the answer may take its time.
    ///
    /// # Errors
    /// Of the store only; that there is no answer is an answer too.
    pub(crate) async fn ask_for_prescriptions(
        &self,
        grant: &ReadGrant,
        scope: Scope,
    ) -> Result<Asked, Failure> {
        let Some(source) = &self.prescriptions else {
            return Ok(Asked::without(Issue::of(&rules::PRESCRIPTIONS_UNASKED)));
        };
        let patient = self.identifiers(grant, scope).await?;
        let Scope { institution, from, through } = scope;
        let question = Question { patient, institution, from, through };
        let answer = if question.patient.is_empty() {
            Err(Unasked::Identifier)
        } else {
            source.ask(&question).await
        };
        match answer.and_then(|body| self.judged(&question, &body, grant.now())) {
            Ok(prescribed) => Ok(Asked { prescribed, note: None }),
            Err(reason) => {
                tracing::warn!(
                    reason = reason.code(),
                    "the e-prescription service could not be asked"
                );
                let issue = Issue::of(&rules::PRESCRIPTIONS_UNANSWERED).with(reason.code());
                Ok(Asked::without(issue))
            }
        }
    }

    /// The person's identifiers that are valid today or were at any time of the period.
    async fn identifiers(
        &self,
        grant: &ReadGrant,
        scope: Scope,
    ) -> Result<Vec<PersonIdentifier>, Failure> {
        let mut tx = self.store.begin().await?;
        let person = person::granted(&mut tx, grant).await?;
        drop(tx);
        let today = japan_day(grant.now());
        let is_meant = |dated: &DatedIdentifier| {
            let begins = dated.valid_from.is_none_or(|from| from <= scope.through);
            let ends = dated.valid_through.is_some_and(|through| through < scope.from);
            dated.valid_on(today) || (begins && !ends)
        };
        let all = person.map(|person| person.identifiers).unwrap_or_default();
        Ok(all.into_iter().filter(is_meant).map(|dated| dated.identifier).collect())
    }

    /// Reads an answer. One line that was not asked for, of another person above all, and
    /// nothing of the answer is believed.
    fn judged(
        &self,
        question: &Question,
        body: &Bytes,
        now: DateTime<Utc>,
    ) -> Result<Vec<Prescribed>, Unasked> {
        let lines = prescription::answer(body, &self.options.limits).ok_or(Unasked::Answer)?;
        let period = question.from..=question.through;
        let was_asked_for = |line: &prescription::AnsweredLine| {
            question.patient.contains(&line.patient)
                && question.institution.is_none_or(|asked| asked == line.institution)
                && period.contains(&japan_day(line.authored_at))
        };
        if !lines.iter().all(was_asked_for) {
            return Err(Unasked::Answer);
        }
        let mut prescribed: Vec<Prescribed> = lines
            .into_iter()
            .map(|line| {
                let text = body.slice(line.text);
                Prescribed {
                    full_url: line.full_url,
                    institution: line.institution,
                    institution_name: self.directory.institution_name(line.institution, now),
                    authored_at: line.authored_at,
                    facts: facts(&text, Source::EPrescription),
                    text,
                }
            })
            .collect();
        prescribed.sort_by_key(|one| std::cmp::Reverse(one.authored_at));
        Ok(prescribed)
    }
}

/// What a page draws of a prescription, without what only a document knows.
pub(crate) fn facts(text: &[u8], source: Source) -> Facts {
    Facts { source, listed: None, line: prescription::line(text).unwrap_or_default() }
}
