//! 送った物 — which Bundles a load draws, and which of them are stored: the plain design is
//! filled with the same.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use kyoyu_synth::{Sending, SynthBundle, World};

use super::Requests;

/// 一件 — what a Bundle is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub(super) person: u64,
    pub(super) resources: usize,
    pub(super) sending: Sending,
}

impl Drawn {
    pub(super) fn make(&self, world: &World) -> SynthBundle {
        world.bundle_of(self.person, self.resources, self.sending)
    }
}

/// 一組 — Bundles that were never sent before, and their registrations.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bundles: Vec<Drawn>,
    pub(super) requests: Requests,
}

/// 送信済 — how many were drawn, and those of them that are stored.
#[derive(Debug, Default)]
pub(super) struct Sent(Mutex<(u64, Vec<Drawn>)>);

impl Sent {
    /// How many were drawn: the serial number of the next.
    pub(super) fn drawn(&self) -> u64 {
        self.0.lock().expect("nobody panics while holding it").0
    }

    /// Draws one for each of the persons.
    pub(super) fn draw(
        &self,
        resources: usize,
        persons: impl Iterator<Item = u64>,
        at: DateTime<Utc>,
    ) -> Batch {
        let mut state = self.0.lock().expect("nobody panics while holding it");
        let first = state.0;
        let bundles: Vec<Drawn> = persons
            .zip(first..)
            .map(|(person, serial)| {
                let sending = Sending::new(serial, at);
                Drawn { person, resources, sending }
            })
            .collect();
        state.0 += bundles.len() as u64;
        Batch { bundles, ..Batch::default() }
    }

    /// The first so many of a batch are stored: a load sends them in order.
    pub(super) fn store(&self, batch: Batch, done: usize) {
        let mut state = self.0.lock().expect("nobody panics while holding it");
        state.1.extend(batch.bundles.into_iter().take(done));
    }

    /// Everything that is stored, in the order of its arrival.
    pub(super) fn stored(&self) -> Vec<Drawn> {
        self.0.lock().expect("nobody panics while holding it").1.clone()
    }
}
