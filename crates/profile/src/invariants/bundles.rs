//! Rules of Bundles.

use super::Entry;
use crate::{
    fhirpath::{Environment, Focus},
    json::{Symbol, Value, symbol},
};

/// The published bdl-8, which is rewritten.
pub(super) const BDL_8: &str = "fullUrl.contains('/_history/').not()";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        key: "bdl-1",
        expression: "total.empty() or (type = 'searchset') or (type = 'history')",
        holds: |focus, _| {
            !focus.has(symbol!("total")) || is_type(focus.value(), &["searchset", "history"])
        },
    },
    Entry {
        key: "bdl-2",
        expression: "entry.search.empty() or (type = 'searchset')",
        holds: |focus, _| {
            is_type(focus.value(), &["searchset"])
                || !focus.any_child(symbol!("entry"), &mut |entry| entry.has(symbol!("search")))
        },
    },
    Entry {
        key: "bdl-3",
        expression: "entry.all(request.exists() = (%resource.type = 'batch' or \
            %resource.type = 'transaction' or %resource.type = 'history'))",
        holds: |focus, environment| {
            each_has(focus, environment, symbol!("request"), &["batch", "transaction", "history"])
        },
    },
    Entry {
        key: "bdl-4",
        expression: "entry.all(response.exists() = (%resource.type = 'batch-response' or \
            %resource.type = 'transaction-response' or %resource.type = 'history'))",
        holds: |focus, environment| {
            let types = ["batch-response", "transaction-response", "history"];
            each_has(focus, environment, symbol!("response"), &types)
        },
    },
    Entry {
        key: "bdl-5",
        expression: "resource.exists() or request.exists() or response.exists()",
        holds: |focus, _| {
            focus.has(symbol!("resource"))
                || focus.has(symbol!("request"))
                || focus.has(symbol!("response"))
        },
    },
    Entry {
        key: "bdl-7",
        expression: "(type = 'history') or entry.where(fullUrl.exists())\
            .select(fullUrl&resource.meta.versionId).isDistinct()",
        holds: |focus, _| is_type(focus.value(), &["history"]) || urls_are_distinct(focus),
    },
    Entry {
        key: "bdl-8",
        expression: BDL_8,
        holds: |focus, _| {
            let url = focus
                .value()
                .and_then(|entry| entry.field(symbol!("fullUrl")).and_then(Value::as_str));
            url.is_none_or(|url| !url.contains("/_history/"))
        },
    },
    Entry {
        key: "bdl-9",
        expression: "type = 'document' implies (identifier.system.exists() and \
            identifier.value.exists())",
        holds: |focus, _| {
            has_no_type_or(focus, "document", || {
                [symbol!("system"), symbol!("value")].into_iter().all(|name| {
                    focus.any_child(symbol!("identifier"), &mut |identifier| identifier.has(name))
                })
            })
        },
    },
    Entry {
        key: "bdl-10",
        expression: "type = 'document' implies (timestamp.hasValue())",
        holds: |focus, _| {
            has_no_type_or(focus, "document", || {
                focus.any_child(symbol!("timestamp"), &mut Focus::has_value)
            })
        },
    },
    Entry {
        key: "bdl-11",
        expression: "type = 'document' implies entry.first().resource.is(Composition)",
        holds: |focus, _| has_no_type_or(focus, "document", || first_is(focus, "Composition")),
    },
    Entry {
        key: "bdl-12",
        expression: "type = 'message' implies entry.first().resource.is(MessageHeader)",
        holds: |focus, _| has_no_type_or(focus, "message", || first_is(focus, "MessageHeader")),
    },
];

fn is_type(bundle: Option<Value<'_>>, types: &[&str]) -> bool {
    let own = bundle.and_then(|bundle| bundle.field(symbol!("type")).and_then(Value::as_str));
    own.is_some_and(|own| types.contains(&&*own))
}

/// A rule for one type of Bundle. Where the type is missing the question has no answer,
/// which is a failure unless the rule is kept anyway.
fn has_no_type_or(focus: Focus<'_>, wanted: &str, is_kept: impl Fn() -> bool) -> bool {
    focus.any_child(symbol!("type"), &mut |own| own.text().as_deref() != Some(wanted)) || is_kept()
}

/// Every entry has a part exactly when the Bundle is of certain types. A missing type
/// answers nothing, so that no entry passes.
fn each_has<'d>(
    focus: Focus<'d>,
    environment: &dyn Environment<'d>,
    part: Symbol,
    types: &[&str],
) -> bool {
    let Some(resource) = environment.resource() else { return !focus.has(symbol!("entry")) };
    let is_known = Focus::of(resource).any_child(symbol!("type"), &mut |_| true);
    let wanted = is_type(Some(resource), types);
    !focus.any_child(symbol!("entry"), &mut |entry| !is_known || entry.has(part) != wanted)
}

fn urls_are_distinct(focus: Focus<'_>) -> bool {
    let mut known = Vec::new();
    focus.any_child(symbol!("entry"), &mut |entry| {
        let Some(entry) = entry.value() else { return false };
        let text = |path: &[Symbol]| {
            let found = path.iter().try_fold(entry, |value, name| value.field(*name));
            found.and_then(|value| Focus::of(value).text()).filter(|text| !text.is_empty())
        };
        if let Some(url) = text(&[symbol!("fullUrl")]) {
            let version = text(&[symbol!("resource"), symbol!("meta"), symbol!("versionId")]);
            known.push((url, version));
        }
        false
    });
    known.sort_unstable();
    known.windows(2).all(|pair| pair[0] != pair[1])
}

fn first_is(focus: Focus<'_>, resource_type: &str) -> bool {
    let entry = focus.value().and_then(|bundle| bundle.field(symbol!("entry"))?.items().next());
    let resource = entry.and_then(|entry| entry.field(symbol!("resource")));
    resource.is_some_and(|resource| {
        resource.field(symbol!("resourceType")).and_then(Value::as_str).as_deref()
            == Some(resource_type)
    })
}
