//! 検索結果 — `Bundle` of type `searchset`, spliced around the stored texts.
//!
//! Every byte of a resource stays as it is stored. An entry says, in extensions of its
//! own, when the resource was first registered and last registered, of which kind it is
//! and who sent it; the senders follow as `Organization` with the name that they had at
//! registration. There is no total.

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    catalogue::Kind,
    consent::ConsentCategory,
    identifiers::{InstitutionNumber, ResourceId},
    prescription::Facts,
    problem::Issue,
    signature::Verification,
};

use crate::{
    names,
    outcome::{self, PreviewLine},
    prescription, signature, splice,
};

/// 該当 — one resource that a search shows.
#[derive(Debug, Clone, Copy)]
pub struct Match<'a> {
    /// Its id.
    pub id: ResourceId,
    /// Its kind.
    pub kind: &'static Kind,
    /// Its stored text: one JSON object.
    pub text: &'a [u8],
    /// 初回登録日時
    pub first_registered_at: DateTime<Utc>,
    /// 登録日時
    pub registered_at: DateTime<Utc>,
    /// Who sent it.
    pub institution: InstitutionNumber,
    /// The sender's name as of registration.
    pub institution_name: &'a str,
    /// What is told of it besides, if it is a prescription.
    pub prescription: Option<&'a Facts>,
    /// What became of the electronic signature of a document that has one.
    pub signature: Option<&'a Verification>,
}

/// 外部の処方 — one prescription that the e-prescription service gave; it has no id here.
#[derive(Debug, Clone, Copy)]
pub struct Elsewhere<'a> {
    /// Its address there.
    pub full_url: &'a str,
    /// Its text as it came: one JSON object.
    pub text: &'a [u8],
    /// Who prescribed it.
    pub institution: InstitutionNumber,
    /// The prescriber's name as of today.
    pub institution_name: &'a str,
    /// What is told of it besides.
    pub facts: &'a Facts,
}

/// 内容 — what a searchset holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Content<'a> {
    /// What is stored here.
    pub matches: &'a [Match<'a>],
    /// What is not.
    pub elsewhere: &'a [Elsewhere<'a>],
    /// What is not there, and why.
    pub notes: &'a [Issue],
}

/// What stands around the entries.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The service's base, such as `https://kyoyu.example/fhir`.
    pub base_url: &'a str,
    /// The address of this page; it holds no identifier of a patient.
    pub self_link: &'a str,
    /// The address of the next page, if there is one.
    pub next_link: Option<&'a str>,
    /// Categories that the consent leaves out.
    pub withheld: &'a [ConsentCategory],
}

/// 検索結果 — the page as bytes.
pub fn searchset(frame: &Frame<'_>, content: &Content<'_>) -> Vec<u8> {
    let notes = (!content.notes.is_empty()).then(|| outcome::outcome(content.notes));
    whole(frame, content, notes.as_deref())
}

/// 試読結果 — what a reader would be shown, with an outcome that says what becomes of each
/// kind.
pub fn preview(frame: &Frame<'_>, matches: &[Match<'_>], lines: &[PreviewLine<'_>]) -> Vec<u8> {
    let content = Content { matches, ..Content::default() };
    whole(frame, &content, Some(&outcome::preview(lines)))
}

/// Matches, their senders, what the consent withholds and what else is told.
fn whole(frame: &Frame<'_>, content: &Content<'_>, notes: Option<&[u8]>) -> Vec<u8> {
    let Content { matches, elsewhere, .. } = *content;
    let texts = matches.iter().map(|one| one.text).chain(elsewhere.iter().map(|one| one.text));
    let mut page = Page::begin(frame, texts.map(|text| text.len() + 700).sum());
    for found in matches {
        page.open_entry();
        write_match(&mut page.out, frame.base_url, found);
    }
    for found in elsewhere {
        page.open_entry();
        write_elsewhere(&mut page.out, found);
    }
    let senders = matches.iter().map(|one| (one.institution, one.institution_name));
    let prescribers = elsewhere.iter().map(|one| (one.institution, one.institution_name));
    let mut included: Vec<InstitutionNumber> = Vec::new();
    for (institution, name) in senders.chain(prescribers) {
        // A page has few senders; the first entry of each stands for it.
        if !included.contains(&institution) {
            included.push(institution);
            page.open_entry();
            write_organization(&mut page.out, frame.base_url, institution, name);
        }
    }
    let withheld = (!frame.withheld.is_empty()).then(|| outcome::withheld(frame.withheld));
    for told in withheld.into_iter().chain(notes) {
        page.open_entry();
        page.out.extend_from_slice(br#"{"resource":"#);
        page.out.extend_from_slice(told);
        page.out.extend_from_slice(br#","search":{"mode":"outcome"}}"#);
    }
    page.finish()
}

/// A page of resources that we built ourselves, each with its address.
pub(crate) fn of_resources(frame: &Frame<'_>, resources: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut page = Page::begin(frame, resources.iter().map(|one| one.1.len() + 200).sum());
    for (full_url, resource) in resources {
        page.open_entry();
        page.out.extend_from_slice(br#"{"fullUrl":"#);
        splice::string(&mut page.out, full_url);
        page.out.extend_from_slice(br#","resource":"#);
        page.out.extend_from_slice(resource);
        page.out.extend_from_slice(br#","search":{"mode":"match"}}"#);
    }
    page.finish()
}

/// A page that is being written; FHIR allows no empty `entry` array.
struct Page {
    out: Vec<u8>,
    has_entries: bool,
}

impl Page {
    fn begin(frame: &Frame<'_>, expected_bytes: usize) -> Self {
        let mut out = Vec::with_capacity(expected_bytes + 2048);
        out.extend_from_slice(br#"{"resourceType":"Bundle","type":"searchset","link":["#);
        out.extend_from_slice(br#"{"relation":"self","url":"#);
        splice::string(&mut out, frame.self_link);
        out.push(b'}');
        if let Some(next_link) = frame.next_link {
            out.extend_from_slice(br#",{"relation":"next","url":"#);
            splice::string(&mut out, next_link);
            out.push(b'}');
        }
        out.push(b']');
        Self { out, has_entries: false }
    }

    fn open_entry(&mut self) {
        let separator: &[u8] = if self.has_entries { b"," } else { br#","entry":["# };
        self.out.extend_from_slice(separator);
        self.has_entries = true;
    }

    fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(if self.has_entries { b"]}" } else { b"}" });
        self.out
    }
}

fn write_match(out: &mut Vec<u8>, base_url: &str, found: &Match<'_>) {
    out.extend_from_slice(br#"{"extension":["#);
    write_registration(out, found);
    if let Some(facts) = found.prescription {
        out.push(b',');
        let document = found.id.submission.to_string();
        prescription::write(out, facts, &document, None);
    }
    if let Some(verification) = found.signature {
        out.push(b',');
        out.extend_from_slice(&signature::bytes(verification));
    }
    out.extend_from_slice(br#"],"fullUrl":"#);
    splice::string(out, &format!("{base_url}/{}/{}", found.kind.resource_type, found.id));
    write_text(out, found.text);
}

fn write_elsewhere(out: &mut Vec<u8>, found: &Elsewhere<'_>) {
    out.extend_from_slice(br#"{"extension":["#);
    let number = found.institution.as_str();
    let prescriber = Some((found.institution, found.institution_name));
    prescription::write(out, found.facts, number, prescriber);
    out.extend_from_slice(br#"],"fullUrl":"#);
    splice::string(out, found.full_url);
    write_text(out, found.text);
}

fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(br#","resource":"#);
    out.extend_from_slice(text);
    out.extend_from_slice(br#","search":{"mode":"match"}}"#);
}

fn write_registration(out: &mut Vec<u8>, found: &Match<'_>) {
    out.extend_from_slice(br#"{"url":"#);
    splice::string(out, names::REGISTRATION);
    out.extend_from_slice(br#","extension":[{"url":"kind","valueCode":"#);
    splice::string(out, found.kind.code);
    out.extend_from_slice(br#"},{"url":"firstRegisteredAt","valueInstant":"#);
    splice::instant(out, found.first_registered_at);
    out.extend_from_slice(br#"},{"url":"registeredAt","valueInstant":"#);
    splice::instant(out, found.registered_at);
    out.extend_from_slice(b"},");
    write_sender(out, found.institution, found.institution_name);
    out.extend_from_slice(b"]}");
}

/// The part of an extension that says who sent or prescribed.
pub(crate) fn write_sender(out: &mut Vec<u8>, institution: InstitutionNumber, name: &str) {
    out.extend_from_slice(br#"{"url":"sender","valueReference":{"reference":"Organization/"#);
    out.extend_from_slice(institution.as_str().as_bytes());
    out.extend_from_slice(br#"","display":"#);
    splice::string(out, name);
    out.extend_from_slice(b"}}");
}

fn write_organization(
    out: &mut Vec<u8>,
    base_url: &str,
    institution: InstitutionNumber,
    name: &str,
) {
    let number = institution.as_str();
    out.extend_from_slice(br#"{"fullUrl":"#);
    splice::string(out, &format!("{base_url}/Organization/{number}"));
    out.extend_from_slice(br#","resource":{"resourceType":"Organization","id":"#);
    splice::string(out, number);
    out.extend_from_slice(br#","identifier":[{"system":"#);
    splice::string(out, names::INSTITUTION_NUMBER);
    out.extend_from_slice(br#","value":"#);
    splice::string(out, number);
    out.extend_from_slice(br#"}],"name":"#);
    splice::string(out, name);
    out.extend_from_slice(br#"},"search":{"mode":"include"}}"#);
}

#[cfg(test)]
mod tests {
    use fhir_sdk::r4b::resources::Organization;
    use kyoyu_domain::{
        catalogue,
        identifiers::{Bucket, SubmissionId},
    };
    use serde_json::{Value, json};

    use super::*;

    const TEXT: &[u8] =
        br#"{"resourceType":"Observation","valueQuantity":{"value":4.10}, "x" :1e2}"#;

    fn found(ordinal: u16, institution: &str, name: &'static str) -> Match<'static> {
        let bucket = Bucket::from_number(1).expect("a bucket");
        let uuid = "0196a4e2-0000-7000-8000-000000000001".parse().expect("a UUID");
        Match {
            id: ResourceId { submission: SubmissionId { bucket, uuid }, ordinal },
            kind: catalogue::find("lab").expect("a kind"),
            text: TEXT,
            first_registered_at: "2026-04-01T00:00:00Z".parse().expect("an instant"),
            registered_at: "2026-05-01T00:00:00.5Z".parse().expect("an instant"),
            institution: institution.parse().expect("a number"),
            institution_name: name,
            prescription: None,
            signature: None,
        }
    }

    fn of<'a>(matches: &'a [Match<'a>]) -> Content<'a> {
        Content { matches, ..Content::default() }
    }

    fn frame() -> Frame<'static> {
        Frame {
            base_url: "https://kyoyu.example/fhir",
            self_link: "https://kyoyu.example/fhir/Observation/_search",
            next_link: None,
            withheld: &[],
        }
    }

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).expect("a searchset is JSON")
    }

    #[test]
    fn decimals_and_key_order_stay_as_they_are_stored() {
        let page = searchset(&frame(), &of(&[found(1, "1310000001", "甲病院")]));
        let text = String::from_utf8(page).expect("UTF-8");
        assert!(text.contains(std::str::from_utf8(TEXT).expect("UTF-8")));
    }

    /// With that feature, `fhir-sdk` silently loses decimals: it must stay off for the
    /// whole build, and cargo unifies features.
    #[test]
    fn arbitrary_precision_is_off() {
        let number: Value = serde_json::from_str("4.10").expect("a number");
        assert_eq!(number.to_string(), "4.1");
    }

    #[test]
    fn entries_tell_registration_kind_and_sender() {
        let page = parsed(&searchset(&frame(), &of(&[found(1, "1310000001", "甲\"病院")])));
        let entry = &page["entry"][0];
        assert_eq!(
            entry["fullUrl"],
            "https://kyoyu.example/fhir/Observation/0010196a4e2000070008000000000000001-1"
        );
        assert_eq!(entry["search"], json!({"mode": "match"}));
        assert_eq!(
            entry["extension"][0]["extension"],
            json!([
                {"url": "kind", "valueCode": "lab"},
                {"url": "firstRegisteredAt", "valueInstant": "2026-04-01T09:00:00.000+09:00"},
                {"url": "registeredAt", "valueInstant": "2026-05-01T09:00:00.500+09:00"},
                {"url": "sender", "valueReference":
                    {"reference": "Organization/1310000001", "display": "甲\"病院"}},
            ])
        );
        assert!(page.get("total").is_none());
    }

    #[test]
    fn each_sender_is_included_once_and_withheld_categories_stand_last() {
        let matches = [
            found(1, "1310000001", "甲"),
            found(2, "2730000001", "乙"),
            found(3, "1310000001", "甲"),
        ];
        let frame = Frame { withheld: &[ConsentCategory::Infections], ..frame() };
        let page = parsed(&searchset(&frame, &of(&matches)));
        let modes: Vec<&str> = page["entry"]
            .as_array()
            .expect("entries")
            .iter()
            .filter_map(|entry| entry["search"]["mode"].as_str())
            .collect();
        assert_eq!(modes, ["match", "match", "match", "include", "include", "outcome"]);
        let organization = &page["entry"][4]["resource"];
        assert_eq!(organization["name"], "乙");
        assert!(serde_json::from_value::<Organization>(organization.clone()).is_ok());
    }

    #[test]
    fn an_empty_page_has_no_entry_array_and_links_follow_the_frame() {
        let frame = Frame { next_link: Some("https://kyoyu.example/fhir/next?a=\"b"), ..frame() };
        let page = parsed(&searchset(&frame, &Content::default()));
        assert!(page.get("entry").is_none());
        assert_eq!(page["link"][0]["url"], frame.self_link);
        assert_eq!(page["link"][1]["relation"], "next");
    }
}
