//! Codes that are known by their form: media types, language tags, URIs, units of measure.

/// Whether a code fits.
pub(super) type Grammar = fn(&str) -> bool;

/// The systems whose codes are known by a grammar alone.
pub(super) const SYSTEMS: [(&str, Grammar); 3] = [
    ("urn:ietf:bcp:13", is_media_type),
    ("urn:ietf:bcp:47", is_language),
    ("urn:ietf:rfc:3986", is_absolute_uri),
];

/// Whether it is a media type: `type/subtype` with optional parameters, or one of the short
/// forms that FHIR allows for itself.
///
/// Source: RFC 6838 §4.2, RFC 2045 §5.1; FHIR R4, `format` (`xml`, `json`, `ttl`).
pub fn is_media_type(code: &str) -> bool {
    if matches!(code, "xml" | "json" | "ttl") {
        return true;
    }
    let mut parts = code.split(';');
    let Some((kind, subtype)) = parts.next().and_then(|own| own.trim_end().split_once('/')) else {
        return false;
    };
    is_restricted_name(kind) && is_restricted_name(subtype) && parts.all(is_parameter)
}

/// A letter or digit, then up to 126 of them or of `!#$&-^_.+`.
fn is_restricted_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.len() <= 127
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(b))
}

fn is_parameter(parameter: &str) -> bool {
    let Some((name, value)) = parameter.trim().split_once('=') else { return false };
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b))
    };
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    is_token(name) && (is_token(value) || quoted)
}

/// Whether it is a well-formed language tag; whether its parts are registered is not looked
/// at.
///
/// Source: RFC 5646 §2.1 (BCP 47).
pub fn is_language(code: &str) -> bool {
    let mut parts = code.split('-').peekable();
    let Some(language) = parts.next() else { return false };
    let is_alpha = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    if matches!(language, "x" | "i") {
        return parts.peek().is_some() && parts.all(|part| is_subtag(part, 1));
    }
    if !is_alpha(language) || !(2..=8).contains(&language.len()) {
        return false;
    }
    // Extended languages, script, region, variants and extensions, each in its form; their
    // order is left to the sender.
    let mut in_extension = false;
    while let Some(part) = parts.next() {
        match part.len() {
            1 if !part.bytes().all(|b| b.is_ascii_alphanumeric()) => return false,
            1 => {
                in_extension = true;
                let Some(next) = parts.peek() else { return false };
                if next.len() == 1 {
                    return false;
                }
            }
            _ if in_extension && is_subtag(part, 1) => {}
            2 | 4 if is_alpha(part) => {}
            3 if is_alpha(part) || part.bytes().all(|b| b.is_ascii_digit()) => {}
            4 if part.starts_with(|c: char| c.is_ascii_digit()) && is_subtag(part, 4) => {}
            5..=8 if is_subtag(part, 5) => {}
            _ => return false,
        }
    }
    true
}

fn is_subtag(part: &str, least: usize) -> bool {
    (least..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether it is an absolute URI.
///
/// Source: RFC 3986 §4.3.
pub fn is_absolute_uri(code: &str) -> bool {
    let Some((scheme, rest)) = code.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && rest.chars().all(|c| !c.is_whitespace() && !c.is_control())
}

/// Whether a unit of measure is well-formed: terms of atoms with exponents, `.` and `/`,
/// brackets balanced, no blanks. Whether the atoms exist is not looked at.
///
/// Source: UCUM §§1 to 3, <https://ucum.org/ucum>.
pub fn is_unit(code: &str) -> bool {
    let mut expects_factor = true;
    let mut depth = 0_u32;
    let mut rest = code.strip_prefix('/').unwrap_or(code);
    if rest.is_empty() {
        return false;
    }
    while let Some(first) = rest.chars().next() {
        match first {
            '(' if expects_factor => {
                depth += 1;
                rest = &rest[1..];
                rest = rest.strip_prefix('/').unwrap_or(rest);
            }
            ')' if !expects_factor && depth > 0 => {
                depth -= 1;
                rest = skip_exponent(&rest[1..]);
            }
            '.' | '/' if !expects_factor => {
                expects_factor = true;
                rest = &rest[1..];
            }
            _ if expects_factor => {
                let Some(behind) = skip_factor(rest) else { return false };
                expects_factor = false;
                rest = behind;
            }
            _ => return false,
        }
    }
    !expects_factor && depth == 0
}

/// A number, an atom with exponent and annotation, or an annotation alone.
fn skip_factor(text: &str) -> Option<&str> {
    let mut end = 0;
    let mut in_brackets = false;
    for (at, character) in text.char_indices() {
        match character {
            '[' if !in_brackets => in_brackets = true,
            ']' if in_brackets => in_brackets = false,
            // Numbers within brackets belong to the name, as in `m[H2O]`.
            '{' | '}' | '(' | ')' | '.' | '/' if !in_brackets => break,
            c if c.is_ascii_graphic() => {}
            _ => return None,
        }
        end = at + character.len_utf8();
    }
    let rest = &text[end..];
    let Some(annotation) = rest.strip_prefix('{') else {
        return (end > 0 && !in_brackets).then_some(rest);
    };
    let (inside, behind) = annotation.split_once('}')?;
    let plain = inside.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'{');
    (plain && !in_brackets).then_some(behind)
}

fn skip_exponent(text: &str) -> &str {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits.trim_start_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_known_by_their_form() {
        for code in [
            "application/pdf",
            "image/jpeg",
            "text/plain; charset=UTF-8",
            "json",
            "application/fhir+json;fhirVersion=4.0",
            "application/vnd.a-b.c+xml",
        ] {
            assert!(is_media_type(code), "{code}");
        }
        for code in ["pdf", "application/", "/pdf", "application pdf", "a/b/c", "a/b;c", ""] {
            assert!(!is_media_type(code), "{code}");
        }
    }

    #[test]
    fn languages_are_known_by_their_form() {
        for code in ["ja", "ja-JP", "zh-Hant-TW", "en-US-x-private", "de-1901", "es-419", "x-own"] {
            assert!(is_language(code), "{code}");
        }
        for code in ["", "j", "ja_JP", "ja-", "ja-J", "123", "japaneselanguage", "ja JP"] {
            assert!(!is_language(code), "{code}");
        }
    }

    #[test]
    fn units_are_known_by_their_form() {
        for code in [
            "mg/dL",
            "10*3/uL",
            "%",
            "mm[Hg]",
            "/min",
            "kg.m2",
            "{score}",
            "mL/min/{1.73_m2}",
            "1",
            "m[H2O]",
            "g/(24.h)",
            "10^3",
            "Cel",
            "U/L",
            "mg{alb}/dL",
        ] {
            assert!(is_unit(code), "{code}");
        }
        for code in ["", "mg dL", "mg//dL", "mg/", "(mg", "mg)", "[Hg", "ｍｇ", "{a"] {
            assert!(!is_unit(code), "{code}");
        }
    }
}
