//! Codes as numbers, so that no string is compared twice.

use std::collections::HashMap;

/// A code, whatever its system.
pub(super) type CodeId = u32;

/// Every code of one guide.
#[derive(Debug, Default)]
pub(super) struct Codes {
    ids: HashMap<Box<str>, CodeId>,
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
