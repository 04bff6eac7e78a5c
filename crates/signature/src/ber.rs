//! BERからDERへ — rewrites in DER what tools write of a CMS in BER: lengths that were not known
//! beforehand (indefinite), lengths in more octets than need be, octet strings in pieces.
//!
//! What is DER already stays as it is to the byte: certificates are signed over their bytes.
//!
//! Source: X.690, 8 (BER) and 10 (DER).

use kyoyu_domain::signature::Reason;

use crate::element::{CONSTRUCTED, MOST_DEPTH};

const OCTET_STRING: u8 = 0x04;
/// The tag bits that say that the number follows in octets of its own; nothing here has one.
const LONG_TAG: u8 = 0x1f;
const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0, 0];
/// Octets of a length: more than any container has.
const MOST_LENGTH_OCTETS: usize = 4;

/// Rewrites one element, behind which nothing may follow. The result is longer than what was
/// given by a few bytes for each level at most.
///
/// # Errors
/// [`Reason::Container`] for what is no BER, [`Reason::Size`] for what nests too deep.
pub(crate) fn to_der(bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let (element, rest) = element(bytes, 1)?;
    if !rest.is_empty() {
        return Err(Reason::Container);
    }
    let mut der = Vec::with_capacity(bytes.len() + 64);
    element.write(&mut der);
    Ok(der)
}

/// An element as DER has it.
struct Rewritten {
    tag: u8,
    content: Vec<u8>,
}

impl Rewritten {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.tag);
        let length = self.content.len();
        if length < usize::from(INDEFINITE) {
            out.push(length as u8);
        } else {
            let octets = length.to_be_bytes();
            let first = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
            out.push(INDEFINITE | (octets.len() - first) as u8);
            out.extend_from_slice(&octets[first..]);
        }
        out.extend_from_slice(&self.content);
    }
}

/// What a header says of its content.
enum Length {
    Known(usize),
    Indefinite,
}

/// The first element, and what comes behind it.
fn element(bytes: &[u8], depth: usize) -> Result<(Rewritten, &[u8]), Reason> {
    let (tag, length, rest) = header(bytes).ok_or(Reason::Container)?;
    let is_constructed = tag & CONSTRUCTED != 0;
    if is_constructed && depth >= MOST_DEPTH {
        return Err(Reason::Size);
    }
    match length {
        Length::Known(length) => {
            let (content, rest) = rest.split_at_checked(length).ok_or(Reason::Container)?;
            if !is_constructed {
                return Ok((Rewritten { tag, content: content.to_vec() }, rest));
            }
            let mut parent = Parent::of(tag, content.len());
            let mut left = content;
            while !left.is_empty() {
                left = parent.take(left, depth)?;
            }
            Ok((parent.rewritten, rest))
        }
        Length::Indefinite if is_constructed => {
            let mut parent = Parent::of(tag, 0);
            let mut left = rest;
            loop {
                if let Some(rest) = left.strip_prefix(&END_OF_CONTENTS) {
                    return Ok((parent.rewritten, rest));
                }
                left = parent.take(left, depth)?;
            }
        }
        Length::Indefinite => Err(Reason::Container),
    }
}

/// A constructed element whose children come one after another.
struct Parent {
    rewritten: Rewritten,
    /// An octet string in pieces, which DER has in one.
    is_in_pieces: bool,
}

impl Parent {
    fn of(tag: u8, bytes: usize) -> Self {
        let is_in_pieces = tag == OCTET_STRING | CONSTRUCTED;
        let tag = if is_in_pieces { OCTET_STRING } else { tag };
        let content = Vec::with_capacity(bytes);
        Self { rewritten: Rewritten { tag, content }, is_in_pieces }
    }

    /// Takes the next child; what comes behind it.
    fn take<'a>(&mut self, bytes: &'a [u8], depth: usize) -> Result<&'a [u8], Reason> {
        let (child, rest) = element(bytes, depth + 1)?;
        let content = &mut self.rewritten.content;
        if !self.is_in_pieces {
            child.write(content);
        } else if child.tag == OCTET_STRING {
            content.extend_from_slice(&child.content);
        } else {
            return Err(Reason::Container);
        }
        Ok(rest)
    }
}

/// Tag, length, and what comes behind them.
fn header(bytes: &[u8]) -> Option<(u8, Length, &[u8])> {
    let [tag, first, rest @ ..] = bytes else { return None };
    // Of the universal class, 0 ends an indefinite length and is no element.
    if tag & LONG_TAG == LONG_TAG || *tag == 0 {
        return None;
    }
    match *first {
        INDEFINITE => Some((*tag, Length::Indefinite, rest)),
        length if length < INDEFINITE => Some((*tag, Length::Known(length.into()), rest)),
        count => {
            let count = usize::from(count & !INDEFINITE);
            if count > MOST_LENGTH_OCTETS {
                return None;
            }
            let (octets, rest) = rest.split_at_checked(count)?;
            let length = octets.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet));
            Some((*tag, Length::Known(usize::try_from(length).ok()?), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{SEQUENCE, SET, context};

    fn der(bytes: &[u8]) -> Result<Vec<u8>, Reason> {
        to_der(bytes)
    }

    /// An element of indefinite length.
    fn open(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, INDEFINITE][..], content, &END_OF_CONTENTS].concat()
    }

    #[test]
    fn what_is_der_stays_to_the_byte() {
        let long = [&[OCTET_STRING, 0x81, 0x80][..], &[7; 0x80]].concat();
        let longer = [&[OCTET_STRING, 0x82, 0x01, 0x00][..], &[7; 0x100]].concat();
        for content in [vec![], vec![0x05, 0x00], long, longer] {
            let mut whole = Vec::new();
            Rewritten { tag: SEQUENCE, content }.write(&mut whole);
            assert_eq!(der(&whole), Ok(whole.clone()));
        }
    }

    #[test]
    fn an_indefinite_length_becomes_the_one_that_it_is() {
        let inner = open(SET, &[0x02, 0x01, 0x07]);
        let outer = open(SEQUENCE, &[&inner[..], &[0x05, 0x00]].concat());
        let expected = [SEQUENCE, 7, SET, 3, 0x02, 0x01, 0x07, 0x05, 0x00];
        assert_eq!(der(&outer), Ok(expected.to_vec()));
        assert_eq!(der(&open(context(0), b"")), Ok(vec![context(0), 0]));
    }

    #[test]
    fn a_length_has_no_more_octets_than_it_needs() {
        for written in
            [&[SEQUENCE, 0x81, 0x02, 0x05, 0x00][..], &[SEQUENCE, 0x84, 0, 0, 0, 2, 0x05, 0x00]]
        {
            assert_eq!(der(written), Ok(vec![SEQUENCE, 2, 0x05, 0x00]));
        }
    }

    #[test]
    fn an_octet_string_in_pieces_becomes_one() {
        let pieces = [OCTET_STRING, 2, 1, 2, OCTET_STRING, 1, 3];
        let whole = Ok(vec![OCTET_STRING, 3, 1, 2, 3]);
        assert_eq!(der(&open(OCTET_STRING | CONSTRUCTED, &pieces)), whole);
        let nested = open(OCTET_STRING | CONSTRUCTED, &pieces);
        assert_eq!(der(&open(OCTET_STRING | CONSTRUCTED, &nested)), whole);
        let odd = open(OCTET_STRING | CONSTRUCTED, &[0x02, 0x01, 0x07]);
        assert_eq!(der(&odd), Err(Reason::Container), "a number is no piece");
    }

    #[test]
    fn nesting_is_bounded_whether_or_not_lengths_are_known() {
        let closed = |content: &[u8]| {
            let mut whole = Vec::new();
            Rewritten { tag: SEQUENCE, content: content.to_vec() }.write(&mut whole);
            whole
        };
        let nested = |depth: usize, wrap: &dyn Fn(&[u8]) -> Vec<u8>| {
            (0..depth).fold(vec![0x05, 0x00], |all, _| wrap(&all))
        };
        for wrap in [&closed as &dyn Fn(&[u8]) -> Vec<u8>, &|content| open(SEQUENCE, content)] {
            assert!(der(&nested(MOST_DEPTH - 1, wrap)).is_ok());
            assert_eq!(der(&nested(MOST_DEPTH, wrap)), Err(Reason::Size));
        }
        // Nothing but beginnings: no deeper than the bound, whatever is still to come.
        let beginnings = [SEQUENCE, INDEFINITE].repeat(90_000);
        assert_eq!(der(&beginnings), Err(Reason::Size));
    }

    #[test]
    fn what_is_cut_off_followed_or_ends_too_early_is_refused() {
        let whole = open(SEQUENCE, &[0x05, 0x00]);
        for end in 0..whole.len() {
            assert_eq!(der(&whole[..end]), Err(Reason::Container), "{end}");
        }
        assert_eq!(der(&[&whole[..], &[0x05, 0x00]].concat()), Err(Reason::Container));
        for hostile in [
            &[SEQUENCE, 2, 0, 0][..],                      // an end where none can be
            &[OCTET_STRING, INDEFINITE, 0x05, 0x00, 0, 0], // primitive without a length
            &[SEQUENCE, 0x85, 0, 0, 0, 0, 0],              // five octets of length
            &[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff],     // 4 GB
            &[SEQUENCE, 0xff],                             // reserved
            &[0x3f, 0x81, 0x01, 0x00],                     // a long tag
            &[SEQUENCE, 3, 0x30, INDEFINITE, 0],           // an end beyond its parent's
        ] {
            assert_eq!(der(hostile), Err(Reason::Container), "{hostile:02x?}");
        }
    }
}
