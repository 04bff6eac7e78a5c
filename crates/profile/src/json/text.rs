//! Strings, places and paths.

use std::{borrow::Cow, fmt::Write};

use memchr::{memchr, memchr_iter, memrchr};

/// The characters that begin in these bytes of UTF-8, eight bytes at a time.
pub(super) fn characters(bytes: &[u8]) -> u32 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    let (chunks, rest) = bytes.as_chunks::<8>();
    let inner = |byte: &u8| *byte & 0xC0 == 0x80;
    let within: u32 = chunks
        .iter()
        .map(|chunk| {
            // A byte goes on with a character where its bit 7 is set and its bit 6 is not.
            let word = u64::from_ne_bytes(*chunk);
            ((word >> 7) & !(word >> 6) & ONES).count_ones()
        })
        .sum();
    bytes.len() as u32 - within - rest.iter().filter(|byte| inner(byte)).count() as u32
}

/// Line and column, both from 1, of an offset; the column counts characters.
pub(super) fn line_and_column(source: &str, offset: usize) -> (u32, u32) {
    let before = &source.as_bytes()[..offset.min(source.len())];
    let line_start = memrchr(b'\n', before).map_or(0, |at| at + 1);
    let breaks = memchr_iter(b'\n', before).count();
    (breaks as u32 + 1, characters(&before[line_start..]) + 1)
}

/// Replaces the escapes of a string that the parser has accepted.
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        decoded.push_str(&rest[..at]);
        let (character, bytes) = escape(&rest[at..]);
        decoded.push(character);
        rest = &rest[at + bytes..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The character of the escape with which the text begins, and the bytes it takes.
fn escape(text: &str) -> (char, usize) {
    match text.as_bytes()[1] {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => unicode_escape(text),
        other => (char::from(other), 2),
    }
}

fn unicode_escape(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        text.get(at..at + 4).and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or(0)
    };
    let first = unit(2);
    if (0xD800..0xDC00).contains(&first)
        && text[6..].starts_with("\\u")
        && let Some(Ok(character)) = char::decode_utf16([first, unit(8)]).next()
    {
        return (character, 12);
    }
    (char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

/// A `FHIRPath` expression in the making.
///
/// A key that cannot be an element's name is written as `?`: it might be anything, also
/// patient data.
pub(super) struct Path(String);

impl Path {
    pub(super) fn of_type(resource_type: Option<&str>) -> Self {
        Self(resource_type.filter(|name| is_element_name(name)).unwrap_or_default().to_owned())
    }

    pub(super) fn push_key(&mut self, key: &str) {
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.push_str(if is_element_name(key) { key } else { "?" });
    }

    pub(super) fn push_index(&mut self, index: usize) {
        write!(self.0, "[{index}]").expect("a String takes everything");
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Whether a text can be the name of an element or type.
pub(super) fn is_element_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text[1..].bytes().all(|byte| byte.is_ascii_alphanumeric())
}
