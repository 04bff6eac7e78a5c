//! 問診票 — what the items of a Questionnaire say of each other.
//!
//! Source: FHIR R4, Questionnaire.item.enableWhen; the reference validator's rules.

use std::{borrow::Cow, collections::HashMap};

use super::{texts, unit::Walk};
use crate::json::Value;

impl<'d> Walk<'_, '_, 'd> {
    /// An item may hang on the answer to another one that exists and is not within it.
    pub(super) fn questionnaire(&mut self, value: Value<'d>) {
        let items = items(value);
        let mut by_link: HashMap<Cow<'d, str>, Value<'d>> = HashMap::new();
        for item in &items {
            if let Some(link) = item.text_of("linkId") {
                by_link.entry(link).or_insert(*item);
            }
        }
        for item in &items {
            for condition in item.list("enableWhen").filter(|own| own.is_object()) {
                let Some(question) = condition.text_of("question") else { continue };
                match by_link.get(&question) {
                    None => self.broken(&texts::ENABLE_WHEN_UNKNOWN, *item),
                    Some(target) => {
                        let is_within = item.span().contains(&target.span().start);
                        self.broken_if(is_within, &texts::ENABLE_WHEN_WITHIN, *item);
                    }
                }
            }
        }
    }
}

/// Every item, those within others too, in document order.
fn items(questionnaire: Value<'_>) -> Vec<Value<'_>> {
    let mut all = Vec::new();
    let mut waiting = vec![questionnaire];
    while let Some(holder) = waiting.pop() {
        if holder != questionnaire {
            all.push(holder);
        }
        let first = waiting.len();
        waiting.extend(holder.list("item").filter(|own| own.is_object()));
        waiting[first..].reverse();
    }
    all
}
