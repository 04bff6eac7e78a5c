//! 添付 — size, data and hash of an attachment.

use sha1::{Digest, Sha1};

use super::{object::NAMES, texts, unit::Walk};
use crate::{
    base64,
    json::{Kind, Value},
};

impl<'d> Walk<'_, '_, 'd> {
    /// The stated size and hash have to be those of the data.
    pub(super) fn attachment(&mut self, value: Value<'d>) {
        let size = value.field(NAMES.size).filter(|size| size.kind() == Kind::Number);
        let stated = size.map(|size| size.source().parse::<i64>());
        let data = value.field(NAMES.data).and_then(Value::as_str);
        let is_base64 = |data: &&str| {
            let (letters, others) = base64::count(data);
            letters.is_multiple_of(4) && others == 0
        };
        let bytes = data.as_deref().filter(is_base64);
        let decoded = bytes.map(base64::bytes);
        if decoded == Some(None) {
            self.broken(&texts::ATTACHMENT_DATA, value);
        }
        match stated {
            Some(Ok(size)) if size >= 0 => {
                let differs = decoded.flatten().is_some_and(|bytes| bytes as i64 != size);
                self.broken_if(differs, &texts::ATTACHMENT_SIZE, value);
            }
            Some(_) => self.broken(&texts::ATTACHMENT_SIZE_FORM, value),
            None => {}
        }
        let Some(hash) = value.field(NAMES.hash).and_then(Value::as_str) else { return };
        let known = bytes.filter(|_| decoded.flatten().is_some());
        if base64::bytes(&hash).is_none() {
            self.broken(&texts::ATTACHMENT_DATA, value);
        } else if let Some(data) = known {
            let is_same = base64::decoded(hash.as_bytes()).eq(digest(data));
            self.broken_if(!is_same, &texts::ATTACHMENT_HASH, value);
        }
    }
}

/// The SHA-1 of what base64 means, which is how FHIR R4 tells whether data are unchanged.
fn digest(data: &str) -> [u8; 20] {
    let mut hasher = Sha1::new();
    // A multiple of four letters, so that no byte is torn.
    let mut bytes = Vec::with_capacity(3 * 1024);
    for letters in data.as_bytes().chunks(4 * 1024) {
        bytes.clear();
        bytes.extend(base64::decoded(letters));
        hasher.update(&bytes);
    }
    hasher.finalize().into()
}
