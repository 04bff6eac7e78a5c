//! What each shared resource must hold besides its codes (R90xx, R6081; S1.3, S3).

use std::collections::HashSet;

use kyoyu_domain::identifiers::{DepartmentHash, IdentifierHash};

use super::Findings;
use crate::{
    json::Value,
    resource::{Read, ResourceView},
    view::{BundleView, extensions},
};

/// 診療科 — the extension that names the department.
pub(super) const DEPARTMENT: &str =
    "http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department";
const ENCOUNTERS: &[&str] = &[
    "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Encounter",
    "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Encounter_eCS",
];
const PRACTITIONERS: &[&str] = &[
    "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Practitioner",
    "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Practitioner_eCS",
];

pub(super) fn have_identifiers<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.shared().filter(|resource| resource.is_of_shared_type()) {
        match *resource.identifiers {
            [] => findings.absent(resource.value, "identifier"),
            [identifier] if resource_identifier(identifier).is_none() => findings.at(identifier),
            [_] => {}
            [_, second, ..] => findings.at(second),
        }
    }
}

/// The department of a resource: by its own name, the part that the guide demands, or else by
/// its first code (S2.9).
pub(crate) fn department(resource: Value<'_>) -> Option<DepartmentHash> {
    let concept = extensions(resource, DEPARTMENT).next()?.get("valueCodeableConcept")?;
    if let Some(name) = concept.text_of("text") {
        return Some(DepartmentHash::of_name(&name));
    }
    let coding = concept.list("coding").next()?;
    Some(DepartmentHash::of_code(&coding.text_of("system")?, &coding.text_of("code")?))
}

/// The hash of a resource identifier's value; none where it has no value.
pub(crate) fn resource_identifier(identifier: Value<'_>) -> Option<IdentifierHash> {
    let value = identifier.text_of("value")?;
    (!value.trim().is_empty()).then(|| IdentifierHash::of(&value))
}

/// The official example repeats one, so that it is only a warning.
pub(super) fn identifiers_repeat<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let mut seen = HashSet::new();
    let mut repeated = bundle
        .shared()
        .filter_map(|resource| {
            let identifier = *resource.identifiers.first()?;
            Some((&*resource.resource_type, identifier, identifier.text_of("value")?))
        })
        .filter(|(resource_type, _, value)| !seen.insert((*resource_type, value.clone())))
        .map(|(_, identifier, _)| identifier);
    if let Some(first) = repeated.next() {
        findings.with(first, (1 + repeated.count()).to_string());
    }
}

pub(super) fn condition_encounter<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs_contained(bundle.of_type("Condition"), findings, ENCOUNTERS);
}

pub(super) fn observation_encounter<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs_contained(bundle.of_type("Observation"), findings, ENCOUNTERS);
}

pub(super) fn observation_practitioner<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs_contained(bundle.of_type("Observation"), findings, PRACTITIONERS);
}

/// As published: the only profile that a contained resource names must be one of these, and
/// with a version it is not.
fn needs_contained<'r, 'd: 'r>(
    resources: impl Iterator<Item = &'r ResourceView<'d>>,
    findings: &mut Findings<'d>,
    profiles: &[&str],
) {
    for resource in resources {
        let there = resource.value.list("contained").any(|contained| {
            let mut claims =
                contained.get("meta").into_iter().flat_map(|meta| meta.list("profile"));
            match (claims.next().and_then(Value::as_str), claims.next()) {
                (Some(only), None) => profiles.contains(&&*only),
                _ => false,
            }
        });
        if !there {
            findings.absent(resource.value, "contained");
        }
    }
}

pub(super) fn condition_department<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs_department(bundle.of_type("Condition"), findings);
}

pub(super) fn observation_department<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs_department(bundle.of_type("Observation"), findings);
}

fn needs_department<'r, 'd: 'r>(
    resources: impl Iterator<Item = &'r ResourceView<'d>>,
    findings: &mut Findings<'d>,
) {
    for resource in resources {
        if extensions(resource.value, DEPARTMENT).next().is_none() {
            findings.absent(resource.value, "extension");
        }
    }
}

pub(super) fn condition_onset<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs(bundle, findings, "Condition", "onsetDateTime");
}

pub(super) fn observation_has_encounter<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs(bundle, findings, "Observation", "encounter");
}

pub(super) fn observation_performer<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    needs(bundle, findings, "Observation", "performer");
}

fn needs<'d>(
    bundle: &BundleView<'d>,
    findings: &mut Findings<'d>,
    resource_type: &str,
    element: &'static str,
) {
    for resource in bundle.of_type(resource_type) {
        if resource.value.get(element).is_none() {
            findings.absent(resource.value, element);
        }
    }
}

pub(super) fn observation_members<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        if let Some(members) = resource.value.get("hasMember") {
            findings.at(members);
        }
    }
}

pub(super) fn dates<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        if let Some(date) = resource.dated_at.bad() {
            findings.at(date);
        }
    }
}

pub(super) fn observation_date<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        if matches!(resource.dated_at, Read::Absent) {
            findings.absent(resource.value, "effectiveDateTime");
        }
    }
}

/// The codes that decide whether an entry is shown: `status` of an Observation,
/// `verificationStatus` (mandatory in a Condition) and `clinicalStatus` of the others.
pub(super) fn statuses<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        let (element, mandatory) = match &*resource.resource_type {
            "Observation" => ("status", true),
            "Condition" => ("verificationStatus", true),
            "AllergyIntolerance" => ("verificationStatus", false),
            _ => continue,
        };
        match resource.standing {
            Read::Absent if mandatory => findings.absent_with(resource.value, element, element),
            Read::Bad(value) => findings.with(value, element),
            Read::Absent | Read::Good(_) => {}
        }
        if let Some(value) = resource.clinical.bad() {
            findings.with(value, "clinicalStatus");
        }
    }
}
