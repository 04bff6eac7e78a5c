//! Trains the dictionary of the segment store on synthetic Bundles.
//!
//! `cargo run --release -p kyoyu --example train_dictionary -- FILE [KIB]` writes the
//! dictionary to FILE and prints, for Bundles of another seed, how many bytes a resource
//! takes. A dictionary that was shipped is never replaced: add the new one under the next
//! number in `crates/store/src/body.rs`.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use kyoyu_profile::{Limits, collection};
use kyoyu_store::mark;
use kyoyu_synth::{Seed, World, WorldSize};

/// That of the store.
const LEVEL: i32 = 5;

/// Neither the bench nor the demonstration uses this seed.
const TRAINING_SEED: u64 = 0x6b79_6f79_7500_0001;
const CHECKING_SEED: u64 = 2;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().context("name the file to write")?;
    let kib: usize = arguments.next().map_or(Ok(200), |kib| kib.parse())?;
    let samples = segments(TRAINING_SEED, 6_000)?;
    let dictionary = zstd::dict::from_samples(&samples, kib * 1024)?;
    report(&dictionary, CHECKING_SEED)?;
    std::fs::write(&file, &dictionary)?;
    Ok(())
}

/// Texts as the store packs them: segments, and now and then an envelope.
fn segments(seed: u64, bundles: u64) -> anyhow::Result<Vec<Vec<u8>>> {
    let world = World::new(Seed(seed), WorldSize { institutions: 400, persons: 40_000 });
    let from: DateTime<Utc> = "2026-01-05T00:00:00Z".parse()?;
    let span = (from, from + TimeDelta::days(330));
    let mut samples = Vec::new();
    for sent in world.submissions(7, span, bundles) {
        samples.extend(packed_texts(sent.bundle.json.as_bytes())?);
    }
    Ok(samples)
}

fn packed_texts(body: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    let report = collection::check(body, &Limits::default());
    let bundle = report.bundle.context("a synthetic Bundle was refused")?;
    let mut groups: BTreeMap<(&str, bool), Vec<u8>> = BTreeMap::new();
    for resource in &bundle.resources {
        let text = groups.entry((resource.kind.code, resource.flags.long_term)).or_default();
        resource.rewritten(body, mark::ID, mark::PATIENT, text);
    }
    let mut texts: Vec<Vec<u8>> = groups.into_values().collect();
    let envelope: Vec<&[u8]> = bundle.envelope.iter().map(|range| &body[range.clone()]).collect();
    texts.push(envelope.concat());
    Ok(texts)
}

#[expect(clippy::print_stdout, reason = "the figures are for the one who runs it")]
fn report(dictionary: &[u8], seed: u64) -> anyhow::Result<()> {
    let mut compressor = zstd::bulk::Compressor::with_dictionary(LEVEL, dictionary)?;
    for resources in [4, 20] {
        let world = World::new(Seed(seed), WorldSize { institutions: 300, persons: 30_000 });
        let from: DateTime<Utc> = "2026-11-05T00:00:00Z".parse()?;
        let (mut raw, mut packed, mut count) = (0, 0, 0);
        for index in 0..500 {
            let at = from + TimeDelta::minutes(index as i64);
            let (_, bundle) = world.bundle(index, resources, at);
            for text in packed_texts(bundle.json.as_bytes())? {
                raw += text.len();
                packed += compressor.compress(&text)?.len();
            }
            count += resources;
        }
        println!(
            "{resources} resources a Bundle: {} bytes raw, {} packed a resource",
            raw / count,
            packed / count
        );
    }
    Ok(())
}
