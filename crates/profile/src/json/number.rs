//! The grammar of numbers.

use kyoyu_domain::problem::Rule;

use crate::rules::JSON_NUMBER;

/// A number that was read.
pub(super) struct Number {
    pub(super) bytes: usize,
    /// Whether it fits a double.
    pub(super) is_in_range: bool,
}

/// The number with which the text begins.
pub(super) fn scan(text: &[u8]) -> Result<Number, &'static Rule> {
    let mut at = usize::from(text.first() == Some(&b'-'));
    let integer = digits(&text[at..]);
    if integer == 0 || (integer > 1 && text[at] == b'0') {
        return Err(&JSON_NUMBER);
    }
    at += integer;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(&text[at + 1..]);
        if fraction == 0 {
            return Err(&JSON_NUMBER);
        }
        at += 1 + fraction;
    }
    let has_exponent = matches!(text.get(at), Some(b'e' | b'E'));
    if has_exponent {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(&text[at..]);
        if exponent == 0 {
            return Err(&JSON_NUMBER);
        }
        at += exponent;
    }
    // Below 300 digits a number without exponent is always in range.
    let is_in_range = !(has_exponent || at > 300) || is_in_range(&text[..at]);
    Ok(Number { bytes: at, is_in_range })
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn is_in_range(number: &[u8]) -> bool {
    std::str::from_utf8(number)
        .ok()
        .and_then(|text| text.parse::<f64>().ok())
        .is_some_and(f64::is_finite)
}
