//! Every expression of the official packages compiles.

use std::{collections::BTreeSet, fs::File, io::Read};

use flate2::read::GzDecoder;
use kyoyu_profile::invariants::Invariant;
use serde_json::Value as Json;

use crate::support::checkout;

const PACKAGES: [&str; 6] = [
    "hl7.fhir.r4.core-4.0.1",
    "jp-core.r4-1.1.2-clins",
    "jp-eCSCLINS.r4-1.10.0-snap",
    "jp-eCSCLINS.r4-1.10.0",
    "jp-eCheckupReport.r4-1.5.0-snap",
    "jp-eCheckupReport.r4-1.5.0",
];

/// Key and expression of every constraint of a package; none where it is not there.
fn constraints(package: &str) -> Option<BTreeSet<(String, String)>> {
    let file = checkout("../shared/packages").join(format!("{package}.tgz"));
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(file).ok()?));
    let mut found = BTreeSet::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        if !path.contains("StructureDefinition") {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        let definition: Json = serde_json::from_str(&text).expect("JSON");
        for form in ["snapshot", "differential"] {
            let elements = definition[form]["element"].as_array();
            let stated = elements.into_iter().flatten().filter_map(|e| e["constraint"].as_array());
            for constraint in stated.flatten() {
                let text = |name: &str| constraint[name].as_str().map(str::to_owned);
                found.extend(text("key").zip(text("expression")));
            }
        }
    }
    Some(found)
}

#[test]
#[expect(clippy::print_stderr, reason = "a test says what it left out")]
fn every_expression_of_the_packages_compiles() {
    for package in PACKAGES {
        let Some(constraints) = constraints(package) else {
            eprintln!("left out: ../shared/packages/{package}.tgz is not there");
            continue;
        };
        assert!(!constraints.is_empty(), "{package}");
        for (key, expression) in constraints {
            let compiled = Invariant::compiled(&key, &expression);
            assert!(compiled.is_ok(), "{package}: {key}: {expression}: {compiled:?}");
        }
    }
}

/// Each native function stands for a rule that R4 really states, in these words.
#[test]
#[expect(clippy::print_stderr, reason = "a test says what it left out")]
fn every_native_function_has_the_words_of_r4() {
    let Some(constraints) = constraints(PACKAGES[0]) else {
        eprintln!("left out: ../shared/packages/{}.tgz is not there", PACKAGES[0]);
        return;
    };
    for (key, expression) in kyoyu_profile::invariants::natives() {
        let stated = (key.to_owned(), expression.to_owned());
        assert!(constraints.contains(&stated), "{key}: {expression}");
    }
}
