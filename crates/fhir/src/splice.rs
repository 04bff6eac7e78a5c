//! Writing JSON by hand where stored texts must stay as they are.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde::Serialize;

/// The bytes of a resource that we built.
pub(crate) fn bytes(resource: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(resource).expect("our own resources hold nothing that JSON cannot say")
}

/// Appends a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing to memory does not fail");
}

/// Appends an instant in Japan time, as a JSON string.
pub(crate) fn instant(out: &mut Vec<u8>, at: DateTime<Utc>) {
    let japan = FixedOffset::east_opt(9 * 3600).expect("nine hours is a valid offset");
    out.push(b'"');
    let written = at.with_timezone(&japan).to_rfc3339_opts(SecondsFormat::Millis, false);
    out.extend_from_slice(written.as_bytes());
    out.push(b'"');
}
