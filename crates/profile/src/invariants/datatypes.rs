//! Rules of datatypes and of the small parts of resources.

use super::Entry;
use crate::fhirpath::{self, Focus};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        key: "qty-3",
        expression: "code.empty() or system.exists()",
        holds: |focus, _| !focus.has("code") || focus.has("system"),
    },
    Entry {
        key: "cpt-2",
        expression: "value.empty() or system.exists()",
        holds: |focus, _| !focus.has_choice("value") || focus.has("system"),
    },
    Entry {
        key: "att-1",
        expression: "data.empty() or contentType.exists()",
        holds: |focus, _| !focus.has("data") || focus.has("contentType"),
    },
    Entry {
        key: "per-1",
        expression: "start.hasValue().not() or end.hasValue().not() or (start <= end)",
        holds: |focus, _| is_period_in_order(focus),
    },
    Entry {
        key: "obs-3",
        expression: "low.exists() or high.exists() or text.exists()",
        holds: |focus, _| focus.has("low") || focus.has("high") || focus.has("text"),
    },
    Entry {
        key: "con-1",
        expression: "summary.exists() or assessment.exists()",
        holds: |focus, _| focus.has("summary") || focus.has("assessment"),
    },
    Entry {
        key: "con-2",
        expression: "code.exists() or detail.exists()",
        holds: |focus, _| focus.has_choice("code") || focus.has_choice("detail"),
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
            focus.has_choice("name")
                || ["telecom", "address", "organization"].iter().any(|name| focus.has(name))
        },
    },
    Entry {
        key: "cmp-1",
        expression: "text.exists() or entry.exists() or section.exists()",
        holds: |focus, _| focus.has("text") || focus.has("entry") || focus.has("section"),
    },
    Entry {
        key: "cmp-2",
        expression: "emptyReason.empty() or entry.empty()",
        holds: |focus, _| !focus.has("emptyReason") || !focus.has("entry"),
    },
];

fn is_home(focus: Focus<'_>) -> bool {
    focus.value().is_some_and(|value| value.get("use").is_some_and(|used| used.is("home")))
}

/// A period of mixed precision that the given parts do not order is refused: so says the
/// expression, whose comparison then gives nothing.
fn is_period_in_order(focus: Focus<'_>) -> bool {
    let Some(period) = focus.value() else { return true };
    let part = |name| period.get(name).map(Focus::of).filter(|part| part.has_value());
    let (Some(start), Some(end)) = (part("start"), part("end")) else { return true };
    fhirpath::at_most(start, end) == Some(true)
}
