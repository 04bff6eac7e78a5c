//! A document with its resources, as an expression may ask for them.

use kyoyu_profile::{
    Limits,
    fhirpath::{Environment, Focus},
    json::{Document, Value},
};

/// The resource that an element belongs to, the one that contains it, and the document.
pub(crate) struct Surroundings<'d> {
    pub(crate) root: Value<'d>,
    pub(crate) outer: Value<'d>,
    pub(crate) resource: Value<'d>,
}

impl<'d> Surroundings<'d> {
    pub(crate) fn of(root: Value<'d>) -> Self {
        Self { root, outer: root, resource: root }
    }
}

impl<'d> Environment<'d> for Surroundings<'d> {
    fn resource(&self) -> Option<Value<'d>> {
        Some(self.resource)
    }

    fn root_resource(&self) -> Option<Value<'d>> {
        Some(self.outer)
    }

    fn resolve(&self, reference: &str) -> Option<Value<'d>> {
        if let Some(id) = reference.strip_prefix('#') {
            return self.outer.list("contained").find(|c| c.text_of("id").as_deref() == Some(id));
        }
        let entries = self.root.list("entry");
        let named = |entry: &Value<'d>| entry.text_of("fullUrl").as_deref() == Some(reference);
        entries.filter(named).find_map(|entry| entry.get("resource"))
    }

    /// A stand-in for terminology: JLAC codes of infections begin with 5.
    fn member_of(&self, element: Value<'d>, _value_set: &str) -> Option<bool> {
        Some(element.text_of("code").is_some_and(|code| code.starts_with('5')))
    }

    fn conforms_to(&self, _element: Value<'d>, _profile: &str) -> Option<bool> {
        None
    }
}

/// Parses without limits; none where the text is refused as JSON.
pub(crate) fn parse(text: &[u8]) -> Option<Document<'_>> {
    let limits = Limits { body_bytes: usize::MAX, string_bytes: usize::MAX, ..Limits::default() };
    Document::parse(text, &limits).ok()
}

/// Every object of a document with its surroundings and the key under which it, or the
/// array that holds it, stands.
pub(crate) fn each_object<'d>(
    root: Value<'d>,
    visit: &mut dyn FnMut(&str, Focus<'d>, &Surroundings<'d>),
) {
    object("", root, &Surroundings::of(root), visit);
}

fn object<'d>(
    key: &str,
    value: Value<'d>,
    around: &Surroundings<'d>,
    visit: &mut dyn FnMut(&str, Focus<'d>, &Surroundings<'d>),
) {
    let is_resource = value.get("resourceType").is_some();
    let own = Surroundings {
        root: around.root,
        outer: if is_resource && key != "contained" { value } else { around.outer },
        resource: if is_resource { value } else { around.resource },
    };
    visit(key, Focus::of(value), &own);
    for (key, field) in value.fields() {
        for child in std::iter::once(field).chain(field.items()).filter(|v| v.is_object()) {
            object(&key, child, &own, visit);
        }
    }
}
