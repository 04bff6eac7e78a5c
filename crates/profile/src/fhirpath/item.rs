//! What flows through an expression.

use std::borrow::Cow;

use super::{focus::Focus, types::TypeName};
use crate::json::{Kind, Value};

/// An element, a constant of the expression ('e) or a computed value.
#[derive(Debug, Clone)]
pub(super) enum Item<'e, 'd> {
    Element(Focus<'d>),
    Constant(&'e str),
    Text(Cow<'d, str>),
    Integer(i64),
    Decimal(f64),
    Bool(bool),
}

/// A number; integers stay exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    Decimal(f64),
}

impl Number {
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Integer(number) => number as f64,
            Self::Decimal(number) => number,
        }
    }

    /// Reads a JSON number.
    fn read(text: &str) -> Option<Self> {
        let whole = text.parse().map(Self::Integer).ok();
        whole.or_else(|| text.parse().map(Self::Decimal).ok())
    }
}

impl<'d> Item<'_, 'd> {
    /// The boolean that it is.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Element(focus) => focus.value()?.as_bool(),
            _ => None,
        }
    }

    /// The text of a primitive; none of an element with children.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Element(focus) => return focus.text(),
            Self::Constant(text) => Cow::Borrowed(text),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Decimal(number) => Cow::Owned(number.to_string()),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        })
    }

    /// Whether it is text to the functions of strings.
    pub(super) fn is_text(&self) -> bool {
        match self {
            Self::Constant(_) | Self::Text(_) => true,
            Self::Element(focus) => focus.value().is_some_and(Value::is_string),
            _ => false,
        }
    }

    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Self::Integer(number) => Some(Number::Integer(*number)),
            Self::Decimal(number) => Some(Number::Decimal(*number)),
            Self::Element(focus) => focus.value()?.number_text().and_then(Number::read),
            _ => None,
        }
    }

    /// Whether it is an element with children instead of a value.
    pub(super) fn complex(&self) -> Option<Focus<'d>> {
        match self {
            Self::Element(focus) if focus.value().is_none_or(|v| v.kind() == Kind::Object) => {
                Some(*focus)
            }
            _ => None,
        }
    }

    /// Whether there is anything in it.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::Element(focus) => focus.is_there(),
            Self::Constant(text) => !text.is_empty(),
            Self::Text(text) => !text.is_empty(),
            _ => true,
        }
    }

    pub(super) fn has_type(&self, wanted: &TypeName) -> bool {
        match self {
            Self::Element(focus) => wanted.fits(*focus),
            Self::Constant(_) | Self::Text(_) => wanted.fits_computed("String"),
            Self::Integer(_) => wanted.fits_computed("Integer"),
            Self::Decimal(_) => wanted.fits_computed("Decimal"),
            Self::Bool(_) => wanted.fits_computed("Boolean"),
        }
    }
}
