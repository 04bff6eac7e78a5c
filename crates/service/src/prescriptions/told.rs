//! 完全性の明示 — what a list of prescriptions does not hold, said in its outcome: it must
//! never look whole (S6.12, S11.6).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use kyoyu_domain::{
    catalogue::{self, Kind},
    clock::japan_day,
    identifiers::InstitutionNumber,
    policy,
    prescription::{Completeness, Medium},
    problem::Issue,
    rules,
};
use kyoyu_store::sealed::{self, Wanted};

use super::{Scope, granted};
use crate::{
    Service,
    failure::Failure,
    query::Filter,
    read::{DOCUMENTS, Readable, Session},
};

/// The period that is asked for where a search names none: what the e-prescription service
/// keeps for readers.
const USUAL_DAYS: u64 = 100;

impl Service {
    /// What is to be told of prescriptions out of documents, and whose are nowhere; nothing
    /// where the grant is not one for prescriptions. `readable` are those that the reader may see, before any code is looked for: a line without a code
    /// might be the one.
    pub(crate) async fn told_of_prescriptions(
        &self,
        session: &mut Session,
        readable: &[Readable<'_>],
    ) -> Result<Vec<Issue>, Failure> {
        let Some(kind) = granted(&session.grant) else { return Ok(Vec::new()) };
        let mut told = Vec::new();
        let extracts = self.options.documents.extracted.contains(&kind);
        if extracts || !readable.is_empty() {
            told.push(Issue::of(&rules::PRESCRIPTIONS_WRITTEN));
        }
        if !extracts {
            told.push(Issue::of(&rules::PRESCRIPTIONS_UNEXTRACTED));
        }
        told.extend(incomplete(readable));
        let institutions = self.known_institutions(session).await?;
        told.extend(self.on_paper(institutions, session.grant.now()));
        Ok(told)
    }

    /// Names those institutions that do not prescribe electronically, as of now.
    pub(crate) fn on_paper(
        &self,
        institutions: impl IntoIterator<Item = InstitutionNumber>,
        now: DateTime<Utc>,
    ) -> Option<Issue> {
        let mut institutions: BTreeSet<InstitutionNumber> = institutions.into_iter().collect();
        institutions.retain(|number| self.directory.prescribes(*number, now) == Medium::Paper);
        let names: Vec<String> = institutions
            .into_iter()
            .map(|number| self.directory.institution_name(number, now).to_string())
            .collect();
        let named = || Issue::of(&rules::PRESCRIPTIONS_ON_PAPER).with(names.join("、"));
        (!names.is_empty()).then(named)
    }

    /// 受診歴のある医療機関 — the institutions of which this reader may see something of the
    /// patient's, of any kind. Decided as a read of these kinds would be: what is withheld,
    /// 未告知 or 未提供 leads to no name. Documents are left out: who examines or advises
    /// sends diseases and results too.
    async fn known_institutions(
        &self,
        session: &mut Session,
    ) -> Result<BTreeSet<InstitutionNumber>, Failure> {
        let types = catalogue::resource_types().into_iter().filter(|one| *one != DOCUMENTS);
        let kinds: Vec<&'static Kind> = types.clone().flat_map(catalogue::of_type).collect();
        let request = policy::ReadRequest { kinds, ..session.request.clone() };
        let grant = policy::grant(request)?.grant;
        let mut institutions = BTreeSet::new();
        for resource_type in types {
            let kinds: Vec<&'static Kind> = catalogue::of_type(resource_type).collect();
            let wanted = Wanted { person: grant.person(), institution: None, kinds: &kinds };
            let (_, sealed) = sealed::fetch(&mut session.reader, &wanted).await?;
            let segments = sealed.open(&grant)?;
            let readable = self.readable(&grant, &segments);
            institutions.extend(readable.iter().map(|one| one.segment.institution));
        }
        Ok(institutions)
    }
}

/// How many documents' lists could not be extracted whole, if any.
fn incomplete(readable: &[Readable<'_>]) -> Option<Issue> {
    let mut documents: BTreeMap<_, HashSet<Completeness>> = BTreeMap::new();
    for one in readable {
        let completeness = one.entry().listed.map(|listed| listed.completeness);
        documents.entry(one.segment.key.submission.uuid).or_default().extend(completeness);
    }
    let is_incomplete = |seen: &&HashSet<Completeness>| seen.contains(&Completeness::Incomplete);
    let count = documents.values().filter(is_incomplete).count();
    let told = || Issue::of(&rules::PRESCRIPTIONS_INCOMPLETE).with(count.to_string());
    (count > 0).then(told)
}

/// What a search asks the e-prescription service for: its dates, or else the usual period.
/// None where no day is left.
pub(crate) fn scope_of(filter: &Filter, now: DateTime<Utc>) -> Option<Scope> {
    let today = japan_day(now);
    let usual = today.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(NaiveDate::MIN);
    let bounded = |at: &DateTime<Utc>| *at > DateTime::<Utc>::MIN_UTC;
    let from = filter.dates.iter().map(|(from, _)| from).filter(|from| bounded(from)).max();
    let until = filter.dates.iter().map(|(_, until)| until).min();
    let last = until.filter(|until| **until < DateTime::<Utc>::MAX_UTC);
    let last = last.map(|until| japan_day(*until - chrono::TimeDelta::milliseconds(1)));
    let scope = Scope {
        institution: None,
        from: from.map_or(usual, |from| japan_day(*from)),
        through: last.map_or(today, |last| last.min(today)),
    };
    (scope.from <= scope.through).then_some(scope)
}
