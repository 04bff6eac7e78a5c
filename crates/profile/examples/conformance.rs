//! Writes `docs/conformance.md`, and with an argument every difference into that file.
//!
//! `cargo run -p kyoyu-profile --example conformance [-- DETAILS]`

#![expect(clippy::print_stdout, reason = "the figures are for the one who runs it")]

#[path = "../tests/conformance/cases.rs"]
mod cases;
#[path = "../tests/conformance/compare.rs"]
mod compare;
#[path = "../tests/conformance/document.rs"]
mod document;
#[path = "../tests/conformance/modes.rs"]
mod modes;
#[path = "../tests/conformance/patch.rs"]
mod patch;

use std::{env, error::Error, fmt::Write, fs};

use kyoyu_profile::validator::Mode;

fn main() -> Result<(), Box<dyn Error>> {
    let setting = cases::Setting::load().ok_or("the published verdicts are absent")?;
    let outcome = compare::all(&setting, cases::Packages::Official);
    println!("{}", document::summary(&outcome));
    println!("not explained: {:?}", outcome.unexplained_verdicts());
    let difference = modes::difference(&setting);
    println!("of strict mode alone and not listed: {:?}", difference.unlisted);
    for mode in [Mode::Strict, Mode::Reference] {
        let differing = modes::differing_packages(&setting, mode);
        println!("{mode:?}, different errors by tables and packages: {differing:?}");
    }
    let text = document::render(&outcome, &difference);
    fs::write(cases::checkout("docs/conformance.md"), text)?;
    if let Some(path) = env::args().nth(1) {
        fs::write(path, details(&outcome))?;
    }
    Ok(())
}

/// Everything that differs, for whoever works on it.
fn details(outcome: &compare::Outcome) -> String {
    let mut text = String::new();
    for case in
        outcome.cases.iter().filter(|case| !case.missed.is_empty() || !case.added.is_empty())
    {
        writeln!(text, "{} {}", case.name, case.note).expect("a String takes everything");
        for error in &case.missed {
            writeln!(text, "  - {} {} {}", error.id, error.expression, error.text)
                .expect("a String takes everything");
        }
        for (code, expression) in &case.added {
            writeln!(text, "  + {code} {expression}").expect("a String takes everything");
        }
    }
    text
}
