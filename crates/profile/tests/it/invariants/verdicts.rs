//! Invariants that the reference validator found broken are broken here.

use std::collections::BTreeMap;

use kyoyu_profile::{
    invariants::{Invariant, natives, table, xhtml},
    json::Value,
};
use serde_json::Value as Json;

use super::{
    rules::{TABLE, example, lines, mutated},
    surroundings::{each_object, parse},
};

/// Every rule by its key, the Japanese ones in our words.
fn rules() -> BTreeMap<String, Invariant> {
    let rows = table::read(&TABLE).expect("the table can be read");
    let own = rows.iter().map(|row| (row.key, row.expression));
    // Asked in the published words too, so that the interpreter is held against the
    // verdicts, not only the functions.
    own.chain(natives())
        .map(|(key, expression)| {
            (key.to_owned(), Invariant::compiled(key, expression).expect("it compiles"))
        })
        .collect()
}

/// A verdict's expression in the form of the tree: `value.ofType(Quantity)` is one key.
fn in_json(expression: &str) -> String {
    let mut parts = expression.split(".ofType(");
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(')').unwrap_or((part, ""));
        path.push_str(&name[..1].to_uppercase());
        path.push_str(&name[1..]);
        path.push_str(rest);
    }
    path
}

#[test]
fn what_the_reference_validator_finds_broken_is_broken_here() {
    let rules = rules();
    let mut found = 0;
    for line in lines("mutants.jsonl") {
        let mut errors = line["errors"].as_array().into_iter().flatten();
        let added = line["warnings_added"].as_array().into_iter().flatten();
        let key = |issue: &Json| Some(issue["id"].as_str()?.split_once('#')?.1.to_owned());
        let mut broken: Vec<(String, String)> = errors
            .clone()
            .chain(added)
            .filter_map(|issue| Some((key(issue)?, in_json(issue["expression"].as_str()?))))
            .filter(|(key, _)| rules.contains_key(key))
            .collect();
        // An error without an id is its parser's, which drops what it does not understand
        // and has the rules asked of the rest.
        let is_read_whole = errors.all(|issue| issue["id"].is_string());
        if broken.is_empty() || !is_read_whole {
            continue;
        }
        let text = mutated(&line, example(&line).expect("the example is there"));
        let document = parse(text.as_bytes()).expect("a mutant with a verdict is JSON");
        each_object(document.root(), &mut |_, focus, around| {
            let path = focus.value().map(Value::path).unwrap_or_default();
            broken.retain(|(key, place)| *place != path || rules[key].holds(focus, around));
        });
        // The first two are also found at primitives, which are no objects; the third asks
        // terminology about displays, for which there is only a stand-in here.
        let elsewhere = ["ele-1", "txt-1", "check-LTS-MemberOf-infectionLabo"];
        broken.retain(|(key, _)| !elsewhere.contains(&key.as_str()));
        assert!(broken.is_empty(), "{}: {broken:?}", line["id"]);
        found += 1;
    }
    let there = super::super::support::checkout("../shared/verdicts").exists();
    assert!(found > 100 || !there, "{found}");
}

#[test]
fn every_narrative_of_the_official_examples_is_allowed() {
    for line in lines("examples.jsonl") {
        let text = example(&line).expect("the example is there");
        let Some(document) = parse(text.as_bytes()) else { continue };
        let divs = document.root().descendants().filter(|value| value.key_is("div"));
        for div in divs.filter_map(Value::as_str) {
            assert_eq!(xhtml::check(&div), [], "{}", line["file"]);
            assert!(xhtml::has_content(&div), "{}", line["file"]);
        }
    }
}
