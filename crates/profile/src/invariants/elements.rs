//! Rules of every element, extension, reference and narrative.

use super::{Entry, xhtml};
use crate::{
    fhirpath::{Environment, Focus},
    json::Value,
};

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
        holds: |focus, _| focus.has("extension") != focus.has_choice("value"),
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
        value.fields().any(|(key, child)| {
            !matches!(&*key, "id" | "_id" | "resourceType") && holds_an_item(child)
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
    let Some(reference) = focus.value().and_then(|value| value.text_of("reference")) else {
        return true;
    };
    let Some(id) = reference.strip_prefix('#') else { return true };
    if id.is_empty() {
        return true;
    }
    let root = environment.root_resource();
    root.is_some_and(|root| {
        root.list("contained").any(|contained| contained.get("id").is_some_and(|own| own.is(id)))
    })
}

fn narrative(focus: Focus<'_>, asks: fn(&str) -> bool) -> bool {
    focus.text().is_none_or(|text| asks(&text))
}
