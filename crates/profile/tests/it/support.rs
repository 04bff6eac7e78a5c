//! What the tests share: fixtures, changes by JSON pointer, a seeded generator.

use std::{fs, path::PathBuf};

use kyoyu_domain::problem::{Issue, Severity};
use kyoyu_profile::{
    Limits,
    collection::{self, Report},
};
use serde_json::Value;

/// A path from the root of the checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

/// The input of a fixture.
pub(crate) fn input(case: &str) -> Vec<u8> {
    let path = checkout("tests/fixtures").join(case).join("input.json");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The input of a fixture as a tree that a test may change.
pub(crate) fn tree(case: &str) -> Value {
    serde_json::from_slice(&input(case)).expect("a fixture is JSON")
}

/// The report on a tree.
pub(crate) fn check(bundle: &Value) -> Report {
    check_with(bundle, &Limits::default())
}

/// The report on a tree under limits.
pub(crate) fn check_with(bundle: &Value, limits: &Limits) -> Report {
    let report = collection::check(&serde_json::to_vec(bundle).expect("it is JSON"), limits);
    assert_sound(&report);
    report
}

/// What holds of every report.
pub(crate) fn assert_sound(report: &Report) {
    let refused = report.issues.iter().any(|issue| issue.rule.severity == Severity::Error);
    assert_eq!(report.bundle.is_none(), refused, "{:?}", report.issues);
    assert!(report.issues.len() <= collection::MAX_ISSUES);
    assert!(report.issues.iter().all(|issue| issue.rule.code != "kyoyu-internal"));
    let places: Vec<_> = report
        .issues
        .iter()
        .filter_map(|issue| issue.place.as_ref())
        .map(|p| (p.line, p.column))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

/// Code and expression of an issue.
pub(crate) fn told(issue: &Issue) -> (&'static str, &str) {
    (issue.rule.code, issue.place.as_ref().map_or("", |place| place.expression.as_str()))
}

/// A small seeded generator (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}
