//! 印 — what stands in a stored text where the service puts an id or the patient.
//!
//! A resource's id and the reference to its patient follow from the key of its segment.
//! They are not stored with each resource, where they would be a fifth of what does not
//! compress: a mark takes their place. Both marks are control characters, which cannot
//! stand in a JSON text that was accepted.

use memchr::memchr2_iter;

/// Stands for the resource's id.
pub const ID: &str = "\u{1}";
/// Stands for the reference to the patient.
pub const PATIENT: &str = "\u{2}";

/// Appends a text with what the marks stand for.
pub(crate) fn fill(marked: &[u8], id: &str, patient: &str, out: &mut Vec<u8>) {
    let mut start = 0;
    for at in memchr2_iter(ID.as_bytes()[0], PATIENT.as_bytes()[0], marked) {
        out.extend_from_slice(&marked[start..at]);
        let text = if marked[at] == ID.as_bytes()[0] { id } else { patient };
        out.extend_from_slice(text.as_bytes());
        start = at + 1;
    }
    out.extend_from_slice(&marked[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_filled_and_everything_else_stays() {
        let mut out = b"before ".to_vec();
        let marked = format!(r#"{{"id":"{ID}","subject":"{PATIENT}","v":4.10,"by":"{PATIENT}"}}"#);
        fill(marked.as_bytes(), "a-1", "Patient/b", &mut out);
        let filled = r#"before {"id":"a-1","subject":"Patient/b","v":4.10,"by":"Patient/b"}"#;
        assert_eq!(String::from_utf8(out).expect("text"), filled);
    }
}
