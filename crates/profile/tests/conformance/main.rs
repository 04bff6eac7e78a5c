//! What the engine says of the cases of `../shared/verdicts`, against the reference validator.
//!
//! Without that folder nothing is compared, and the test says so.

#![expect(clippy::print_stdout, reason = "the table of differences is for the one who runs it")]

mod cases;
mod compare;
mod document;
mod modes;
mod patch;

use std::{fs, sync::LazyLock};

use cases::{Packages, Setting};
use kyoyu_profile::validator::Mode;

#[test]
fn verdicts_and_places_agree_with_the_reference_validator() {
    let Some(setting) = setting() else { return };
    let outcome = compare::all(setting, Packages::Official);
    println!("{}", document::summary(&outcome));
    let unexplained = outcome.unexplained_verdicts();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let written = fs::read_to_string(cases::checkout("docs/conformance.md")).unwrap_or_default();
    assert!(
        written == document::render(&outcome, &modes::difference(setting)),
        "docs/conformance.md is out of date: cargo run -p kyoyu-profile --example conformance"
    );
}

#[test]
fn the_shipped_tables_agree_with_the_reference_validator_too() {
    let Some(setting) = setting() else { return };
    let outcome = compare::all(setting, Packages::Shipped);
    let unexplained = outcome.unexplained_verdicts();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

#[test]
fn strict_mode_differs_from_the_reference_in_its_own_rules_only() {
    let Some(setting) = setting() else { return };
    let difference = modes::difference(setting);
    assert!(difference.unlisted.is_empty(), "{:#?}", difference.unlisted);
}

#[test]
fn both_sets_of_packages_find_the_same_errors_in_both_modes() {
    let Some(setting) = setting() else { return };
    for mode in [Mode::Strict, Mode::Reference] {
        let differing = modes::differing_packages(setting, mode);
        assert!(differing.is_empty(), "{mode:?}: {differing:#?}");
    }
}

fn setting() -> Option<&'static Setting> {
    static SETTING: LazyLock<Option<Setting>> = LazyLock::new(Setting::load);
    if SETTING.is_none() {
        println!("../shared is absent: no verdict was compared");
    }
    SETTING.as_ref()
}
