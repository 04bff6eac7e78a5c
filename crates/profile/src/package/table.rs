//! 表 — the tables of `fhir-profiles/`, read into the neutral model.
//!
//! Tab-separated lines; `# ` begins a comment, `@` a header, an empty column says nothing.
//! `fhir-profiles/README.md` describes the columns.

mod element;
mod terms;

use std::collections::HashMap;

use memchr::memchr_iter;

pub(super) use element::{remove, restate_number, restate_types};
pub(super) use terms::{code_systems, naming_systems, value_sets};

use crate::definition::{ContextKind, Definition, ExtensionContext, Form, StructureKind};

/// The canonicals of R4; tables leave it out.
const R4_URL: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The texts of invariants by canonical and key.
#[derive(Debug, Default)]
pub(super) struct Invariants<'t> {
    rows: HashMap<(String, &'t str), Invariant<'t>>,
}

#[derive(Debug, Clone, Copy)]
struct Invariant<'t> {
    expression: &'t str,
    text: &'t str,
}

impl<'t> Invariants<'t> {
    /// Columns: canonicals, element, key, number, severity, expression, Japanese, English, …
    pub(super) fn read(texts: &[&'t str]) -> Self {
        let mut read = Self::default();
        for row in texts.iter().flat_map(|text| rows(text)) {
            let text = row.said(6).unwrap_or(row.column(7));
            let invariant = Invariant { expression: row.column(5), text };
            for name in row.column(0).split(' ') {
                read.rows.insert((canonical(name), row.column(2)), invariant);
            }
        }
        read
    }

    fn find(&self, canonical: &str, key: &'t str) -> Option<Invariant<'t>> {
        self.rows.get(&(canonical.to_owned(), key)).copied()
    }
}

/// Reads definitions, each begun by `@canonical`.
pub(super) fn definitions<'t>(text: &'t str, invariants: &Invariants<'t>) -> Vec<Definition> {
    let mut definitions: Vec<Definition> = Vec::new();
    for row in rows(text) {
        let value = row.column(1);
        if row.column(0) == "@canonical" {
            definitions.push(begin(value));
            continue;
        }
        let Some(definition) = definitions.last_mut() else { continue };
        match row.column(0) {
            "@version" => value.clone_into(&mut definition.version),
            "@name" => value.clone_into(&mut definition.name),
            "@defines" => defines(definition, value),
            "@extends" => definition.base = Some(canonical(value)),
            "@constrains" => {
                definition.base = Some(canonical(value));
                definition.is_profile = true;
            }
            "@context" => definition.contexts.extend(context(value)),
            "@context-invariant" => definition.context_invariants.push(value.to_owned()),
            _ => element::read(definition, row, invariants),
        }
    }
    definitions
}

fn begin(url: &str) -> Definition {
    Definition {
        url: canonical(url),
        version: String::new(),
        name: String::new(),
        kind: StructureKind::Resource,
        type_name: String::new(),
        base: None,
        is_profile: false,
        is_abstract: false,
        contexts: Vec::new(),
        context_invariants: Vec::new(),
        form: Form::Differential,
        elements: Vec::new(),
    }
}

/// `abstract resource DomainResource`
fn defines(definition: &mut Definition, value: &str) {
    for word in value.split(' ') {
        match word {
            "abstract" => definition.is_abstract = true,
            "primitive" => definition.kind = StructureKind::Primitive,
            "datatype" => definition.kind = StructureKind::Complex,
            "resource" => definition.kind = StructureKind::Resource,
            name => name.clone_into(&mut definition.type_name),
        }
    }
}

fn context(value: &str) -> Option<ExtensionContext> {
    let (kind, expression) = value.split_once(' ')?;
    let kind = match kind {
        "fhirpath" => ContextKind::FhirPath,
        "extension" => ContextKind::Extension,
        _ => ContextKind::Element,
    };
    Some(ExtensionContext { kind, expression: expression.to_owned() })
}

/// `Patient` → its canonical; others stand in full.
fn canonical(text: &str) -> String {
    if text.contains(':') || text.is_empty() { text.to_owned() } else { format!("{R4_URL}{text}") }
}

/// The lines that say something.
fn rows(text: &str) -> impl Iterator<Item = Row<'_>> + use<'_> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    lines.map(Row::new)
}

/// Columns that a line may have, further names of a code aside.
const COLUMNS: usize = 10;

/// One line.
#[derive(Debug, Clone, Copy)]
struct Row<'t> {
    line: &'t str,
    columns: [&'t str; COLUMNS],
}

impl<'t> Row<'t> {
    fn new(line: &'t str) -> Self {
        let mut columns = [""; COLUMNS];
        let mut start = 0;
        let ends = memchr_iter(b'\t', line.as_bytes()).chain([line.len()]);
        for (column, end) in columns.iter_mut().zip(ends) {
            *column = &line[start..end];
            start = end + 1;
        }
        Self { line, columns }
    }

    /// All columns, however many.
    fn all(self) -> impl Iterator<Item = &'t str> {
        self.line.split('\t')
    }

    /// A column, empty where the line ends before it.
    fn column(self, index: usize) -> &'t str {
        self.columns[index]
    }

    /// A column that says something.
    fn said(self, index: usize) -> Option<&'t str> {
        Some(self.column(index)).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests;
