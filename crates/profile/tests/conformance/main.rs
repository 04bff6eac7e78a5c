//! What the engine says of the cases of `../shared/verdicts`, against the reference validator.
//!
//! Without that folder nothing is compared, and the test says so.

#![expect(clippy::print_stdout, reason = "the table of differences is for the one who runs it")]

mod cases;
mod compare;
mod document;
mod patch;

use std::fs;

/// Of the cases that do not hang on a named rule class at most this many in a hundred.
const UNEXPLAINED_PERCENT: usize = 1;

#[test]
fn verdicts_and_places_agree_with_the_reference_validator() {
    let Some(setting) = cases::Setting::load() else {
        println!("../shared is absent: no verdict was compared");
        return;
    };
    let outcome = compare::all(&setting);
    println!("{}", document::summary(&outcome));
    let unexplained = outcome.unexplained_verdicts();
    assert!(
        unexplained.len() * 100 <= outcome.cases.len() * UNEXPLAINED_PERCENT,
        "{unexplained:#?}"
    );
    let written = fs::read_to_string(cases::checkout("docs/conformance.md")).unwrap_or_default();
    assert!(
        written == document::render(&outcome),
        "docs/conformance.md is out of date: cargo run -p kyoyu-profile --example conformance"
    );
}
