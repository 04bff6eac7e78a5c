//! 続きの位置 — a signed position, bound to the query, the caller and the consent.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use kyoyu_domain::rules;
use sha2::Sha256;

use crate::failure::Failure;

/// How long a cursor can be used.
const LIFE: TimeDelta = TimeDelta::minutes(10);

const POSITION_BYTES: usize = 8 + 16 + 8;
const MAC_BYTES: usize = 32;

/// Where a page ended: sort instant in microseconds, then an id that breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) at_micros: i64,
    pub(crate) tie: u128,
}

/// What a cursor is bound to; another query, caller or consent makes it invalid.
#[derive(Debug)]
pub(crate) struct Binding(Vec<u8>);

impl Binding {
    /// Joins the parts unambiguously.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut joined = Vec::new();
        for part in parts {
            joined.extend_from_slice(&(part.len() as u64).to_be_bytes());
            joined.extend_from_slice(part);
        }
        Self(joined)
    }
}

/// Writes a cursor that can be used from `now` for ten minutes.
pub(crate) fn write(
    key: &[u8; 32],
    binding: &Binding,
    position: Position,
    now: DateTime<Utc>,
) -> String {
    let mut bytes = Vec::with_capacity(POSITION_BYTES + MAC_BYTES);
    bytes.extend_from_slice(&position.at_micros.to_be_bytes());
    bytes.extend_from_slice(&position.tie.to_be_bytes());
    bytes.extend_from_slice(&(now + LIFE).timestamp_micros().to_be_bytes());
    let mac = mac(key, binding, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&mac);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor.
///
/// # Errors
/// [`rules::CURSOR`] when it is not ours, too old, or bound to something else.
pub(crate) fn read(
    key: &[u8; 32],
    binding: &Binding,
    cursor: &str,
    now: DateTime<Utc>,
) -> Result<Position, Failure> {
    let refused = || Failure::from(&rules::CURSOR);
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    if bytes.len() != POSITION_BYTES + MAC_BYTES {
        return Err(refused());
    }
    let (signed, signature) = bytes.split_at(POSITION_BYTES);
    mac(key, binding, signed).verify_slice(signature).map_err(|_| refused())?;
    let part = |from: usize| -> [u8; 8] {
        signed[from..from + 8].try_into().expect("the length was checked")
    };
    if i64::from_be_bytes(part(24)) < now.timestamp_micros() {
        return Err(refused());
    }
    let tie = u128::from_be_bytes(signed[8..24].try_into().expect("the length was checked"));
    Ok(Position { at_micros: i64::from_be_bytes(part(0)), tie })
}

fn mac(key: &[u8; 32], binding: &Binding, bytes: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(&binding.0);
    mac.update(bytes);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_for_its_query_and_for_ten_minutes_only() {
        let (key, now) = ([7; 32], DateTime::UNIX_EPOCH);
        let binding = Binding::of(&[b"query", b"caller"]);
        let position = Position { at_micros: -5, tie: 9 };
        let cursor = write(&key, &binding, position, now);
        let later = |minutes| now + TimeDelta::minutes(minutes);
        assert_eq!(read(&key, &binding, &cursor, later(10)).expect("still good"), position);
        assert!(read(&key, &binding, &cursor, later(11)).is_err());
        let others = [Binding::of(&[b"query", b"other"]), Binding::of(&[b"quer", b"ycaller"])];
        assert!(others.iter().all(|other| read(&key, other, &cursor, now).is_err()));
        assert!(read(&[8; 32], &binding, &cursor, now).is_err());
        assert!(read(&key, &binding, &cursor[1..], now).is_err());
    }
}
