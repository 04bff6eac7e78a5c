//! プロファイルの名乗り — what a Bundle and its resources claim to be (R0212, R0213;
//! S2.21). An entry that does not claim its kind's profile is an error here, as the message
//! of the published rule means it and its expression does not.

use kyoyu_domain::catalogue;

use super::{BUNDLE_PROFILE_URL, Findings, PATIENT_PROFILE_URL, PROFILE_VERSIONS};
use crate::{
    json::Value,
    view::{BundleView, names_profile},
};

pub(super) fn bundle<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if !claims(bundle.root, BUNDLE_PROFILE_URL) {
        findings.absent(bundle.root, "meta.profile");
    }
}

pub(super) fn patient<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if let Some(patient) = bundle.patient().filter(|own| !claims(*own, PATIENT_PROFILE_URL)) {
        findings.absent(patient, "meta.profile");
    }
}

pub(super) fn allergies<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    resources(bundle, findings, "AllergyIntolerance");
}

pub(super) fn conditions<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    resources(bundle, findings, "Condition");
}

pub(super) fn observations<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    resources(bundle, findings, "Observation");
}

fn resources<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>, resource_type: &str) {
    for resource in bundle.of_type(resource_type) {
        let claimed =
            catalogue::of_type(resource_type).any(|kind| claims(resource.value, kind.profile));
        if !claimed {
            findings.absent(resource.value, "meta.profile");
        }
    }
}

/// Without a version the newest one is meant; another version is not what is checked.
pub(super) fn versions<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    version(bundle.root, findings, BUNDLE_PROFILE_URL, PROFILE_VERSIONS);
    if let Some(patient) = bundle.patient() {
        version(patient, findings, PATIENT_PROFILE_URL, PROFILE_VERSIONS);
    }
    for resource in bundle.resources() {
        if let Some(kind) = catalogue::of_type(&resource.resource_type).next() {
            version(resource.value, findings, kind.profile, kind.versions);
        }
    }
}

fn version<'d>(resource: Value<'d>, findings: &mut Findings<'d>, profile: &str, accepted: &[&str]) {
    for claim in claims_of(resource) {
        let Some(canonical) = claim.as_str().filter(|text| names_profile(text, profile)) else {
            continue;
        };
        let version = canonical.split_once('|').map(|(_, version)| version);
        if version.is_some_and(|version| !accepted.contains(&version)) {
            findings.with(claim, accepted.join(", "));
        }
    }
}

fn claims(resource: Value<'_>, profile: &str) -> bool {
    claims_of(resource)
        .any(|claim| claim.as_str().is_some_and(|canonical| names_profile(&canonical, profile)))
}

fn claims_of(resource: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    resource.get("meta").into_iter().flat_map(|meta| meta.list("profile"))
}
