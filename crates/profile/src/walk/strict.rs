//! 厳格 — what the gateway demands beyond the reference verdict.

use std::borrow::Cow;

use kyoyu_domain::problem::Severity;

use super::{
    finding::{Broken, Finding},
    resources::{Resource, Role},
    settle::Check,
    texts,
};
use crate::json::Value;

/// Asks the Bundle and its entries for claims of the guide.
pub(crate) fn add(findings: &mut Vec<Finding>, check: &Check<'_, '_>) {
    for id in check.resources.ids() {
        let resource = &check.resources[id];
        let is_bundle = resource.role == Role::Root && resource.type_name == "Bundle";
        let is_entry = resource.role == Role::Entry;
        if (is_bundle || is_entry) && !claims_own(check, resource) {
            let rule = if is_bundle { &texts::BUNDLE_CLAIM } else { &texts::ENTRY_CLAIM };
            findings.push(Finding {
                broken: Broken::Rule(rule),
                severity: Severity::Error,
                at: resource.value.id(),
                argument: Cow::Borrowed(""),
            });
        }
    }
}

fn claims_own(check: &Check<'_, '_>, resource: &Resource<'_>) -> bool {
    let claimed = resource.value.find(&["meta", "profile"]).into_iter().flat_map(Value::items);
    claimed.filter_map(Value::as_str).any(|own| {
        check.schema().find(&own).is_some_and(|id| check.schema().profile(id).constrains)
    })
}
