//! 報告 — findings as their readers get them.

use std::{borrow::Cow, collections::HashSet};

use kyoyu_domain::problem::{Issue, Place, Rule, Severity};

use super::{Guide, Mode};
use crate::{
    json::{Cursor, Document},
    walk::{self, Broken},
};

/// Findings beyond this many are only counted.
const MOST: usize = 200;

/// 報告 — what was found in one document.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In document order, at most 200.
    pub findings: Vec<Finding>,
    /// How many more there were.
    pub beyond: usize,
    /// How many elements were looked at, one and the same counting for each profile.
    pub steps: u64,
}

/// The permanent code of what was broken.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RuleId {
    /// Our own code that begins with `kyoyu-`, or the key of an invariant.
    pub code: Cow<'static, str>,
    /// The canonical of the definition that states the invariant.
    pub source: Option<String>,
    /// The published number, such as `R02142`.
    pub number: Option<Cow<'static, str>>,
}

/// 指摘 — one broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was broken.
    pub rule: RuleId,
    /// The FHIR issue type (`OperationOutcome.issue.code`).
    pub issue_type: Cow<'static, str>,
    /// Where, as a `FHIRPath` expression.
    pub expression: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, in Japanese and in English.
    pub text: [Cow<'static, str>; 2],
    /// What to do, in Japanese and in English; empty where nothing general can be said.
    pub repair: [Cow<'static, str>; 2],
    /// A JSON Patch (RFC 6902) where the repair is mechanical.
    pub patch: Option<String>,
}

impl Report {
    /// Whether nothing refuses the document.
    pub fn is_valid(&self) -> bool {
        !self.findings.iter().any(|finding| super::refuses(finding.severity))
    }

    /// Adds what the rules of Bundles found. Their errors take the place of this report's
    /// errors at the same element.
    pub fn join(&mut self, issues: &[Issue]) {
        let new: Vec<Finding> =
            issues.iter().flat_map(|issue| Self::of_issue(issue).findings).collect();
        let told: HashSet<&str> = new
            .iter()
            .filter(|own| super::refuses(own.severity))
            .map(|own| own.expression.as_str())
            .collect();
        self.findings
            .retain(|own| !super::refuses(own.severity) || !told.contains(own.expression.as_str()));
        self.findings.extend(new);
        self.findings.sort_by_key(|own| (own.line, own.column));
    }

    pub(super) fn of_issue(issue: &Issue) -> Self {
        let place = issue.place.clone().unwrap_or_default();
        let finding = Finding {
            severity: issue.rule.severity,
            rule: RuleId::own(issue.rule.code, issue.rule.number),
            issue_type: Cow::Borrowed(issue.rule.issue_type),
            expression: place.expression,
            line: place.line,
            column: place.column,
            text: texts(issue),
            repair: [Cow::Borrowed(issue.rule.repair.0), Cow::Borrowed(issue.rule.repair.1)],
            patch: None,
        };
        Self { findings: vec![finding], beyond: 0, steps: 0 }
    }

    pub(super) fn new(
        guide: &Guide,
        document: &Document<'_>,
        mut found: Vec<walk::Finding>,
        mode: Mode,
    ) -> Self {
        let beyond = in_order(document, &mut found);
        let mut cursor = Cursor::new(document);
        let findings = found.iter().map(|own| {
            let mut finding = rendered(guide, document, own, &mut cursor);
            if mode == Mode::Reference {
                reference_place(own, &mut finding.expression);
            }
            finding
        });
        let findings = findings.collect();
        Self { findings, beyond, steps: 0 }
    }

    /// What the parser let pass: errors in strict mode, in reference mode only keys that
    /// are repeated, except `resourceType`.
    pub(super) fn add_laxities(&mut self, document: &Document<'_>, mode: Mode) {
        let mut cursor = Cursor::new(document);
        let laxities = document.laxities().iter().filter(|own| match mode {
            Mode::Strict => true,
            Mode::Reference => {
                own.rule.code == "kyoyu-json-duplicate-key"
                    && own.argument.as_deref() != Some("resourceType")
            }
        });
        for laxity in laxities {
            let (line, column) = cursor.advance(laxity.at as usize);
            let argument = laxity.argument.clone().unwrap_or_default();
            let mut issue = Issue::of(laxity.rule).with(argument);
            issue.place = Some(kyoyu_domain::problem::Place {
                expression: laxity.expression.clone(),
                line,
                column,
            });
            self.findings.extend(Self::of_issue(&issue).findings);
        }
    }
}

/// The findings of a strict check as the service words them.
pub(super) fn issues(
    guide: &Guide,
    document: &Document<'_>,
    mut found: Vec<walk::Finding>,
) -> Vec<Issue> {
    found.retain(|finding| !is_ours(finding));
    in_order(document, &mut found);
    let mut cursor = Cursor::new(document);
    found.iter().map(|own| issue(guide, document, own, &mut cursor)).collect()
}

/// Whether only whoever runs the service can do something about a finding: code lists that
/// no package holds.
fn is_ours(finding: &walk::Finding) -> bool {
    use walk::texts::{SYSTEM_UNKNOWN, VALUE_SET_UNDECIDABLE};

    let of = |rule| finding.broken == Broken::Rule(rule);
    of(&VALUE_SET_UNDECIDABLE) || of(&SYSTEM_UNKNOWN)
}

/// Puts findings into document order, each once; answers how many were cut off.
fn in_order(document: &Document<'_>, found: &mut Vec<walk::Finding>) -> usize {
    found.sort_by_key(|finding| (document.value(finding.at).span().start, finding.severity));
    remove_repeated(found);
    let beyond = found.len().saturating_sub(MOST);
    if beyond > 0 {
        // Errors are never pushed out by warnings.
        found.sort_by_key(|finding| finding.severity);
        found.truncate(MOST);
        found.sort_by_key(|finding| document.value(finding.at).span().start);
    }
    beyond
}

/// Removes what was found twice at one value; the findings of a value stand side by side.
fn remove_repeated(found: &mut Vec<walk::Finding>) {
    let mut kept: Vec<walk::Finding> = Vec::with_capacity(found.len());
    for finding in found.drain(..) {
        let here = kept.iter().rev().take_while(|other| other.at == finding.at);
        let is_known = here
            .into_iter()
            .any(|other| other.code() == finding.code() && other.argument == finding.argument);
        if !is_known {
            kept.push(finding);
        }
    }
    *found = kept;
}

impl RuleId {
    fn own(code: &'static str, number: Option<&'static str>) -> Self {
        Self { code: Cow::Borrowed(code), source: None, number: number.map(Cow::Borrowed) }
    }
}

/// Where the reference validator says that some rules of Bundles were broken: it counts
/// entries from one, or names the first for all.
fn reference_place(finding: &walk::Finding, expression: &mut String) {
    use walk::texts;

    let Broken::Rule(rule) = finding.broken else { return };
    let is = |rules: &[&'static Rule]| rules.iter().any(|own| std::ptr::eq(*own, rule));
    if is(&[&texts::FULL_URL_DIFFERS, &texts::FULL_URL_RELATIVE]) {
        "Bundle.entry[0]".clone_into(expression);
    } else if is(&[&texts::ENTRY_UNREACHED])
        || (is(&[&texts::TARGET_MISSING, &texts::TARGET_REPEATED])
            && expression.starts_with("Bundle.entry[0]"))
    {
        // The parts of a message are not counted at all.
        *expression = match expression.strip_prefix("Bundle.entry[0].resource.focus[") {
            Some(_) => "Bundle.entry[1].resource.focus[0]".to_owned(),
            None => counted_from_one(expression),
        };
    } else if is(&[&texts::NO_RESOURCE_TYPE]) && expression.is_empty() {
        "$".clone_into(expression);
    }
}

fn counted_from_one(expression: &str) -> String {
    let mut parts = expression.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (index, rest) = part.split_once(']').unwrap_or((part, ""));
        let index = index.parse::<usize>().map_or(0, |index| index + 1);
        format!("{text}[{index}]{rest}")
    })
}

fn rendered(
    guide: &Guide,
    document: &Document<'_>,
    finding: &walk::Finding,
    cursor: &mut Cursor<'_>,
) -> Finding {
    let mut issue = issue(guide, document, finding, cursor);
    let place = issue.place.take().unwrap_or_default();
    let source = match finding.broken {
        Broken::Rule(_) => None,
        Broken::Constraint(id) => Some(guide.schema().stated(id).source.to_string()),
    };
    Finding {
        severity: finding.severity,
        rule: RuleId { source, ..RuleId::own(issue.rule.code, issue.rule.number) },
        issue_type: Cow::Borrowed(issue.rule.issue_type),
        expression: place.expression,
        line: place.line,
        column: place.column,
        text: texts(&issue),
        repair: [Cow::Borrowed(issue.rule.repair.0), Cow::Borrowed(issue.rule.repair.1)],
        patch: super::repair::patch(finding, document.value(finding.at)),
    }
}

fn texts(issue: &Issue) -> [Cow<'static, str>; 2] {
    if issue.argument.is_none() {
        return [Cow::Borrowed(issue.rule.japanese), Cow::Borrowed(issue.rule.english)];
    }
    [Cow::Owned(issue.japanese()), Cow::Owned(issue.english())]
}

fn issue(
    guide: &Guide,
    document: &Document<'_>,
    finding: &walk::Finding,
    cursor: &mut Cursor<'_>,
) -> Issue {
    let value = document.value(finding.at);
    let (line, column) = cursor.advance(value.span().start);
    let rule = match finding.broken {
        Broken::Rule(rule) => rule,
        Broken::Constraint(id) => guide.schema().stated(id).rule(),
    };
    let expression = walk::expression(guide.schema(), value);
    let argument = Some(finding.argument.clone()).filter(|argument| !argument.is_empty());
    Issue { rule, place: Some(Place { expression, line, column }), argument }
}
