//! 患者サマリーの組立て — the patient opens a summary: diseases and advice as they were sent, and
//! beside them what belongs to it at the time of viewing.
//!
//! Source: S11.7; design §2.

use chrono::{Days, NaiveDate};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::{self, Kind},
    clock::japan_day,
    identifiers::{InstitutionNumber, PersonKey, ResourceId},
    participant::Role,
    policy::ReadGrant,
    problem::{Issue, Problem},
    rules,
};

use crate::{
    Caller, Found, Prescribed, Service,
    failure::Failure,
    prescriptions::{PRESCRIPTIONS, Scope},
    read::{DOCUMENTS, Readable, Session},
};

/// How many days before the advice the results and prescriptions begin that belong to it.
const DAYS_BEFORE: u64 = 30;

/// 組立て結果 — a summary with what belongs to it.
#[derive(Debug)]
pub struct Assembled {
    /// The summary first, then allergies, infections and results, each newest first.
    pub entries: Vec<Found>,
    /// 処方 — what the adviser prescribed, as the e-prescription service knows it.
    pub prescriptions: Vec<Prescribed>,
    /// What is not there, and why.
    pub notes: Vec<Issue>,
}

/// 指導 — who gave the advice, and on which day.
#[derive(Debug, Clone, Copy)]
struct Guidance {
    institution: InstitutionNumber,
    on: NaiveDate,
}

impl Guidance {
    /// Whether a result belongs to the advice: the adviser's own, of the days before it.
    fn covers(&self, result: &Readable<'_>) -> bool {
        let day = japan_day(result.happened_at());
        let period = self.first_day()..=self.on;
        result.segment.institution == self.institution && period.contains(&day)
    }

    fn first_day(&self) -> NaiveDate {
        self.on.checked_sub_days(Days::new(DAYS_BEFORE)).unwrap_or(NaiveDate::MIN)
    }
}

impl Service {
    /// 患者サマリーの閲覧 — the summary with this id, assembled for the patient.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] to everybody else and for every other document.
    pub async fn assemble(&self, caller: &Caller, id: &str) -> Result<Assembled, Problem> {
        let mut about = None;
        let outcome = self.try_assemble(caller, id, &mut about).await;
        self.concluded(caller, Action::Read, about, outcome).await
    }

    async fn try_assemble(
        &self,
        caller: &Caller,
        id: &str,
        about: &mut Option<PersonKey>,
    ) -> Result<Assembled, Failure> {
        caller.must_be(Role::PatientPortal)?;
        let id: ResourceId = id.parse().map_err(|_| &rules::NOT_FOUND)?;
        let kinds: Vec<&'static Kind> = catalogue::CATALOGUE.iter().collect();
        let mut session = self.session_of(caller, id.submission, &kinds, about).await?;
        let (summary, guidance) = self.summary(&mut session, id).await?;
        let mut entries = vec![summary];
        let is_kind = |one: &Readable<'_>, code| one.segment.key.kind.code == code;
        entries.extend(self.beside(&mut session, "AllergyIntolerance", |_| true).await?);
        let infection = |one: &Readable<'_>| is_kind(one, "infection");
        entries.extend(self.beside(&mut session, "Observation", infection).await?);
        let result = |one: &Readable<'_>| is_kind(one, "lab") && guidance.covers(one);
        entries.extend(self.beside(&mut session, "Observation", result).await?);
        drop(session.reader);
        let (prescriptions, notes) = self.prescribed_by(guidance, &session.grant).await?;
        let mut kinds: Vec<&'static Kind> = entries.iter().map(|one| one.kind).collect();
        kinds.extend(self.prescriptions.iter().flat_map(|_| catalogue::of_type(PRESCRIPTIONS)));
        kinds.dedup();
        let shown = entries.len() + prescriptions.len();
        let event = AuditEvent::done(&caller.actor(), Action::Read, shown)
            .about(session.grant.person())
            .of_kinds(kinds);
        self.record_read(session.grant.now(), event).await?;
        Ok(Assembled { entries, prescriptions, notes })
    }

    /// 処方 — what the adviser prescribed in the days before the advice, and what is to be told
    /// of it (S11.7). It is the patient's own: no consent opens or closes it.
    async fn prescribed_by(
        &self,
        guidance: Guidance,
        grant: &ReadGrant,
    ) -> Result<(Vec<Prescribed>, Vec<Issue>), Failure> {
        let scope = Scope {
            institution: Some(guidance.institution),
            from: guidance.first_day(),
            through: guidance.on,
        };
        let asked = self.ask_for_prescriptions(grant, scope).await?;
        let on_paper = self.on_paper([guidance.institution], grant.now());
        Ok((asked.prescribed, asked.note.into_iter().chain(on_paper).collect()))
    }

    async fn summary(
        &self,
        session: &mut Session,
        id: ResourceId,
    ) -> Result<(Found, Guidance), Failure> {
        let documents = self.segments(session, DOCUMENTS).await?;
        let readable = self.readable(&session.grant, &documents);
        let is_summary =
            |one: &Readable<'_>| one.id() == id && one.segment.key.kind.code == "patient-summary";
        let summary = readable.into_iter().find(is_summary).ok_or(&rules::NOT_FOUND)?;
        let on = japan_day(summary.happened_at());
        let guidance = Guidance { institution: summary.segment.institution, on };
        let found = self.fetch(session, &[summary]).await?.pop().ok_or(&rules::NOT_FOUND)?;
        Ok((found, guidance))
    }

    /// What the patient may see of a type and belongs to the summary, newest first.
    async fn beside(
        &self,
        session: &mut Session,
        resource_type: &str,
        belongs: impl Fn(&Readable<'_>) -> bool,
    ) -> Result<Vec<Found>, Failure> {
        let segments = self.segments(session, resource_type).await?;
        let mut wanted = self.readable(&session.grant, &segments);
        wanted.retain(|one| belongs(one));
        wanted.sort_by_key(|one| std::cmp::Reverse((one.happened_at(), one.id())));
        self.fetch(session, &wanted).await
    }
}
