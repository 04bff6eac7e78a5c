//! Functions of whole collections: parts of them, sets, and what is found again and again.

use std::collections::HashSet;

use super::{
    chain::{ENOUGH, FAILED, Failed, Flow, MORE},
    compare::Known,
    evaluate::{Evaluation, Scope, Sink},
    item::{Item, Number},
    node::Node,
};

/// `repeat` stops here: more items than a document has values are a cycle of references.
const MAX_REPEATED: usize = 1_000_000;

impl<'d> Evaluation<'_, 'd> {
    /// The items from a position up to another. Nothing behind them is evaluated.
    pub(super) fn range<'e>(
        &self,
        input: &'e Node,
        (from, to): (usize, usize),
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        let mut at = 0;
        let mut consumer = MORE;
        let flow = self.each(input, scope, &mut |item| {
            if at >= from && at < to {
                consumer = sink(item);
            }
            at += 1;
            match consumer {
                // The consumer wants more, and there is nothing more in the range.
                MORE if at >= to => ENOUGH,
                other => other,
            }
        });
        if flow == FAILED { FAILED } else { consumer }
    }

    /// The number that an index or count is.
    pub(super) fn position<'e>(
        &self,
        node: &'e Node,
        scope: Scope<'_, 'e, 'd>,
    ) -> Result<Option<usize>, Failed> {
        let item = self.one(node, scope)?;
        Ok(match item.as_ref().and_then(Item::number) {
            Some(Number::Integer(number)) => usize::try_from(number).ok(),
            _ => None,
        })
    }

    pub(super) fn repeat<'e>(
        &self,
        input: &'e Node,
        projection: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        let mut open = Vec::new();
        let mut known = HashSet::new();
        self.elements(input, scope, &mut |focus| {
            open.push(focus);
            MORE
        })?;
        while let Some(focus) = open.pop() {
            let this = Item::Element(focus);
            let mut found = Vec::new();
            self.each(projection, Scope { this: &this, index: 0 }, &mut |item| {
                if let Item::Element(focus) = item {
                    found.push(focus);
                }
                MORE
            })?;
            for focus in found {
                let place = focus.value().or(focus.sibling()).map(|value| value.span().start);
                if known.len() < MAX_REPEATED && known.insert(place) {
                    open.push(focus);
                    sink(Item::Element(focus))?;
                }
            }
        }
        MORE
    }

    /// Each value once.
    pub(super) fn distinct<'e>(
        &self,
        inputs: [Option<&'e Node>; 2],
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        let mut known = Known::default();
        for input in inputs.into_iter().flatten() {
            self.each(input, scope, &mut |item| {
                if known.insert(&item) { sink(item) } else { MORE }
            })?;
        }
        MORE
    }

    /// The items that are, or are not, among others; each once where they are.
    pub(super) fn filtered<'e>(
        &self,
        input: &'e Node,
        other: &'e Node,
        is_wanted: bool,
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        let mut others = Known::default();
        self.each(other, scope, &mut |item| {
            others.insert(&item);
            MORE
        })?;
        let mut known = Known::default();
        self.each(input, scope, &mut |item| {
            let passes = others.contains(&item) == is_wanted;
            if passes && (!is_wanted || known.insert(&item)) { sink(item) } else { MORE }
        })
    }
}
