//! Any bytes through both parsers: what one reads strictly the other reads leniently too.

#![no_main]

use kyoyu_profile::{Limits, json::Document};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let strict = Document::parse(bytes, &limits).map(|document| document.node_count());
    let lenient = Document::parse_leniently(bytes, &limits).map(|document| document.node_count());
    if let Ok(nodes) = strict {
        assert_eq!(lenient.ok(), Some(nodes));
    }
});
