//! 修正 — repairs that need no thought, as JSON Patch (RFC 6902).

use crate::{
    json::Value,
    walk::{Broken, Finding, texts},
};

/// The patch for a finding, where one is safe to apply unread.
pub(super) fn patch(finding: &Finding, value: Value<'_>) -> Option<String> {
    let Broken::Rule(rule) = finding.broken else { return None };
    let is = |other: &'static kyoyu_domain::problem::Rule| std::ptr::eq(rule, other);
    if is(&texts::EMPTY_ARRAY) || is(&texts::EMPTY_OBJECT) || is(&texts::EMPTY_STRING) {
        let path = quoted(&pointer(value));
        return Some(format!("[{{\"op\":\"remove\",\"path\":{path}}}]"));
    }
    let replacement = if is(&texts::FIXED_VALUE) && value.is_string() {
        quoted(&finding.argument)
    } else if is(&texts::NOT_AN_ARRAY) {
        format!("[{}]", value.source())
    } else if is(&texts::UUID) && has_lower_form(value) {
        value.source().to_ascii_lowercase()
    } else {
        return None;
    };
    let path = quoted(&pointer(value));
    Some(format!("[{{\"op\":\"replace\",\"path\":{path},\"value\":{replacement}}}]"))
}

fn has_lower_form(value: Value<'_>) -> bool {
    value.as_str().is_some_and(|text| text.len() == 45 && text.is_ascii())
}

/// The JSON Pointer (RFC 6901) of a value.
fn pointer(value: Value<'_>) -> String {
    let target = value.span().start;
    let mut at = value.document().root();
    let mut pointer = String::new();
    while at != value {
        let Some((index, child)) = at.child_holding(target) else { break };
        pointer.push('/');
        match child.key() {
            Some(key) if at.is_object() => {
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            _ => pointer.push_str(&index.to_string()),
        }
        at = child;
    }
    pointer
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\u{0}'..='\u{1f}' => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
