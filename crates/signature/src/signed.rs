//! 署名対象 — which bytes of a document its signature is one of.
//!
//! The format of the real service is not public (S9.6); decision record 6 says what is done
//! here instead. This file is the only one that knows.

use std::ops::Range;

/// 署名対象のバイト列 — the received text without the root's `signature` member, otherwise byte
/// for byte: nothing is parsed, sorted or written again.
///
/// `member` reaches from the opening quote of the key to the end of the value. With it goes one
/// comma: the one behind it and the white space up to the next member where there is one, or
/// else the one in front of it and the white space in between.
///
/// So a signer writes the document without `signature`, signs that text, and puts the member
/// in: as first or middle member directly before the key that it precedes, with its comma and
/// whatever white space behind it; as last one directly behind the value that it follows, with
/// its comma in front.
pub fn signed_bytes(text: &[u8], member: Range<usize>) -> Vec<u8> {
    let end = member.end.min(text.len());
    let member = member.start.min(end)..end;
    let cut = followed(text, &member).or_else(|| preceded(text, &member)).unwrap_or(member);
    [&text[..cut.start], &text[cut.end..]].concat()
}

/// The member with the comma behind it, up to the next member.
fn followed(text: &[u8], member: &Range<usize>) -> Option<Range<usize>> {
    let comma = member.end + blanks(text[member.end..].iter());
    let next = (text.get(comma) == Some(&b',')).then_some(comma + 1)?;
    Some(member.start..next + blanks(text[next..].iter()))
}

/// The member with the comma in front of it.
fn preceded(text: &[u8], member: &Range<usize>) -> Option<Range<usize>> {
    let before = member.start - blanks(text[..member.start].iter().rev());
    let comma = before.checked_sub(1).filter(|comma| text[*comma] == b',')?;
    Some(comma..member.end)
}

fn blanks<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    bytes.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str) -> String {
        let start = text.find("\"signature\"").expect("a member");
        let end = text.find('!').expect("the end of its value") + 2;
        let bytes = signed_bytes(text.as_bytes(), start..end);
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_member_put_in_anywhere_is_taken_out_to_the_byte() {
        let plain = "{ \"a\" : 4.10,\n  \"b\": [ ]\r\n}";
        let first = "{ \"signature\" : \"!\" ,\t\"a\" : 4.10,\n  \"b\": [ ]\r\n}";
        let middle = "{ \"a\" : 4.10,\n  \"signature\":\"!\",\n  \"b\": [ ]\r\n}";
        let last = "{ \"a\" : 4.10,\n  \"b\": [ ],\n  \"signature\": \"!\"\r\n}";
        for signed in [first, middle, last] {
            assert_eq!(without(signed), plain, "{signed}");
        }
    }

    #[test]
    fn a_member_alone_leaves_an_empty_object_with_its_blanks() {
        assert_eq!(without("{ \"signature\":\"!\"\n}"), "{ \n}");
    }

    #[test]
    fn a_change_of_white_space_elsewhere_changes_what_is_signed() {
        assert_ne!(
            without("{\"signature\":\"!\",\"a\":1}"),
            without("{\"signature\":\"!\",\"a\": 1}")
        );
    }

    #[test]
    fn a_place_outside_of_the_text_takes_nothing_else_away() {
        assert_eq!(signed_bytes(b"{}", 7..9), b"{}");
        assert_eq!(signed_bytes(b"", 0..9), b"");
    }
}
