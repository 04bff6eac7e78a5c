//! Writes compact JSON as text, so that a decimal keeps its digits: 4.10 stays 4.10.

/// A JSON text in the making.
#[derive(Debug)]
pub(crate) struct Writer {
    text: String,
    /// Nothing has been written yet in the innermost object or array.
    fresh: bool,
}

/// Writes one object.
pub(crate) fn document(capacity_bytes: usize, fill: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer { text: String::with_capacity(capacity_bytes), fresh: true };
    writer.enclosed('{', '}', fill);
    writer.text
}

impl Writer {
    /// A string.
    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quote(value);
    }

    /// A string, where there is one.
    pub(crate) fn optional_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    /// A number, with the digits as given.
    pub(crate) fn number(&mut self, key: &str, digits: &str) {
        self.key(key);
        self.text.push_str(digits);
    }

    /// `true`.
    pub(crate) fn yes(&mut self, key: &str) {
        self.key(key);
        self.text.push_str("true");
    }

    /// JSON that has been written before.
    pub(crate) fn embedded(&mut self, key: &str, json: &str) {
        self.key(key);
        self.text.push_str(json);
    }

    /// An object.
    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.key(key);
        self.enclosed('{', '}', fill);
    }

    /// An array.
    pub(crate) fn array(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.key(key);
        self.enclosed('[', ']', fill);
    }

    /// An object in an array.
    pub(crate) fn item(&mut self, fill: impl FnOnce(&mut Self)) {
        self.separate();
        self.enclosed('{', '}', fill);
    }

    /// A string in an array.
    pub(crate) fn text_item(&mut self, value: &str) {
        self.separate();
        self.quote(value);
    }

    fn enclosed(&mut self, open: char, close: char, fill: impl FnOnce(&mut Self)) {
        self.text.push(open);
        self.fresh = true;
        fill(self);
        self.text.push(close);
        self.fresh = false;
    }

    /// Keys are our own words; there is nothing to escape in them.
    fn key(&mut self, key: &str) {
        self.separate();
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
    }

    fn separate(&mut self) {
        if !self.fresh {
            self.text.push(',');
        }
        self.fresh = false;
    }

    fn quote(&mut self, value: &str) {
        self.text.push('"');
        if needs_escape(value) {
            self.escape(value);
        } else {
            self.text.push_str(value);
        }
        self.text.push('"');
    }

    fn escape(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                other => self.text.push(other),
            }
        }
    }
}

/// Looks at every byte without stopping early, so that the compiler takes many at once.
fn needs_escape(value: &str) -> bool {
    value.bytes().fold(false, |found, byte| found | matches!(byte, b'"' | b'\\' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn digits_and_order_stay_and_strings_are_escaped() {
        let text = document(0, |w| {
            w.text("b", "\"x\"\n\\");
            w.object("a", |w| w.number("value", "4.10"));
            w.array("c", |w| {
                w.text_item("1");
                w.item(|w| w.optional_text("d", None));
                w.item(|w| w.optional_text("d", Some("e")));
            });
        });
        assert_eq!(text, r#"{"b":"\"x\"\n\\","a":{"value":4.10},"c":["1",{},{"d":"e"}]}"#);
    }
}
