//! Rules of datatypes and of the small parts of resources.

use super::{Entry, choices};
use crate::{
    fhirpath::{self, Focus},
    json::symbol,
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        key: "qty-3",
        expression: "code.empty() or system.exists()",
        holds: |focus, _| !focus.has(symbol!("code")) || focus.has(symbol!("system")),
    },
    Entry {
        key: "cpt-2",
        expression: "value.empty() or system.exists()",
        holds: |focus, _| !focus.has_choice(&choices::VALUE) || focus.has(symbol!("system")),
    },
    Entry {
        key: "att-1",
        expression: "data.empty() or contentType.exists()",
        holds: |focus, _| !focus.has(symbol!("data")) || focus.has(symbol!("contentType")),
    },
    Entry {
        key: "per-1",
        expression: "start.hasValue().not() or end.hasValue().not() or (start <= end)",
        holds: |focus, _| is_period_in_order(focus),
    },
    Entry {
        key: "obs-3",
        expression: "low.exists() or high.exists() or text.exists()",
        holds: |focus, _| {
            focus.has(symbol!("low")) || focus.has(symbol!("high")) || focus.has(symbol!("text"))
        },
    },
    Entry {
        key: "con-1",
        expression: "summary.exists() or assessment.exists()",
        holds: |focus, _| focus.has(symbol!("summary")) || focus.has(symbol!("assessment")),
    },
    Entry {
        key: "con-2",
        expression: "code.exists() or detail.exists()",
        holds: |focus, _| focus.has_choice(&choices::CODE) || focus.has_choice(&choices::DETAIL),
    },
    Entry {
        key: "org-2",
        expression: "where(use = 'home').empty()",
        holds: |focus, _| !is_home(focus),
    },
    Entry {
        key: "org-3",
        expression: "where(use = 'home').empty()",
        holds: |focus, _| !is_home(focus),
    },
    Entry {
        key: "pat-1",
        expression: "name.exists() or telecom.exists() or address.exists() or organization.exists()",
        holds: |focus, _| {
            focus.has_choice(&choices::NAME)
                || [symbol!("telecom"), symbol!("address"), symbol!("organization")]
                    .into_iter()
                    .any(|name| focus.has(name))
        },
    },
    Entry {
        key: "cmp-1",
        expression: "text.exists() or entry.exists() or section.exists()",
        holds: |focus, _| {
            focus.has(symbol!("text"))
                || focus.has(symbol!("entry"))
                || focus.has(symbol!("section"))
        },
    },
    Entry {
        key: "cmp-2",
        expression: "emptyReason.empty() or entry.empty()",
        holds: |focus, _| !focus.has(symbol!("emptyReason")) || !focus.has(symbol!("entry")),
    },
];

fn is_home(focus: Focus<'_>) -> bool {
    focus
        .value()
        .is_some_and(|value| value.field(symbol!("use")).is_some_and(|used| used.is("home")))
}

/// A period of mixed precision that the given parts do not order is refused: so says the
/// expression, whose comparison then gives nothing.
fn is_period_in_order(focus: Focus<'_>) -> bool {
    let Some(period) = focus.value() else { return true };
    let part = |name| period.field(name).map(Focus::of).filter(|part| part.has_value());
    let (Some(start), Some(end)) = (part(symbol!("start")), part(symbol!("end"))) else {
        return true;
    };
    fhirpath::at_most(start, end) == Some(true)
}
