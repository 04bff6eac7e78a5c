//! 書式 — the lexical forms of the primitive types.
//!
//! Source: FHIR R4, Datatypes; days are checked against the calendar, second 60 passes.

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; year 0000 does not exist.
pub(super) fn is_date(text: &str) -> bool {
    date_bytes(text.as_bytes()).is_some_and(<[u8]>::is_empty)
}

/// A date, or a date with time and zone.
pub(super) fn is_date_time(text: &str) -> bool {
    match date_bytes(text.as_bytes()) {
        Some([]) => true,
        Some([b'T', time @ ..]) if text.len() > 10 => is_time_with_zone(time),
        _ => false,
    }
}

/// A full date with time and zone.
pub(super) fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.get(10) == Some(&b'T') && is_date_time(text)
}

/// `hh:mm:ss`, without a fraction.
pub(super) fn is_time(text: &str) -> bool {
    clock(text.as_bytes()).is_some_and(<[u8]>::is_empty)
}

/// What follows the date at the start.
fn date_bytes(text: &[u8]) -> Option<&[u8]> {
    let (year, rest) = digits::<4>(text)?;
    if year == 0 {
        return None;
    }
    let Some(rest) = rest.strip_prefix(b"-") else { return rest.is_empty().then_some(rest) };
    let (month, rest) = digits::<2>(rest)?;
    if !(1..=12).contains(&month) {
        return None;
    }
    let Some(rest) = rest.strip_prefix(b"-") else { return rest.is_empty().then_some(rest) };
    let (day, rest) = digits::<2>(rest)?;
    (1..=days(year, month)).contains(&day).then_some(rest)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

fn digits<const N: usize>(text: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = text.split_first_chunk::<N>()?;
    if !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), rest))
}

fn clock(text: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = digits::<2>(text)?;
    let (minute, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    let (second, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    (hour < 24 && minute < 60 && second <= 60).then_some(rest)
}

fn is_time_with_zone(text: &[u8]) -> bool {
    let Some(mut rest) = clock(text) else { return false };
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    match rest {
        b"Z" => true,
        [b'+' | b'-', zone @ ..] => is_zone(zone),
        _ => false,
    }
}

fn is_zone(text: &[u8]) -> bool {
    let zone = digits::<2>(text).and_then(|(hour, rest)| {
        let (minute, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
        rest.is_empty().then_some((hour, minute))
    });
    zone.is_some_and(|(hour, minute)| (hour < 14 && minute < 60) || (hour == 14 && minute == 0))
}

/// 1 to 64 of letters, digits, `-` and `.`.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// A whole number of 32 bits without leading zeros.
pub(super) fn integer(text: &str) -> Option<i32> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let padded = unsigned.len() > 1 && unsigned.starts_with('0');
    let plain = unsigned.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !padded).then(|| text.parse().ok()).flatten()
}

/// No blanks at the ends, single ones inside, none but spaces.
pub(super) fn is_code(text: &str) -> bool {
    let mut last_was_space = true;
    for letter in text.chars() {
        if letter == ' ' {
            if last_was_space {
                return false;
            }
            last_was_space = true;
        } else if letter.is_whitespace() {
            return false;
        } else {
            last_was_space = false;
        }
    }
    !last_was_space
}

/// `[0-2].n.n…` with four further arcs, or of ISO identified organizations (`1.3`).
pub(super) fn is_oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    let root = arcs.next();
    let plain = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|byte| byte.is_ascii_digit())
            && (arc.len() == 1 || !arc.starts_with('0'))
    };
    matches!(root, Some("0" | "1" | "2"))
        && text.len() > 2
        && arcs.all(plain)
        && (text.rfind('.').is_some_and(|at| at >= 4) || text.starts_with("1.3"))
}

/// Small hexadecimal digits in groups of 8, 4, 4, 4 and 12.
pub(super) fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
