//! Codes as numbers, so that no string is compared twice.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A code, whatever its system.
pub(super) type CodeId = u32;

/// Every code of one guide.
#[derive(Debug, Default)]
pub(super) struct Codes {
    ids: HashMap<Box<str>, CodeId, BuildHasherDefault<CodeHasher>>,
    texts: Vec<Box<str>>,
    /// The codes that differ from their small letters, by those.
    folded: HashMap<Box<str>, Vec<CodeId>>,
}

impl Codes {
    pub(super) fn intern(&mut self, code: &str) -> CodeId {
        if let Some(id) = self.ids.get(code) {
            return *id;
        }
        let id = self.texts.len() as CodeId;
        self.ids.insert(code.into(), id);
        self.texts.push(code.into());
        // Most codes of the large systems are numbers.
        if code.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
            let small = code.to_lowercase();
            if small != code {
                self.folded.entry(small.into()).or_default().push(id);
            }
        }
        id
    }

    pub(super) fn find(&self, code: &str) -> Option<CodeId> {
        self.ids.get(code).copied()
    }

    /// The codes that differ from this one in nothing but case, itself included.
    pub(super) fn folded(&self, code: &str) -> impl Iterator<Item = CodeId> + '_ {
        let small = code.to_lowercase();
        let own = self.find(&small);
        let others = self.folded.get(&*small).into_iter().flatten().copied();
        own.into_iter().chain(others)
    }

    pub(super) fn text(&self, code: CodeId) -> &str {
        &self.texts[code as usize]
    }

    /// Gives back what growing took too much.
    pub(super) fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.texts.shrink_to_fit();
        self.folded.shrink_to_fit();
    }
}

/// A hash of a few multiplications. What stands in the map comes from packages alone, so that
/// a document cannot make it slow.
#[derive(Debug, Default)]
struct CodeHasher(u64);

impl Hasher for CodeHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.add(u64::from_le_bytes(word.try_into().expect("chunks of eight")));
        }
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        self.add(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, _: u8) {
        // The end mark of a string; its length is in already.
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

impl CodeHasher {
    fn add(&mut self, word: u64) {
        // 2^64 divided by the golden ratio, made odd.
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
