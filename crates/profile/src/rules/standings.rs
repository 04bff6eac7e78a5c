//! 状態 — what statuses say of values, dates and categories (S3.4 to S3.6, S5.1).

use std::borrow::Cow;

use super::{
    Findings,
    tables::{ALLERGENS, STANDINGS, STATUSES, lists},
};
use crate::{json::Value, resource::ResourceView, view::BundleView};

fn said_of_value(resource: &ResourceView<'_>) -> Option<&'static str> {
    STATUSES.get(&*resource.value.text_of("status")?).copied()
}

/// `value[x]`, or the first one of a component.
fn value_of<'d>(resource: &ResourceView<'d>) -> Option<Value<'d>> {
    let own = |value: Value<'d>| {
        value.fields().find(|(key, _)| key.starts_with("value")).map(|(_, value)| value)
    };
    own(resource.value).or_else(|| resource.value.list("component").find_map(own))
}

pub(super) fn value_forbidden<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let without = |own: &&ResourceView<'d>| said_of_value(own) == Some("none");
    for value in bundle.of_type("Observation").filter(without).filter_map(value_of) {
        findings.at(value);
    }
}

pub(super) fn value_or_reason<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        let asked = said_of_value(resource).is_some_and(|said| said != "unused");
        let absent = resource.value.get("dataAbsentReason").is_none();
        if asked && absent && value_of(resource).is_none() {
            findings.absent(resource.value, "value");
        }
    }
}

pub(super) fn unused_status<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        if said_of_value(resource) == Some("unused") {
            findings.at(resource.value.get("status").unwrap_or(resource.value));
        }
    }
}

/// Codes that do not exist are reported by the rule of the statuses.
pub(super) fn conditions<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let readable =
        |own: &&ResourceView<'d>| own.clinical.bad().is_none() && own.standing.bad().is_none();
    for resource in bundle.of_type("Condition").filter(readable) {
        let (Some(clinical), Some(verification)) =
            (first_code(resource, "clinicalStatus"), first_code(resource, "verificationStatus"))
        else {
            continue;
        };
        let ended = resource.value.fields().any(|(key, _)| key.starts_with("abatement"));
        let end = if ended { "present" } else { "absent" };
        let known = STANDINGS.iter().any(|[own_clinical, own_verification, own_end]| {
            *own_clinical == clinical
                && *own_verification == verification
                && (*own_end == end || *own_end == "any")
        });
        // An entry that was made in error says nothing of the disease.
        if !known && verification != "entered-in-error" {
            findings.at(resource.value.get("clinicalStatus").unwrap_or(resource.value));
        }
    }
}

fn first_code<'d>(resource: &ResourceView<'d>, element: &str) -> Option<Cow<'d, str>> {
    resource.value.get(element)?.list("coding").next()?.text_of("code")
}

/// An allergy without category is of the other allergies, whatever its code.
pub(super) fn allergens<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("AllergyIntolerance") {
        let Some(category) = resource.value.get("category") else { continue };
        let own: Vec<_> = category.items().filter_map(Value::as_str).collect();
        let systems = resource.codings().filter_map(|coding| coding.text_of("system"));
        for fitting in systems.filter_map(|system| ALLERGENS.get(&*system)) {
            if !own.is_empty() && !own.iter().any(|category| lists(fitting, category)) {
                findings.with(category, *fitting);
            }
        }
    }
}
