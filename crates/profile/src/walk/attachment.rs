//! 添付 — size and data of an attachment.

use super::{object::NAMES, texts, unit::Walk};
use crate::{
    base64,
    json::{Kind, Value},
};

impl<'d> Walk<'_, '_, 'd> {
    /// The stated size has to be that of the data.
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
        if let Some(hash) = value.field(NAMES.hash).and_then(Value::as_str)
            && base64::bytes(&hash).is_none()
        {
            self.broken(&texts::ATTACHMENT_DATA, value);
        }
    }
}
