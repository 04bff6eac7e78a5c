//! JSON as a tree over the received bytes, with every place kept.
//!
//! Nothing is copied: strings and numbers are ranges of the source (4.10 stays 4.10), a
//! node is 32 bytes in one vector, the children of an object or array lie side by side and
//! so do all its descendants. What JSON allows and FHIR does not want (byte order mark,
//! duplicate keys, lone surrogates, `\u0000`, numbers out of range) is refused here, each
//! by a rule of its own; `../guide/reference-validator.md` §4 says why.
//!
//! Source: RFC 8259; FHIR R4, JSON representation.

mod names;
mod number;
mod parser;
mod plain;
mod symbols;
mod text;

use std::{borrow::Cow, fmt, ops::Range};

use memchr::{memchr_iter, memrchr};

use kyoyu_domain::problem::{Issue, Place, Rule};

use self::parser::Laxness;
pub use self::symbols::Symbol;
pub(crate) use self::symbols::symbol;
use crate::limits::Limits;

/// One JSON text, parsed.
pub struct Document<'a> {
    source: &'a str,
    /// Children before their parent; the root is the last one.
    nodes: Vec<Node>,
    /// The strings that may lead to something in the same resource, in the order of the nodes:
    /// those that begin with `#` or an escape, and narratives.
    local: Vec<u32>,
    laxities: Vec<Laxity>,
}

/// 緩み — what JSON allows and FHIR does not want, at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laxity {
    /// The rule that it breaks.
    pub rule: &'static Rule,
    /// The byte where it stands.
    pub at: u32,
    /// The `FHIRPath` expression of the value, or of the object whose key is repeated.
    pub expression: String,
    /// What replaces `{}` in the rule's texts.
    pub argument: Option<String>,
}

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The value in the source; a string with its quotes.
    start: u32,
    end: u32,
    /// The key behind its opening quote; meaningless outside of objects.
    key_start: u32,
    key_bytes: u16,
    kind: Kind,
    flags: Flags,
    symbol: Symbol,
    /// The children: `nodes[first..first + count]`.
    first: u32,
    count: u32,
    /// All descendants: `nodes[low..first + count]`.
    low: u32,
}

/// Where a node's text holds a backslash and has to be decoded, and whether its key begins
/// with an underscore.
#[derive(Debug, Clone, Copy, Default)]
struct Flags(u8);

impl Flags {
    fn of(value_is_escaped: bool, key_is_escaped: bool, underscore: bool) -> Self {
        Self(u8::from(value_is_escaped) | u8::from(key_is_escaped) << 1 | u8::from(underscore) << 2)
    }

    fn value_is_escaped(self) -> bool {
        self.0 & 1 != 0
    }

    fn key_is_escaped(self) -> bool {
        self.0 & 2 != 0
    }

    fn has_underscore(self) -> bool {
        self.0 & 4 != 0
    }

    /// Whether a field of the object has an underscore.
    fn has_extras(self) -> bool {
        self.0 & 8 != 0
    }

    fn with_extras(self, extras: bool) -> Self {
        Self(self.0 | u8::from(extras) << 3)
    }

    /// Whether it is a string that may lead to something in the same resource.
    fn is_local(self) -> bool {
        self.0 & 16 != 0
    }

    fn with_local(self, local: bool) -> Self {
        Self(self.0 | u8::from(local) << 4)
    }
}

impl<'a> Document<'a> {
    /// Parses one JSON text. No recursion: the depth is a limit, not a stack.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, column and, where it is known, expression.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, Issue> {
        parser::parse(bytes, limits, Laxness::Refuse)
    }

    /// Parses as the reference validator does: control characters in strings, lone surrogates,
    /// `\u0000`, numbers out of range and repeated keys (the first counts) are noted, not
    /// refused.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, column and, where it is known, expression.
    pub fn parse_leniently(bytes: &'a [u8], limits: &Limits) -> Result<Self, Issue> {
        parser::parse(bytes, limits, Laxness::Note)
    }

    /// A value by the number that [`Value::id`] gives.
    pub(crate) fn value(&self, id: u32) -> Value<'_> {
        Value { document: self, node: id }
    }

    /// What [`Document::parse_leniently`] let pass, in document order.
    pub fn laxities(&self) -> &[Laxity] {
        &self.laxities
    }

    /// The outermost value.
    pub fn root(&self) -> Value<'_> {
        Value { document: self, node: self.nodes.len() as u32 - 1 }
    }

    /// The text that was parsed.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// How many values there are.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Where a value stands.
    pub fn place(&self, value: Value<'_>) -> Place {
        let (line, column) = text::line_and_column(self.source, value.span().start);
        Place { expression: value.path(), line, column }
    }
}

impl fmt::Debug for Document<'_> {
    /// Says the size only: the text is patient data.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Document({} bytes, {} nodes)", self.source.len(), self.nodes.len())
    }
}

/// A value of a [`Document`].
#[derive(Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document<'d>,
    node: u32,
}

impl<'d> Value<'d> {
    fn node(self) -> &'d Node {
        &self.document.nodes[self.node as usize]
    }

    /// The document that it is part of.
    pub fn document(self) -> &'d Document<'d> {
        self.document
    }

    /// Its type.
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// Whether it is an array.
    pub fn is_array(self) -> bool {
        self.kind() == Kind::Array
    }

    /// Whether it is a string.
    pub fn is_string(self) -> bool {
        self.kind() == Kind::String
    }

    /// The child that holds the byte `target` of the source, with its place among the children.
    pub(crate) fn child_holding(self, target: usize) -> Option<(usize, Self)> {
        // The children are in the order of the source, and exactly one holds the target.
        let first = self.node().first;
        let children = &self.document.nodes[first as usize..][..self.len()];
        let index = children.partition_point(|c| c.start as usize <= target).checked_sub(1)?;
        Some((index, Self { node: first + index as u32, ..self }))
    }

    /// What it is in; the root is in itself. It is looked for from the root on.
    pub(crate) fn parent(self) -> Self {
        let target = self.span().start;
        let mut at = self.document.root();
        while let Some((_, child)) = at.child_holding(target).filter(|(_, child)| *child != self) {
            at = child;
        }
        at
    }

    /// Its bytes in the source; a string with its quotes.
    pub fn span(self) -> Range<usize> {
        self.node().start as usize..self.node().end as usize
    }

    /// The bytes of the field that it is, from the opening quote of the key to its own end; none
    /// for items and the root.
    pub fn member(self) -> Option<Range<usize>> {
        let node = self.node();
        // The key is kept without its quote; see `raw_key` for 0.
        (node.key_start as usize).checked_sub(1).map(|start| start..node.end as usize)
    }

    /// Its text in the source.
    pub fn source(self) -> &'d str {
        &self.document.source[self.span()]
    }

    /// How many items or fields it has.
    pub fn len(self) -> usize {
        self.node().count as usize
    }

    /// Whether it has no items or fields.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The field of an object.
    pub fn get(self, key: &str) -> Option<Self> {
        if self.kind() != Kind::Object {
            return None;
        }
        self.children().find(|child| child.key_is(key))
    }

    /// The field of an object by the symbol of its name; for `_name` see [`Value::extra`].
    pub fn field(self, symbol: Symbol) -> Option<Self> {
        self.symbol_fields().find(|child| {
            let node = child.node();
            node.symbol == symbol && !node.flags.has_underscore()
        })
    }

    /// Whether a field of an object has an underscore.
    pub(crate) fn has_extras(self) -> bool {
        self.node().flags.has_extras()
    }

    /// The field `_name` of an object, by the symbol of the name.
    pub fn extra(self, symbol: Symbol) -> Option<Self> {
        if !self.node().flags.has_extras() {
            return None;
        }
        self.symbol_fields().find(|child| {
            let node = child.node();
            node.symbol == symbol && node.flags.has_underscore()
        })
    }

    /// The fields of an object; nothing of any other value.
    pub fn symbol_fields(self) -> impl DoubleEndedIterator<Item = Self> + Clone + use<'d> {
        let node = self.node();
        let count = if node.kind == Kind::Object { node.count } else { 0 };
        (node.first..node.first + count).map(move |node| Self { node, ..self })
    }

    /// The symbol of the name under which it stands, without a leading underscore.
    pub fn symbol(self) -> Symbol {
        self.node().symbol
    }

    /// Whether it stands under `_name`.
    pub fn has_underscore(self) -> bool {
        self.node().flags.has_underscore()
    }

    /// Whether it is a string that begins with this byte, however it is written.
    pub(crate) fn begins_with(self, byte: u8) -> bool {
        let node = self.node();
        let first = self.document.source.as_bytes().get(node.start as usize + 1);
        node.kind == Kind::String
            && match first {
                Some(b'\\') => self.as_str().is_some_and(|text| text.as_bytes()[0] == byte),
                first => first == Some(&byte),
            }
    }

    /// Whether it is a string that begins with `#`, written plainly.
    pub(crate) fn begins_with_hash(self) -> bool {
        let node = self.node();
        node.kind == Kind::String
            && self.document.source.as_bytes().get(node.start as usize + 1) == Some(&b'#')
    }

    /// A number that no other value of the document has.
    pub fn id(self) -> u32 {
        self.node
    }

    /// The text of a string between its quotes, where nothing in it is escaped.
    pub fn plain_str(self) -> Option<&'d str> {
        let node = self.node();
        (node.kind == Kind::String && !node.flags.value_is_escaped())
            .then(|| &self.document.source[node.start as usize + 1..node.end as usize - 1])
    }

    /// The field at the end of a path of objects.
    pub fn find(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The items of an array; nothing of any other value.
    pub fn items(self) -> impl Iterator<Item = Self> + Clone {
        self.children().take(if self.is_array() { usize::MAX } else { 0 })
    }

    /// The items of an array field; nothing where it is absent or no array.
    pub fn list(self, key: &str) -> impl Iterator<Item = Self> + Clone + use<'d> {
        self.get(key).into_iter().flat_map(Value::items)
    }

    /// The fields of an object with their keys; nothing of any other value.
    pub fn fields(self) -> impl Iterator<Item = (Cow<'d, str>, Self)> + Clone {
        self.children()
            .take(if self.is_object() { usize::MAX } else { 0 })
            .map(|child| (child.key().unwrap_or_default(), child))
    }

    /// The strings below it that may lead to something in the same resource: those that begin
    /// with `#`, or with an escape that might be one, and narratives.
    pub(crate) fn local_strings(self) -> impl Iterator<Item = Self> + Clone + use<'d> {
        let node = self.node();
        let local = &self.document.local;
        let first = local.partition_point(|own| *own < node.low);
        let own = local[first..].iter().take_while(move |own| **own < node.first + node.count);
        own.map(move |node| Self { node: *node, ..self })
    }

    /// Everything below it, children before their parents.
    pub fn descendants(self) -> impl Iterator<Item = Self> + Clone {
        let node = self.node();
        (node.low..node.first + node.count).map(move |node| Self { node, ..self })
    }

    fn children(self) -> impl Iterator<Item = Self> + Clone {
        let node = self.node();
        (node.first..node.first + node.count).map(move |node| Self { node, ..self })
    }

    /// The key under which it stands in its object; none for items and the root.
    pub fn key(self) -> Option<Cow<'d, str>> {
        let node = self.node();
        let raw = self.raw_key()?;
        Some(if node.flags.key_is_escaped() { text::decode(raw) } else { Cow::Borrowed(raw) })
    }

    /// Whether it stands in its object under this key.
    pub fn key_is(self, key: &str) -> bool {
        if self.node().flags.key_is_escaped() {
            return self.key().is_some_and(|own| own == key);
        }
        // Most fields are not the one that is looked for, and most differ in length.
        usize::from(self.node().key_bytes) == key.len() && self.raw_key() == Some(key)
    }

    fn raw_key(self) -> Option<&'d str> {
        let node = self.node();
        let start = node.key_start as usize;
        // A key begins behind a brace and a quote, so that 0 can mean none.
        (start != 0).then(|| &self.document.source[start..start + usize::from(node.key_bytes)])
    }

    /// The value of a string.
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let node = self.node();
        if node.kind != Kind::String {
            return None;
        }
        let raw = &self.document.source[node.start as usize + 1..node.end as usize - 1];
        Some(if node.flags.value_is_escaped() { text::decode(raw) } else { Cow::Borrowed(raw) })
    }

    /// Whether it is this string.
    pub fn is(self, text: &str) -> bool {
        let node = self.node();
        if node.kind != Kind::String || node.flags.value_is_escaped() {
            return self.as_str().is_some_and(|own| own == text);
        }
        let inner = node.start as usize + 1..node.end as usize - 1;
        inner.len() == text.len() && self.document.source.as_bytes()[inner] == *text.as_bytes()
    }

    /// The string of a field.
    pub fn text_of(self, key: &str) -> Option<Cow<'d, str>> {
        self.get(key).and_then(Value::as_str)
    }

    /// A number as it was written.
    pub fn number_text(self) -> Option<&'d str> {
        (self.kind() == Kind::Number).then(|| self.source())
    }

    /// The value of `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.source() == "true")
    }

    /// A `FHIRPath` expression such as `Bundle.entry[3].resource.subject`. It is made from the
    /// places alone, so that only errors pay for it.
    pub fn path(self) -> String {
        let target = self.span().start;
        let mut at = self.document.root();
        let mut path = text::Path::of_type(at.text_of("resourceType").as_deref());
        while at.node != self.node {
            let Some((index, child)) = at.child_holding(target) else { break };
            match child.key() {
                Some(key) if at.is_object() => path.push_key(&key),
                _ => path.push_index(index),
            }
            at = child;
        }
        path.into_string()
    }
}

impl fmt::Debug for Value<'_> {
    /// Says type and place only: the text is patient data.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} at {:?}", self.kind(), self.span())
    }
}

impl PartialEq for Value<'_> {
    /// The same place of the same document.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.node == other.node
    }
}

/// What a part of a string means that was accepted.
pub(crate) fn decoded(raw: &str) -> Cow<'_, str> {
    if raw.contains('\\') { text::decode(raw) } else { Cow::Borrowed(raw) }
}

/// Turns offsets into lines and columns in one pass; the offsets must not decrease.
pub(crate) struct Cursor<'a> {
    source: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(document: &Document<'a>) -> Self {
        Self { source: document.source, at: 0, line: 1, column: 1 }
    }

    pub(crate) fn advance(&mut self, offset: usize) -> (u32, u32) {
        let passed = &self.source.as_bytes()[self.at..offset.max(self.at)];
        let breaks = memchr_iter(b'\n', passed).count() as u32;
        let since_break = match memrchr(b'\n', passed) {
            Some(position) => {
                self.column = 1;
                &passed[position + 1..]
            }
            None => passed,
        };
        self.line += breaks;
        self.column += text::characters(since_break);
        self.at += passed.len();
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests;
