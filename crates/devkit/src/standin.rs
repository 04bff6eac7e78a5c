//! 資格確認の代役 — what the eligibility network would answer about synthetic persons that
//! were never announced.

use std::collections::HashMap;

use kyoyu_domain::{
    identifiers::PersonIdentifier,
    person::{Announcement, DatedIdentifier, Gender},
    phi::Phi,
};
use kyoyu_synth::{Person, Sex, World};

/// 代役 — knows the persons of a part of a world by every identifier that they have held.
#[derive(Debug)]
pub struct StandIn {
    world: World,
    /// The index of the person whom a digest of an identifier means.
    known: HashMap<[u8; 16], u64>,
}

impl StandIn {
    /// Knows the persons with these indices.
    pub fn knowing(world: World, persons: impl IntoIterator<Item = u64>) -> Self {
        let mut known = HashMap::new();
        for index in persons {
            for held in world.person(index).held {
                known.insert(held.identifier.digest(), index);
            }
        }
        Self { world, known }
    }

    /// The answer about an identifier; none: nobody has it.
    pub fn ask(&self, identifier: &PersonIdentifier) -> Option<Announcement> {
        let index = *self.known.get(&identifier.digest())?;
        let person = self.world.person(index);
        let is_held = person.held.iter().any(|held| held.identifier == *identifier);
        is_held.then(|| announcement_of(&person))
    }
}

/// 通知 — a synthetic person as the eligibility network announces one.
pub fn announcement_of(person: &Person) -> Announcement {
    let identifiers = person.held.iter().map(|held| DatedIdentifier {
        identifier: held.identifier.clone(),
        valid_from: Some(held.valid_from),
        valid_through: held.valid_through,
    });
    Announcement {
        identifiers: identifiers.collect(),
        birth_on: Phi::new(person.birth_on),
        disclosure: None,
        gender: match person.sex {
            Sex::Male => Gender::Male,
            Sex::Female => Gender::Female,
        },
    }
}

#[cfg(test)]
mod tests {
    use kyoyu_synth::{Seed, WorldSize};

    use super::*;

    #[test]
    fn everybody_it_knows_is_found_by_every_identifier_and_nobody_else_is() {
        let world = World::new(Seed(3), WorldSize { institutions: 1, persons: 200 });
        let standin = StandIn::knowing(world, 100..200);
        for index in 100..200 {
            let person = world.person(index);
            for held in &person.held {
                let answer = standin.ask(&held.identifier).expect("a known person");
                assert_eq!(answer.birth_on, Phi::new(person.birth_on));
                assert_eq!(answer.identifiers.len(), person.held.len());
            }
        }
        assert_eq!(standin.ask(&world.person(0).identifier), None);
    }
}
