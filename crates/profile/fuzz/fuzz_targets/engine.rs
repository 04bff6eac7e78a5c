//! Any bytes through the whole check, in both modes: no panic, bounded work and reports.

#![no_main]

use std::sync::LazyLock;

use kyoyu_profile::{
    Generation, Limits, collection,
    validator::{Mode, Validator},
};
use libfuzzer_sys::fuzz_target;

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| Validator::shipped(Limits::default(), Generation::default()));

fuzz_target!(|bytes: &[u8]| {
    for mode in [Mode::Strict, Mode::Reference] {
        let report = VALIDATOR.validate(bytes, mode);
        // An element is at least a byte, and is looked at a few times.
        assert!(report.steps <= 12 * bytes.len() as u64 + 100);
        assert!(report.findings.len() <= 201);
    }
    collection::check_with(bytes, &Limits::default(), &VALIDATOR);
});
