//! id — the ids of elements, each once in its resource.
//!
//! Source: FHIR R4, Element.id.

use std::{borrow::Cow, collections::HashSet};

use super::{object::NAMES, texts, unit::Walk};
use crate::json::{Symbol, Value};

/// A snapshot repeats the ids of the differential beside it.
static SNAPSHOT: Symbol = Symbol::named("snapshot");

impl<'d> Walk<'_, '_, 'd> {
    /// Every id of an element in the document.
    pub(super) fn element_ids(&mut self, root: Value<'d>) {
        let mut seen: HashSet<(u32, Cow<'d, str>)> = HashSet::new();
        for id in root.descendants().filter(|own| own.symbol() == NAMES.id && own.is_string()) {
            let (holder, scope) = around(id);
            if holder.field(NAMES.resource_type).is_some() {
                continue;
            }
            let Some(text) = id.as_str().filter(|text| !text.is_empty()) else { continue };
            if !seen.insert((scope.id(), text)) {
                self.broken(&texts::ELEMENT_ID_REPEATED, holder);
            }
        }
    }
}

/// What an id is in, and what it has to be unique in: the resource, or its snapshot.
fn around(id: Value<'_>) -> (Value<'_>, Value<'_>) {
    let target = id.span().start;
    let root = id.document().root();
    let (mut at, mut scope) = (root, root);
    while let Some((_, child)) = at.child_holding(target).filter(|(_, child)| *child != id) {
        at = child;
        if at.symbol() == SNAPSHOT || at.field(NAMES.resource_type).is_some() {
            scope = at;
        }
    }
    (at, scope)
}
