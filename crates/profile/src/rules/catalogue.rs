//! 規則の目録 — every rule that a sender can meet, in one list, and the documents made of it.
//!
//! The rules of the service, of Bundles and of the walk are statics with their texts; the
//! published invariants stand in `fhir-profiles/invariants.tsv`, and where a rule of Bundles
//! answers for one, that rule's texts are told.

use std::{collections::HashSet, fmt::Write as _};

use kyoyu_domain::problem::{Rule, Severity};

use super::ALL;
use crate::{invariants::table, walk::texts};

/// 目録の行 — one rule with its texts; `{}` in a text is filled in when it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// The permanent code.
    pub code: &'static str,
    /// The published R-number, where there is one.
    pub number: Option<&'static str>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in Japanese and English.
    pub cause: [&'static str; 2],
    /// What to do, in Japanese and English.
    pub repair: [&'static str; 2],
    /// Since which version of the product the code exists.
    pub since: &'static str,
    /// Who asks it.
    pub source: Source,
}

/// 出所 — which part of the product a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The service: requests, states and rights.
    Service,
    /// What bodies and collection Bundles must be.
    Bundle,
    /// The structure of FHIR and of the profiles.
    Structure,
    /// The published invariants of the Japanese guides.
    Invariant,
}

impl Source {
    /// Every source with its heading in Japanese and English, in the order of the document.
    pub const ALL: &[(Self, [&'static str; 2])] = &[
        (Self::Service, ["サービス", "the service"]),
        (Self::Bundle, ["本文と5情報Bundle", "bodies and collection Bundles"]),
        (Self::Structure, ["FHIRとプロファイルの構造", "the structure of FHIR and its profiles"]),
        (Self::Invariant, ["公表された不変条件", "published invariants"]),
    ];
}

/// When the invariants of the guides came into the product.
const INVARIANTS_SINCE: &str = "0.1.0";

/// Every rule once, by source and in the order of its declaration.
pub fn catalogue() -> Vec<Listed> {
    let mut seen = HashSet::new();
    let service = kyoyu_domain::rules::ALL.iter().map(|rule| of_rule(rule, Source::Service));
    let bundle = ALL.iter().map(|rule| of_rule(rule, Source::Bundle));
    let structure = texts::ALL.iter().map(|rule| of_rule(rule, Source::Structure));
    let listed = service.chain(bundle).chain(structure).chain(invariants());
    listed.filter(|rule| seen.insert(rule.code)).collect()
}

fn of_rule(rule: &'static Rule, source: Source) -> Listed {
    Listed {
        code: rule.code,
        number: rule.number,
        severity: rule.severity,
        cause: [rule.japanese, rule.english],
        repair: [rule.repair.0, rule.repair.1],
        since: rule.since,
        source,
    }
}

fn invariants() -> impl Iterator<Item = Listed> {
    let rows = table::read(include_str!("../../../../fhir-profiles/invariants.tsv"));
    rows.expect("a test reads every line of the shipped table").into_iter().map(|row| Listed {
        code: row.key,
        number: row.number,
        severity: if row.is_error { Severity::Error } else { Severity::Warning },
        cause: row.text,
        repair: row.repair,
        since: INVARIANTS_SINCE,
        source: Source::Invariant,
    })
}

fn severity(severity: Severity) -> [&'static str; 3] {
    match severity {
        Severity::Error => ["error", "エラー", "error"],
        Severity::Warning => ["warning", "警告", "warning"],
        Severity::Information => ["information", "情報", "information"],
    }
}

/// `docs/errors.csv`: one line per rule, quoted as RFC 4180 has it.
pub fn as_csv() -> String {
    let header = "code,number,severity,cause_ja,cause_en,repair_ja,repair_en,since,source\n";
    let mut csv = header.to_owned();
    for rule in catalogue() {
        let fields = [
            rule.code,
            rule.number.unwrap_or_default(),
            severity(rule.severity)[0],
            rule.cause[0],
            rule.cause[1],
            rule.repair[0],
            rule.repair[1],
            rule.since,
            source_name(rule.source),
        ];
        csv.push_str(&fields.map(quoted).join(","));
        csv.push('\n');
    }
    csv
}

fn source_name(source: Source) -> &'static str {
    match source {
        Source::Service => "service",
        Source::Bundle => "bundle",
        Source::Structure => "structure",
        Source::Invariant => "invariant",
    }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// `docs/errors.md`: a section per source, a table in it.
pub fn as_markdown() -> String {
    let rules = catalogue();
    let mut page = String::from(
        "# 規則の一覧 — rules and their codes\n\n\
         この文書は `cargo run -p kyoyu-profile --example errors` で作られます。\
         コードは変わらず、再利用されません。`{}` には個別の値が入ります。\n\n\
         This document is generated. Codes are permanent and never reused; `{}` stands for a \
         value of the single case. The same list for programs is `errors.csv`.\n",
    );
    for (source, [japanese, english]) in Source::ALL {
        let of_source: Vec<_> = rules.iter().filter(|rule| rule.source == *source).collect();
        let count = of_source.len();
        write!(
            page,
            "\n## {japanese} — {english} ({count})\n\n\
             | code | R | 重大度 severity | 原因 cause | 対処 repair | since |\n\
             | --- | --- | --- | --- | --- | --- |\n"
        )
        .expect("a String takes everything");
        for rule in of_source {
            page.push_str(&line(rule));
        }
    }
    page
}

fn line(rule: &Listed) -> String {
    let [_, japanese, english] = severity(rule.severity);
    let [cause_ja, cause_en] = rule.cause.map(cell);
    let [repair_ja, repair_en] = rule.repair.map(cell);
    let (code, number, since) = (rule.code, rule.number.unwrap_or_default(), rule.since);
    format!(
        "| `{code}` | {number} | {japanese} {english} | {cause_ja}<br>{cause_en} | \
         {repair_ja}<br>{repair_en} | {since} |\n"
    )
}

/// A bar would end the cell, a less-than sign begin a tag.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_over_every_list_but_for_published_invariants() {
        let mut seen = HashSet::new();
        let lists = [kyoyu_domain::rules::ALL, ALL.as_slice(), texts::ALL.as_slice()];
        for rule in lists.into_iter().flatten() {
            let repeated = !seen.insert(rule.code);
            assert!(!(repeated && rule.code.starts_with("kyoyu-")), "{}", rule.code);
        }
        assert!(invariants().all(|rule| !rule.code.starts_with("kyoyu-")));
    }

    #[test]
    fn every_source_has_rules_and_every_rule_has_all_texts() {
        let rules = catalogue();
        for (source, _) in Source::ALL {
            assert!(rules.iter().any(|rule| rule.source == *source), "{source:?}");
        }
        for rule in rules {
            let texts = rule.cause.iter().chain(&rule.repair);
            assert!(texts.into_iter().all(|text| !text.is_empty()), "{}", rule.code);
        }
    }

    #[test]
    fn a_published_number_is_the_same_in_the_rule_and_in_the_table() {
        let rules = catalogue();
        for row in invariants() {
            let listed = rules.iter().find(|rule| rule.code == row.code).expect("it is listed");
            assert_eq!(listed.number, row.number, "{}", row.code);
            assert_eq!(listed.severity, row.severity, "{}", row.code);
        }
    }

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        assert_eq!(quoted("a"), "a");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
