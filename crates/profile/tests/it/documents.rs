//! The documents that are made of the rules are those of the checkout.

use std::fs;

use kyoyu_profile::rules::{as_csv, as_markdown};

use crate::support::checkout;

#[test]
fn the_lists_of_errors_are_up_to_date() {
    for (file, made) in [("docs/errors.md", as_markdown()), ("docs/errors.csv", as_csv())] {
        let kept = fs::read_to_string(checkout(file)).unwrap_or_default();
        let again = "run: cargo run -p kyoyu-profile --example errors";
        assert!(kept == made, "{file} is not what the rules say; {again}");
    }
}
