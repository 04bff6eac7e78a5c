//! 不変条件の表 — the project's own table of the Japanese rules,
//! `fhir-profiles/invariants.tsv`.
//!
//! Keys, severities and numbers are those of the published guides; expressions and texts
//! are the project's own. `fhir-profiles/README.md` describes the columns.

use std::{collections::HashMap, sync::LazyLock};

use crate::definition::Constraint;

/// One rule of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'t> {
    /// The canonicals of the definitions that state it.
    pub definitions: Vec<&'t str>,
    /// The path of the element at which it is asked.
    pub path: &'t str,
    /// The published key.
    pub key: &'t str,
    /// The published number, such as `R02142`; none where none is published.
    pub number: Option<&'t str>,
    /// Whether breaking it is an error; a warning otherwise.
    pub is_error: bool,
    /// Our expression.
    pub expression: &'t str,
    /// What it says, in Japanese and in English.
    pub text: [&'t str; 2],
    /// How it is repaired, in Japanese and in English.
    pub repair: [&'t str; 2],
}

impl Row<'_> {
    /// The rule as one of its definitions states it.
    pub fn constraint(&self, definition: &str) -> Constraint {
        Constraint {
            key: self.key.to_owned(),
            is_error: self.is_error,
            expression: Some(self.expression.to_owned()),
            human: self.text[0].to_owned(),
            source: Some(definition.to_owned()),
        }
    }
}

/// The table that is shipped, by definition and key.
static KNOWN: LazyLock<HashMap<&str, Vec<(&str, Row<'_>)>>> = LazyLock::new(|| {
    let rows = read(include_str!("../../../../fhir-profiles/invariants.tsv"));
    let rows = rows.expect("a test reads the table");
    let mut by_key: HashMap<&str, Vec<(&str, Row<'_>)>> = HashMap::new();
    for row in rows {
        let of_key = by_key.entry(row.key).or_default();
        of_key.extend(row.definitions.iter().map(|definition| (*definition, row.clone())));
    }
    by_key
});

/// What the table says of a definition's rule.
pub fn find(definition: &str, key: &str) -> Option<&'static Row<'static>> {
    KNOWN.get(key)?.iter().find(|(stating, _)| *stating == definition).map(|(_, row)| row)
}

/// Reads the table; the number of the first line that is no rule is the error.
///
/// # Errors
/// A line has another number of columns, or a severity that does not exist.
pub fn read(text: &str) -> Result<Vec<Row<'_>>, usize> {
    let rows = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    rows.map(|(index, line)| row(line).ok_or(index + 1)).collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let columns: Vec<&str> = line.split('\t').collect();
    let &[definitions, path, key, number, severity, expression, ja, en, repair_ja, repair_en] =
        columns.as_slice()
    else {
        return None;
    };
    Some(Row {
        definitions: definitions.split(' ').collect(),
        path,
        key,
        number: (number != "-").then_some(number),
        is_error: match severity {
            "error" => true,
            "warning" => false,
            _ => return None,
        },
        expression,
        text: [ja, en],
        repair: [repair_ja, repair_en],
    })
}
