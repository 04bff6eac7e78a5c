//! 場所 — where a value stands, as an expression; made only for findings.

use std::borrow::Cow;

use super::{extension_context::type_of, object::NAMES, settle::Check};
use crate::{
    json::Value,
    schema::{NodeId, Row, RowType, Schema, Table},
};

/// One step from the root to a value.
struct Step<'d> {
    value: Value<'d>,
    /// The place in an array.
    index: Option<usize>,
}

/// The FHIRPath expression of a value: `Bundle.entry[1].resource.value.ofType(Quantity)`.
pub(crate) fn expression(schema: &Schema, value: Value<'_>) -> String {
    let mut path = Typed::new(schema);
    let mut text = String::with_capacity(128);
    for step in steps(value) {
        match step.index {
            Some(index) => {
                push_index(index, &mut text);
                path.enter_resource(step.value);
            }
            None => path.enter(step.value, &mut text),
        }
    }
    text
}

/// Adds `[12]`, without the detour of formatting.
fn push_index(index: usize, text: &mut String) {
    let mut digits = [b'0'; 20];
    let (mut rest, mut first) = (index, digits.len());
    while rest > 0 || first == digits.len() {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text.push('[');
    text.extend(digits[first..].iter().map(|digit| char::from(*digit)));
    text.push(']');
}

/// The values from the root to this one.
fn steps(value: Value<'_>) -> impl Iterator<Item = Step<'_>> {
    let target = value.span().start;
    let root = Step { value: value.document().root(), index: None };
    std::iter::successors(Some(root), move |step| {
        let at = step.value;
        let (index, child) = at.child_holding(target).filter(|_| at != value)?;
        Some(Step { value: child, index: at.is_array().then_some(index) })
    })
}

/// The types on the way, so that the names of choices can be told from plain ones.
struct Typed<'s> {
    schema: &'s Schema,
    /// The table of the object that the last step led to.
    table: Option<&'s Table>,
}

impl<'s> Typed<'s> {
    fn new(schema: &'s Schema) -> Self {
        Self { schema, table: None }
    }

    /// Adds the text of one step by name; the next step starts behind it.
    fn enter(&mut self, value: Value<'_>, text: &mut String) {
        if let Some(type_name) = self.enter_resource(value) {
            match value.key() {
                Some(key) => text.extend([".", printable(&key)]),
                None => text.push_str(&type_name),
            }
            return;
        }
        if value.key().is_none() && self.table.is_none() {
            // No type of R4, which its name says best.
            let named = value.field(NAMES.resource_type).and_then(Value::as_str);
            text.push_str(named.as_deref().map(printable).unwrap_or_default());
            return;
        }
        match self.row(value) {
            Some((table, row)) => self.push_name(table, row, text),
            None => push_plain(value, text),
        }
        self.go_on(value);
    }

    fn row(&self, value: Value<'_>) -> Option<(&'s Table, Row)> {
        let table = self.table?;
        table.row(value.symbol()).map(|row| (table, *row))
    }

    /// Goes on below a value that is no resource.
    fn go_on(&mut self, value: Value<'_>) {
        self.table = self.row(value).and_then(|(table, row)| self.next(table, row, value));
    }

    /// Goes on below a resource; answers its type.
    fn enter_resource<'d>(&mut self, value: Value<'d>) -> Option<Cow<'d, str>> {
        let type_name = value.field(NAMES.resource_type)?.as_str()?;
        let id = self.schema.resource_type(&type_name)?;
        self.table = self.schema.table_of(self.schema.profile(id).root);
        Some(type_name)
    }

    fn push_name(&self, table: &Table, row: Row, text: &mut String) {
        let node = self.schema.node(table.slots[row.slot as usize].node);
        if !row.is_choice {
            text.extend([".", row.symbol.name()]);
            return;
        }
        text.extend([".", node.name().trim_end_matches("[x]")]);
        if let Some(type_name) = choice_type(self.schema, table, row) {
            text.extend([".ofType(", type_name, ")"]);
        }
    }

    fn next(&self, table: &Table, row: Row, value: Value<'_>) -> Option<&'s Table> {
        let node = self.schema.node(table.slots[row.slot as usize].node);
        if let Some(table) = node.table {
            return Some(self.schema.table(table));
        }
        let is_beside = value.has_underscore();
        let own = match row.type_index {
            RowType::Allowed(place) => node.types.get(place as usize),
            RowType::Forbidden => None,
        }?;
        let root: NodeId =
            own.root.filter(|_| is_beside || value.is_object() || value.is_array())?;
        self.schema.table_of(root)
    }
}

fn choice_type<'s>(schema: &'s Schema, table: &Table, row: Row) -> Option<&'s str> {
    let node = schema.node(table.slots[row.slot as usize].node);
    match row.type_index {
        RowType::Allowed(place) => node.types.get(place as usize).map(|own| &*own.name),
        RowType::Forbidden => None,
    }
}

fn push_plain(value: Value<'_>, text: &mut String) {
    if let Some(key) = value.key() {
        text.extend([".", printable(key.strip_prefix('_').unwrap_or(&key))]);
    }
}

/// A key for a message: a name that FHIR has, or `?`, since it might be anything.
pub(super) fn printable(key: &str) -> &str {
    let is_name = (1..=64).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { key } else { "?" }
}

/// The ways to name an element: a type, and the path from it, for each resource and
/// datatype on the way, the element's own type last.
pub(super) fn typed_paths(check: &Check<'_, '_>, value: Value<'_>) -> Vec<(String, String)> {
    let schema = check.schema();
    let mut paths: Vec<(String, String)> = Vec::new();
    let mut typed = Typed::new(schema);
    for step in steps(value) {
        let own = step.value;
        if let Some(type_name) = typed.enter_resource(own) {
            paths = vec![(type_name.into_owned(), String::new())];
            continue;
        }
        if step.index.is_some() {
            continue;
        }
        let row = typed.row(own);
        typed.go_on(own);
        let Some((table, row)) = row else { continue };
        let node = schema.node(table.slots[row.slot as usize].node);
        let name = node.name().trim_end_matches("[x]").to_owned();
        for (_, tail) in &mut paths {
            tail.push('.');
            tail.push_str(&name);
        }
        let type_name = choice_type(schema, table, row).or_else(|| type_of(node));
        if let Some(type_name) = type_name.filter(|name| !matches!(*name, "BackboneElement")) {
            paths.push((type_name.to_owned(), String::new()));
        }
    }
    paths
}
