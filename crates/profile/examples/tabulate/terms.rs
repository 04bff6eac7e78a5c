//! Code systems and value sets as tables.

use kyoyu_profile::{
    package::NamingSystem,
    terminology::{CodeSystem, Content, Include, ListedCode, ValueSet},
};

use crate::definitions::one_line;

/// The languages in which the display check may speak, unsaid among them.
const LANGUAGES: [&str; 3] = ["ja", "en", ""];

/// The codes of a system in its own order; none for what only adds to another system.
pub(crate) fn code_system(system: &CodeSystem) -> Option<String> {
    let mut table = header(system)?;
    table.push_str(&lines(system).concat());
    Some(table)
}

/// The codes of a system sorted by code.
pub(crate) fn sorted_code_system(system: &CodeSystem) -> Option<String> {
    let mut table = header(system)?;
    table.push_str("# code\tparents\tdisplay\tother names\n");
    let mut lines = lines(system);
    lines.sort_unstable();
    table.push_str(&lines.concat());
    Some(table)
}

fn header(system: &CodeSystem) -> Option<String> {
    let content = match system.content {
        Content::Complete => "complete",
        Content::Fragment => "fragment",
        Content::Example => "example",
        Content::NotPresent => "not-present",
        Content::Supplement => return None,
    };
    let columns = [
        "@system",
        &system.url,
        system.version.as_deref().unwrap_or_default(),
        content,
        if system.is_case_sensitive { "case" } else { "no-case" },
        system.language.as_deref().unwrap_or_default(),
    ];
    Some(format!("{}\n", columns.join("\t").trim_end()))
}

fn lines(system: &CodeSystem) -> Vec<String> {
    if !matches!(system.content, Content::Complete | Content::Fragment) {
        return Vec::new();
    }
    let concepts = system.concepts.iter().map(|concept| {
        let mut columns = vec![
            concept.code.clone(),
            parents(system, concept.parent, &concept.code),
            one_line(concept.display.as_deref().unwrap_or_default()),
        ];
        columns.extend(concept.designations.iter().filter_map(|own| {
            let language = own.language.as_deref().unwrap_or_default();
            LANGUAGES.contains(&language).then(|| format!("{language}={}", one_line(&own.value)))
        }));
        format!("{}\n", columns.join("\t").trim_end_matches('\t'))
    });
    concepts.collect()
}

/// The codes above a concept: by nesting and by property.
fn parents(system: &CodeSystem, nested: Option<u32>, code: &str) -> String {
    let mut parents: Vec<&str> = Vec::new();
    parents.extend(nested.map(|parent| system.concepts[parent as usize].code.as_str()));
    for concept in &system.concepts {
        for property in &concept.properties {
            match property.code.as_str() {
                "child" if property.value == code => parents.push(&concept.code),
                "parent" | "subsumedBy" if concept.code == code => parents.push(&property.value),
                _ => {}
            }
        }
    }
    parents.join("|")
}

/// All value sets by canonical.
pub(crate) fn value_sets(sets: &[ValueSet]) -> String {
    let mut sets: Vec<_> = sets.iter().collect();
    sets.sort_by_key(|set| &set.url);
    sets.into_iter().map(value_set).collect::<Vec<_>>().join("\n")
}

fn value_set(set: &ValueSet) -> String {
    let version = set.version.as_deref().unwrap_or_default();
    let mut table = format!("{}\n", format!("@set\t{}\t{version}", set.url).trim_end());
    if let Some(expansion) = &set.expansion {
        for code in expansion {
            let system = code.system.clone();
            let part = Include { system, concepts: vec![code.clone()], ..Include::default() };
            table.push_str(&part_line('+', &part));
        }
        return table;
    }
    set.includes.iter().for_each(|part| table.push_str(&part_line('+', part)));
    set.excludes.iter().for_each(|part| table.push_str(&part_line('-', part)));
    table
}

fn part_line(sign: char, part: &Include) -> String {
    let selection = if !part.concepts.is_empty() {
        let codes: Vec<_> = part.concepts.iter().map(|ListedCode { code, .. }| &**code).collect();
        assert!(codes.iter().all(|code| !code.contains('|')), "the sign that separates codes");
        format!("={}", codes.join("|"))
    } else if !part.filters.is_empty() {
        let filters = part.filters.iter();
        let filters = filters.map(|own| format!("{} {} {}", own.property, own.operator, own.value));
        filters.collect::<Vec<_>>().join(" & ")
    } else if part.system.is_some() {
        "*".to_owned()
    } else {
        String::new()
    };
    let columns = [
        sign.to_string(),
        part.system.clone().unwrap_or_default(),
        part.version.clone().unwrap_or_default(),
        selection,
        part.value_sets.join(" "),
    ];
    format!("{}\n", columns.join("\t").trim_end_matches('\t'))
}

/// The identifiers of naming systems by name.
pub(crate) fn naming_systems(systems: &[NamingSystem]) -> String {
    let lines = systems.iter().map(|own| format!("{}\t{}\n", own.name, own.unique_ids.join("|")));
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    lines.concat()
}

/// A file name for a canonical: `http://jpfhir.jp/fhir/clins/CodeSystem/a/b` → `clins-a-b`.
pub(crate) fn file_name(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, path)| path);
    let path = path.strip_prefix("jpfhir.jp/fhir/").unwrap_or(path);
    let parts = path.split(['/', ':']).filter(|part| *part != "CodeSystem");
    parts.collect::<Vec<_>>().join("-")
}
