//! 周辺 — persons, institutions, departments and references (S1.3, S2.8, S2.9, S3.1, S7).

use std::sync::LazyLock;

use regex::Regex;

use super::{Findings, resources::DEPARTMENT};
use crate::{
    json::{Symbol, Value},
    resource::ResourceView,
    view::{BundleView, extensions, insured_identifiers, is_published_institution_form, sender},
};

const PUBLIC_PAYER_SYSTEM: &str = "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID";
/// The system of an institution's patient numbers; its own number follows.
const LOCAL_SYSTEM: &str = "urn:oid:1.2.392.100495.20.3.51.1";
const REPRESENTATION: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";

/// Insurer, symbol, number and branch, where there are four parts.
fn insured_parts<'d>(bundle: &BundleView<'d>) -> impl Iterator<Item = (Value<'d>, [String; 4])> {
    bundle.patient().into_iter().flat_map(insured_identifiers).filter_map(|identifier| {
        let value = identifier.text_of("value")?;
        let parts: Vec<String> = value.split(':').map(str::to_owned).collect();
        Some((identifier, parts.try_into().ok()?))
    })
}

pub(super) fn insured_width<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for (identifier, [_, symbol, number, _]) in insured_parts(bundle) {
        let characters = || symbol.chars().chain(number.chars());
        let half = characters().any(|own| own.is_ascii_alphanumeric());
        let full = characters().any(|own| ('\u{FF01}'..='\u{FF5E}').contains(&own));
        if half && full {
            findings.at(identifier);
        }
    }
}

pub(super) fn branch<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for (identifier, [_, _, _, branch]) in insured_parts(bundle) {
        if branch.is_empty() {
            findings.at(identifier);
        }
    }
}

pub(super) fn public_payer<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^[0-9]{8}::[0-9]{7}:$").expect("the form is a constant that compiles")
    });
    let Some(patient) = bundle.patient() else { return };
    for identifier in patient.list("identifier") {
        let is_payer = identifier.get("system").is_some_and(|own| own.is(PUBLIC_PAYER_SYSTEM));
        let value = identifier.text_of("value").unwrap_or_default();
        if is_payer && !FORM.is_match(&value) {
            findings.at(identifier);
        }
    }
}

/// Only of the Patient: a doctor's number may be that of another institution. Where the
/// number behind the system is no institution's at all, the published rule R1010 says so.
pub(super) fn local_institution<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let (Some(sender), Some(patient)) = (sender(bundle), bundle.patient()) else { return };
    for identifier in patient.list("identifier") {
        let system = identifier.text_of("system").unwrap_or_default();
        let number = system.strip_prefix(LOCAL_SYSTEM);
        let number = number.filter(|number| is_published_institution_form(number));
        if number.is_some_and(|number| number != sender.as_str()) {
            findings.at(identifier);
        }
    }
}

/// Names with a representation have the published rule R1113 for their text.
pub(super) fn name_spaces<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(patient) = bundle.patient() else { return };
    for name in patient.list("name") {
        let represented = extensions(name, REPRESENTATION).next().is_some();
        let text = name.get("text").filter(|_| !represented);
        let parts = name.get("family").into_iter().chain(name.list("given"));
        let spaced = text
            .into_iter()
            .chain(parts)
            .find(|part| part.as_str().is_some_and(|text| text.contains('\u{3000}')));
        if let Some(part) = spaced {
            findings.at(part);
        }
    }
}

pub(super) fn contained_patient<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for contained in bundle.resources().flat_map(|resource| resource.value.list("contained")) {
        if contained.get("resourceType").is_some_and(|own| own.is("Patient")) {
            findings.at(contained);
        }
    }
}

/// An object with an identifier and a type or a display, but no reference and nothing else
/// that an Identifier's owner would have, is a Reference wherever it stands.
pub(super) fn logical_references<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let identifier = Symbol::of("identifier");
    for value in bundle.root.descendants().filter(|value| value.is_object()) {
        let holds = |symbol| value.field(symbol).is_some_and(Value::is_object);
        let is_reference = value.len() <= 3
            && value.fields().all(|(key, _)| matches!(&*key, "identifier" | "type" | "display"));
        if is_reference && holds(identifier) {
            findings.at(value);
        }
    }
}

/// What begins with a scheme is meant as a URI.
pub(super) fn resource_identifier_uris<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for identifier in bundle.shared().filter_map(|resource| resource.identifiers.first()) {
        let value = identifier.text_of("value").unwrap_or_default();
        let is_uri = value.contains("://") || value.starts_with("urn:");
        if is_uri && !value.bytes().all(is_uri_byte) {
            findings.at(*identifier);
        }
    }
}

/// Unreserved, reserved, or a percent sign (RFC 3986, section 2).
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

pub(super) fn allergy_department<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("AllergyIntolerance") {
        if departments(resource).next().is_none() {
            findings.absent(resource.value, "extension");
        }
    }
}

pub(super) fn department_names<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for extension in bundle.shared().flat_map(departments) {
        if extension.find(&["valueCodeableConcept", "text"]).is_none() {
            findings.absent(extension, "valueCodeableConcept.text");
        }
    }
}

fn departments<'d>(resource: &ResourceView<'d>) -> impl Iterator<Item = Value<'d>> + use<'d> {
    extensions(resource.value, DEPARTMENT)
}
