//! Rules of whole resources.

use std::collections::HashSet;

use super::{Entry, choices};
use crate::{
    fhirpath::{self, Environment, Focus},
    json::{Symbol, Value, symbol},
};

const VERIFICATION_OF_ALLERGY: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const VERIFICATION_OF_CONDITION: &str =
    "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CLINICAL_STATUS: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        key: "dom-2",
        expression: "contained.contained.empty()",
        holds: |focus, _| !contained(focus).any(|focus| focus.has(symbol!("contained"))),
    },
    Entry {
        key: "dom-3",
        expression: "contained.where((('#'+id in (%resource.descendants().reference | \
            %resource.descendants().as(canonical) | %resource.descendants().as(uri) | \
            %resource.descendants().as(url))) or descendants().where(reference = '#').exists() \
            or descendants().where(as(canonical) = '#').exists() or \
            descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()",
        holds: contained_are_used,
    },
    Entry {
        key: "dom-4",
        expression: "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()",
        holds: |focus, _| {
            !contained_meta_has(focus, &[symbol!("versionId"), symbol!("lastUpdated")])
        },
    },
    Entry {
        key: "dom-5",
        expression: "contained.meta.security.empty()",
        holds: |focus, _| !contained_meta_has(focus, &[symbol!("security")]),
    },
    Entry { key: "dom-6", expression: "text.`div`.exists()", holds: has_narrative },
    Entry {
        key: "obs-6",
        expression: "dataAbsentReason.empty() or value.empty()",
        holds: |focus, _| {
            !focus.has(symbol!("dataAbsentReason")) || !focus.has_choice(&choices::VALUE)
        },
    },
    Entry {
        key: "obs-7",
        expression: "value.empty() or \
            component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
        holds: component_has_another_code,
    },
    Entry {
        key: "ait-1",
        expression: "verificationStatus.coding.where(system = \
            'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and \
            code = 'entered-in-error').exists() or clinicalStatus.exists()",
        holds: |focus, _| {
            let is_mistake = |code: &str| code == "entered-in-error";
            focus.has(symbol!("clinicalStatus"))
                || has_coding(
                    focus,
                    symbol!("verificationStatus"),
                    VERIFICATION_OF_ALLERGY,
                    is_mistake,
                )
        },
    },
    Entry {
        key: "ait-2",
        expression: "verificationStatus.coding.where(system = \
            'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and \
            code = 'entered-in-error').empty() or clinicalStatus.empty()",
        holds: |focus, _| no_status_of_a_mistake(focus, VERIFICATION_OF_ALLERGY),
    },
    Entry {
        key: "con-4",
        expression: "abatement.empty() or clinicalStatus.coding.where(system=\
            'http://terminology.hl7.org/CodeSystem/condition-clinical' and (code='resolved' or \
            code='remission' or code='inactive')).exists()",
        holds: |focus, _| {
            let is_over = |code: &str| matches!(code, "resolved" | "remission" | "inactive");
            !focus.has_choice(&choices::ABATEMENT)
                || has_coding(focus, symbol!("clinicalStatus"), CLINICAL_STATUS, is_over)
        },
    },
    Entry {
        key: "con-5",
        expression: "verificationStatus.coding.where(system=\
            'http://terminology.hl7.org/CodeSystem/condition-ver-status' and \
            code='entered-in-error').empty() or clinicalStatus.empty()",
        holds: |focus, _| no_status_of_a_mistake(focus, VERIFICATION_OF_CONDITION),
    },
    Entry {
        key: "org-1",
        expression: "(identifier.count() + name.count()) > 0",
        holds: |focus, _| {
            focus.any_child(symbol!("identifier"), &mut |_| true)
                || focus.any_choice(&choices::NAME, &mut |_| true)
        },
    },
];

fn contained(focus: Focus<'_>) -> impl Iterator<Item = Focus<'_>> {
    let field = focus.value().and_then(|value| value.field(symbol!("contained")));
    let single = field.filter(|field| field.is_object());
    field.into_iter().flat_map(Value::items).chain(single).map(Focus::of)
}

fn contained_meta_has(focus: Focus<'_>, names: &[Symbol]) -> bool {
    contained(focus).any(|resource| {
        resource.any_child(symbol!("meta"), &mut |meta| names.iter().any(|name| meta.has(*name)))
    })
}

fn contained_are_used<'d>(focus: Focus<'d>, environment: &dyn Environment<'d>) -> bool {
    let has_contained = contained(focus).next().is_some();
    !has_contained || environment.resource().is_some_and(|own| unused_contained(own).is_empty())
}

/// The contained resources that nothing in their resource refers to, and that do not refer
/// to it either (dom-3). Any string that is `#` and the id counts, unless its key gives it
/// another type: JSON does not tell a canonical from a string. One pass over the texts.
pub fn unused_contained(resource: Value<'_>) -> Vec<Value<'_>> {
    if contained(Focus::of(resource)).next().is_none() {
        return Vec::new();
    }
    let local = |value: &Value<'_>| value.begins_with(b'#');
    let places = resource.descendants().filter(local).filter(|v| fhirpath::may_be_url(*v));
    let used: HashSet<_> = places.filter_map(Value::as_str).collect();
    let is_used = |contained: &Value<'_>| {
        let id = contained.field(symbol!("id")).and_then(Value::as_str).filter(|id| !id.is_empty());
        id.is_some_and(|id| used.contains(format!("#{id}").as_str()))
            || contained.descendants().any(|value| value.begins_with(b'#') && value.is("#"))
    };
    let all = contained(Focus::of(resource)).filter_map(Focus::value);
    all.filter(|contained| !is_used(contained)).collect()
}

/// Only asked of the outermost resource.
fn has_narrative<'d>(focus: Focus<'d>, environment: &dyn Environment<'d>) -> bool {
    environment.root_resource().is_some_and(|root| focus.value() != Some(root))
        || focus.any_child(symbol!("text"), &mut |text| text.has(symbol!("div")))
}

fn component_has_another_code<'d>(focus: Focus<'d>, environment: &dyn Environment<'d>) -> bool {
    if !focus.has_choice(&choices::VALUE) || !focus.has(symbol!("component")) {
        return true;
    }
    let Some(resource) = environment.resource() else { return false };
    let mut own = HashSet::new();
    Focus::of(resource).any_choice(&choices::CODE, &mut |code| {
        code.any_child(symbol!("coding"), &mut |coding| {
            own.insert(coding.canonical());
            false
        })
    });
    !focus.any_child(symbol!("component"), &mut |component| {
        component.any_choice(&choices::CODE, &mut |code| {
            code.any_child(symbol!("coding"), &mut |coding| {
                coding.is_there() && own.contains(&coding.canonical())
            })
        })
    })
}

fn no_status_of_a_mistake(focus: Focus<'_>, system: &str) -> bool {
    let is_mistake = |code: &str| code == "entered-in-error";
    !focus.has(symbol!("clinicalStatus"))
        || !has_coding(focus, symbol!("verificationStatus"), system, is_mistake)
}

/// Whether a CodeableConcept has a coding of a system with a certain code.
fn has_coding(
    focus: Focus<'_>,
    name: Symbol,
    system: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> bool {
    focus.any_child(name, &mut |concept| {
        concept.any_child(symbol!("coding"), &mut |coding| {
            coding.value().is_some_and(|coding| {
                coding.field(symbol!("system")).is_some_and(|own| own.is(system))
                    && coding
                        .field(symbol!("code"))
                        .and_then(Value::as_str)
                        .is_some_and(|code| is_wanted(&code))
            })
        })
    })
}
