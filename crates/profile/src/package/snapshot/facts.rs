//! For tests: what checking looks at in an element.

use super::difference::is_implied;
use crate::definition::{Binding, Element, Strength, TypedJson};

/// Fact by fact, with its name.
pub(crate) fn facts(element: &Element) -> [(&'static str, String); 15] {
    let mut keys: Vec<_> =
        element.constraints.iter().map(|c| (c.key.as_str(), c.is_error)).collect();
    keys.sort_unstable();
    // The published snapshots lack the example binding of Meta.tag where Meta is unfolded;
    // an example binds nothing.
    let binds = |binding: &&Binding| binding.strength != Strength::Example;
    let slicing = element.slicing.as_ref().filter(|own| !is_implied(element, own));
    [
        ("slice", format!("{:?}", element.slice_name)),
        ("min", format!("{:?}", element.min)),
        ("max", format!("{:?}", element.max)),
        ("base max", format!("{:?}", element.base_max)),
        ("types", format!("{:?}", element.types)),
        ("reference", format!("{:?}", element.content_reference)),
        ("fixed", json(element.fixed.as_ref())),
        ("pattern", json(element.pattern.as_ref())),
        ("least", json(limit(element, element.min_value.as_ref()))),
        ("greatest", json(limit(element, element.max_value.as_ref()))),
        ("length", format!("{:?}", limit(element, element.max_length.as_ref()))),
        ("binding", format!("{:?}", element.binding.as_ref().filter(binds))),
        ("constraints", format!("{keys:?}")),
        ("slicing", format!("{slicing:?}")),
        ("modifier", format!("{:?}", element.is_modifier)),
    ]
}

/// The limits of the value of a primitive go without saying: its form is checked natively, and
/// the published ones are given for `string` and not for `code`, which is a `string`.
fn limit<'e, T>(element: &Element, limit: Option<&'e T>) -> Option<&'e T> {
    limit.filter(|_| element.path.starts_with(char::is_uppercase))
}

/// The same for the same value, however it is written.
fn json(typed: Option<&TypedJson>) -> String {
    typed.map_or(String::new(), |typed| {
        let value: serde_json::Value = serde_json::from_str(&typed.text).expect("it is JSON");
        format!("{} {value}", typed.type_name)
    })
}
