//! What the engine says of the cases of `../shared/verdicts`, against the reference validator.
//!
//! Without that folder nothing is compared, and the test says so.

mod cases;
mod compare;
mod document;
mod patch;

use std::{env, fs};

/// Of the cases that do not hang on a named rule class at most this many in a hundred.
const UNEXPLAINED_PERCENT: usize = 1;

#[test]
fn verdicts_and_places_agree_with_the_reference_validator() {
    let Some(setting) = cases::Setting::load() else {
        println!("../shared is absent: no verdict was compared");
        return;
    };
    let outcome = compare::all(&setting);
    let text = document::render(&outcome);
    if let Some(path) = env::var_os("KYOYU_CONFORMANCE_DETAILS") {
        fs::write(path, document::details(&outcome)).expect("the details can be written");
    }
    println!("{}", document::summary(&outcome));
    let path = cases::checkout("docs/conformance.md");
    if env::var_os("KYOYU_WRITE_DOCS").is_some() {
        fs::write(&path, &text).expect("the document can be written");
    }
    let unexplained = outcome.unexplained_verdicts();
    assert!(
        unexplained.len() * 100 <= outcome.cases.len() * UNEXPLAINED_PERCENT,
        "{unexplained:#?}"
    );
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "docs/conformance.md is out of date: run with KYOYU_WRITE_DOCS=1");
}
