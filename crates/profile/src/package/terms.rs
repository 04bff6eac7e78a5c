//! CodeSystems, ValueSets and NamingSystems in JSON, read into the model.
//!
//! Source: FHIR R4, CodeSystem, ValueSet and NamingSystem.

use super::{NamingSystem, reading::text, reading::texts};
use crate::{
    json::{Kind, Value},
    terminology::{
        CodeSystem, Concept, Content, Designation, Filter, Include, ListedCode, Property, ValueSet,
    },
};

/// Reads a code system; none without canonical.
pub(super) fn code_system(resource: Value<'_>) -> Option<CodeSystem> {
    let mut concepts = Vec::new();
    read_concepts(resource, &mut concepts);
    Some(CodeSystem {
        url: text(resource, "url")?,
        version: text(resource, "version"),
        content: match resource.text_of("content").as_deref() {
            Some("complete") => Content::Complete,
            Some("fragment") => Content::Fragment,
            Some("example") => Content::Example,
            Some("supplement") => Content::Supplement,
            _ => Content::NotPresent,
        },
        is_case_sensitive: resource.get("caseSensitive").and_then(Value::as_bool) == Some(true),
        language: text(resource, "language"),
        supplements: text(resource, "supplements"),
        concepts,
    })
}

/// Depth first and without recursion; the parser has bounded the depth.
fn read_concepts(system: Value<'_>, concepts: &mut Vec<Concept>) {
    let mut open: Vec<(Value<'_>, Option<u32>)> = top_down(system, None);
    while let Some((value, parent)) = open.pop() {
        let Some(code) = text(value, "code") else { continue };
        let index = concepts.len() as u32;
        concepts.push(Concept {
            code,
            parent,
            display: text(value, "display"),
            designations: value.list("designation").filter_map(designation).collect(),
            properties: value.list("property").filter_map(property).collect(),
        });
        open.extend(top_down(value, Some(index)));
    }
}

/// The children of a concept, the first one last, so that it is taken first.
fn top_down(value: Value<'_>, parent: Option<u32>) -> Vec<(Value<'_>, Option<u32>)> {
    let mut children: Vec<_> = value.list("concept").map(|child| (child, parent)).collect();
    children.reverse();
    children
}

fn designation(value: Value<'_>) -> Option<Designation> {
    Some(Designation { language: text(value, "language"), value: text(value, "value")? })
}

fn property(value: Value<'_>) -> Option<Property> {
    let (_, content) = value.fields().find(|(key, _)| key.starts_with("value"))?;
    let content = match content.kind() {
        Kind::String => content.as_str()?.into_owned(),
        Kind::Object => text(content, "code")?,
        _ => content.source().to_owned(),
    };
    Some(Property { code: text(value, "code")?, value: content })
}

/// Reads a value set; none without canonical.
pub(super) fn value_set(resource: Value<'_>) -> Option<ValueSet> {
    let compose = resource.get("compose");
    let parts = |key| compose.into_iter().flat_map(move |c| c.list(key)).map(include).collect();
    Some(ValueSet {
        url: text(resource, "url")?,
        version: text(resource, "version"),
        includes: parts("include"),
        excludes: parts("exclude"),
        expansion: resource.get("expansion").map(expansion),
    })
}

fn include(value: Value<'_>) -> Include {
    Include {
        system: text(value, "system"),
        version: text(value, "version"),
        concepts: value.list("concept").filter_map(listed_code).collect(),
        filters: value.list("filter").filter_map(filter).collect(),
        value_sets: value.get("valueSet").map(texts).unwrap_or_default(),
    }
}

fn listed_code(value: Value<'_>) -> Option<ListedCode> {
    Some(ListedCode {
        system: text(value, "system"),
        code: text(value, "code")?,
        display: text(value, "display"),
        designations: value.list("designation").filter_map(designation).collect(),
    })
}

fn filter(value: Value<'_>) -> Option<Filter> {
    Some(Filter {
        property: text(value, "property")?,
        operator: text(value, "op")?,
        value: text(value, "value")?,
    })
}

/// The codes of an expansion, flattened; headings without code are left out.
fn expansion(value: Value<'_>) -> Vec<ListedCode> {
    let mut codes = Vec::new();
    let mut open: Vec<Value<'_>> = value.list("contains").collect();
    open.reverse();
    while let Some(entry) = open.pop() {
        if entry.get("abstract").and_then(Value::as_bool) != Some(true) {
            codes.extend(listed_code(entry));
        }
        let from = open.len();
        open.extend(entry.list("contains"));
        open[from..].reverse();
    }
    codes
}

/// Reads a naming system.
pub(super) fn naming_system(resource: Value<'_>) -> Option<NamingSystem> {
    let unique_ids = resource.list("uniqueId").filter_map(|id| {
        let value = text(id, "value")?;
        let is_oid = id.get("type").is_some_and(|kind| kind.is("oid"));
        Some(if is_oid && !value.starts_with("urn:") { format!("urn:oid:{value}") } else { value })
    });
    Some(NamingSystem { name: text(resource, "name")?, unique_ids: unique_ids.collect() })
}
