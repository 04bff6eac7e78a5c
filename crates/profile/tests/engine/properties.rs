//! What holds of every document.

use kyoyu_profile::{
    Limits,
    json::Document,
    validator::{Mode, Report},
};
use serde_json::{Value, json};

use crate::{
    guides::{BUNDLES, example, validator},
    mutation::{Random, mutate},
};

/// Looks at elements for each value of a document, whatever is wrong with it: 12 are
/// enough for the Japanese profiles, which are walked twice at most.
const STEPS_PER_VALUE: u64 = 12;

fn check(bundle: &Value, mode: Mode) -> Option<Report> {
    let text = bundle.to_string();
    let report = validator()?.validate(text.as_bytes(), mode);
    assert!(report.findings.len() <= 201, "{}", report.findings.len());
    let document = Document::parse_leniently(text.as_bytes(), &Limits::default());
    let values = document.map_or(0, |document| document.node_count() as u64);
    assert!(report.steps <= STEPS_PER_VALUE * values + 100, "{} of {values}", report.steps);
    Some(report)
}

#[test]
fn random_mutations_never_panic_and_cost_no_more_than_linear_work() {
    if validator().is_none() {
        return;
    }
    let mut random = Random::new(20_261_122);
    for file in BUNDLES {
        let original: Value = serde_json::from_slice(&example_or_empty(file)).expect("JSON");
        for round in 0..250 {
            let mut bundle = original.clone();
            for _ in 0..=random.below(6) {
                mutate(&mut bundle, &mut random);
            }
            let mode = if round % 2 == 0 { Mode::Strict } else { Mode::Reference };
            if check(&bundle, mode).is_none() {
                return;
            }
        }
    }
}

fn example_or_empty(file: &str) -> Vec<u8> {
    if validator().is_some() { example(file) } else { b"{}".to_vec() }
}

/// A lab Bundle with its results repeated under other ids.
fn grown(times: usize) -> Value {
    let text = example_or_empty(BUNDLES[0]);
    let mut bundle: Value = serde_json::from_slice(&text).expect("JSON");
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let mut all = entries.clone();
    for round in 1..times {
        for entry in entries.iter().skip(1) {
            let mut entry = entry.clone();
            entry["fullUrl"] = json!(format!("urn:uuid:00000000-0000-4000-8000-{:012}", all.len()));
            entry["resource"]["id"] = json!(format!("copy-{round}-{}", all.len()));
            all.push(entry);
        }
    }
    bundle["entry"] = Value::Array(all);
    bundle
}

#[test]
fn work_grows_with_the_number_of_entries_and_no_faster() {
    let steps: Option<Vec<u64>> = [10, 20, 40]
        .iter()
        .map(|times| check(&grown(*times), Mode::Reference).map(|report| report.steps))
        .collect();
    let Some(steps) = steps else { return };
    let growth = |index: usize| steps[index + 1] as f64 / steps[index] as f64;
    assert!(growth(0) < 2.1 && growth(1) < 2.1, "{steps:?}");
}

#[test]
fn errors_everywhere_cost_no_more_than_twice_the_work() {
    let good = grown(20);
    let mut bad = good.clone();
    for entry in bad["entry"].as_array_mut().into_iter().flatten() {
        entry["resource"]["zzz"] = json!(1);
        entry["resource"]["language"] = json!(" ja");
        entry["resource"]["meta"]["lastUpdated"] = json!("yesterday");
    }
    let steps = |bundle: &Value| check(bundle, Mode::Reference).map(|report| report.steps);
    let (Some(good), Some(bad)) = (steps(&good), steps(&bad)) else { return };
    assert!(bad <= 2 * good, "{bad} after {good}");
}

#[test]
fn every_finding_says_what_is_wrong_in_both_languages_and_where() {
    let mut bundle = grown(1);
    if validator().is_none() {
        return;
    }
    bundle["type"] = json!("zzz");
    bundle["entry"][1]["resource"]["status"] = json!("zzz");
    bundle["entry"][1]["resource"]["valueFoo"] = json!(1);
    let report = check(&bundle, Mode::Strict).expect("the guides are there");
    assert!(!report.is_valid());
    for finding in &report.findings {
        assert!(finding.text.iter().all(|text| !text.is_empty()), "{finding:?}");
        assert!(finding.line > 0 && finding.column > 0, "{finding:?}");
        assert!(finding.expression.starts_with("Bundle"), "{finding:?}");
    }
}
