//! 受信箱の条件 — the parameters of a list of letters, read strictly.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    identifiers::InstitutionNumber,
    problem::{Issue, Problem},
    rules,
};

use crate::{
    SearchQuery, SentBy,
    query::{self, Patient},
    status::safe_name,
};

/// Letters on a page when the query does not say.
const DEFAULT_COUNT: usize = 50;
/// The most letters on a page.
const MOST_COUNT: usize = 200;
/// How long a call may stay open, in seconds.
const MOST_WAIT: usize = 30;

/// 受信箱の条件 — what is asked for, after reading.
#[derive(Debug, Clone)]
pub(super) struct InboxQuery {
    pub(super) patient: Option<Patient>,
    /// At whose card reader consent is asked for.
    pub(super) addressee: Option<InstitutionNumber>,
    /// Only what became visible later.
    pub(super) since: Option<DateTime<Utc>>,
    /// How long to wait for something.
    pub(super) wait: Duration,
    pub(super) count: usize,
    pub(super) cursor: Option<String>,
    /// What a cursor is bound to.
    pub(super) bound: String,
    names: Vec<String>,
}

impl InboxQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// The first one that is unknown, doubled or malformed.
    pub(super) fn read(query: &SearchQuery) -> Result<Self, Problem> {
        let mut wanted = Self {
            patient: None,
            addressee: None,
            since: None,
            wait: Duration::ZERO,
            count: DEFAULT_COUNT,
            cursor: None,
            bound: String::new(),
            names: Vec::new(),
        };
        for (name, value) in &query.parameters {
            if wanted.names.contains(name) {
                return Err(query::bad_value(name));
            }
            wanted.take(query.by, name, value)?;
            if name != "cursor" && name != "wait" {
                wanted.bound.push_str(&format!("{}:{name}={}:{value};", name.len(), value.len()));
            }
            wanted.names.push(name.clone());
        }
        if wanted.wait > Duration::ZERO && wanted.since.is_none() {
            return Err(query::bad_value("wait"));
        }
        Ok(wanted)
    }

    fn take(&mut self, by: SentBy, name: &str, value: &str) -> Result<(), Problem> {
        let bad = || query::bad_value(name);
        match name {
            "patient" => self.patient = Some(query::patient_key(value)?),
            "patient:identifier" if by == SentBy::Get => {
                return Err(Problem::of(&rules::IDENTIFIER_IN_URL));
            }
            "patient:identifier" => {
                self.patient = Some(Patient::Identifier(query::person_identifier(name, value)?));
            }
            "addressee" => self.addressee = Some(value.parse().map_err(|_| bad())?),
            "since" => self.since = Some(value.parse().map_err(|_| bad())?),
            "wait" => {
                let seconds = query::number(name, value, MOST_WAIT)?;
                self.wait = Duration::from_secs(seconds as u64);
            }
            "_count" => self.count = query::number(name, value, MOST_COUNT)?,
            "cursor" => self.cursor = Some(value.to_owned()),
            _ => return Err(Issue::of(&rules::PARAMETER_UNKNOWN).with(safe_name(name)).into()),
        }
        Ok(())
    }

    /// Refuses every parameter but these.
    ///
    /// # Errors
    /// [`rules::PARAMETER_UNKNOWN`].
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let other = self.names.iter().find(|name| !known.contains(&name.as_str()));
        other.map_or(Ok(()), |name| {
            Err(Issue::of(&rules::PARAMETER_UNKNOWN).with(safe_name(name)).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &str)], by: SentBy) -> Result<InboxQuery, &'static str> {
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        InboxQuery::read(&SearchQuery { parameters, by }).map_err(|problem| problem.rule().code)
    }

    #[test]
    fn a_call_waits_at_most_thirty_seconds_and_only_for_news() {
        let since = ("since", "2026-04-01T00:00:00Z");
        assert!(read(&[since, ("wait", "30")], SentBy::Get).is_ok());
        assert!(read(&[since, ("wait", "31")], SentBy::Get).is_err());
        assert!(read(&[("wait", "1")], SentBy::Get).is_err());
    }

    #[test]
    fn an_insured_number_in_a_url_is_refused() {
        let number = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID|01234567:a:1:01";
        let parameters = [("patient:identifier", number)];
        assert_eq!(read(&parameters, SentBy::Get).err(), Some("kyoyu-identifier-in-url"));
        assert!(read(&parameters, SentBy::Post).is_ok());
    }
}
