//! Codes and displays against the official tables, which are not part of this project.

use std::{collections::HashMap, fs, path::Path};

use chrono::{DateTime, Utc};
use kyoyu_synth::{LabReport, Results, Seed, Sending, World, WorldSize, labs};
use serde_json::Value;

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/spec/lab-codes.json");

#[test]
#[expect(clippy::print_stderr, reason = "says that it was left out")]
fn emitted_codes_are_in_the_official_tables_with_their_fixed_display() {
    let Ok(text) = fs::read_to_string(Path::new(TABLES)) else {
        eprintln!("left out: the official tables are not there ({TABLES})");
        return;
    };
    let official = displays(&serde_json::from_str(&text).expect("the tables are JSON"));
    let world = World::new(Seed(9), WorldSize { institutions: 300, persons: 1_000 });
    let sent_at: DateTime<Utc> = "2026-07-15T01:30:00Z".parse().expect("an instant");
    let mut checked = 0;
    for nth in 0..300 {
        let report = LabReport {
            sending: Sending::new(nth, sent_at),
            collected_at: sent_at,
            results: Results::AsInLife(130),
        };
        let bundle = labs(&world.institution(nth), &world.person(nth), &report);
        let bundle: Value = serde_json::from_str(&bundle.json).expect("a Bundle is JSON");
        for entry in bundle["entry"].as_array().expect("entries").iter().skip(1) {
            for coding in entry["resource"]["code"]["coding"].as_array().expect("codings") {
                let system = coding["system"].as_str().expect("a system");
                if system.contains("Labo_CS") {
                    let code = coding["code"].as_str().expect("a code");
                    let key = (system.to_owned(), code.to_owned());
                    let display = official.get(&key).unwrap_or_else(|| panic!("{system} {code}"));
                    assert_eq!(coding["display"], display.as_str());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

/// The fixed display by system and code.
fn displays(tables: &Value) -> HashMap<(String, String), String> {
    let mut found = HashMap::new();
    for (group, lists) in [
        ("lab_items", ["lab_jlac10", "lab_jlac11"]),
        ("infection_items", ["infection_jlac10", "infection_jlac11"]),
    ] {
        for item in tables[group].as_array().expect("items") {
            for sub_item in item["sub_items"].as_array().expect("sub-items") {
                let display = sub_item["fixed_display"].as_str().expect("a display");
                for (codes, system) in ["jlac10", "jlac11"].into_iter().zip(lists) {
                    let system = tables["meta"]["systems"][system].as_str().expect("a system");
                    for row in sub_item[codes].as_array().expect("codes") {
                        let code = row[0].as_str().expect("a code").to_owned();
                        found.insert((system.to_owned(), code), display.to_owned());
                    }
                }
            }
        }
    }
    found
}
