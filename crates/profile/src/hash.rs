//! 速い要約 — a hash for maps whose keys nobody from outside chooses; what is looked up may
//! come from anywhere.

use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are our own.
pub(crate) type NumberMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Mixer>>;

/// A set whose members are our own.
pub(crate) type NumberSet<K> = std::collections::HashSet<K, BuildHasherDefault<Mixer>>;

/// Multiplies and rotates; no defence against chosen keys.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        // The map takes its place from the low bits, and the product mixes upwards.
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
            self.write_u64(u64::from_le_bytes(*chunk));
            rest = behind;
        }
        // The last eight bytes again, so that no loop over single ones is needed.
        let tail = match bytes.last_chunk::<8>() {
            Some(last) => u64::from_le_bytes(*last),
            None => rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        self.write_u64(tail ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, _: u8) {
        // The end mark of a text; its length is in already.
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
