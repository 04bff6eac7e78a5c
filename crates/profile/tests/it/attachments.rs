//! Attachments of documents: of which type they may be, how many, and where they are not.

use kyoyu_domain::problem::Severity;
use kyoyu_profile::Limits;
use serde_json::{Value, json};

use crate::support::{check_with, tree};

/// What files of each type begin with, in base64.
const HEADS: &[(&str, &str)] = &[
    ("image/png", "iVBORw0KGgoAAAANSUhEUg=="),
    ("image/jpeg", "/9j/4AAQSkZJRgA="),
    ("image/tiff", "SUkqAAgAAAA="), // II: little-endian
    ("image/tiff", "TU0AKgAAAAg="), // MM: big-endian
    ("application/pdf", PDF),
];
/// `%PDF-1.7`
const PDF: &str = "JVBERi0xLjcK";

/// A letter with these attachments.
fn letter(attachments: &[Value]) -> Value {
    let mut letter = tree("referral/valid");
    let entries = letter["entry"].as_array_mut().expect("entries");
    let subject = entries
        .iter()
        .find(|entry| entry["resource"]["resourceType"] == "Patient")
        .expect("a patient")["fullUrl"]
        .clone();
    entries.extend(attachments.iter().enumerate().map(|(nth, attachment)| {
        json!({"fullUrl": format!("urn:uuid:00000000-0000-4000-8000-{nth:012}"), "resource": {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": {"reference": subject},
            "content": [{"attachment": attachment}],
        }})
    }));
    letter
}

fn file(media_type: &str, data: &str) -> Value {
    json!({"contentType": media_type, "data": data})
}

/// The rules about attachments that a letter breaks.
fn broken(attachments: &[Value], limits: &Limits) -> Vec<&'static str> {
    let report = check_with(&letter(attachments), limits);
    let errors = report.issues.iter().filter(|issue| issue.rule.severity == Severity::Error);
    let codes = errors.map(|issue| issue.rule.code);
    codes.filter(|code| code.starts_with("kyoyu-attachment-")).collect()
}

#[test]
fn a_file_is_of_the_type_that_it_declares_and_of_no_other() {
    for (declared, _) in HEADS {
        for (own, head) in HEADS {
            let found = broken(&[file(declared, head)], &Limits::default());
            let expected: &[&str] = if own == declared { &[] } else { &["kyoyu-attachment-magic"] };
            assert_eq!(found, expected, "{own} declared as {declared}");
        }
        // Three bytes of a PNG.
        let cut = broken(&[file(declared, "iVBO")], &Limits::default());
        assert_eq!(cut, ["kyoyu-attachment-magic"], "the beginning of a beginning: {declared}");
    }
}

#[test]
fn other_types_are_not_taken_whatever_they_hold() {
    for media_type in ["image/gif", "image/svg+xml", "text/html", "application/zip", "image/*"] {
        let found = broken(&[file(media_type, HEADS[0].1)], &Limits::default());
        assert_eq!(found, ["kyoyu-attachment-type"], "{media_type}");
    }
}

#[test]
fn data_are_base64() {
    let found = broken(&[file("image/png", "iVBO*")], &Limits::default());
    assert!(found.contains(&"kyoyu-attachment-base64"), "{found:?}");
}

#[test]
fn no_url_is_taken_beside_data_or_in_their_place() {
    for url in ["file:///etc/passwd", "http://127.0.0.1/", "https://example.com/a.pdf", "data:,"] {
        let mut beside = file("application/pdf", PDF);
        beside["url"] = json!(url);
        let alone = json!({"contentType": "application/pdf", "url": url});
        let bare = json!({"url": url});
        for attachment in [beside, alone, bare] {
            let found = broken(&[attachment], &Limits::default());
            assert_eq!(found, ["kyoyu-attachment-url"], "{url}");
        }
    }
}

#[test]
fn a_document_has_so_many_attachments_and_not_one_more() {
    let limits = Limits { attachments: 3, ..Limits::default() };
    let files = |count| vec![file("image/png", HEADS[0].1); count];
    assert!(broken(&files(3), &limits).is_empty());
    assert_eq!(broken(&files(4), &limits), ["kyoyu-attachment-count"]);
}
