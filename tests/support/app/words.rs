//! 宛先の書き方 — addresses and bodies that requests are made of.

use kyoyu_domain::identifiers::{BundleIdentifier, PersonIdentifier};
use serde_json::json;

/// `system|value` of a person's identifier.
pub fn number_of(identifier: &PersonIdentifier) -> String {
    format!("{}|{}", identifier.system().uri(), identifier.value().expose())
}

/// `PUT /fhir/Bundle?identifier=…`
pub fn change_address(identifier: &BundleIdentifier) -> String {
    let token = format!("{}|{}", BundleIdentifier::SYSTEM, identifier.value());
    format!("/fhir/Bundle?identifier={}", url_encoded(&token))
}

/// A value as it stands in a query.
pub fn url_encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The Parameters of `$cancel` and `$undo-cancel`.
pub fn cancellation(identifier: &str, patient: &PersonIdentifier) -> String {
    let named = |system: &str, value: &str| json!({"system": system, "value": value});
    json!({"resourceType": "Parameters", "parameter": [
        {"name": "identifier", "valueIdentifier": named(BundleIdentifier::SYSTEM, identifier)},
        {"name": "patient",
         "valueIdentifier": named(patient.system().uri(), patient.value().expose())},
    ]})
    .to_string()
}
