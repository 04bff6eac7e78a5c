//! 検索条件 — the parameters of a search, read strictly: what is not known is refused.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kyoyu_domain::{
    catalogue::{self, Kind},
    clock::start_of_japan_day,
    entry::{ClinicalStatus, Entry},
    identifiers::{PersonIdentifier, PersonIdentifierSystem, PersonKey},
    problem::{Issue, Problem},
    rules,
};
use kyoyu_profile::resource;

use crate::status::safe_name;

/// How the parameters were sent; only a body may hold an insured number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentBy {
    /// In the URL.
    Get,
    /// In the body of `POST _search`.
    Post,
}

/// 検索条件 — the parameters as sent.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// Names and decoded values, in order.
    pub parameters: Vec<(String, String)>,
    /// How they were sent.
    pub by: SentBy,
}

/// Resources on a page when the query does not say.
const DEFAULT_COUNT: usize = 50;

/// The most resources on a page.
const MOST_COUNT: usize = 500;

/// Whose data is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Patient {
    Key(PersonKey),
    Identifier(PersonIdentifier),
}

/// 絞込み — what is asked for, after reading.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) patient: Option<Patient>,
    pub(crate) kinds: Vec<&'static Kind>,
    /// `system|code`, `code`; one of them must be in `code.coding`.
    pub(crate) codes: Vec<(Option<String>, String)>,
    pub(crate) clinical: Vec<ClinicalStatus>,
    /// From an instant (inclusive) to an instant (exclusive).
    pub(crate) dates: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub(crate) count: usize,
    /// `max` of `$lastn`.
    pub(crate) max: usize,
    pub(crate) cursor: Option<String>,
}

/// Which parameters an operation knows besides the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Search,
    LastN,
    Patient,
    AccessLog,
}

impl Filter {
    /// Reads the parameters of an operation on a resource type.
    ///
    /// # Errors
    /// The first parameter that is unknown, doubled or malformed.
    pub(crate) fn read(
        query: &SearchQuery,
        operation: Operation,
        resource_type: &str,
    ) -> Result<Self, Problem> {
        let mut filter = Self {
            patient: None,
            kinds: catalogue::of_type(resource_type).collect(),
            codes: Vec::new(),
            clinical: Vec::new(),
            dates: Vec::new(),
            count: DEFAULT_COUNT,
            max: 1,
            cursor: None,
        };
        for (position, (name, value)) in query.parameters.iter().enumerate() {
            let doubled = query.parameters[..position].iter().any(|(other, _)| other == name);
            if doubled && name != "date" {
                return Err(bad_value(name));
            }
            filter.take(query.by, operation, name, value, resource_type)?;
        }
        Ok(filter)
    }

    fn take(
        &mut self,
        by: SentBy,
        operation: Operation,
        name: &str,
        value: &str,
        resource_type: &str,
    ) -> Result<(), Problem> {
        use Operation::{LastN, Search};
        match (name, operation) {
            ("patient", _) => self.set_patient(name, patient_key(value)?)?,
            ("patient:identifier" | "identifier", _) if by == SentBy::Get => {
                return Err(Problem::of(&rules::IDENTIFIER_IN_URL));
            }
            ("patient:identifier", Search | LastN | Operation::AccessLog)
            | ("identifier", Operation::Patient) => {
                self.set_patient(name, Patient::Identifier(person_identifier(name, value)?))?;
            }
            ("kind", Search | LastN) => self.kinds = kinds(name, value, resource_type)?,
            ("code", Search | LastN) => self.codes = codes(name, value)?,
            ("date", Search | LastN) => self.dates.push(date_range(name, value)?),
            ("clinical-status", Search) if resource_type != "Observation" => {
                self.clinical = clinical(name, value)?;
            }
            ("max", LastN) => self.max = number(name, value, 10)?,
            ("_count", Search | Operation::AccessLog) => {
                self.count = number(name, value, MOST_COUNT)?;
            }
            ("cursor", Search | Operation::AccessLog) => self.cursor = Some(value.to_owned()),
            _ => return Err(Issue::of(&rules::PARAMETER_UNKNOWN).with(safe_name(name)).into()),
        }
        Ok(())
    }

    fn set_patient(&mut self, name: &str, patient: Patient) -> Result<(), Problem> {
        if self.patient.is_some() {
            return Err(bad_value(name));
        }
        self.patient = Some(patient);
        Ok(())
    }

    /// Whether an entry passes what the directory can decide.
    pub(crate) fn passes(&self, entry: &Entry, registered_at: DateTime<Utc>) -> bool {
        let at = entry.dated_at.unwrap_or(registered_at);
        (self.clinical.is_empty() || self.clinical.contains(&entry.clinical))
            && self.dates.iter().all(|(from, until)| *from <= at && at < *until)
    }

    /// Whether a prescription passes that is not stored here: it counts as active, as ours do.
    pub(crate) fn passes_elsewhere(&self, at: DateTime<Utc>, text: &[u8]) -> bool {
        (self.clinical.is_empty() || self.clinical.contains(&ClinicalStatus::Active))
            && self.dates.iter().all(|(from, until)| *from <= at && at < *until)
            && (self.codes.is_empty() || self.passes_code(&resource::codings(text)))
    }

    /// Whether a resource with these codings passes.
    pub(crate) fn passes_code(&self, codings: &[(String, String)]) -> bool {
        self.codes.iter().any(|(system, code)| {
            codings.iter().any(|(other_system, other)| {
                other == code && system.as_ref().is_none_or(|system| system == other_system)
            })
        })
    }
}

pub(crate) fn bad_value(name: &str) -> Problem {
    Issue::of(&rules::PARAMETER_VALUE).with(safe_name(name)).into()
}

pub(crate) fn patient_key(value: &str) -> Result<Patient, Problem> {
    let key = value.strip_prefix("Patient/").unwrap_or(value);
    key.parse().map(Patient::Key).map_err(|_| bad_value("patient"))
}

/// Reads `system|value`.
pub(crate) fn person_identifier(name: &str, value: &str) -> Result<PersonIdentifier, Problem> {
    let (system, value) = value.split_once('|').ok_or_else(|| bad_value(name))?;
    let system = PersonIdentifierSystem::from_uri(system).ok_or_else(|| bad_value(name))?;
    PersonIdentifier::new(system, value).map_err(|_| bad_value(name))
}

fn kinds(name: &str, value: &str, resource_type: &str) -> Result<Vec<&'static Kind>, Problem> {
    let of_type = |code: &str| {
        catalogue::find(code)
            .filter(|kind| kind.resource_type == resource_type)
            .ok_or_else(|| bad_value(name))
    };
    value.split(',').map(of_type).collect()
}

fn codes(name: &str, value: &str) -> Result<Vec<(Option<String>, String)>, Problem> {
    let codes: Vec<_> = value
        .split(',')
        .map(|token| match token.split_once('|') {
            Some((system, code)) => (Some(system.to_owned()), code.to_owned()),
            None => (None, token.to_owned()),
        })
        .collect();
    let bad = codes.len() > 50 || codes.iter().any(|(_, code)| code.is_empty());
    if bad { Err(bad_value(name)) } else { Ok(codes) }
}

fn clinical(name: &str, value: &str) -> Result<Vec<ClinicalStatus>, Problem> {
    value
        .split(',')
        .map(|token| {
            let code = token.rsplit_once('|').map_or(token, |(_, code)| code);
            ClinicalStatus::from_code(code).ok_or_else(|| bad_value(name))
        })
        .collect()
}

pub(crate) fn number(name: &str, value: &str, most: usize) -> Result<usize, Problem> {
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| bad_value(name))
}

/// Reads `[eq|ge|gt|le|lt]` and a day, month, year or instant; parts of a day are Japan's.
fn date_range(name: &str, value: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let bad = || bad_value(name);
    let split = value.find(|c: char| c.is_ascii_digit()).ok_or_else(bad)?;
    let (prefix, text) = value.split_at(split);
    let (from, until) = span(text).ok_or_else(bad)?;
    let (least, most) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    match prefix {
        "" | "eq" => Ok((from, until)),
        "ge" => Ok((from, most)),
        "gt" => Ok((until, most)),
        "le" => Ok((least, until)),
        "lt" => Ok((least, from)),
        _ => Err(bad()),
    }
}

/// The instants that a partial date covers: inclusive and exclusive.
fn span(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if text.len() > 10 {
        let at: DateTime<Utc> = text.parse().ok()?;
        return Some((at, at + TimeDelta::milliseconds(1)));
    }
    let parts: Vec<u32> = text.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (year, month, day) = match parts[..] {
        [year] => (year, None, None),
        [year, month] => (year, Some(month), None),
        [year, month, day] => (year, Some(month), Some(day)),
        _ => return None,
    };
    let year = i32::try_from(year).ok().filter(|year| (1000..=9998).contains(year))?;
    let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1))?;
    let next = match (month, day) {
        (None, _) => NaiveDate::from_ymd_opt(year + 1, 1, 1)?,
        (Some(_), None) => first.checked_add_months(chrono::Months::new(1))?,
        (Some(_), Some(_)) => first.succ_opt()?,
    };
    Some((start_of_japan_day(first), start_of_japan_day(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &str)], by: SentBy) -> Result<Filter, &'static str> {
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Filter::read(&SearchQuery { parameters, by }, Operation::Search, "Condition")
            .map_err(|problem| problem.rule().code)
    }

    #[test]
    fn an_insured_number_in_a_url_is_refused() {
        let number = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID|01234567:a:1:01";
        let parameters = [("patient:identifier", number)];
        assert_eq!(read(&parameters, SentBy::Get).err(), Some("kyoyu-identifier-in-url"));
        assert!(read(&parameters, SentBy::Post).is_ok());
    }

    #[test]
    fn a_parameter_that_is_not_known_is_refused() {
        for name in ["_include", "_sort", "_revinclude", "name", "_total", "max"] {
            let refusal = read(&[(name, "1")], SentBy::Get).err();
            assert_eq!(refusal, Some("kyoyu-parameter-unknown"), "{name}");
        }
    }

    #[test]
    fn a_page_holds_one_to_five_hundred() {
        for (count, ok) in [("0", false), ("1", true), ("500", true), ("501", false), ("x", false)]
        {
            assert_eq!(read(&[("_count", count)], SentBy::Get).is_ok(), ok, "{count}");
        }
    }

    #[test]
    fn dates_cover_whole_japanese_days() {
        let (from, until) = date_range("date", "2026-04").expect("a month");
        assert_eq!(from.to_rfc3339(), "2026-03-31T15:00:00+00:00");
        assert_eq!(until.to_rfc3339(), "2026-04-30T15:00:00+00:00");
        assert_eq!(date_range("date", "lt2026-04-01").expect("a day").1, from);
        for bad in ["", "2026-13", "2026-02-30", "xx2026", "0000", "20260401000"] {
            assert!(date_range("date", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn kinds_of_another_type_are_refused() {
        assert!(read(&[("kind", "condition")], SentBy::Get).is_ok());
        assert!(read(&[("kind", "lab")], SentBy::Get).is_err());
    }
}
