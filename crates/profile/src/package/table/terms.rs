//! Code systems and value sets in tables.

use std::collections::HashMap;

use super::{super::NamingSystem, Row, rows};
use crate::terminology::{
    CodeSystem, Concept, Content, Designation, Filter, Include, ListedCode, Property, ValueSet,
};

/// Reads code systems, each begun by `@system  url  version  content  case  language`; a
/// concept is `code  parents  display  language=name …`.
pub(in crate::package) fn code_systems(text: &str) -> Vec<CodeSystem> {
    let mut systems: Vec<CodeSystem> = Vec::new();
    let mut parents: Vec<Vec<&str>> = Vec::new();
    for row in rows(text) {
        if row.column(0) == "@system" {
            adopt(systems.last_mut(), &mut parents);
            systems.push(begin(row));
        } else if let Some(system) = systems.last_mut() {
            parents.push(row.column(1).split('|').filter(|code| !code.is_empty()).collect());
            system.concepts.push(concept(row));
        }
    }
    adopt(systems.last_mut(), &mut parents);
    systems
}

fn begin(row: Row<'_>) -> CodeSystem {
    CodeSystem {
        url: row.column(1).to_owned(),
        version: row.said(2).map(str::to_owned),
        content: match row.column(3) {
            "complete" => Content::Complete,
            "fragment" => Content::Fragment,
            "example" => Content::Example,
            _ => Content::NotPresent,
        },
        is_case_sensitive: row.column(4) == "case",
        language: row.said(5).map(str::to_owned),
        supplements: None,
        concepts: Vec::new(),
    }
}

fn concept(row: Row<'_>) -> Concept {
    let designations = row.all().skip(3).filter_map(|name| name.split_once('='));
    Concept {
        code: row.column(0).to_owned(),
        parent: None,
        display: row.said(2).map(str::to_owned),
        designations: designations
            .map(|(language, value)| Designation {
                language: Some(language.to_owned()).filter(|text| !text.is_empty()),
                value: value.to_owned(),
            })
            .collect(),
        properties: Vec::new(),
    }
}

/// Finds the parents by their codes, once all of the system are known.
fn adopt(system: Option<&mut CodeSystem>, parents: &mut Vec<Vec<&str>>) {
    let parents = std::mem::take(parents);
    let Some(system) = system else { return };
    if parents.iter().all(Vec::is_empty) {
        return;
    }
    let concepts = system.concepts.iter().enumerate();
    let places: HashMap<&str, u32> =
        concepts.map(|(place, own)| (own.code.as_str(), place as u32)).collect();
    let first = |parents: &Vec<&str>| parents.first().and_then(|code| places.get(code)).copied();
    let nested: Vec<Option<u32>> = parents.iter().map(first).collect();
    for ((concept, parents), parent) in system.concepts.iter_mut().zip(parents).zip(nested) {
        concept.parent = parent;
        let further = parents.iter().skip(1);
        concept.properties.extend(
            further
                .map(|code| Property { code: "subsumedBy".to_owned(), value: (*code).to_owned() }),
        );
    }
}

/// Reads value sets, each begun by `@set  url  version`; a part is
/// `+ or -  system  version  selection  value sets`.
pub(in crate::package) fn value_sets(text: &str) -> Vec<ValueSet> {
    let mut sets: Vec<ValueSet> = Vec::new();
    for row in rows(text) {
        if row.column(0) == "@set" {
            sets.push(ValueSet {
                url: row.column(1).to_owned(),
                version: row.said(2).map(str::to_owned),
                includes: Vec::new(),
                excludes: Vec::new(),
                expansion: None,
            });
            continue;
        }
        let Some(set) = sets.last_mut() else { continue };
        if row.column(0) == "-" {
            set.excludes.push(part(row));
        } else {
            set.includes.push(part(row));
        }
    }
    sets
}

fn part(row: Row<'_>) -> Include {
    let mut part = Include {
        system: row.said(1).map(str::to_owned),
        version: row.said(2).map(str::to_owned),
        value_sets: row.column(4).split(' ').filter(|u| !u.is_empty()).map(str::to_owned).collect(),
        ..Include::default()
    };
    match row.column(3).strip_prefix('=') {
        Some(codes) => part.concepts = codes.split('|').map(listed).collect(),
        None => part.filters = row.column(3).split(" & ").filter_map(filter).collect(),
    }
    part
}

fn listed(code: &str) -> ListedCode {
    ListedCode { system: None, code: code.to_owned(), display: None, designations: Vec::new() }
}

/// `concept descendent-of X`; `*` selects all.
fn filter(text: &str) -> Option<Filter> {
    let mut words = text.splitn(3, ' ');
    let mut next = || words.next().map(str::to_owned);
    Some(Filter { property: next()?, operator: next()?, value: next()? })
}

/// Reads naming systems, one per line: `name  URI|URI`.
pub(in crate::package) fn naming_systems(text: &str) -> Vec<NamingSystem> {
    let systems = rows(text).map(|row| NamingSystem {
        name: row.column(0).to_owned(),
        unique_ids: row.column(1).split('|').map(str::to_owned).collect(),
    });
    systems.collect()
}
