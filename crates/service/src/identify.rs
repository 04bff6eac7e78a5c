//! 本人特定 — which person a sent Bundle is about.
//!
//! Source: S7.1; design §1, Persons.

use kyoyu_domain::{clock::japan_day, identifiers::PersonKey, problem::Rule, rules};
use kyoyu_profile::collection::PatientFacts;
use kyoyu_store::person::Match;

use chrono::{DateTime, Utc};

/// For registering: an identifier that is valid now, and the right birth date.
///
/// # Errors
/// The rule of the refusal. An unknown identifier and a wrong birth date are the same
/// refusal: nothing tells a sender whose number it is.
pub(crate) fn for_registration(
    matches: &[Match],
    patient: &PatientFacts,
    now: DateTime<Utc>,
) -> Result<PersonKey, &'static Rule> {
    let person = by_history(matches, Some(patient))?;
    let today = japan_day(now);
    let valid = matches.iter().any(|one| one.person == person && one.valid_on(today));
    if valid { Ok(person) } else { Err(&rules::PERSON_IDENTIFIER_EXPIRED) }
}

/// For change, cancel, undo: any identifier in the person's history.
///
/// # Errors
/// The rule of the refusal: unknown, or more than one person.
pub(crate) fn by_history(
    matches: &[Match],
    patient: Option<&PatientFacts>,
) -> Result<PersonKey, &'static Rule> {
    let mut persons: Vec<&Match> = matches.iter().filter(|one| one.exact).collect();
    if persons.is_empty() || matches.iter().any(|one| one.person != persons[0].person) {
        // Without its branch the identifier may mean several persons of a family. The
        // birth date does not decide between them: twins have the same.
        persons = matches.iter().collect();
    }
    let Some(first) = persons.first() else { return Err(&rules::PERSON_UNKNOWN) };
    if persons.iter().any(|one| one.person != first.person) {
        return Err(&rules::PERSON_AMBIGUOUS);
    }
    let wrong_birth_date =
        patient.is_some_and(|patient| patient.birth_on.expose() != first.birth_on.expose());
    if wrong_birth_date { Err(&rules::PERSON_UNKNOWN) } else { Ok(first.person) }
}
