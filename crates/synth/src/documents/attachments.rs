//! 添付 — documents that a letter refers to: files and long texts.
//!
//! Source: S2.19 (`JP_DocumentReference_eCS`), S9.5.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    draft::{Draft, Link},
    files,
};
use crate::{
    bundle::Case,
    json::Writer,
    parts,
    seed::Purpose,
    sending::{date_time, instant},
};

/// 添付ファイル — a file that goes with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attachment {
    /// What it is.
    pub format: AttachmentFormat,
    /// Its size before it is coded as base64; less than 2,048 is taken as that.
    pub bytes: usize,
}

/// 添付ファイルの形式 — the formats that the service takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// Tagged Image File Format.
    Tiff,
    /// Portable Document Format.
    Pdf,
}

impl AttachmentFormat {
    /// The MIME type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Tiff => "image/tiff",
            Self::Pdf => "application/pdf",
        }
    }

    /// The bytes that every such file begins with.
    pub fn magic(self) -> &'static [u8] {
        match self {
            Self::Png => b"\x89PNG\r\n\x1a\n",
            Self::Jpeg => b"\xFF\xD8\xFF",
            Self::Tiff => b"II*\0",
            Self::Pdf => b"%PDF-",
        }
    }
}

/// What a DocumentReference holds.
struct Content<'a> {
    title: &'a str,
    mime_type: &'a str,
    data: Vec<u8>,
}

/// Adds a file; `nth` makes the file its own.
pub(super) fn file(draft: &mut Draft<'_>, nth: usize, attachment: Attachment) -> Link {
    const IMAGES: &[&str] =
        &["胸部単純X線(正面)", "腹部CT", "頭部MRI", "心電図", "上部消化管内視鏡", "創部写真"];
    const REPORTS: &[&str] =
        &["画像診断報告書", "病理診断報告書", "看護サマリー", "検査結果報告書"];
    let Case { institution, person, sending, .. } = &draft.case;
    let parts = [institution.index, person.index, sending.serial, nth as u64];
    let mut dice = institution.seed.dice(Purpose::Attachment, &parts);
    let Attachment { format, bytes } = attachment;
    let (title, data) = match format {
        AttachmentFormat::Png => (dice.pick(IMAGES), files::png(&mut dice, bytes)),
        AttachmentFormat::Jpeg => (dice.pick(IMAGES), files::jpeg(&mut dice, bytes)),
        AttachmentFormat::Tiff => (dice.pick(IMAGES), files::tiff(&mut dice, bytes)),
        AttachmentFormat::Pdf => {
            let title = dice.pick(REPORTS);
            (title, files::pdf(title, bytes))
        }
    };
    add(draft, &Content { title, mime_type: format.content_type(), data })
}

/// Adds a text that is too long for a section.
pub(super) fn text(draft: &mut Draft<'_>, title: &str, text: &str) -> Link {
    let data = text.as_bytes().to_vec();
    add(draft, &Content { title, mime_type: "text/plain;charset=UTF-8", data })
}

fn add(draft: &mut Draft<'_>, content: &Content<'_>) -> Link {
    let id = draft.next_id("doc");
    draft.add("DocumentReference", |w, case| {
        w.text("id", &id);
        w.object("meta", |w| {
            w.text("lastUpdated", &case.sent_at);
            parts::profile(
                w,
                case,
                "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_DocumentReference_eCS",
            );
        });
        w.text("status", "current");
        w.object("type", |w| w.text("text", content.title));
        parts::reference(w, "subject", &case.patient_url);
        w.text("date", &instant(case.institution, case.sending.sent_at));
        w.text("description", content.title);
        w.array("content", |w| w.item(|w| w.object("attachment", |w| data(w, case, content))));
    })
}

fn data(w: &mut Writer, case: &Case<'_>, content: &Content<'_>) {
    w.text("contentType", content.mime_type);
    w.text("data", &STANDARD.encode(&content.data));
    w.number("size", &content.data.len().to_string());
    w.text("title", content.title);
    w.text("creation", &date_time(case.sending.sent_at));
}
