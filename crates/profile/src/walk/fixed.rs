//! 固定値 — elements against fixed and pattern values.

use super::{texts, unit::Walk};
use crate::{
    fhirpath::Focus,
    json::{Kind, Value},
    schema::{ElementNode, Sample},
};

/// Whether more than what is shown may be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    Fixed,
    Pattern,
}

impl<'d> Walk<'_, '_, 'd> {
    /// Compares an element with the fixed and the pattern value of its definition.
    pub(super) fn samples(&mut self, node: &ElementNode, focus: Focus<'d>) {
        if node.fixed.is_none() && node.pattern.is_none() {
            return;
        }
        // A blank is another rule's.
        let is_blank = |value: &Value<'_>| {
            value.plain_str().is_some_and(|text| text.bytes().all(|byte| byte == b' '))
        };
        let Some(value) = focus.value().filter(|value| !is_blank(value)) else { return };
        if let Some(sample) = &node.fixed {
            self.compare(value, sample, Strictness::Fixed);
        }
        if let Some(sample) = &node.pattern {
            self.compare(value, sample, Strictness::Pattern);
        }
    }

    fn compare(&mut self, value: Value<'d>, sample: &Sample, strictness: Strictness) {
        match sample {
            Sample::Text(text) => {
                if !Sample::is_held_by(sample, value) {
                    self.broken_with(&texts::FIXED_VALUE, value, text);
                }
            }
            Sample::Object(fields) => {
                for (symbol, sample) in fields {
                    match value.field(*symbol) {
                        Some(field) => self.compare(field, sample, strictness),
                        None => self.broken_with(&texts::FIXED_MISSING, value, symbol.name()),
                    }
                }
                if strictness == Strictness::Fixed {
                    self.nothing_more(value, sample);
                }
            }
            Sample::List(samples) => self.compare_list(value, samples, strictness),
        }
    }

    fn nothing_more(&mut self, value: Value<'d>, sample: &Sample) {
        for field in value.symbol_fields() {
            let is_id = field.symbol() == super::object::NAMES.id;
            if !is_id && sample.field(field.symbol()).is_none() && !field.has_underscore() {
                self.broken(&texts::FIXED_MORE, field);
            }
        }
    }

    fn compare_list(&mut self, value: Value<'d>, samples: &[Sample], strictness: Strictness) {
        if value.kind() != Kind::Array {
            return;
        }
        let wrong_count = match strictness {
            Strictness::Fixed => value.len() != samples.len(),
            Strictness::Pattern => value.len() < samples.len(),
        };
        if wrong_count {
            self.broken_with(&texts::FIXED_COUNT, value, &samples.len().to_string());
            return;
        }
        for (place, sample) in samples.iter().enumerate() {
            if strictness == Strictness::Pattern {
                if !value.items().any(|item| sample.is_held_by(item)) {
                    self.broken(&texts::PATTERN_MISSING, value);
                }
            } else if let Some(item) = value.items().nth(place) {
                self.compare(item, sample, strictness);
            }
        }
    }
}
