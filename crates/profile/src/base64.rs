//! base64 — what its characters are, mostly without decoding: a letter holds megabytes of it,
//! so that each look at a character is one look into a table.

const PADDING: u8 = 64;
const BLANK: u8 = 65;
const OTHER: u8 = 66;

/// The value of each digit; beyond 63 what is none.
static VALUES: [u8; 256] = {
    let mut values = [OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        values[byte as usize] = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => PADDING,
            _ if byte.is_ascii_whitespace() => BLANK,
            _ => OTHER,
        };
        byte += 1;
    }
    values
};

/// The six bits of a digit.
pub(crate) fn digit_value(digit: u8) -> Option<u8> {
    let value = VALUES[usize::from(digit)];
    (value < PADDING).then_some(value)
}

/// Whether a text is digits and nothing else.
pub(crate) fn are_digits(text: &[u8]) -> bool {
    text.iter().all(|byte| VALUES[usize::from(*byte)] < PADDING)
}

/// How many letters of base64 there are, `=` included, and how many others that are no blanks.
pub(crate) fn count(text: &str) -> (usize, usize) {
    let (mut letters, mut others) = (0, 0);
    for byte in text.bytes() {
        let value = VALUES[usize::from(byte)];
        letters += usize::from(value <= PADDING);
        others += usize::from(value == OTHER);
    }
    (letters, others)
}

/// How many bytes base64 without blanks means; none where `=` or another character stands
/// in the wrong place.
pub(crate) fn bytes(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = &bytes[..bytes.len() - padding];
    if padding > 2 || !bytes.len().is_multiple_of(4) || !are_digits(digits) {
        return None;
    }
    Some(bytes.len() / 4 * 3 - padding)
}

/// The bytes that base64 means of which [`bytes`] tells how many they are.
pub(crate) fn decoded(text: &[u8]) -> impl Iterator<Item = u8> {
    text.chunks(4).flat_map(|letters| {
        let digits = letters.iter().map_while(|letter| digit_value(*letter));
        let count = digits.clone().count();
        let number = digits.fold(0_u32, |number, value| (number << 6) | u32::from(value));
        let bytes = (number << (6 * (4 - count))).to_be_bytes();
        bytes.into_iter().skip(1).take(count.saturating_sub(1))
    })
}

/// Whether it is written in the one way that encoding its bytes gives.
pub(crate) fn is_canonical(text: &str) -> bool {
    let digits = text.trim_end_matches('=').as_bytes();
    let unused_bits = match (digits.len() % 4, text.len() - digits.len()) {
        (0, 0) => 0,
        (2, 2) => 4,
        (3, 1) => 2,
        _ => return false,
    };
    let last = digits.last().and_then(|digit| digit_value(*digit)).unwrap_or(1);
    last & ((1 << unused_bits) - 1) == 0 && are_digits(digits) && !digits.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_base64_can_be_made_again() {
        for good in ["QQ==", "QUI=", "QUJD", "QUJDRA=="] {
            assert!(is_canonical(good), "{good}");
        }
        for bad in ["", "QQ", "QQ=", "QR==", "QUJ=", "QU JD", "QUJD====", "Q===", "=QUJ", "QU=D"] {
            assert!(!is_canonical(bad), "{bad}");
        }
    }

    #[test]
    fn letters_are_counted_and_blanks_are_neither_letters_nor_others() {
        assert_eq!(count("QUJD+/=="), (8, 0));
        assert_eq!(count(" Q\tU\nJ\rD "), (4, 0));
        assert_eq!(count("Q-U_J.Ｄ"), (3, 6));
    }

    #[test]
    fn what_is_decoded_is_as_long_as_was_told() {
        for (text, meant) in
            [("QUJDRA==", "ABCD"), ("QUJDREU=", "ABCDE"), ("+/8A", "\u{fb}\u{ff}\0")]
        {
            let meant: Vec<u8> = meant.chars().map(|own| own as u8).collect();
            assert_eq!(decoded(text.as_bytes()).collect::<Vec<_>>(), meant, "{text}");
            assert_eq!(bytes(text), Some(meant.len()), "{text}");
        }
    }

    #[test]
    fn bytes_are_known_without_decoding() {
        assert_eq!(bytes("QUJD"), Some(3));
        assert_eq!(bytes("QUI="), Some(2));
        assert_eq!(bytes("QQ=="), Some(1));
        assert_eq!(bytes(""), Some(0));
        for bad in ["QUJ", "Q===", "QU=D", "QU D"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }
}
