//! 手本 — fixed and pattern values, compiled for comparing.

use crate::{
    definition::TypedJson,
    json::{Document, Kind, Symbol, Value},
    limits::Limits,
};

/// 手本 — a value that an element has to be, or has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A primitive, as its text; numbers as they are written.
    Text(Box<str>),
    /// Fields with what they have to be.
    Object(Vec<(Symbol, Sample)>),
    /// Items.
    List(Vec<Sample>),
}

impl Sample {
    /// Reads the published JSON; none where it is no FHIR value.
    pub(super) fn read(json: &TypedJson) -> Option<Self> {
        let document = Document::parse(json.text.as_bytes(), &Limits::default()).ok()?;
        Some(Self::of(document.root()))
    }

    fn of(value: Value<'_>) -> Self {
        match value.kind() {
            Kind::Object => Self::Object(
                value
                    .symbol_fields()
                    .filter(|field| field.symbol().is_known() && !field.has_underscore())
                    .map(|field| (field.symbol(), Self::of(field)))
                    .collect(),
            ),
            Kind::Array => Self::List(value.items().map(Self::of).collect()),
            _ => Self::Text(text_of(value).into()),
        }
    }

    /// The text, where it is a primitive.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The field of an object.
    pub(crate) fn field(&self, symbol: Symbol) -> Option<&Self> {
        match self {
            Self::Object(fields) => {
                fields.iter().find(|(own, _)| *own == symbol).map(|(_, sample)| sample)
            }
            _ => None,
        }
    }

    /// Whether a value holds all of this, perhaps more: each item of a list has to be
    /// found among the items of the value.
    pub(crate) fn is_held_by(&self, value: Value<'_>) -> bool {
        match self {
            Self::Text(text) => match value.kind() {
                Kind::String => value.is(text),
                Kind::Number | Kind::Bool => value.source() == &**text,
                _ => false,
            },
            Self::Object(fields) => fields.iter().all(|(symbol, sample)| {
                value.field(*symbol).is_some_and(|field| sample.is_held_by(field))
            }),
            Self::List(samples) => {
                samples.iter().all(|sample| value.items().any(|item| sample.is_held_by(item)))
            }
        }
    }
}

fn text_of(value: Value<'_>) -> String {
    value.as_str().map_or_else(|| value.source().to_owned(), std::borrow::Cow::into_owned)
}
