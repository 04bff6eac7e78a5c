//! 添付 — the attachments of a document: PNG, JPEG, TIFF and PDF, texts, and CDA (S9.5).

use crate::{
    base64::{digit_value, is_canonical},
    checked::Attachment,
    json::Value,
};

/// How much of an attachment tells what it is.
const HEAD_BASE64: usize = 64;

/// 添付の形式 — a media type and what its data begin with.
struct Format {
    media_type: &'static str,
    fits: fn(&[u8]) -> bool,
}

static FORMATS: &[Format] = &[
    Format { media_type: "image/png", fits: |head| head.starts_with(b"\x89PNG\r\n\x1a\n") },
    Format { media_type: "image/jpeg", fits: |head| head.starts_with(b"\xff\xd8\xff") },
    Format { media_type: "image/tiff", fits: is_tiff },
    Format { media_type: "application/pdf", fits: |head| head.starts_with(b"%PDF-") },
    Format { media_type: "text/plain", fits: is_text },
    Format { media_type: "text/xml", fits: is_xml },
    Format { media_type: "application/xml", fits: is_xml },
];

fn is_tiff(head: &[u8]) -> bool {
    head.starts_with(b"II*\0") || head.starts_with(b"MM\0*")
}

/// Text says nothing of itself; what is surely something else is not text.
fn is_text(head: &[u8]) -> bool {
    const BINARY: &[&str] = &["image/png", "image/jpeg", "image/tiff", "application/pdf"];
    let mut binary = FORMATS.iter().filter(|format| BINARY.contains(&format.media_type));
    !head.contains(&0) && !binary.any(|format| (format.fits)(head))
}

fn is_xml(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.trim_ascii_start().starts_with(b"<")
}

/// What is to be said of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Its data are of the type that it declares.
    Fits(&'static str),
    /// A type that is not taken.
    Type,
    /// Its data are of another type.
    Data,
    /// Its data are no base64.
    Base64,
}

/// Judges an object that holds `data` beside `contentType`; none for every other object.
pub(crate) fn judge(value: Value<'_>) -> Option<Judgement> {
    let data = value.get("data").and_then(Value::as_str)?;
    let declared = value.text_of("contentType")?;
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(format) = FORMATS.iter().find(|format| format.media_type == declared) else {
        return Some(Judgement::Type);
    };
    let Some(head) = head(&data) else { return Some(Judgement::Base64) };
    Some(if (format.fits)(&head) { Judgement::Fits(format.media_type) } else { Judgement::Data })
}

/// The first bytes that base64 stands for; blanks are allowed between its characters.
fn head(base64: &str) -> Option<Vec<u8>> {
    let digits = base64.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    let (mut bits, mut held, mut head) = (0_u32, 0, Vec::new());
    for digit in digits.take(HEAD_BASE64) {
        bits = bits << 6 | u32::from(digit_value(digit)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            head.push((bits >> held) as u8);
        }
    }
    Some(head)
}

/// The attachments whose text can be made again from their bytes: those that can be kept
/// beside the document.
pub(crate) fn of(root: Value<'_>) -> Vec<Attachment> {
    objects(root).filter_map(attachment).collect()
}

/// Every object that may be an attachment.
pub(crate) fn objects(root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    root.descendants().filter(|value| value.is_object() && value.get("contentType").is_some())
}

fn attachment(value: Value<'_>) -> Option<Attachment> {
    let Some(Judgement::Fits(media_type)) = judge(value) else { return None };
    let data = value.get("data")?;
    let text = data.plain_str().filter(|text| is_canonical(text))?;
    let start = data.span().start + 1;
    Some(Attachment { media_type, base64: start..start + text.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        let fits = |media_type: &str, head: &[u8]| {
            FORMATS.iter().any(|format| format.media_type == media_type && (format.fits)(head))
        };
        assert!(fits("image/tiff", b"II*\0...") && fits("image/tiff", b"MM\0*..."));
        assert!(fits("application/pdf", b"%PDF-1.7"));
        assert!(!fits("image/png", b"%PDF-1.7"));
        assert!(fits("text/plain", "紹介".as_bytes()));
        assert!(!fits("text/plain", b"%PDF-1.7") && !fits("text/plain", b"a\0b"));
        assert!(fits("text/xml", b"\xef\xbb\xbf <ClinicalDocument"));
    }
}
