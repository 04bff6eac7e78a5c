//! From bytes to nodes, in one pass and without recursion.
//!
//! Values wait in `pending` until their object or array closes; then they move to `nodes`
//! together, so that children lie side by side and every node's descendants directly
//! before them.

use std::{borrow::Cow, collections::HashSet, str};

use kyoyu_domain::{
    problem::{Issue, Place, Rule},
    rules::BODY_TOO_LARGE,
};

use super::{
    Document, Flags, Kind, Laxity, Node, number,
    plain::plain_bytes,
    symbols::{Symbol, Symbols, symbol},
    text,
};
use crate::{
    limits::Limits,
    rules::{
        JSON_BOM, JSON_CONTROL_CHARACTER, JSON_DEPTH, JSON_DUPLICATE_KEY, JSON_EMPTY, JSON_ESCAPE,
        JSON_FIELDS, JSON_NODES, JSON_NUL, JSON_NUMBER_RANGE, JSON_STRING_LENGTH, JSON_SURROGATE,
        JSON_SYNTAX, JSON_TRAILING, JSON_TRUNCATED, JSON_UTF8,
    },
};

/// Objects with more fields than this look for duplicate keys in a set.
const FEW_FIELDS: usize = 16;

/// Whether what JSON allows and FHIR does not want ends the parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Laxness {
    Refuse,
    Note,
}

pub(super) fn parse<'a>(
    bytes: &'a [u8],
    limits: &Limits,
    laxness: Laxness,
) -> Result<Document<'a>, Issue> {
    // Places are kept in 32 bits, whatever the limit says.
    let body_bytes = limits.body_bytes.min(u32::MAX as usize);
    if bytes.len() > body_bytes {
        return Err(Issue::of(&BODY_TOO_LARGE).with(body_bytes.to_string()));
    }
    let source = utf8(bytes)?;
    if source.starts_with('\u{feff}') {
        return Err(issue(&JSON_BOM, source, 0, String::new()));
    }
    let mut parser = Parser {
        source,
        bytes,
        limits,
        at: 0,
        key: Key::default(),
        nodes: Vec::with_capacity((bytes.len() / 20 + 16).min(limits.nodes)),
        local: Vec::with_capacity(64),
        pending: Vec::with_capacity(64),
        open: Vec::with_capacity(16),
        symbols: Symbols::new(),
        laxness,
        laxities: Vec::new(),
    };
    match parser.run() {
        Ok(()) => Ok(Document {
            source,
            nodes: parser.nodes,
            local: parser.local,
            laxities: parser.laxities,
        }),
        Err(fault) => Err(parser.issue(&fault)),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Issue> {
    str::from_utf8(bytes).map_err(|error| {
        let valid = str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        issue(&JSON_UTF8, valid, valid.len(), String::new())
    })
}

fn issue(rule: &'static Rule, source: &str, at: usize, expression: String) -> Issue {
    let (line, column) = text::line_and_column(source, at);
    Issue::of(rule).at(Place { expression, line, column })
}

/// What is wrong, and at which byte.
struct Fault {
    rule: &'static Rule,
    at: usize,
    argument: Option<Cow<'static, str>>,
}

/// In a box, so that what is right is handed on in a register.
type Fallible<T> = Result<T, Box<Fault>>;

/// Ends the parsing.
#[cold]
fn fault<T>(rule: &'static Rule, at: usize) -> Fallible<T> {
    Err(Box::new(Fault { rule, at, argument: None }))
}

/// Ends the parsing because of a limit.
#[cold]
fn beyond<T>(rule: &'static Rule, at: usize, limit: usize) -> Fallible<T> {
    Err(Box::new(Fault { rule, at, argument: Some(limit.to_string().into()) }))
}

/// The key that the next value gets.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    start: u32,
    bytes: u16,
    escaped: bool,
    symbol: Symbol,
    underscore: bool,
}

/// What one look at the fields of an object tells.
struct Fields {
    /// Whether two may have the same key.
    may_repeat: bool,
    /// Whether one has an underscore.
    extras: bool,
    /// Whether one may lead to something in the same resource.
    has_local: bool,
}

impl Fields {
    fn of(fields: &[Node]) -> Self {
        let (mut seen, mut may_repeat, mut flags) = (0_u64, false, 0);
        for field in fields {
            // The keys of an object hardly ever share a place among so many.
            let place = field.symbol.number() ^ usize::from(field.flags.has_underscore()) << 5;
            let bit = 1 << (place & 63);
            may_repeat |= seen & bit != 0;
            seen |= bit;
            flags |= field.flags.0;
        }
        let all = Flags(flags);
        Self { may_repeat, extras: all.has_underscore(), has_local: all.is_local() }
    }
}

/// An object or array that is not closed yet.
struct Open {
    kind: Kind,
    start: u32,
    key: Key,
    /// Where its children begin in `pending`.
    children: usize,
    /// Where its descendants begin in `nodes`.
    low: u32,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ItemOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

struct Parser<'a, 'l> {
    source: &'a str,
    bytes: &'a [u8],
    limits: &'l Limits,
    at: usize,
    key: Key,
    nodes: Vec<Node>,
    local: Vec<u32>,
    pending: Vec<Node>,
    open: Vec<Open>,
    symbols: Symbols,
    laxness: Laxness,
    laxities: Vec<Laxity>,
}

impl Parser<'_, '_> {
    fn run(&mut self) -> Fallible<()> {
        let mut expected = Expected::Value;
        loop {
            let Some(byte) = self.next_byte() else {
                let nothing = self.open.is_empty() && self.pending.is_empty();
                let rule = if nothing { &JSON_EMPTY } else { &JSON_TRUNCATED };
                return fault(rule, self.at);
            };
            expected = match (expected, byte) {
                (Expected::CommaOrEnd, _) => self.read_separator(byte)?,
                (Expected::Key | Expected::KeyOrEnd, b'"') => self.read_key()?,
                (Expected::ItemOrEnd, b']') | (Expected::KeyOrEnd, b'}') => self.close()?,
                (Expected::Value | Expected::ItemOrEnd, _) => self.read_value(byte)?,
                _ => return fault(&JSON_SYNTAX, self.at),
            };
            if expected == Expected::CommaOrEnd && self.open.is_empty() {
                return self.finish();
            }
        }
    }

    fn finish(&mut self) -> Fallible<()> {
        self.skip_whitespace();
        if self.at < self.bytes.len() {
            return fault(&JSON_TRAILING, self.at);
        }
        self.nodes.append(&mut self.pending);
        Ok(())
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// The byte behind the whitespace that begins here.
    #[inline]
    fn next_byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.skip_whitespace();
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn read_separator(&mut self, byte: u8) -> Fallible<Expected> {
        let in_object = self.open.last().is_some_and(|open| open.kind == Kind::Object);
        match (byte, in_object) {
            (b',', true) => {
                self.at += 1;
                self.key = Key::default();
                Ok(Expected::Key)
            }
            (b',', false) => {
                self.at += 1;
                Ok(Expected::Value)
            }
            (b'}', true) | (b']', false) => self.close(),
            _ => fault(&JSON_SYNTAX, self.at),
        }
    }

    fn read_key(&mut self) -> Fallible<Expected> {
        let opening = self.at;
        let escaped = self.skip_string()?;
        let bytes = self.at - opening - 2;
        let Ok(bytes) = u16::try_from(bytes) else {
            return beyond(&JSON_STRING_LENGTH, opening, usize::from(u16::MAX));
        };
        self.key = self.new_key(opening + 1, bytes, escaped);
        let fields = self.open.last().map_or(0, |open| self.pending.len() - open.children);
        if fields >= self.limits.fields {
            return beyond(&JSON_FIELDS, opening, self.limits.fields);
        }
        if self.next_byte() != Some(b':') {
            let ended = self.at >= self.bytes.len();
            return fault(if ended { &JSON_TRUNCATED } else { &JSON_SYNTAX }, self.at);
        }
        self.at += 1;
        Ok(Expected::Value)
    }

    #[inline]
    fn new_key(&self, start: usize, bytes: u16, escaped: bool) -> Key {
        let raw = &self.bytes[start..start + usize::from(bytes)];
        let decoded = escaped.then(|| text::decode(&self.source[start..start + raw.len()]));
        let name = decoded.as_deref().map_or(raw, str::as_bytes);
        let (underscore, name) = match name {
            [b'_', name @ ..] => (true, name),
            _ => (false, name),
        };
        let symbol = self.symbols.find(name);
        Key { start: start as u32, bytes, escaped, symbol, underscore }
    }

    /// Something that JSON allows and FHIR does not want.
    fn lax(&mut self, rule: &'static Rule, at: usize, argument: Option<String>) -> Fallible<()> {
        if self.laxness == Laxness::Refuse {
            return Err(Box::new(Fault { rule, at, argument: argument.map(Cow::Owned) }));
        }
        let expression = self.expression();
        self.laxities.push(Laxity { rule, at: at as u32, expression, argument });
        Ok(())
    }

    fn read_value(&mut self, first: u8) -> Fallible<Expected> {
        let start = self.at;
        match first {
            b'{' => return self.open(Kind::Object, Expected::KeyOrEnd),
            b'[' => return self.open(Kind::Array, Expected::ItemOrEnd),
            b'"' => {
                let escaped = self.skip_string()?;
                self.push_scalar(Kind::String, start, escaped)?;
            }
            b't' => self.read_word("true", Kind::Bool)?,
            b'f' => self.read_word("false", Kind::Bool)?,
            b'n' => self.read_word("null", Kind::Null)?,
            b'-' | b'0'..=b'9' => {
                let number = match number::scan(&self.bytes[start..]) {
                    Ok(number) => number,
                    Err(rule) => return fault(rule, start),
                };
                self.at += number.bytes;
                if !number.is_in_range {
                    self.lax(&JSON_NUMBER_RANGE, start, None)?;
                }
                self.push_scalar(Kind::Number, start, false)?;
            }
            _ => return fault(&JSON_SYNTAX, start),
        }
        Ok(Expected::CommaOrEnd)
    }

    fn read_word(&mut self, word: &str, kind: Kind) -> Fallible<()> {
        let start = self.at;
        if !self.bytes[start..].starts_with(word.as_bytes()) {
            return fault(&JSON_SYNTAX, start);
        }
        self.at += word.len();
        self.push_scalar(kind, start, false)
    }

    fn open(&mut self, kind: Kind, expected: Expected) -> Fallible<Expected> {
        if self.open.len() >= self.limits.depth {
            return beyond(&JSON_DEPTH, self.at, self.limits.depth);
        }
        self.open.push(Open {
            kind,
            start: self.at as u32,
            key: self.key,
            children: self.pending.len(),
            low: self.nodes.len() as u32,
        });
        self.key = Key::default();
        self.at += 1;
        Ok(expected)
    }

    fn close(&mut self) -> Fallible<Expected> {
        let Some(open) = self.open.last() else {
            return fault(&JSON_SYNTAX, self.at);
        };
        let (is_object, children) = (open.kind == Kind::Object, open.children);
        let mut fields = Fields::of(&self.pending[children..]);
        if is_object && fields.may_repeat {
            self.remove_duplicate_keys(children)?;
            fields = Fields::of(&self.pending[children..]);
        }
        let Some(Open { kind, start, key, low, .. }) = self.open.pop() else {
            return fault(&JSON_SYNTAX, self.at);
        };
        let first = self.nodes.len() as u32;
        let count = (self.pending.len() - children) as u32;
        if fields.has_local {
            self.add_local(children);
        }
        self.nodes.extend_from_slice(&self.pending[children..]);
        self.pending.truncate(children);
        self.at += 1;
        self.push(Node {
            start,
            end: self.at as u32,
            key_start: key.start,
            key_bytes: key.bytes,
            kind,
            symbol: key.symbol,
            flags: Flags::of(false, key.escaped, key.underscore)
                .with_extras(is_object && fields.extras),
            first,
            count,
            low,
        })?;
        Ok(Expected::CommaOrEnd)
    }

    /// Notes the strings among those that are about to become nodes that may lead somewhere in
    /// the same resource.
    fn add_local(&mut self, children: usize) {
        let first = self.nodes.len();
        let fields = self.pending[children..].iter().enumerate();
        let local = fields.filter(|(_, field)| field.flags.is_local());
        self.local.extend(local.map(|(place, _)| (first + place) as u32));
    }

    #[inline]
    fn push_scalar(&mut self, kind: Kind, start: usize, escaped: bool) -> Fallible<()> {
        let here = self.nodes.len() as u32;
        let is_local = kind == Kind::String
            && (matches!(self.bytes.get(start + 1), Some(b'#' | b'\\'))
                || self.key.symbol == symbol!("div"));
        self.push(Node {
            start: start as u32,
            end: self.at as u32,
            key_start: self.key.start,
            key_bytes: self.key.bytes,
            kind,
            symbol: self.key.symbol,
            flags: Flags::of(escaped, self.key.escaped, self.key.underscore).with_local(is_local),
            first: here,
            count: 0,
            low: here,
        })
    }

    #[inline]
    fn push(&mut self, node: Node) -> Fallible<()> {
        if self.nodes.len() + self.pending.len() >= self.limits.nodes {
            return beyond(&JSON_NODES, node.start as usize, self.limits.nodes);
        }
        self.pending.push(node);
        self.key = Key::default();
        Ok(())
    }

    /// Moves behind the string that begins here; answers whether it holds an escape.
    #[inline]
    fn skip_string(&mut self) -> Fallible<bool> {
        let opening = self.at;
        let at = opening + 1 + plain_bytes(&self.bytes[opening + 1..]);
        let plain = at - opening - 1;
        if self.bytes.get(at) == Some(&b'"') && plain <= self.limits.string_bytes {
            self.at = at + 1;
            return Ok(false);
        }
        self.skip_long_string(opening, at)
    }

    /// The rest of a string with an escape, or of one that is wrong.
    fn skip_long_string(&mut self, opening: usize, from: usize) -> Fallible<bool> {
        let mut at = from;
        let mut escaped = false;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += self.check_escape(at)?;
                }
                Some(_) => {
                    self.lax(&JSON_CONTROL_CHARACTER, at, None)?;
                    at += 1;
                }
                None => return fault(&JSON_TRUNCATED, at),
            }
            at += plain_bytes(&self.bytes[at..]);
        }
        if at - opening - 1 > self.limits.string_bytes && !self.is_base64() {
            return beyond(&JSON_STRING_LENGTH, opening, self.limits.string_bytes);
        }
        self.at = at + 1;
        Ok(escaped)
    }

    /// Whether the value at hand is a file: FHIR limits strings, but not base64Binary, and
    /// the elements of that type are all called `data`.
    fn is_base64(&self) -> bool {
        self.key.symbol == symbol!("data")
    }

    /// The bytes of the escape that begins at `at`.
    fn check_escape(&mut self, at: usize) -> Fallible<usize> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => self.check_unicode_escape(at),
            Some(_) => fault(&JSON_ESCAPE, at),
            None => fault(&JSON_TRUNCATED, at),
        }
    }

    fn check_unicode_escape(&mut self, at: usize) -> Fallible<usize> {
        match self.utf16_unit(at) {
            None => fault(&JSON_ESCAPE, at),
            Some(0) => self.lax(&JSON_NUL, at, None).map(|()| 6),
            Some(0xD800..=0xDBFF) => match self.utf16_unit(at + 6) {
                Some(0xDC00..=0xDFFF) => Ok(12),
                _ => self.lax(&JSON_SURROGATE, at, None).map(|()| 6),
            },
            Some(0xDC00..=0xDFFF) => self.lax(&JSON_SURROGATE, at, None).map(|()| 6),
            Some(_) => Ok(6),
        }
    }

    /// The UTF-16 unit of the `\uXXXX` that begins at `at`.
    fn utf16_unit(&self, at: usize) -> Option<u16> {
        let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit: u16, byte| {
            char::from(*byte).to_digit(16).map(|digit| unit << 4 | digit as u16)
        })
    }

    /// The first field of each key stays.
    fn remove_duplicate_keys(&mut self, children: usize) -> Fallible<()> {
        while let Some(repeated) = self.duplicate_key(children) {
            let field = &self.pending[repeated];
            let (at, name) = (field.key_start as usize - 1, printable(&self.key_of(field)));
            self.lax(&JSON_DUPLICATE_KEY, at, Some(name))?;
            self.pending.remove(repeated);
        }
        Ok(())
    }

    fn duplicate_key(&self, children: usize) -> Option<usize> {
        let fields = &self.pending[children..];
        let repeated = if fields.len() <= FEW_FIELDS {
            fields.iter().enumerate().position(|(position, field)| {
                fields[..position].iter().any(|earlier| self.same_key(earlier, field))
            })
        } else {
            let mut seen = HashSet::with_capacity(fields.len());
            fields.iter().position(|field| !seen.insert(self.key_of(field)))
        };
        repeated.map(|position| children + position)
    }

    fn same_key(&self, one: &Node, other: &Node) -> bool {
        if one.symbol != other.symbol || one.flags.has_underscore() != other.flags.has_underscore()
        {
            return false;
        }
        if one.symbol.is_known() {
            return true;
        }
        if one.flags.key_is_escaped() || other.flags.key_is_escaped() {
            return self.key_of(one) == self.key_of(other);
        }
        one.key_bytes == other.key_bytes && self.raw_key(one) == self.raw_key(other)
    }

    fn key_of(&self, node: &Node) -> Cow<'_, str> {
        let raw = self.raw_key(node);
        if node.flags.key_is_escaped() { text::decode(raw) } else { Cow::Borrowed(raw) }
    }

    fn raw_key(&self, node: &Node) -> &str {
        &self.source[node.key_start as usize..][..usize::from(node.key_bytes)]
    }

    fn issue(&self, fault: &Fault) -> Issue {
        let mut issue = issue(fault.rule, self.source, fault.at, self.expression());
        issue.argument.clone_from(&fault.argument);
        issue
    }

    /// The expression of the value at which the parser stopped.
    fn expression(&self) -> String {
        let resource_type =
            self.open.first().filter(|root| root.kind == Kind::Object).and_then(|root| {
                let fields = &self.pending[root.children..];
                let next = self.open.get(1).map_or(self.pending.len(), |open| open.children);
                fields[..next - root.children]
                    .iter()
                    .find(|field| {
                        field.kind == Kind::String && self.raw_key(field) == "resourceType"
                    })
                    .map(|field| &self.source[field.start as usize + 1..field.end as usize - 1])
            });
        let mut path = text::Path::of_type(resource_type);
        for (depth, open) in self.open.iter().enumerate() {
            // The place within this object or array: where the next one stands, or here.
            let (key, position) = match self.open.get(depth + 1) {
                Some(inner) => (inner.key, inner.children),
                None => (self.key, self.pending.len()),
            };
            if open.kind == Kind::Array {
                path.push_index(position - open.children);
            } else if key.start != 0 {
                let raw = &self.source[key.start as usize..][..usize::from(key.bytes)];
                path.push_key(raw);
            }
        }
        path.into_string()
    }
}

/// A key for a message: only what can be an element's name.
fn printable(key: &str) -> String {
    if text::is_element_name(key) { key.to_owned() } else { "?".to_owned() }
}
