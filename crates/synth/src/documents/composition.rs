//! 構成情報 — the Composition of the clinical documents and its sections.
//!
//! Source: S2.5 to S2.7, S9.1 to S9.3.

use kyoyu_domain::identifiers::BundleIdentifier;

use super::draft::Link;
use crate::{
    bundle::Case,
    json::Writer,
    parts::{self, RESOURCE_IDENTIFIER},
    sending::date_time,
};

const SECTIONS: &str = "http://jpfhir.jp/fhir/clins/CodeSystem/document-section";
const COMMON: &str = "http://jpfhir.jp/fhir/Common/CodeSystem";
pub(super) const VERSION: &str =
    "http://hl7.org/fhir/StructureDefinition/composition-clinicaldocument-versionNumber";

/// What a kind of document has that others have differently.
#[derive(Debug)]
pub(super) struct Kind {
    /// Canonical of the Composition's profile.
    pub(super) profile: &'static str,
    /// Code and display of the document type.
    pub(super) document_type: (&'static str, &'static str),
    pub(super) title: &'static str,
}

/// The Composition's own statements.
#[derive(Debug)]
pub(super) struct Heading<'a> {
    pub(super) kind: &'static Kind,
    /// Code and display of the document's subtype.
    pub(super) category: (&'static str, &'static str),
    pub(super) encounter: &'a Link,
    pub(super) authors: Vec<&'a Link>,
    /// The patient summary has none.
    pub(super) custodian: Option<&'a Link>,
    pub(super) event: Event,
    /// An earlier document that this one belongs to.
    pub(super) follows: Option<&'a BundleIdentifier>,
}

/// What `event` says.
#[derive(Debug)]
pub(super) enum Event {
    /// 発行日
    Issued(String),
    /// 入院期間
    Stay(String, String),
    None,
}

/// One section.
#[derive(Debug)]
pub(super) struct Section {
    code: &'static str,
    title: &'static str,
    text: Option<String>,
    entries: Vec<Link>,
    sections: Vec<Section>,
    content: Content,
}

/// Whether a section tells something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Told,
    NothingKnown,
}

impl Section {
    /// A section with a text that people read and the entries that it is about.
    pub(super) fn new(code: &'static str, text: impl Into<String>, entries: Vec<Link>) -> Self {
        let text = Some(text.into()).filter(|text| !text.is_empty());
        Self { code, title: title(code), text, entries, sections: vec![], content: Content::Told }
    }

    /// A section that says that there is nothing to tell.
    pub(super) fn none(code: &'static str, text: &str) -> Self {
        Self { content: Content::NothingKnown, ..Self::new(code, text, vec![]) }
    }

    /// 構造情報 — the section that holds the structured ones.
    pub(super) fn structured(sections: Vec<Section>) -> Self {
        Self { sections, ..Self::new("300", "", vec![]) }
    }

    fn write(&self, w: &mut Writer) {
        w.text("title", self.title);
        let display = format!("{}セクション", self.title);
        parts::concept(w, "code", SECTIONS, self.code, &display);
        if let Some(text) = &self.text {
            narrative(w, text);
        }
        if !self.entries.is_empty() {
            w.array("entry", |w| self.entries.iter().for_each(|entry| entry.item(w)));
        }
        if self.content == Content::NothingKnown {
            let reasons = "http://terminology.hl7.org/CodeSystem/list-empty-reason";
            parts::concept(w, "emptyReason", reasons, "nilknown", "Nil Known");
        }
        if !self.sections.is_empty() {
            w.array("section", |w| write_all(w, &self.sections));
        }
    }
}

/// The items of `section`.
pub(super) fn write_all(w: &mut Writer, sections: &[Section]) {
    for section in sections {
        w.item(|w| section.write(w));
    }
}

fn narrative(w: &mut Writer, text: &str) {
    w.object("text", |w| {
        w.text("status", "additional");
        let text = escaped(text).replace('\n', "<br/>");
        w.text("div", &format!(r#"<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>"#));
    });
}

/// Text as XML has it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What follows the type of the resource.
pub(super) fn composition(
    w: &mut Writer,
    case: &Case<'_>,
    heading: &Heading<'_>,
    sections: &[Section],
) {
    let kind = heading.kind;
    w.text("id", "composition");
    w.object("meta", |w| {
        w.text("lastUpdated", &case.sent_at);
        parts::profile(w, case, kind.profile);
    });
    parts::language(w, case);
    w.array("extension", |w| {
        w.item(|w| {
            w.text("url", VERSION);
            w.text("valueString", "1.0");
        });
    });
    identifier(w, case);
    w.text("status", "final");
    let (code, display) = kind.document_type;
    parts::concept(w, "type", &format!("{COMMON}/doc-typecodes"), code, display);
    let (code, display) = heading.category;
    w.array("category", |w| {
        w.item(|w| {
            let system = format!("{COMMON}/doc-subtypecodes");
            w.array("coding", |w| parts::coding(w, &system, code, display));
        });
    });
    who_and_when(w, case, heading);
    w.array("section", |w| write_all(w, sections));
}

/// 文書識別子 — that of the Bundle, whose last part is short enough for both.
pub(super) fn identifier(w: &mut Writer, case: &Case<'_>) {
    w.object("identifier", |w| {
        w.text("system", RESOURCE_IDENTIFIER);
        w.text("value", case.identifier().value());
    });
}

fn who_and_when(w: &mut Writer, case: &Case<'_>, heading: &Heading<'_>) {
    parts::reference(w, "subject", &case.patient_url);
    heading.encounter.member(w, "encounter");
    w.text("date", &date_time(case.sending.sent_at));
    w.array("author", |w| heading.authors.iter().for_each(|author| author.item(w)));
    w.text("title", heading.kind.title);
    if let Some(custodian) = heading.custodian {
        custodian.member(w, "custodian");
    }
    if let Some(identifier) = heading.follows {
        w.array("relatesTo", |w| w.item(|w| appends(w, identifier)));
    }
    match &heading.event {
        Event::None => {}
        Event::Issued(on) => w.array("event", |w| {
            w.item(|w| {
                w.array("code", |w| w.item(|w| w.text("text", "診療情報提供書発行")));
                w.object("period", |w| w.text("start", on));
            });
        }),
        Event::Stay(from, through) => w.array("event", |w| {
            w.item(|w| w.object("period", |w| period(w, from, through)));
        }),
    }
}

pub(super) fn period(w: &mut Writer, from: &str, through: &str) {
    w.text("start", from);
    w.text("end", through);
}

fn appends(w: &mut Writer, identifier: &BundleIdentifier) {
    w.text("code", "appends");
    w.object("targetIdentifier", |w| {
        w.text("system", BundleIdentifier::SYSTEM);
        w.text("value", identifier.value());
    });
}

fn title(code: &str) -> &'static str {
    TITLES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, title)| *title)
        .expect("every section that is written is in the table")
}

/// Codes and titles; the display of a code is its title and セクション.
const TITLES: &[(&str, &str)] = &[
    ("210", "添付情報"),
    ("220", "備考・連絡情報"),
    ("230", "PDF"),
    ("300", "構造情報"),
    ("312", "入院理由"),
    ("322", "入院時詳細"),
    ("324", "退院時詳細"),
    ("330", "臨床経過"),
    ("333", "入院中経過"),
    ("340", "傷病名・主訴"),
    ("342", "入院時診断"),
    ("344", "退院時診断"),
    ("352", "主訴"),
    ("360", "現病歴"),
    ("370", "既往歴"),
    ("420", "診療方針指示"),
    ("422", "計画サマリー"),
    ("424", "退院時方針指示"),
    ("430", "投薬指示"),
    ("432", "入院時服薬"),
    ("444", "退院時投薬指示"),
    ("510", "アレルギー・不耐性反応"),
    ("550", "家族歴"),
    ("610", "身体所見"),
    ("612", "入院時身体所見"),
    ("614", "退院時身体所見"),
    ("620", "検査結果"),
    ("623", "入院中検査結果"),
    ("640", "社会歴・生活習慣"),
    ("910", "紹介先情報"),
    ("920", "紹介元情報"),
    ("950", "紹介目的"),
];
