//! 個人の通知 — a person as the eligibility network announces one.
//!
//! Source: design §1: identifiers with validity, birth date, sex; the shape is ours. The
//! service refuses what it would not keep, so there is no name.

use crate::{json::document, person::Person};

/// The body of `POST /fhir/Patient/$announce`: a FHIR Patient with every identifier of the
/// person and its period.
pub fn announcement(person: &Person) -> String {
    document(600, |w| {
        w.text("resourceType", "Patient");
        w.array("identifier", |w| {
            for held in &person.held {
                w.item(|w| {
                    w.text("system", held.identifier.system().uri());
                    w.text("value", held.identifier.value().expose());
                    w.object("period", |w| {
                        w.text("start", &held.valid_from.to_string());
                        let end = held.valid_through.map(|day| day.to_string());
                        w.optional_text("end", end.as_deref());
                    });
                });
            }
        });
        w.text("gender", person.sex.code());
        w.text("birthDate", &person.birth_on.to_string());
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{Seed, World, WorldSize};

    #[test]
    fn an_announcement_names_every_identifier_with_its_period() {
        let world = World::new(Seed(4), WorldSize { institutions: 1, persons: 500 });
        let person = (0..500)
            .map(|index| world.person(index))
            .find(|person| person.held.len() > 1)
            .expect("somebody changed the insurer");
        let patient: Value = serde_json::from_str(&announcement(&person)).expect("JSON");
        let identifiers = patient["identifier"].as_array().expect("an array");
        assert_eq!(identifiers.len(), person.held.len());
        assert!(identifiers.iter().all(|one| one["period"]["start"].is_string()));
        assert!(identifiers[0]["period"]["end"].is_string());
        assert_eq!(patient["birthDate"], person.birth_on.to_string());
        assert!(patient.get("name").is_none());
    }
}
