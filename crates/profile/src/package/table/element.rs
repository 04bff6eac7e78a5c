//! One line of a profile: `path  number  types  value  binding  slicing  invariants  notes`.

use std::sync::Arc;

use super::{Invariants, Row, canonical};
use crate::definition::{
    Aggregation, Binding, Constraint, Definition, Discriminator, DiscriminatorKind, Element,
    ElementType, Max, Slicing, SlicingRules, Strength, TypedJson,
};

/// Adds the element of a line to its definition.
pub(super) fn read<'t>(definition: &mut Definition, row: Row<'t>, invariants: &Invariants<'t>) {
    let mut element = element(id(&definition.type_name, row.column(0)));
    read_number(&mut element, row.column(1));
    read_types(&mut element, row.column(2));
    read_value(&mut element, row.column(3));
    element.binding = row.said(4).and_then(binding);
    element.slicing = row.said(5).map(slicing);
    let keys = row.column(6).split(' ').filter(|key| !key.is_empty());
    element.constraints =
        keys.map(|key| Arc::new(constraint(&definition.url, key, invariants))).collect();
    for note in row.column(7).split("; ") {
        read_note(&mut element, note);
    }
    definition.elements.push(element);
}

/// Restates the number of an element, whether or not the definition lists it.
pub(in crate::package) fn restate_number(definition: &mut Definition, path: &str, text: &str) {
    read_number(listed(definition, path), text);
}

/// Restates the types of an element, whether or not the definition lists it.
pub(in crate::package) fn restate_types(definition: &mut Definition, path: &str, text: &str) {
    read_types(listed(definition, path), text);
}

/// Removes an element and what is below it.
pub(in crate::package) fn remove(definition: &mut Definition, path: &str) {
    let id = id(&definition.type_name, path);
    let below = format!("{id}.");
    definition.elements.retain(|own| own.id != id && !own.id.starts_with(&below));
}

/// The element at a path; a new one at the end where there is none.
fn listed<'d>(definition: &'d mut Definition, path: &str) -> &'d mut Element {
    let id = id(&definition.type_name, path);
    let index = definition.elements.iter().position(|own| own.id == id).unwrap_or_else(|| {
        definition.elements.push(element(id));
        definition.elements.len() - 1
    });
    &mut definition.elements[index]
}

fn element(id: String) -> Element {
    let last = id.rsplit('.').next().unwrap_or_default();
    let slice_name = last.split_once(':').map(|(_, slice)| slice.to_owned());
    Element { path: without_slices(&id), slice_name, id, ..Element::default() }
}

fn id(type_name: &str, path: &str) -> String {
    if path == "." { type_name.to_owned() } else { format!("{type_name}.{path}") }
}

fn without_slices(id: &str) -> String {
    let names = id.split('.').map(|part| part.split_once(':').map_or(part, |(name, _)| name));
    names.collect::<Vec<_>>().join(".")
}

/// `1..*`, `1..`, `..0`
fn read_number(element: &mut Element, text: &str) {
    let Some((min, max)) = text.split_once("..") else { return };
    element.min = min.parse().ok();
    element.max = match max {
        "*" => Some(Max::Unbounded),
        count => count.parse().ok().map(Max::Count),
    };
}

/// `Reference(Patient,Group) Extension{http://…}`, or `#Observation.component`
fn read_types(element: &mut Element, text: &str) {
    if text.starts_with('#') {
        element.content_reference = Some(text.to_owned());
        return;
    }
    element.types = text.split(' ').filter(|part| !part.is_empty()).map(element_type).collect();
}

fn element_type(text: &str) -> ElementType {
    let (code, rest) = text.split_at(text.find(['{', '(']).unwrap_or(text.len()));
    ElementType {
        code: code.to_owned(),
        profiles: between(rest, '{', '}'),
        targets: between(rest, '(', ')'),
        aggregation: Aggregation::default(),
    }
}

fn between(text: &str, open: char, close: char) -> Vec<String> {
    let inside = text.split_once(open).and_then(|(_, rest)| rest.split_once(close));
    inside.map_or(Vec::new(), |(list, _)| list.split(',').map(canonical).collect())
}

/// `=uri "http://…"` is fixed, `~CodeableConcept {…}` a pattern.
fn read_value(element: &mut Element, text: &str) {
    if let Some(fixed) = text.strip_prefix('=') {
        element.fixed = typed(fixed);
    } else if let Some(pattern) = text.strip_prefix('~') {
        element.pattern = typed(pattern);
    }
}

fn typed(text: &str) -> Option<TypedJson> {
    let (type_name, json) = text.split_once(' ')?;
    Some(TypedJson { type_name: type_name.to_owned(), text: json.to_owned() })
}

/// `required http://…|4.0.1`, and behind it `max http://…`
fn binding(text: &str) -> Option<Binding> {
    let mut words = text.split(' ');
    let strength = match words.next()? {
        "required" => Strength::Required,
        "extensible" => Strength::Extensible,
        "preferred" => Strength::Preferred,
        _ => Strength::Example,
    };
    let value_set = words.next()?.to_owned();
    let max_value_set = words.nth(1).map(str::to_owned);
    Some(Binding { strength, value_set, max_value_set })
}

/// `open value:url`, `closed ordered profile:resource`
fn slicing(text: &str) -> Slicing {
    let mut slicing =
        Slicing { discriminators: Vec::new(), is_ordered: false, rules: SlicingRules::Open };
    for word in text.split(' ') {
        match word {
            "open" => slicing.rules = SlicingRules::Open,
            "closed" => slicing.rules = SlicingRules::Closed,
            "open-at-end" => slicing.rules = SlicingRules::OpenAtEnd,
            "ordered" => slicing.is_ordered = true,
            _ => slicing.discriminators.extend(discriminator(word)),
        }
    }
    slicing
}

fn discriminator(text: &str) -> Option<Discriminator> {
    let (kind, path) = text.split_once(':')?;
    let kind = match kind {
        "value" => DiscriminatorKind::Value,
        "exists" => DiscriminatorKind::Exists,
        "pattern" => DiscriminatorKind::Pattern,
        "type" => DiscriminatorKind::Type,
        "profile" => DiscriminatorKind::Profile,
        _ => return None,
    };
    Some(Discriminator { kind, path: path.to_owned() })
}

/// `key`, or `key?` where breaking it is a warning.
fn constraint<'t>(source: &str, text: &'t str, invariants: &Invariants<'t>) -> Constraint {
    let key = text.strip_suffix('?').unwrap_or(text);
    let row = invariants.find(source, key);
    let expression = row.map(|row| row.expression).filter(|text| !text.is_empty());
    Constraint {
        key: key.to_owned(),
        is_error: key == text,
        expression: expression.map(str::to_owned),
        human: row.map(|row| row.text.to_owned()).unwrap_or_default(),
        source: Some(source.to_owned()),
    }
}

/// `modifier`, `length 64`, `from integer 1`, `to integer 28`
fn read_note(element: &mut Element, note: &str) {
    match note.split_once(' ') {
        Some(("length", count)) => element.max_length = count.parse().ok(),
        Some(("from", least)) => element.min_value = typed(least),
        Some(("to", greatest)) => element.max_value = typed(greatest),
        _ => element.is_modifier |= note == "modifier",
    }
}
