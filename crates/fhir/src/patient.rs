//! 個人 — `Patient`: what the service knows of a person. It knows no name and no address.

use fhir_sdk::r4b::{
    codes::AdministrativeGender,
    resources::Patient,
    types::{Identifier, Period},
};
use kyoyu_domain::person::{DatedIdentifier, Gender, Person};

use crate::{
    parts,
    searchset::{self, Frame},
    splice,
};

/// The person as a `Patient`; the id is the internal key.
pub fn patient(person: &Person) -> Vec<u8> {
    splice::bytes(&build(person))
}

fn build(person: &Person) -> Patient {
    let identifiers = person.identifiers.iter().map(|one| Some(identifier(one)));
    Patient::builder()
        .id(person.key.to_string())
        .identifier(identifiers.collect::<Vec<_>>())
        .gender(gender(person.gender))
        .birth_date(parts::day(*person.birth_on.expose()))
        .build()
        .expect("Patient has no mandatory element")
}

/// One person, as a searchset.
pub fn patients(frame: &Frame<'_>, person: &Person) -> Vec<u8> {
    let full_url = format!("{}/Patient/{}", frame.base_url, person.key);
    searchset::of_resources(frame, &[(full_url, patient(person))])
}

fn identifier(dated: &DatedIdentifier) -> Identifier {
    let system = dated.identifier.system().uri();
    let mut built = parts::identifier(system, dated.identifier.value().expose());
    if dated.valid_from.is_some() || dated.valid_through.is_some() {
        let mut period = Period::builder().build().expect("Period has no mandatory element");
        period.start = dated.valid_from.map(|day| fhir_sdk::DateTime::Date(parts::day(day)));
        period.end = dated.valid_through.map(|day| fhir_sdk::DateTime::Date(parts::day(day)));
        built.period = Some(period);
    }
    built
}

fn gender(gender: Gender) -> AdministrativeGender {
    match gender {
        Gender::Male => AdministrativeGender::Male,
        Gender::Female => AdministrativeGender::Female,
        Gender::Other => AdministrativeGender::Other,
        Gender::Unknown => AdministrativeGender::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use kyoyu_domain::{
        identifiers::{PersonIdentifier, PersonIdentifierSystem},
        phi::Phi,
    };
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_patient_has_dated_identifiers_and_no_name() {
        let system = PersonIdentifierSystem::Insured;
        let person = Person {
            key: "0196a4e2000070008000000000000001".parse().expect("a key"),
            birth_on: Phi::new(NaiveDate::from_ymd_opt(1970, 2, 3).expect("a day")),
            gender: Gender::Female,
            identifiers: vec![DatedIdentifier {
                identifier: PersonIdentifier::new(system, "01234567:あ:１:01").expect("a number"),
                valid_from: NaiveDate::from_ymd_opt(2025, 4, 1),
                valid_through: None,
            }],
        };
        let written: Value = serde_json::from_slice(&patient(&person)).expect("JSON");
        assert_eq!(
            written,
            json!({
                "resourceType": "Patient",
                "id": "0196a4e2000070008000000000000001",
                "identifier": [{
                    "system": system.uri(),
                    "value": "01234567:あ:１:01",
                    "period": {"start": "2025-04-01"},
                }],
                "gender": "female",
                "birthDate": "1970-02-03",
            })
        );
    }
}
