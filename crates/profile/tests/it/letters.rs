//! Rules that only letters and checkup reports have.

use kyoyu_profile::Limits;
use serde_json::{Value, json};

use crate::support::{check_with, tree};

/// Whether a document breaks a rule.
fn breaks(document: &Value, rule: &str) -> bool {
    let report = check_with(document, &Limits::default());
    report.issues.iter().any(|issue| issue.rule.code == rule)
}

/// The places of the addressee and of the department there.
const ADDRESSEE: &str = "/entry/4/resource/identifier";
const DEPARTMENT: &str = "/entry/5/resource";

#[test]
fn a_letter_has_exactly_one_addressee() {
    const RULE: &str = "kyoyu-addressee";
    let letter = tree("referral/valid");
    assert!(!breaks(&letter, RULE), "a department without a number");
    let with_department = |number: &str| {
        let mut letter = letter.clone();
        let mut identifier = letter.pointer(ADDRESSEE).expect("the addressee's").clone();
        if !number.is_empty() {
            identifier[0]["value"] = json!(number);
        }
        let department = letter.pointer_mut(DEPARTMENT).expect("a department");
        department["identifier"] = identifier;
        letter
    };
    assert!(!breaks(&with_department(""), RULE), "a department with its institution's number");
    assert!(breaks(&with_department("1312345678"), RULE), "another institution");
    let mut nobody = letter.clone();
    let sections = nobody["entry"][0]["resource"]["section"].as_array_mut().expect("sections");
    sections.retain(|section| section["code"]["coding"][0]["code"] != "910");
    assert!(breaks(&nobody, RULE), "nobody");
}

/// 構造情報 without anything in it: a file would be the whole letter.
#[test]
fn a_letter_that_is_only_a_pdf_is_refused() {
    let silent = |structured: &str| {
        let mut letter = tree("referral/valid");
        let sections = letter["entry"][0]["resource"]["section"].as_array_mut().expect("sections");
        let own = sections
            .iter_mut()
            .find(|section| section["code"]["coding"][0]["code"] == "300")
            .expect("構造情報");
        for section in own["section"].as_array_mut().expect("sections") {
            let section = section.as_object_mut().expect("a section");
            section.remove("entry");
            let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{structured}</div>");
            section.insert("text".to_owned(), json!({"status": "generated", "div": div}));
        }
        breaks(&letter, "kyoyu-letter-empty")
    };
    assert!(silent("<p> </p>"));
    assert!(!silent("<p>腹痛のため</p>"));
}

#[test]
fn screening_programmes_of_municipalities_are_refused_and_no_other_programme_is() {
    let refused = |code: &str| {
        let mut report = tree("checkup/valid");
        report["entry"][0]["resource"]["event"][0]["code"][0]["coding"][0]["code"] = json!(code);
        breaks(&report, "kyoyu-checkup-programme")
    };
    for municipal in ["060", "090"] {
        assert!(refused(municipal), "{municipal}");
    }
    for other in ["010", "020", "030", "040", "050", "070", "080"] {
        assert!(!refused(other), "{other}");
    }
}
