//! The entries as such: their order, types and addresses (S1.2, S1.3).

use std::collections::HashSet;

use super::Findings;
use crate::{json::Value, view::BundleView};

pub(super) fn first_is_patient<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if let (Some(first), None) = (bundle.entries.first(), bundle.patient()) {
        findings.at(first.value);
    }
}

/// A Patient that is not the first entry is one too many, whether or not the first is one.
pub(super) fn one_patient<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for patient in bundle.of_type("Patient").skip(1) {
        findings.at(patient.value);
    }
}

/// The profile allows each of the types in an entry; the prose forbids to mix them.
pub(super) fn not_mixed<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(tagged) = bundle.tagged_type() else { return };
    for resource in bundle.resources() {
        if resource.is_of_shared_type() && resource.resource_type != tagged {
            findings.with(resource.value, resource.resource_type.clone().into_owned());
        }
    }
}

pub(super) fn no_medication_request<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("MedicationRequest") {
        findings.at(resource.value);
    }
}

pub(super) fn known_types<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        let known = matches!(&*resource.resource_type, "Patient" | "MedicationRequest");
        if !known && !resource.is_of_shared_type() {
            findings.at(resource.value);
        }
    }
}

pub(super) fn have_resources<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for entry in bundle.entries.iter().filter(|entry| entry.resource.is_none()) {
        match entry.value.get("resource") {
            Some(resource) => findings.absent(resource, "resourceType"),
            None => findings.absent(entry.value, "resource"),
        }
    }
}

pub(super) fn nothing_extra<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    const EXTRA: &[&str] = &["link", "search", "request", "response", "extension"];
    for entry in &bundle.entries {
        for (key, value) in entry.value.fields() {
            if let Some(name) = EXTRA.iter().find(|name| **name == key) {
                findings.with(value, *name);
            }
        }
    }
}

pub(super) fn full_urls<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for entry in &bundle.entries {
        match entry.value.get("fullUrl") {
            None => findings.absent(entry.value, "fullUrl"),
            Some(url) if !is_uuid_urn(url) => findings.at(url),
            Some(_) => {}
        }
    }
}

fn is_uuid_urn(url: Value<'_>) -> bool {
    let Some(url) = url.as_str() else { return false };
    let Some(uuid) = url.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Two UUIDs are the same also where the case of their digits differs.
pub(super) fn full_urls_are_unique<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let mut seen = HashSet::with_capacity(bundle.entries.len());
    for entry in &bundle.entries {
        let Some(url) = &entry.full_url else { continue };
        let repeated = if url.bytes().any(|byte| byte.is_ascii_uppercase()) {
            !seen.insert(url.to_ascii_lowercase().into())
        } else {
            !seen.insert(url.clone())
        };
        if repeated {
            findings.at(entry.value.get("fullUrl").unwrap_or(entry.value));
        }
    }
}
