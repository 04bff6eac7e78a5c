//! StructureDefinitions in JSON, read into [`Definition`]s.
//!
//! Source: FHIR R4, StructureDefinition and ElementDefinition.

use std::sync::Arc;

use std::collections::HashSet;

use super::reading::{extension, own, text, texts, type_code, typed};
use crate::{
    definition::{
        Aggregation, Binding, Constraint, ContextKind, Definition, Discriminator,
        DiscriminatorKind, Element, ElementType, ExtensionContext, Form, Max, Slicing,
        SlicingRules, Strength, StructureKind,
    },
    json::Value,
};

const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

/// Reads one; none for a logical model or one without canonical.
///
/// Of a definition in both forms the snapshot is taken: it is what its authors checked.
pub(super) fn read(resource: Value<'_>) -> Option<Definition> {
    let kind = match resource.text_of("kind").as_deref() {
        Some("primitive-type") => StructureKind::Primitive,
        Some("complex-type") => StructureKind::Complex,
        Some("resource") => StructureKind::Resource,
        _ => return None,
    };
    let snapshot = resource.find(&["snapshot", "element"]);
    let form = if snapshot.is_some() { Form::Snapshot } else { Form::Differential };
    let elements = snapshot.or_else(|| resource.find(&["differential", "element"]));
    let url = text(resource, "url")?;
    let mut elements: Vec<_> = elements.into_iter().flat_map(Value::items).map(element).collect();
    if form == Form::Snapshot {
        drop_idle_slices(&mut elements);
    }
    for constraint in elements.iter_mut().flat_map(|own| &mut own.constraints) {
        // What no other definition is named for is this one's.
        Arc::make_mut(constraint).source.get_or_insert_with(|| url.clone());
    }
    Some(Definition {
        url,
        version: text(resource, "version").unwrap_or_default(),
        name: text(resource, "name").unwrap_or_default(),
        kind,
        type_name: text(resource, "type").unwrap_or_default(),
        base: text(resource, "baseDefinition"),
        is_profile: resource.get("derivation").is_some_and(|own| own.is("constraint")),
        is_abstract: resource.get("abstract").and_then(Value::as_bool) == Some(true),
        contexts: resource.list("context").filter_map(context).collect(),
        context_invariants: resource.list("contextInvariant").filter_map(own).collect(),
        form,
        elements,
    })
}

/// Takes away the names of slices of which nothing is sliced: a snapshot holds the sliced
/// element before its slices, and R4's own familymemberhistory-genetic names elements that
/// way without slicing them.
fn drop_idle_slices(elements: &mut [Element]) {
    let mut ids: HashSet<String> = HashSet::with_capacity(elements.len());
    // The id of an idle slice and the one that it gets instead.
    let mut renamed: Option<(String, String)> = None;
    for element in elements {
        if let Some((idle, plain)) = &renamed
            && let Some(rest) = element.id.strip_prefix(idle.as_str())
            && rest.starts_with('.')
        {
            element.id = format!("{plain}{rest}");
        }
        let name = element.id.rfind('.').map_or(0, |dot| dot + 1);
        if let Some(colon) = element.id[name..].find(':') {
            let plain = element.id[..name + colon].to_owned();
            if !ids.contains(&plain) {
                element.slice_name = None;
                renamed = Some((std::mem::replace(&mut element.id, plain.clone()), plain));
            }
        }
        ids.insert(element.id.clone());
    }
}

fn context(value: Value<'_>) -> Option<ExtensionContext> {
    let kind = match &*value.text_of("type")? {
        "fhirpath" => ContextKind::FhirPath,
        "element" => ContextKind::Element,
        "extension" => ContextKind::Extension,
        _ => return None,
    };
    Some(ExtensionContext { kind, expression: text(value, "expression")? })
}

fn element(value: Value<'_>) -> Element {
    let mut element = Element::default();
    for (key, field) in value.fields() {
        read_field(&mut element, &key, field);
    }
    if element.id.is_empty() {
        element.id.clone_from(&element.path);
    }
    element
}

fn read_field(element: &mut Element, key: &str, field: Value<'_>) {
    match key {
        "id" => element.id = own(field).unwrap_or_default(),
        "path" => element.path = own(field).unwrap_or_default(),
        "sliceName" => element.slice_name = own(field),
        "min" => element.min = number(field),
        "max" => element.max = max(field),
        "base" => element.base_max = field.get("max").and_then(max),
        "type" => element.types = field.items().map(element_type).collect(),
        "contentReference" => element.content_reference = own(field),
        "maxLength" => element.max_length = number(field),
        "binding" => element.binding = binding(field),
        "constraint" => {
            element.constraints = field.items().filter_map(constraint).map(Arc::new).collect();
        }
        "slicing" => element.slicing = Some(slicing(field)),
        "isModifier" => element.is_modifier = field.as_bool() == Some(true),
        _ => read_value(element, key, field),
    }
}

fn read_value(element: &mut Element, key: &str, field: Value<'_>) {
    if let Some(fixed) = typed(key, "fixed", field) {
        element.fixed = Some(fixed);
    } else if let Some(pattern) = typed(key, "pattern", field) {
        element.pattern = Some(pattern);
    } else if let Some(least) = typed(key, "minValue", field) {
        element.min_value = Some(least);
    } else if let Some(greatest) = typed(key, "maxValue", field) {
        element.max_value = Some(greatest);
    }
}

fn number(value: Value<'_>) -> Option<u32> {
    value.number_text()?.parse().ok()
}

fn max(value: Value<'_>) -> Option<Max> {
    match &*value.as_str()? {
        "*" => Some(Max::Unbounded),
        count => count.parse().ok().map(Max::Count),
    }
}

fn element_type(value: Value<'_>) -> ElementType {
    ElementType {
        code: type_code(value),
        profiles: value.get("profile").map(texts).unwrap_or_default(),
        targets: value.get("targetProfile").map(texts).unwrap_or_default(),
        aggregation: aggregation(value),
    }
}

fn aggregation(value: Value<'_>) -> Aggregation {
    let mut all = Aggregation::default();
    for mode in value.list("aggregation") {
        all.contained |= mode.is("contained");
        all.referenced |= mode.is("referenced");
        all.bundled |= mode.is("bundled");
    }
    all
}

fn binding(value: Value<'_>) -> Option<Binding> {
    let strength = match &*value.text_of("strength")? {
        "required" => Strength::Required,
        "extensible" => Strength::Extensible,
        "preferred" => Strength::Preferred,
        _ => Strength::Example,
    };
    Some(Binding {
        strength,
        value_set: text(value, "valueSet")?,
        max_value_set: extension(value, MAX_VALUE_SET),
    })
}

fn constraint(value: Value<'_>) -> Option<Constraint> {
    Some(Constraint {
        key: text(value, "key")?,
        is_error: !value.get("severity").is_some_and(|severity| severity.is("warning")),
        expression: text(value, "expression"),
        human: text(value, "human").unwrap_or_default(),
        source: text(value, "source"),
    })
}

fn slicing(value: Value<'_>) -> Slicing {
    Slicing {
        discriminators: value.list("discriminator").filter_map(discriminator).collect(),
        is_ordered: value.get("ordered").and_then(Value::as_bool) == Some(true),
        rules: match value.text_of("rules").as_deref() {
            Some("closed") => SlicingRules::Closed,
            Some("openAtEnd") => SlicingRules::OpenAtEnd,
            _ => SlicingRules::Open,
        },
    }
}

fn discriminator(value: Value<'_>) -> Option<Discriminator> {
    let kind = match &*value.text_of("type")? {
        "value" => DiscriminatorKind::Value,
        "exists" => DiscriminatorKind::Exists,
        "pattern" => DiscriminatorKind::Pattern,
        "type" => DiscriminatorKind::Type,
        "profile" => DiscriminatorKind::Profile,
        _ => return None,
    };
    Some(Discriminator { kind, path: text(value, "path")? })
}
