//! Equality, order and arithmetic of items.

use std::{borrow::Cow, cmp::Ordering, collections::HashSet};

use super::{
    chain::Failed,
    dates,
    focus::Focus,
    item::{Item, Number},
    node::{Comparison, Operator},
};
use crate::json::{Kind, Value};

/// Whether two items have the same value: primitives by their text, numbers by value,
/// elements with children by all that is below.
pub(super) fn equal(left: &Item<'_, '_>, right: &Item<'_, '_>) -> bool {
    match (left.complex(), right.complex()) {
        (Some(left), Some(right)) => left == right || canonical(left) == canonical(right),
        (None, None) => equal_values(left, right),
        _ => false,
    }
}

/// Whether an item is equal to a text of the expression.
pub(super) fn equal_to_text(item: &Item<'_, '_>, text: &str) -> bool {
    match item {
        Item::Element(focus) => focus.value().is_some_and(|value| match value.kind() {
            Kind::String => value.is(text),
            Kind::Number | Kind::Bool => value.source() == text,
            Kind::Null | Kind::Array | Kind::Object => false,
        }),
        other => equal_values(other, &Item::Constant(text)),
    }
}

fn equal_values(left: &Item<'_, '_>, right: &Item<'_, '_>) -> bool {
    if let (Some(left), Some(right)) = (left.number(), right.number()) {
        return match (left, right) {
            (Number::Integer(left), Number::Integer(right)) => left == right,
            _ => left.as_f64().total_cmp(&right.as_f64()).is_eq(),
        };
    }
    left.text() == right.text()
}

/// `~`: like equality, but letters of either case and any white space are the same.
pub(super) fn equivalent(left: &Item<'_, '_>, right: &Item<'_, '_>) -> bool {
    if equal(left, right) {
        return true;
    }
    let simple = |item: &Item<'_, '_>| {
        let text = item.text()?.to_lowercase();
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    left.is_text() && right.is_text() && simple(left) == simple(right)
}

/// Values of which each is wanted once.
#[derive(Default)]
pub(super) struct Known(HashSet<String>);

impl Known {
    /// Whether the value is new.
    pub(super) fn insert(&mut self, item: &Item<'_, '_>) -> bool {
        self.0.insert(key(item))
    }

    pub(super) fn contains(&self, item: &Item<'_, '_>) -> bool {
        !self.0.is_empty() && self.0.contains(&key(item))
    }
}

/// Equal for equal items.
fn key(item: &Item<'_, '_>) -> String {
    if let Some(focus) = item.complex() {
        return canonical(focus);
    }
    match item.number() {
        Some(Number::Decimal(number)) if number.fract() == 0.0 => format!("{}", number as i64),
        Some(Number::Decimal(number)) => number.to_string(),
        _ => item.text().map(Cow::into_owned).unwrap_or_default(),
    }
}

/// One text for all ways to write the same element. A brace in front tells it from any
/// primitive's.
pub(super) fn canonical(focus: Focus<'_>) -> String {
    let mut text = String::from("{");
    for value in [focus.value(), focus.sibling()].into_iter().flatten() {
        write_canonical(value, &mut text);
    }
    text
}

/// Recursion as deep as the document, which the parser has limited.
fn write_canonical(value: Value<'_>, text: &mut String) {
    match value.kind() {
        Kind::Object => {
            let mut fields: Vec<_> = value.fields().collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            text.push('{');
            for (key, field) in fields {
                text.push_str(&key);
                text.push(':');
                write_canonical(field, text);
            }
            text.push('}');
        }
        Kind::Array => {
            text.push('[');
            value.items().for_each(|item| write_canonical(item, text));
            text.push(']');
        }
        Kind::String => {
            text.push('"');
            text.push_str(&value.as_str().unwrap_or_default());
            text.push('"');
        }
        Kind::Number | Kind::Bool | Kind::Null => {
            text.push_str(value.source());
            text.push(',');
        }
    }
}

/// Whether two items are in an order; none where their precision does not tell.
pub(super) fn ordered(
    comparison: Comparison,
    left: &Item<'_, '_>,
    right: &Item<'_, '_>,
) -> Result<Option<bool>, Failed> {
    let order = match (left.complex(), right.complex()) {
        (None, None) => order(left, right)?,
        (Some(left), Some(right)) => quantities(left, right)?,
        _ => return Err(Failed),
    };
    Ok(order.map(|order| match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    }))
}

fn order(left: &Item<'_, '_>, right: &Item<'_, '_>) -> Result<Option<Ordering>, Failed> {
    if let (Some(left), Some(right)) = (left.number(), right.number()) {
        return Ok(left.as_f64().partial_cmp(&right.as_f64()));
    }
    if !left.is_text() || !right.is_text() {
        return Err(Failed);
    }
    let (left, right) = (left.text().ok_or(Failed)?, right.text().ok_or(Failed)?);
    Ok(match (dates::parse(&left), dates::parse(&right)) {
        (Some(left), Some(right)) => dates::compare(&left, &right),
        _ => Some(left.cmp(&right)),
    })
}

/// Quantities of one unit by value. Two UCUM units would have to be converted; without
/// that they count as equal, so that nobody is refused for what was not computed.
fn quantities(left: Focus<'_>, right: Focus<'_>) -> Result<Option<Ordering>, Failed> {
    let (Some(left), Some(right)) = (left.value(), right.value()) else { return Ok(None) };
    let (left_value, right_value) = (left.get("value"), right.get("value"));
    let (Some(left_value), Some(right_value)) = (left_value, right_value) else {
        return Ok(None);
    };
    let is_ucum = |quantity: Value<'_>| {
        quantity.text_of("system").as_deref() == Some("http://unitsofmeasure.org")
    };
    let are_ucum = is_ucum(left) && is_ucum(right);
    let is_same = |name: &str| left.text_of(name) == right.text_of(name);
    if is_same("unit") || (are_ucum && is_same("code")) {
        let item = |value| Item::Element(Focus::of(value));
        return order(&item(left_value), &item(right_value));
    }
    Ok(are_ucum.then_some(Ordering::Equal))
}

/// Arithmetic, and the two ways to join strings.
pub(super) fn operate<'e, 'd>(
    operator: Operator,
    left: Option<&Item<'e, 'd>>,
    right: Option<&Item<'e, 'd>>,
) -> Result<Option<Item<'e, 'd>>, Failed> {
    let text = |item: Option<&Item<'e, 'd>>| {
        item.and_then(Item::text).map(Cow::into_owned).unwrap_or_default()
    };
    if operator == Operator::Concatenate {
        return Ok(Some(Item::Text(Cow::Owned(text(left) + &text(right)))));
    }
    let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
    match (left.number(), right.number()) {
        (Some(Number::Integer(left)), Some(Number::Integer(right))) => {
            Ok(integers(operator, left, right))
        }
        (Some(left), Some(right)) => Ok(decimals(operator, left.as_f64(), right.as_f64())),
        _ if operator == Operator::Plus && left.is_text() && right.is_text() => {
            Ok(Some(Item::Text(Cow::Owned(text(Some(left)) + &text(Some(right))))))
        }
        _ => Err(Failed),
    }
}

fn integers<'e, 'd>(operator: Operator, left: i64, right: i64) -> Option<Item<'e, 'd>> {
    match operator {
        Operator::Plus => left.checked_add(right),
        Operator::Minus => left.checked_sub(right),
        Operator::Times => left.checked_mul(right),
        Operator::WholeDivide => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
        Operator::Divide | Operator::Concatenate => {
            return decimals(operator, left as f64, right as f64);
        }
    }
    .map(Item::Integer)
}

fn decimals<'e, 'd>(operator: Operator, left: f64, right: f64) -> Option<Item<'e, 'd>> {
    let result = match operator {
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Divide => left / right,
        Operator::WholeDivide => (left / right).trunc(),
        Operator::Remainder => left % right,
        Operator::Concatenate => return None,
    };
    result.is_finite().then_some(Item::Decimal(result))
}
