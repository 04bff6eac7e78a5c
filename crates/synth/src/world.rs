//! 世界 — all institutions and persons that follow from one seed, made on demand.

use chrono::{DateTime, Duration, Utc};

use crate::{
    Institution, Insurer, LabReport, Person, Results, Seed, Sending, SynthBundle, institution,
    insurer, labs,
    person::{self, MOST_PERSONS},
    seed::Purpose,
    submissions::Submissions,
};

const MOST_INSTITUTIONS: u64 = 200_000;

/// 世界 — costs no memory: everything is computed from the seed and an index.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub(crate) seed: Seed,
    size: WorldSize,
}

/// 規模 — how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldSize {
    /// Institutions: 1 to 200,000; taken to the nearer end otherwise.
    pub institutions: u64,
    /// Persons: 1 to 40,000,000; taken to the nearer end otherwise.
    pub persons: u64,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: Seed, size: WorldSize) -> Self {
        let size = WorldSize {
            institutions: size.institutions.clamp(1, MOST_INSTITUTIONS),
            persons: size.persons.clamp(1, MOST_PERSONS),
        };
        Self { seed, size }
    }

    /// How many institutions and persons there are.
    pub fn size(&self) -> WorldSize {
        self.size
    }

    /// The institution with an index; 0 is a hospital. Indices start again after the last.
    pub fn institution(&self, index: u64) -> Institution {
        institution::by_index(self.seed, index % self.size.institutions)
    }

    /// 健診機関 — the checkup centre with an index. Indices start again after 100,000.
    pub fn checkup_centre(&self, index: u64) -> Institution {
        institution::checkup_centre(self.seed, index)
    }

    /// The insurer with an index below [`World::insurers`].
    pub fn insurer(&self, index: u64) -> Insurer {
        insurer::by_index(self.seed, index % insurer::count())
    }

    /// How many insurers there are, whatever the size of the world.
    pub fn insurers(&self) -> u64 {
        insurer::count()
    }

    /// The person with an index. Indices start again after the last.
    pub fn person(&self, index: u64) -> Person {
        person::by_index(self.seed, index % self.size.persons)
    }

    /// かかりつけ — the index of the institution that the person goes to most.
    pub fn home_of(&self, person: u64) -> u64 {
        let family = self.person(person).family;
        self.seed.dice(Purpose::Home, &[family]).below(self.size.institutions)
    }

    /// One Bundle of laboratory results for benchmarks, by its index alone.
    ///
    /// Answer: the person's index, and a Bundle with `resources` results of many kinds
    /// that is sent at `at`. Different indices have different Bundle identifiers.
    pub fn bundle(&self, index: u64, resources: usize, at: DateTime<Utc>) -> (u64, SynthBundle) {
        let person = self.anybody(index);
        (person, self.bundle_of(person, resources, Sending::new(index, at)))
    }

    /// The index of a person, drawn by a number: some are drawn often, some never.
    pub fn anybody(&self, number: u64) -> u64 {
        self.seed.dice(Purpose::BenchPerson, &[number]).below(self.size.persons)
    }

    /// The same for a person of one's choice; the sending's serial is the index.
    pub fn bundle_of(&self, person: u64, resources: usize, sending: Sending) -> SynthBundle {
        let mut dice = self.seed.dice(Purpose::BenchBundle, &[sending.serial]);
        let institution = if dice.percent(80) {
            self.home_of(person)
        } else {
            dice.below(self.size.institutions)
        };
        let report = LabReport {
            sending,
            collected_at: sending.sent_at - Duration::minutes(dice.between(20, 2_000)),
            results: Results::AsInLife(resources),
        };
        labs(&self.institution(institution), &self.person(person), &report)
    }

    /// 送信の流れ — `count` Bundles as hospitals send them from `from` until `to`, in order.
    ///
    /// `stream` tells several streams of one world apart: they share no Bundle identifier.
    pub fn submissions(
        &self,
        stream: u32,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        count: u64,
    ) -> Submissions {
        Submissions::new(*self, stream, (from, to), count)
    }
}
