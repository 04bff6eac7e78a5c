//! Small readers of published JSON: an empty string is as good as none.

use crate::{definition::TypedJson, json::Value};

/// The published name of the FHIR type behind a `FHIRPath` system type.
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

/// The primitive types of R4, whose names begin with a small letter.
const PRIMITIVES: [&str; 19] = [
    "base64Binary",
    "boolean",
    "canonical",
    "code",
    "date",
    "dateTime",
    "decimal",
    "id",
    "instant",
    "integer",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "url",
    "uuid",
];

/// A string that is not empty.
pub(super) fn own(value: Value<'_>) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(std::borrow::Cow::into_owned)
}

/// The string of a field, unless it is empty.
pub(super) fn text(object: Value<'_>, key: &str) -> Option<String> {
    object.get(key).and_then(own)
}

/// The strings of an array.
pub(super) fn texts(value: Value<'_>) -> Vec<String> {
    value.items().filter_map(own).collect()
}

/// The string value of the extension with this URL.
pub(super) fn extension(object: Value<'_>, url: &str) -> Option<String> {
    let extension = object.list("extension").find(|e| e.get("url").is_some_and(|u| u.is(url)))?;
    let (_, value) = extension.fields().find(|(key, _)| key.starts_with("value"))?;
    own(value)
}

/// A value whose type stands in its key: `fixedUri` with prefix `fixed` is a `uri`.
pub(super) fn typed(key: &str, prefix: &str, value: Value<'_>) -> Option<TypedJson> {
    let type_name = key.strip_prefix(prefix)?;
    if !type_name.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let primitive = PRIMITIVES.iter().find(|name| name.eq_ignore_ascii_case(type_name));
    let type_name = primitive.map_or(type_name, |name| name).to_owned();
    Some(TypedJson { type_name, text: value.source().to_owned() })
}

/// The code of a type; a `FHIRPath` system type is the FHIR type beside it.
pub(super) fn type_code(object: Value<'_>) -> String {
    let code = text(object, "code").unwrap_or_default();
    let Some(system_type) = code.strip_prefix("http://hl7.org/fhirpath/System.") else {
        return code;
    };
    extension(object, FHIR_TYPE).unwrap_or_else(|| match system_type {
        "DateTime" => "dateTime".to_owned(),
        other => other.to_ascii_lowercase(),
    })
}
