//! The elements of a document as FHIRPath sees them.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::{
    chain::{Flow, Stop},
    compare,
    node::Name,
};
use crate::json::{Kind, Symbol, Value};

/// 着目点 — one element: its value and, for a primitive, the object under `_name` beside it
/// (its id and extensions). One of the two is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focus<'d> {
    value: Option<Value<'d>>,
    sibling: Option<Value<'d>>,
}

impl<'d> Focus<'d> {
    /// An element without anything beside it.
    pub fn of(value: Value<'d>) -> Self {
        Self { value: Some(value), sibling: None }
    }

    /// A primitive and what stands beside it; a `null` is no value.
    pub fn primitive(value: Option<Value<'d>>, sibling: Option<Value<'d>>) -> Self {
        let present = |value: &Value<'_>| value.kind() != Kind::Null;
        Self { value: value.filter(present), sibling: sibling.filter(present) }
    }

    /// The value; none for a primitive that has only extensions.
    pub fn value(self) -> Option<Value<'d>> {
        self.value
    }

    /// What stands beside a primitive.
    pub fn sibling(self) -> Option<Value<'d>> {
        self.sibling
    }

    /// The type of a resource.
    pub(crate) fn resource_type(self) -> Option<Cow<'d, str>> {
        self.value?.field(RESOURCE_TYPE)?.as_str()
    }

    /// The text of a primitive's value, as it was sent.
    pub fn text(self) -> Option<Cow<'d, str>> {
        let value = self.value?;
        match value.kind() {
            Kind::String => value.as_str(),
            Kind::Number | Kind::Bool => Some(Cow::Borrowed(value.source())),
            _ => None,
        }
    }

    /// Whether it is a primitive with a value that is not empty (`hasValue()`).
    pub(crate) fn has_value(self) -> bool {
        self.value.is_some_and(says_something)
    }

    /// Whether there is anything in it: empty strings and empty objects are nothing.
    pub(crate) fn is_there(self) -> bool {
        [self.value, self.sibling].into_iter().flatten().any(|value| {
            says_something(value) || value.descendants().any(|v| says_something(v) && !is_type(v))
        })
    }

    /// One text for all ways to write the same element.
    pub(crate) fn canonical(self) -> String {
        compare::canonical(self)
    }

    /// Whether it has a child of this name that is not empty.
    pub(crate) fn has(self, name: Symbol) -> bool {
        self.any_child(name, &mut Focus::is_there)
    }

    /// Whether it has a choice element of this name, of any type, that is not empty.
    pub(crate) fn has_choice(self, name: &Name) -> bool {
        self.any_choice(name, &mut Focus::is_there)
    }

    /// Whether a child of this name fulfils a condition.
    pub(crate) fn any_child(
        self,
        name: Symbol,
        condition: &mut dyn FnMut(Focus<'d>) -> bool,
    ) -> bool {
        self.each_child(name, &mut |child| stop_if(condition(child))).is_break()
    }

    /// Whether a choice element of this name, of any type, fulfils a condition.
    pub(crate) fn any_choice(
        self,
        name: &Name,
        condition: &mut dyn FnMut(Focus<'d>) -> bool,
    ) -> bool {
        self.each_named(name, &mut |child| stop_if(condition(child))).is_break()
    }

    /// The object that holds its children: itself, or for a primitive what stands beside.
    fn holder(self) -> Option<Value<'d>> {
        self.value.filter(|value| value.is_object()).or(self.sibling)
    }

    /// The children of a name, in order; with any type in the key where it is a choice.
    pub(super) fn each_named(self, name: &Name, sink: &mut dyn FnMut(Focus<'d>) -> Flow) -> Flow {
        let Some(holder) = self.holder() else { return ControlFlow::Continue(()) };
        if name.symbol.is_known() {
            let value = holder.field(name.symbol);
            let sibling = sibling_of(holder, value, name.symbol);
            if value.is_some() || sibling.is_some() {
                return each_item(value, sibling, sink);
            }
        } else if let Some(value) = holder.get(&name.text) {
            return each_item(Some(value), None, sink);
        }
        if name.choices.is_empty() {
            return ControlFlow::Continue(());
        }
        Self::each_choice(holder, &name.choices, sink)
    }

    /// The children of one name, in order.
    pub(super) fn each_child(self, name: Symbol, sink: &mut dyn FnMut(Focus<'d>) -> Flow) -> Flow {
        let Some(holder) = self.holder() else { return ControlFlow::Continue(()) };
        let value = holder.field(name);
        each_item(value, sibling_of(holder, value, name), sink)
    }

    fn each_choice(
        holder: Value<'d>,
        choices: &[Symbol],
        sink: &mut dyn FnMut(Focus<'d>) -> Flow,
    ) -> Flow {
        let [first, .., last] = choices else { return ControlFlow::Continue(()) };
        for child in holder.symbol_fields() {
            let symbol = child.symbol();
            // The names of one choice stand side by side among all.
            if symbol < *first || symbol > *last || choices.binary_search(&symbol).is_err() {
                continue;
            }
            if !child.has_underscore() {
                each_item(Some(child), sibling_of(holder, Some(child), symbol), sink)?;
            } else if holder.field(symbol).is_none() {
                each_item(None, Some(child), sink)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The children of all names, in order.
    pub(super) fn children(self, sink: &mut dyn FnMut(Focus<'d>) -> Flow) -> Flow {
        let Some(holder) = self.holder() else { return ControlFlow::Continue(()) };
        for child in holder.symbol_fields() {
            let symbol = child.symbol();
            if symbol == RESOURCE_TYPE {
                continue;
            }
            match child.has_underscore() {
                true if symbol.is_known() && holder.field(symbol).is_some() => {}
                true => each_item(None, Some(child), sink)?,
                false if symbol.is_known() => {
                    each_item(Some(child), sibling_of(holder, Some(child), symbol), sink)?;
                }
                false => each_item(Some(child), None, sink)?,
            }
        }
        ControlFlow::Continue(())
    }

    /// Everything below, children before their parents. What stands beside a primitive is
    /// an item of its own here.
    pub(super) fn descendants(self, sink: &mut dyn FnMut(Focus<'d>) -> Flow) -> Flow {
        let below = [self.value, self.sibling].into_iter().flatten().flat_map(Value::descendants);
        for value in below {
            let is_element = !matches!(value.kind(), Kind::Array | Kind::Null);
            if is_element && !is_type(value) {
                sink(Focus::of(value))?;
            }
        }
        ControlFlow::Continue(())
    }
}

const RESOURCE_TYPE: Symbol = Symbol::named("resourceType");

fn is_type(value: Value<'_>) -> bool {
    value.symbol() == RESOURCE_TYPE && !value.has_underscore()
}

fn stop_if(found: bool) -> Flow {
    if found { ControlFlow::Break(Stop::Enough) } else { ControlFlow::Continue(()) }
}

fn says_something(value: Value<'_>) -> bool {
    match value.kind() {
        // An empty string is its two quotes.
        Kind::String => value.span().len() > 2,
        Kind::Number | Kind::Bool => true,
        _ => false,
    }
}

/// What stands beside a value. Only a primitive has something there, so that objects need
/// no second look.
fn sibling_of<'d>(
    holder: Value<'d>,
    value: Option<Value<'d>>,
    symbol: Symbol,
) -> Option<Value<'d>> {
    if !holder.has_extras() {
        return None;
    }
    let first = value.map(|value| value.items().next().unwrap_or(value));
    if first.is_some_and(Value::is_object) {
        return None;
    }
    holder.extra(symbol)
}

/// One element, or each item of an array with what stands beside it.
fn each_item<'d>(
    value: Option<Value<'d>>,
    sibling: Option<Value<'d>>,
    sink: &mut dyn FnMut(Focus<'d>) -> Flow,
) -> Flow {
    let (Some(value), None) = (value, sibling) else {
        return each_pair(value, sibling, sink);
    };
    let is_present = |value: &Value<'_>| value.kind() != Kind::Null;
    if value.is_array() {
        return value.items().filter(is_present).try_for_each(|value| sink(Focus::of(value)));
    }
    if is_present(&value) { sink(Focus::of(value)) } else { ControlFlow::Continue(()) }
}

/// The same where something stands beside the values.
fn each_pair<'d>(
    value: Option<Value<'d>>,
    sibling: Option<Value<'d>>,
    sink: &mut dyn FnMut(Focus<'d>) -> Flow,
) -> Flow {
    if value.is_none() && sibling.is_none() {
        return ControlFlow::Continue(());
    }
    if !value.or(sibling).is_some_and(Value::is_array) {
        return present(value, sibling, sink);
    }
    let mut values = value.into_iter().flat_map(Value::items);
    let mut siblings = sibling.into_iter().flat_map(Value::items);
    loop {
        match (values.next(), siblings.next()) {
            (None, None) => return ControlFlow::Continue(()),
            (value, sibling) => present(value, sibling, sink)?,
        }
    }
}

fn present<'d>(
    value: Option<Value<'d>>,
    sibling: Option<Value<'d>>,
    sink: &mut dyn FnMut(Focus<'d>) -> Flow,
) -> Flow {
    let focus = Focus::primitive(value, sibling);
    if focus.value.is_none() && focus.sibling.is_none() {
        return ControlFlow::Continue(());
    }
    sink(focus)
}
