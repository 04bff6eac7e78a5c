//! What the codes and flags of a resource mean (R6021, R6031; S4, S5).

use kyoyu_domain::{
    catalogue::Unrecognised,
    entry::Flags,
    lab_items::{self, INFECTION_SYSTEMS},
};

use super::Findings;
use crate::{json::Value, resource::ResourceView, view::BundleView};

const LOCAL_CODE: &str =
    "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_ObsLabResult_LocalCode_CS";
/// As misprinted in tables of the guide (S4).
const MISPRINTED_FLAG_SYSTEM: &str = "http:/jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication";

pub(super) fn local_code<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        let local = |coding: Value<'_>| coding.get("system").is_some_and(|own| own.is(LOCAL_CODE));
        if !resource.codings().any(local) {
            findings.absent(resource.value, "code.coding");
        }
    }
}

/// As published: any tag of the system needs LTS among them and an infection code.
pub(super) fn long_term_infection<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        let Some(first) = flag_tags(resource).next() else { continue };
        if !(resource.flags.long_term && resource.codings().any(is_infection_item)) {
            findings.at(first);
        }
    }
}

fn is_infection_item(coding: Value<'_>) -> bool {
    let (Some(system), Some(code)) = (coding.text_of("system"), coding.text_of("code")) else {
        return false;
    };
    INFECTION_SYSTEMS.contains(&&*system) && lab_items::find(&system, &code).is_some()
}

pub(super) fn one_system<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        if resource.kind == Err(Unrecognised::Ambiguous) {
            findings.at(resource.value.get("code").unwrap_or(resource.value));
        }
    }
}

pub(super) fn known_items<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        if let Some(coding) = resource.item.unknown {
            findings.with(coding, coding.text_of("system").unwrap_or_default().into_owned());
        }
    }
}

pub(super) fn one_item<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        if let Some(coding) = resource.item.conflict {
            findings.at(coding);
        }
    }
}

pub(super) fn flag_codes<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for tag in bundle.resources().flat_map(flag_tags) {
        if !has_flag_code(tag) {
            findings.at(tag);
        }
    }
}

/// A flag that is not seen shares what must not be shared. In a Condition the profile tells
/// the tags apart by code alone, so that there every system with such a code is meant.
pub(super) fn flag_systems<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        let may_hide = resource.kind.is_ok_and(|kind| kind.may_be_hidden);
        for tag in resource.tags().filter(|tag| !is_flag(*tag)) {
            let misprinted = tag.get("system").is_some_and(|own| own.is(MISPRINTED_FLAG_SYSTEM));
            if misprinted || (may_hide && resembles_flag(tag)) {
                findings.at(tag);
            }
        }
    }
}

pub(super) fn flags_once<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        let mut seen = Vec::new();
        for tag in flag_tags(resource).take(bundle.limits.tags) {
            let Some(code) = tag.text_of("code") else { continue };
            if seen.contains(&code) {
                findings.at(tag);
            } else {
                seen.push(code);
            }
        }
    }
}

/// Observations have the published rule R6031 instead.
pub(super) fn flags_allowed<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources().filter(|resource| resource.resource_type != "Observation") {
        let Some(tag) = flag_tags(resource).next() else { continue };
        let allowed = match resource.kind {
            Ok(kind) => kind.may_carry(resource.flags),
            Err(_) => false,
        };
        if !allowed {
            findings.with(tag, resource.kind.map_or("Patient", |kind| kind.resource_type));
        }
    }
}

fn flag_tags<'d>(resource: &ResourceView<'d>) -> impl Iterator<Item = Value<'d>> + use<'d> {
    resource.tags().filter(|tag| is_flag(*tag))
}

fn is_flag(tag: Value<'_>) -> bool {
    tag.get("system").is_some_and(|system| system.is(Flags::SYSTEM))
}

/// Also where it is misspelt: with the right system that would be an error of its own.
fn resembles_flag(tag: Value<'_>) -> bool {
    let code = tag.text_of("code").unwrap_or_default().trim().to_ascii_uppercase();
    matches!(&*code, "LTS" | "UNINFORMED" | "UNDELIVERED")
}

fn has_flag_code(tag: Value<'_>) -> bool {
    matches!(tag.text_of("code").as_deref(), Some("LTS" | "UNINFORMED" | "UNDELIVERED"))
}
