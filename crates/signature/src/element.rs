//! DERの要素 — ASN.1 as a flat list of elements with their bytes, and a bound on what is handed
//! to typed readers: those sort what is a SET, which takes the square of its size.

use der::{Decode, Header, Reader, SliceReader};
use kyoyu_domain::signature::Reason;

/// The most elements of a SET, and of what may be an implicit one.
const MOST_IN_SET: usize = 32;
/// The deepest nesting.
pub(crate) const MOST_DEPTH: usize = 24;

pub(crate) const SET: u8 = 0x31;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const CONSTRUCTED: u8 = 0x20;
const CONTEXT: u8 = 0xa0;

/// The octet of a constructed, context-specific tag.
pub(crate) const fn context(number: u8) -> u8 {
    CONTEXT | number
}

/// 要素 — tag, the bytes of the whole, and those of the content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) whole: &'a [u8],
    pub(crate) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element that these bytes are.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let (first, rest) = split(bytes)?;
        rest.is_empty().then_some(first)
    }

    /// What it holds, if it has this tag.
    pub(crate) fn children(self, tag: u8) -> Option<Vec<Self>> {
        if self.tag == tag { elements(self.content) } else { None }
    }
}

/// All elements of a content.
pub(crate) fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (first, rest) = split(bytes)?;
        found.push(first);
        bytes = rest;
    }
    Some(found)
}

fn split(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    let start = usize::try_from(reader.position()).ok()?;
    let end = start.checked_add(usize::try_from(header.length).ok()?)?;
    let (whole, rest) = bytes.split_at_checked(end)?;
    Some((Element { tag: header.tag.octet(), whole, content: &whole[start..] }, rest))
}

/// Looks whether the bytes are one element that nests no deeper and holds no larger sets than
/// any honest one; without recursion.
///
/// # Errors
/// [`Reason::Container`] for what is no DER, [`Reason::Size`] for what holds too much.
pub(crate) fn bounded(bytes: &[u8]) -> Result<(), Reason> {
    let mut open = vec![(Element::of(bytes).ok_or(Reason::Container)?, 1)];
    while let Some((element, depth)) = open.pop() {
        if element.tag & CONSTRUCTED == 0 {
            continue;
        }
        let children = elements(element.content).ok_or(Reason::Container)?;
        let set_like = element.tag != SEQUENCE;
        if depth == MOST_DEPTH || set_like && children.len() > MOST_IN_SET {
            return Err(Reason::Size);
        }
        open.extend(children.into_iter().map(|child| (child, depth + 1)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).expect("short");
        let head: Vec<u8> = match length {
            0..0x80 => vec![tag, length as u8],
            0x80..0x100 => vec![tag, 0x81, length as u8],
            _ => [&[tag, 0x82][..], &length.to_be_bytes()].concat(),
        };
        [&head[..], content].concat()
    }

    #[test]
    fn sets_are_bounded_and_sequences_are_not() {
        let null = element(0x05, b"");
        for tag in [SET, context(0)] {
            assert_eq!(bounded(&element(tag, &null.repeat(MOST_IN_SET))), Ok(()));
            let larger = element(tag, &null.repeat(MOST_IN_SET + 1));
            assert_eq!(bounded(&larger), Err(Reason::Size));
        }
        assert_eq!(bounded(&element(SEQUENCE, &null.repeat(MOST_IN_SET + 1))), Ok(()));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested =
            |depth| (1..depth).fold(element(SEQUENCE, b""), |all, _| element(SEQUENCE, &all));
        assert_eq!(bounded(&nested(MOST_DEPTH - 1)), Ok(()));
        assert_eq!(bounded(&nested(MOST_DEPTH)), Err(Reason::Size));
    }

    #[test]
    fn what_is_cut_off_or_followed_is_no_element() {
        let whole = element(SEQUENCE, &element(0x05, b""));
        assert!(Element::of(&whole).is_some());
        assert!(Element::of(&whole[..whole.len() - 1]).is_none());
        assert!(Element::of(&[&whole[..], b"\0"].concat()).is_none());
    }
}
