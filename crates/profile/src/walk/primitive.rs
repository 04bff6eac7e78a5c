//! 基本型 — the values of primitive elements.

use std::borrow::Cow;

use kyoyu_domain::problem::Rule;

use super::{
    formats,
    object::{Field, NAMES},
    texts,
    unit::Walk,
    uris,
};
use crate::{
    base64,
    definition::{Strength, TypedJson},
    fhirpath::Focus,
    json::{Kind, Value},
    schema::{ElementNode, PrimitiveKind},
};

impl<'d> Walk<'_, '_, 'd> {
    /// The value of a primitive element.
    pub(super) fn primitive(
        &mut self,
        kind: PrimitiveKind,
        node: &ElementNode,
        focus: Focus<'d>,
        own: Field<'_, 'd>,
    ) {
        let Some(value) = focus.value() else {
            self.without_value(node, focus);
            return;
        };
        self.json_type(kind, value);
        let Some(text) = focus.text() else { return };
        if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.blank(node, focus, &text, value);
            if kind == PrimitiveKind::Xhtml {
                self.xhtml(&text, value);
            }
            return;
        }
        self.format(kind, &text, value, node);
        self.bounds(kind, &text, value, node);
        if kind.is_uri() && !(kind.is_url() && self.check.guide.is_plain_url(&text)) {
            self.uri(kind, &text, value, own);
        }
        if kind == PrimitiveKind::Xhtml {
            self.xhtml(&text, value);
        }
        if node.max_length > 0 && text.chars().count() > node.max_length as usize {
            self.broken_with(&texts::TOO_LONG, value, &node.max_length.to_string());
        }
        self.primitive_binding(kind, node, &text, value);
    }

    fn without_value(&mut self, node: &ElementNode, focus: Focus<'d>) {
        let Some(beside) = focus.sibling() else { return };
        let says_nothing = beside.symbol_fields().all(|field| field.symbol() == NAMES.id);
        if says_nothing {
            self.broken(&texts::NO_CONTENT, beside);
        }
        self.code_required(node, beside);
    }

    fn blank(&mut self, node: &ElementNode, focus: Focus<'d>, text: &str, value: Value<'d>) {
        if text.is_empty() && focus.sibling().is_none() {
            self.broken(&texts::EMPTY_STRING, value);
        } else {
            self.broken(&texts::BLANK_STRING, value);
        }
        self.code_required(node, value);
    }

    fn code_required(&mut self, node: &ElementNode, at: Value<'d>) {
        if node.binding.as_ref().is_some_and(|own| own.strength == Strength::Required) {
            self.broken(&texts::CODE_REQUIRED, at);
        }
    }

    fn json_type(&mut self, kind: PrimitiveKind, value: Value<'d>) {
        let (fits, rule): (bool, &'static Rule) = match kind {
            PrimitiveKind::Boolean => (value.kind() == Kind::Bool, &texts::JSON_BOOLEAN),
            _ if kind.is_number() => (value.kind() == Kind::Number, &texts::JSON_NUMBER_TYPE),
            _ => (value.kind() == Kind::String, &texts::JSON_STRING),
        };
        if !fits {
            self.broken(rule, value);
        }
    }

    fn format(&mut self, kind: PrimitiveKind, text: &str, value: Value<'d>, node: &ElementNode) {
        use PrimitiveKind as P;

        let (fits, rule): (bool, &'static Rule) = match kind {
            P::Boolean => (matches!(text, "true" | "false"), &texts::BOOLEAN),
            P::Date => (formats::is_date(text), &texts::DATE),
            P::DateTime => (formats::is_date_time(text), &texts::DATE_TIME),
            P::Instant => (formats::is_instant(text), &texts::INSTANT),
            P::Time => (formats::is_time(text), &texts::TIME),
            P::Code => (formats::is_code(text), &texts::CODE_FORM),
            P::Base64Binary => {
                self.base64(text, value);
                return;
            }
            P::Integer => (formats::integer(text).is_some(), &texts::INTEGER),
            P::UnsignedInt => {
                let is_signed = text.starts_with('-');
                (!is_signed && formats::integer(text).is_some(), &texts::UNSIGNED)
            }
            P::PositiveInt => (formats::integer(text).is_some_and(|n| n > 0), &texts::POSITIVE),
            P::Decimal => (value.kind() == Kind::Number || is_decimal(text), &texts::DECIMAL),
            // The id of a resource is looked at with the resource.
            P::Id
                if &*node.id == "Element.id"
                    || node.id.matches('.').count() == 1 && node.id.ends_with(".id") =>
            {
                return;
            }
            P::Id => (formats::is_id(text), &texts::ID),
            _ => return,
        };
        if !fits {
            self.broken(rule, value);
        }
    }

    /// The reference validator counts the letters of base64 and looks at no others.
    fn base64(&mut self, text: &str, value: Value<'d>) {
        let (letters, others) = base64::count(text);
        if !letters.is_multiple_of(4) {
            self.broken(&texts::BASE64, value);
        } else if others > 0 {
            self.overlooked(&texts::BASE64, value, "");
        }
    }

    /// `minValue[x]` and `maxValue[x]`, where the value is of the same kind.
    fn bounds(&mut self, kind: PrimitiveKind, text: &str, value: Value<'d>, node: &ElementNode) {
        let least = node.least.as_deref().and_then(|own| bound(kind, own));
        if least.is_some_and(|least| is_below(kind, text, &least)) {
            self.broken(&texts::TOO_SMALL, value);
        }
        let greatest = node.greatest.as_deref().and_then(|own| bound(kind, own));
        if greatest.is_some_and(|greatest| is_below(kind, &greatest, text)) {
            self.broken(&texts::TOO_GREAT, value);
        }
    }

    fn uri(&mut self, kind: PrimitiveKind, text: &str, value: Value<'d>, own: Field<'_, 'd>) {
        if text.trim().is_empty() {
            // Blanks of other scripts alone are a text to the reference validator.
            self.overlooked(&texts::URI_BLANKS, value, "");
        } else if has_blank(text) {
            self.broken(&texts::URI_BLANKS, value);
        }
        if text.starts_with("oid:") || text.starts_with("uuid:") {
            self.broken(&texts::URI_PREFIX, value);
        }
        let starts = match kind {
            PrimitiveKind::Oid => text.starts_with("urn:oid:"),
            PrimitiveKind::Uuid => text.starts_with("urn:uuid:"),
            _ => true,
        };
        if !starts {
            self.broken(&texts::URI_PREFIX, value);
        }
        let is_local = kind == PrimitiveKind::Canonical && text.starts_with('#');
        let has_to_be_absolute = kind == PrimitiveKind::Canonical || self.defines_itself(own);
        if has_to_be_absolute && !is_local && !uris::is_absolute(text) {
            self.broken(&texts::CANONICAL_RELATIVE, value);
        }
        let bare = if kind == PrimitiveKind::Canonical { before(text, '|') } else { text };
        if bare.strip_prefix("urn:uuid:").is_some_and(|uuid| !formats::is_uuid(before(uuid, '#'))) {
            self.broken(&texts::UUID, value);
        }
        if bare.strip_prefix("urn:oid:").is_some_and(|oid| !formats::is_oid(oid)) {
            self.broken(&texts::OID, value);
        }
        self.meaning(kind, bare, value, own);
    }

    /// What a URL names: HL7 has defined all of its own, examples name nothing.
    fn meaning(&mut self, kind: PrimitiveKind, url: &str, value: Value<'d>, own: Field<'_, 'd>) {
        let is_canonical = kind == PrimitiveKind::Canonical;
        if let Some(id) = url.strip_prefix('#').filter(|_| is_canonical) {
            self.broken_if(!self.has_id(id), &texts::CANONICAL_UNRESOLVED, value);
            return;
        }
        let is_hl7 = !is_canonical && uris::is_of_fhir(url);
        let is_example = url.starts_with("http") && uris::is_example(url, is_canonical);
        if !(is_hl7 || is_example) || Self::names_itself(own) || self.check.guide.knows_url(url) {
            return;
        }
        if is_hl7 {
            self.broken(&texts::HL7_URL_UNKNOWN, value);
        } else {
            self.mirrored(&texts::EXAMPLE_URL, value);
        }
    }

    /// Whether a URL is the canonical of the resource that it stands in.
    fn defines_itself(&self, own: Field<'_, 'd>) -> bool {
        let is_url = own.object.around.is_resource && own.row.symbol == NAMES.url;
        // Of these it is the address of something else.
        is_url && {
            let type_name = &*self.check.resources[self.resource].type_name;
            !matches!(type_name, "Contract" | "Device")
        }
    }

    /// Whether a URL is not a reference but a definition: the `url` of a resource, a fullUrl.
    fn names_itself(own: Field<'_, 'd>) -> bool {
        own.row.symbol == NAMES.full_url
            || (own.object.around.is_resource && own.row.symbol == NAMES.url)
    }
}

/// Whether nothing is wrong with the form of a URL, whatever the element.
pub(crate) fn is_plain(url: &str) -> bool {
    uris::is_absolute(url)
        && !has_blank(url)
        && !["oid:", "uuid:", "urn:", "#"].iter().any(|start| url.starts_with(start))
        && !url.contains('|')
}

/// Whether there is a blank; most texts are ASCII and need no decoding.
pub(super) fn has_blank(text: &str) -> bool {
    // Without a way out on the way, so that many bytes are compared at once.
    let is_suspect = |byte: u8| byte <= b' ' || byte >= 0x80;
    let is_suspect = text.bytes().fold(false, |found, byte| found | is_suspect(byte));
    is_suspect && text.chars().any(char::is_whitespace)
}

fn before(text: &str, separator: char) -> &str {
    text.split(separator).next().unwrap_or_default()
}

fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.starts_with(|first: char| first.is_ascii_digit())
        && (!unsigned.starts_with('0') || unsigned.len() == 1 || unsigned.starts_with("0."))
        && unsigned.ends_with(|last: char| last.is_ascii_digit())
        && text.parse::<f64>().is_ok()
}

/// The text of a bound, where it is of a kind that can be compared with the value.
fn bound(kind: PrimitiveKind, bound: &TypedJson) -> Option<Cow<'_, str>> {
    let text = bound.text.trim_matches('"');
    let is_number = bound.type_name.ends_with("nteger")
        || bound.type_name == "decimal"
        || bound.type_name.ends_with("Int");
    (kind.is_number() == is_number).then_some(Cow::Borrowed(text))
}

fn is_below(kind: PrimitiveKind, one: &str, other: &str) -> bool {
    if kind.is_number() {
        return match (one.parse::<f64>(), other.parse::<f64>()) {
            (Ok(one), Ok(other)) => one < other,
            _ => false,
        };
    }
    // Dates of one precision compare as their texts.
    one.len() == other.len() && one < other
}
