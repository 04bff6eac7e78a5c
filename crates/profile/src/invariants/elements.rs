//! Rules of every element, extension, reference and narrative.

use super::{Entry, choices, xhtml};
use crate::{
    fhirpath::{Environment, Focus},
    json::{Symbol, Value, symbol},
};

const ID: Symbol = Symbol::named("id");
const RESOURCE_TYPE: Symbol = Symbol::named("resourceType");

/// The published ref-1, which is rewritten.
pub(super) const REF_1: &str = "reference.startsWith('#').not() or \
    (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        key: "ele-1",
        expression: "hasValue() or (children().count() > id.count())",
        holds: |focus, _| has_value_or_children(focus),
    },
    Entry {
        key: "ext-1",
        expression: "extension.exists() != value.exists()",
        holds: |focus, _| focus.has(symbol!("extension")) != focus.has_choice(&choices::VALUE),
    },
    Entry { key: "ref-1", expression: REF_1, holds: local_reference_resolves },
    Entry {
        key: "txt-1",
        expression: "htmlChecks()",
        holds: |focus, _| narrative(focus, xhtml::is_allowed),
    },
    Entry {
        key: "txt-2",
        expression: "htmlChecks()",
        holds: |focus, _| narrative(focus, xhtml::has_content),
    },
];

fn has_value_or_children(focus: Focus<'_>) -> bool {
    if focus.has_value() {
        return true;
    }
    let counts = |value: Value<'_>| {
        value.symbol_fields().any(|child| {
            let symbol = child.symbol();
            let is_type = symbol == RESOURCE_TYPE && !child.has_underscore();
            symbol != ID && !is_type && holds_an_item(child)
        })
    };
    focus.value().is_some_and(counts) || focus.sibling().is_some_and(counts)
}

/// Whether it counts as a child: anything but null and an array without items.
fn holds_an_item(value: Value<'_>) -> bool {
    let is_null = |value: Value<'_>| value.kind() == crate::json::Kind::Null;
    if value.is_array() { value.items().any(|item| !is_null(item)) } else { !is_null(value) }
}

fn local_reference_resolves<'d>(focus: Focus<'d>, environment: &dyn Environment<'d>) -> bool {
    let Some(reference) =
        focus.value().and_then(|value| value.field(symbol!("reference")).and_then(Value::as_str))
    else {
        return true;
    };
    let Some(id) = reference.strip_prefix('#') else { return true };
    id.is_empty() || environment.contains(id)
}

fn narrative(focus: Focus<'_>, asks: fn(&str) -> bool) -> bool {
    focus.text().is_none_or(|text| asks(&text))
}
