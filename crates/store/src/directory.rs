//! 目録 — the directory of a segment, as bytes.
//!
//! Shape: a version byte, then per resource: one byte of clinical status and of what
//! follows, the ordinal (difference to the one before; absent: 1), text bytes, the item
//! doubled (odd: flags, standing and origin follow the hash), eight bytes of identifier hash, one
//! byte of flags, standing, origin and whether the department follows because it is another one
//! than that of the resource before, then dates in milliseconds as differences. Numbers are
//! LEB128, differences zigzag. About 12 bytes a resource.
//!
//! Version 3 has a byte more for each extracted resource, behind its flags: what its document
//! says of it (0: nothing); written only where a document says something. Version 1, which
//! rows may still have, writes ordinal, flags and standing always.

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    entry::{ClinicalStatus, Entry, Flags, Origin, Standing},
    identifiers::{DepartmentHash, IdentifierHash},
    prescription::Listed,
};

use crate::error::{Error, Result};

const VERSION: u8 = 2;
const WITH_DOCUMENTS: u8 = 3;
const EVERYTHING_WRITTEN: u8 = 1;
/// In the byte of flags and standing.
const EXTRACTED: u8 = 1 << 6;
const OTHER_DEPARTMENT: u8 = 1 << 7;
const HAS_DATE: u8 = 1 << 3;
const SAME_DATE: u8 = 1 << 4;
const HAS_FIRST: u8 = 1 << 5;
const HAS_FLAGGED: u8 = 1 << 6;
const IS_NEXT: u8 = 1 << 7;

/// Writes the directory of a segment that was registered at `registered_at`.
pub fn encode(entries: &[Entry], registered_at: DateTime<Utc>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + entries.len() * 16);
    let with_documents = entries.iter().any(|entry| entry.listed.is_some());
    out.push(if with_documents { WITH_DOCUMENTS } else { VERSION });
    let base = registered_at.timestamp_millis();
    let (mut ordinal, mut former_date, mut department) = (0_u16, base, None);
    for entry in entries {
        let step = entry.ordinal - ordinal;
        ordinal = entry.ordinal;
        let date = entry.dated_at.map(|date| date.timestamp_millis());
        let same_date = date == Some(former_date);
        let first = (entry.first_registered_at != registered_at)
            .then(|| entry.first_registered_at.timestamp_micros());
        let flagged = entry.flagged_at.map(|at| at.timestamp_micros());
        out.push(
            clinical_number(entry.clinical)
                | if date.is_some() { HAS_DATE } else { 0 }
                | if same_date { SAME_DATE } else { 0 }
                | if first.is_some() { HAS_FIRST } else { 0 }
                | if flagged.is_some() { HAS_FLAGGED } else { 0 }
                | if step == 1 { IS_NEXT } else { 0 },
        );
        if step != 1 {
            put(&mut out, u64::from(step));
        }
        put(&mut out, u64::from(entry.text_bytes));
        let bits = bits_of(entry, department);
        put(&mut out, u64::from(entry.item) << 1 | u64::from(bits != 0));
        out.extend_from_slice(&entry.identifier.0.to_be_bytes());
        if bits != 0 {
            out.push(bits);
        }
        if with_documents && bits & EXTRACTED != 0 {
            out.push(entry.listed.map_or(0, Listed::bits));
        }
        if entry.department != department {
            department = entry.department;
            put_department(&mut out, department);
        }
        if let Some(date) = date.filter(|_| !same_date) {
            put_signed(&mut out, date - former_date);
            former_date = date;
        }
        for at in [first, flagged].into_iter().flatten() {
            put_signed(&mut out, at - registered_at.timestamp_micros());
        }
    }
    out
}

/// Flags, standing and origin, and whether the department is another one than before.
fn bits_of(entry: &Entry, department: Option<DepartmentHash>) -> u8 {
    let extracted = if entry.origin == Origin::Extracted { EXTRACTED } else { 0 };
    let other = if entry.department == department { 0 } else { OTHER_DEPARTMENT };
    entry.flags.bits() | standing_number(entry.standing) << 3 | extracted | other
}

/// Reads a directory.
///
/// # Errors
/// [`Error::Corrupt`] when the bytes are not a directory.
pub fn decode(bytes: &[u8], registered_at: DateTime<Utc>) -> Result<Vec<Entry>> {
    let mut reader = Reader { bytes };
    let version = reader.byte()?;
    let head = match version {
        VERSION | WITH_DOCUMENTS => Reader::head,
        EVERYTHING_WRITTEN => Reader::head_of_version_1,
        _ => return Err(corrupt("unknown version")),
    };
    let base_micros = registered_at.timestamp_micros();
    let (mut ordinal, mut former_date) = (0_u16, registered_at.timestamp_millis());
    let mut department = None;
    let mut entries = Vec::new();
    while !reader.bytes.is_empty() {
        let Head { step, text_bytes, item, identifier, bits, marks } = head(&mut reader)?;
        ordinal = u16::try_from(step)
            .ok()
            .and_then(|step| ordinal.checked_add(step))
            .ok_or(corrupt("ordinal out of range"))?;
        let listed = match version {
            WITH_DOCUMENTS if bits & EXTRACTED != 0 => reader.listed()?,
            _ => None,
        };
        let text_bytes = text_bytes.try_into().map_err(|_| corrupt("length out of range"))?;
        let item = item.try_into().map_err(|_| corrupt("item out of range"))?;
        if bits & OTHER_DEPARTMENT != 0 {
            department = reader.department()?;
        }
        let dated_at = if marks & HAS_DATE == 0 {
            None
        } else {
            if marks & SAME_DATE == 0 {
                former_date += reader.signed()?;
            }
            Some(DateTime::from_timestamp_millis(former_date).ok_or(corrupt("date out of range"))?)
        };
        let mut instant = |mark: u8| -> Result<Option<DateTime<Utc>>> {
            if marks & mark == 0 {
                return Ok(None);
            }
            let at = base_micros + reader.signed()?;
            DateTime::from_timestamp_micros(at).map(Some).ok_or(corrupt("instant out of range"))
        };
        let first_registered_at = instant(HAS_FIRST)?.unwrap_or(registered_at);
        let flagged_at = instant(HAS_FLAGGED)?;
        entries.push(Entry {
            ordinal,
            text_bytes,
            item,
            identifier,
            department,
            dated_at,
            standing: standing_of((bits & !(EXTRACTED | OTHER_DEPARTMENT)) >> 3)?,
            clinical: clinical_of(marks & 0b111)?,
            flags: Flags::from_bits(bits & 0b111),
            origin: if bits & EXTRACTED == 0 { Origin::Sent } else { Origin::Extracted },
            listed,
            first_registered_at,
            flagged_at,
        });
    }
    Ok(entries)
}

const STANDINGS: [Standing; 5] = [
    Standing::Standing,
    Standing::Refuted,
    Standing::EnteredInError,
    Standing::Awaited,
    Standing::Cancelled,
];

fn standing_number(standing: Standing) -> u8 {
    position(&STANDINGS, &standing)
}

fn standing_of(number: u8) -> Result<Standing> {
    STANDINGS.get(usize::from(number)).copied().ok_or(corrupt("unknown standing"))
}

fn clinical_number(clinical: ClinicalStatus) -> u8 {
    let position = ClinicalStatus::ALL.iter().position(|row| row.0 == clinical);
    position.expect("every clinical status has a row") as u8
}

fn clinical_of(number: u8) -> Result<ClinicalStatus> {
    let row = ClinicalStatus::ALL.get(usize::from(number));
    row.map(|row| row.0).ok_or(corrupt("unknown clinical status"))
}

fn position<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|known| known == one).expect("the list holds every value") as u8
}

fn corrupt(what: &'static str) -> Error {
    Error::Corrupt { table: "segment", column: "directory", what }
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Whether there is one, then its hash.
fn put_department(out: &mut Vec<u8>, department: Option<DepartmentHash>) {
    out.push(u8::from(department.is_some()));
    if let Some(DepartmentHash(hash)) = department {
        out.extend_from_slice(&hash.to_be_bytes());
    }
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// What every resource has.
struct Head {
    step: u64,
    text_bytes: u64,
    item: u64,
    identifier: IdentifierHash,
    bits: u8,
    marks: u8,
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn head(&mut self) -> Result<Head> {
        let marks = self.byte()?;
        let step = if marks & IS_NEXT == 0 { self.number()? } else { 1 };
        let text_bytes = self.number()?;
        let item = self.number()?;
        let identifier = IdentifierHash(u64::from_be_bytes(self.array()?));
        let bits = if item & 1 == 0 { 0 } else { self.byte()? };
        Ok(Head { step, text_bytes, item: item >> 1, identifier, bits, marks })
    }

    fn head_of_version_1(&mut self) -> Result<Head> {
        Ok(Head {
            step: self.number()?,
            text_bytes: self.number()?,
            item: self.number()?,
            identifier: IdentifierHash(u64::from_be_bytes(self.array()?)),
            bits: self.byte()?,
            marks: self.byte()?,
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or(corrupt("ends early"))?;
        self.bytes = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(corrupt("number too long"))
    }

    fn department(&mut self) -> Result<Option<DepartmentHash>> {
        match self.byte()? {
            0 => Ok(None),
            1 => Ok(Some(DepartmentHash(u32::from_be_bytes(self.array()?)))),
            _ => Err(corrupt("unknown department")),
        }
    }

    fn listed(&mut self) -> Result<Option<Listed>> {
        match self.byte()? {
            0 => Ok(None),
            bits => Listed::from_bits(bits).map(Some).ok_or(corrupt("unknown place in a document")),
        }
    }

    fn signed(&mut self) -> Result<i64> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::prescription::{Completeness, Occasion};

    use super::*;

    fn entries(registered_at: DateTime<Utc>) -> Vec<Entry> {
        let dates = [Some("2026-03-01T00:00:00.123Z"), Some("2026-03-01T00:00:00.123Z"), None];
        (1..=30_u16)
            .map(|ordinal| Entry {
                ordinal: ordinal * 3,
                text_bytes: u32::from(ordinal) * 100_003,
                item: ordinal * 20,
                identifier: IdentifierHash(u64::from(ordinal).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                department: (ordinal % 7 < 4).then_some(DepartmentHash(u32::from(ordinal / 9))),
                dated_at: dates[usize::from(ordinal % 3)]
                    .map(|date| date.parse().expect("an instant")),
                standing: STANDINGS[usize::from(ordinal % 5)],
                clinical: ClinicalStatus::ALL[usize::from(ordinal % 6)].0,
                flags: Flags::from_bits(ordinal as u8 % 8),
                origin: if ordinal % 7 == 0 { Origin::Extracted } else { Origin::Sent },
                listed: None,
                first_registered_at: if ordinal % 2 == 0 {
                    registered_at
                } else {
                    registered_at - chrono::TimeDelta::days(400)
                },
                flagged_at: (ordinal % 4 == 0).then_some(registered_at),
            })
            .collect()
    }

    #[test]
    fn a_directory_reads_back_as_written() {
        let registered_at = "2026-04-01T01:02:03.456789Z".parse().expect("an instant");
        let entries = entries(registered_at);
        let bytes = encode(&entries, registered_at);
        assert_eq!(decode(&bytes, registered_at).expect("readable"), entries);
    }

    #[test]
    fn what_a_document_says_is_kept_and_costs_a_byte_where_something_was_extracted() {
        let registered_at = "2026-04-01T01:02:03Z".parse().expect("an instant");
        let plain = entries(registered_at);
        let listed =
            Listed { occasion: Some(Occasion::Discharge), completeness: Completeness::Incomplete };
        let mut told = plain.clone();
        let extracted = told.iter_mut().filter(|one| one.origin == Origin::Extracted);
        extracted.skip(1).for_each(|one| one.listed = Some(listed));
        let (without, with) = (encode(&plain, registered_at), encode(&told, registered_at));
        assert_eq!((without[0], with[0]), (VERSION, WITH_DOCUMENTS));
        assert_eq!(with.len() - without.len(), 4, "the fourth part of thirty is extracted");
        assert_eq!(decode(&with, registered_at).expect("readable"), told);
    }

    #[test]
    fn a_directory_of_version_1_is_still_read() {
        let registered_at = "2026-04-01T00:00:00Z".parse().expect("an instant");
        let bytes = [1, 3, 0xe8, 7, 20, 0, 0, 0, 0, 0, 0, 0, 9, 0b1010, 0b1000, 1, 1, 1, 2];
        let bytes = [&bytes[..], &[0, 0, 0, 0, 0, 0, 0, 8, 0, 0]].concat();
        let entries = decode(&bytes, registered_at).expect("readable");
        let heads: Vec<_> =
            entries.iter().map(|one| (one.ordinal, one.text_bytes, one.item)).collect();
        assert_eq!(heads, [(3, 1000, 20), (4, 1, 2)]);
        assert_eq!(entries[0].identifier, IdentifierHash(9));
        assert_eq!((entries[0].flags, entries[0].standing), (Flags::from_bits(2), STANDINGS[1]));
        assert_eq!(entries[0].dated_at, Some(registered_at - chrono::TimeDelta::milliseconds(1)));
        assert_eq!(entries[1].dated_at, None);
    }

    #[test]
    fn a_damaged_directory_is_an_error_and_never_a_panic() {
        let registered_at = "2026-04-01T01:02:03Z".parse().expect("an instant");
        let entries = entries(registered_at);
        let bytes = encode(&entries, registered_at);
        for cut in 1..bytes.len() {
            if let Ok(shorter) = decode(&bytes[..cut], registered_at) {
                assert!(shorter.len() < 30, "a cut directory holds fewer entries");
            }
        }
        for position in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0xff;
            assert_ne!(decode(&damaged, registered_at).ok().as_ref(), Some(&entries));
        }
        assert!(decode(&[], registered_at).is_err());
    }
}
