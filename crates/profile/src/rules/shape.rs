//! JSONの型 — the elements that the other rules read must have the JSON type of FHIR:
//! otherwise a flag in an object instead of an array would silently not be seen.
//!
//! Source: FHIR R4, JSON representation.

use super::Findings;
use crate::{
    json::{Kind, Value},
    view::BundleView,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    String,
    Object,
    Strings,
    Objects,
    /// A list of codes, or of concepts.
    List,
}

impl Shape {
    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Object => "object",
            Self::Strings => "array of strings",
            Self::Objects => "array of objects",
            Self::List => "array",
        }
    }

    fn fits(self, value: Value<'_>) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Object => value.is_object(),
            Self::Strings => value.is_array() && value.items().all(Value::is_string),
            Self::Objects => value.is_array() && value.items().all(Value::is_object),
            Self::List => value.is_array(),
        }
    }
}

/// The shape of the elements that have it wherever they stand in these resources.
fn shape_of(key: &str) -> Option<Shape> {
    Some(match key {
        "id" | "url" | "fullUrl" | "system" | "display" | "reference" | "resourceType"
        | "lastUpdated" | "timestamp" | "birthDate" | "effectiveDateTime" | "effectiveInstant"
        | "onsetDateTime" | "recordedDate" | "status" => Shape::String,
        "meta" | "subject" | "encounter" | "clinicalStatus" | "verificationStatus" | "resource"
        | "valueIdentifier" | "effectivePeriod" => Shape::Object,
        "profile" => Shape::Strings,
        "coding" | "tag" | "extension" | "modifierExtension" | "contained" | "entry"
        | "performer" | "hasMember" => Shape::Objects,
        "category" => Shape::List,
        _ => return None,
    })
}

pub(super) fn types<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for value in bundle.root.descendants() {
        let Some(shape) = value.key().and_then(|key| shape_of(&key)) else { continue };
        if !shape.fits(value) {
            findings.with(value, shape.name());
        }
    }
    expect(bundle.root, "identifier", Shape::Object, findings);
    for resource in bundle.resources() {
        expect(resource.value, "identifier", Shape::Objects, findings);
        if resource.is_of_shared_type() {
            expect(resource.value, "code", Shape::Object, findings);
        }
        if resource.resource_type == "AllergyIntolerance" {
            expect(resource.value, "patient", Shape::Object, findings);
            expect(resource.value, "category", Shape::Strings, findings);
        }
    }
}

fn expect<'d>(parent: Value<'d>, key: &str, shape: Shape, findings: &mut Findings<'d>) {
    if let Some(value) = parent.get(key).filter(|value| !shape.fits(*value)) {
        findings.with(value, shape.name());
    }
}

/// FHIR has no empty elements. Only in an array may null stand, for a primitive that has
/// nothing but an extension.
pub(super) fn nothing_empty<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for value in bundle.root.descendants() {
        let empty = match value.kind() {
            Kind::Null => value.key().is_some(),
            Kind::String => value.span().len() == 2,
            Kind::Array | Kind::Object => value.is_empty(),
            Kind::Bool | Kind::Number => false,
        };
        if empty {
            findings.at(value);
        }
    }
}

pub(super) fn no_modifiers<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for value in bundle.root.descendants() {
        for name in ["modifierExtension", "implicitRules"] {
            if value.key_is(name) {
                findings.with(value, name);
            }
        }
    }
}
