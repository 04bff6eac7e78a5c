//! 基本型 — the primitive types of FHIR R4.

/// 基本型 — a primitive type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrimitiveKind {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

impl PrimitiveKind {
    /// The primitive of this name.
    pub(crate) fn of(type_name: &str) -> Option<Self> {
        Some(match type_name {
            "base64Binary" => Self::Base64Binary,
            "boolean" => Self::Boolean,
            "canonical" => Self::Canonical,
            "code" => Self::Code,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "decimal" => Self::Decimal,
            "id" => Self::Id,
            "instant" => Self::Instant,
            "integer" => Self::Integer,
            "markdown" => Self::Markdown,
            "oid" => Self::Oid,
            "positiveInt" => Self::PositiveInt,
            "string" => Self::String,
            "time" => Self::Time,
            "unsignedInt" => Self::UnsignedInt,
            "uri" => Self::Uri,
            "url" => Self::Url,
            "uuid" => Self::Uuid,
            "xhtml" => Self::Xhtml,
            _ => return None,
        })
    }

    /// Whether JSON has a number.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Decimal | Self::Integer | Self::PositiveInt | Self::UnsignedInt)
    }

    /// Whether its value is a URI of any scheme.
    pub(crate) fn is_url(self) -> bool {
        matches!(self, Self::Canonical | Self::Uri | Self::Url)
    }

    /// Whether its value is a URI.
    pub(crate) fn is_uri(self) -> bool {
        matches!(self, Self::Canonical | Self::Oid | Self::Uri | Self::Url | Self::Uuid)
    }
}
