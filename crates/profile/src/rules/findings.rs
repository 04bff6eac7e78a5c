//! 指摘の集まり — what the checks found, until it becomes issues.

use std::borrow::Cow;

use kyoyu_domain::problem::{Issue, Place, Rule, Severity};

use super::{BoundRule, MORE_ISSUES};
use crate::{
    json::{Cursor, Document, Value},
    view::BundleView,
};

/// Findings of one Bundle. A check reports places; the rule is that of its row.
#[derive(Debug)]
pub struct Findings<'d> {
    found: Vec<Finding<'d>>,
    rule: &'static Rule,
    /// How many findings the current rule has.
    of_rule: usize,
    /// How many findings were not kept.
    beyond: usize,
    most: usize,
}

#[derive(Debug)]
struct Finding<'d> {
    rule: &'static Rule,
    value: Value<'d>,
    /// The element that should be there, below `value`.
    absent: Option<&'static str>,
    argument: Option<Cow<'static, str>>,
}

impl<'d> Findings<'d> {
    /// Nothing found yet; at most `most` findings become issues.
    pub(crate) fn new(most: usize) -> Self {
        Self { found: Vec::new(), rule: &MORE_ISSUES, of_rule: 0, beyond: 0, most }
    }

    /// Applies one row of the table.
    pub(crate) fn apply(&mut self, row: &BoundRule, bundle: &BundleView<'d>) {
        self.rule = row.rule;
        self.of_rule = 0;
        (row.check)(bundle, self);
    }

    /// The rule is broken at a value.
    pub fn at(&mut self, value: Value<'d>) {
        self.push(value, None, None);
    }

    /// The rule is broken at a value; the argument fills its texts.
    pub fn with(&mut self, value: Value<'d>, argument: impl Into<Cow<'static, str>>) {
        self.push(value, None, Some(argument.into()));
    }

    /// The rule is broken because an element of the value is absent.
    pub fn absent(&mut self, value: Value<'d>, element: &'static str) {
        self.push(value, Some(element), None);
    }

    /// The same, with an argument.
    pub fn absent_with(
        &mut self,
        value: Value<'d>,
        element: &'static str,
        argument: impl Into<Cow<'static, str>>,
    ) {
        self.push(value, Some(element), Some(argument.into()));
    }

    fn push(
        &mut self,
        value: Value<'d>,
        absent: Option<&'static str>,
        argument: Option<Cow<'static, str>>,
    ) {
        // What one rule finds beyond the limit of all could not be told anyway.
        self.of_rule += 1;
        if self.of_rule > self.most {
            self.beyond += 1;
            return;
        }
        self.found.push(Finding { rule: self.rule, value, absent, argument });
    }

    /// The findings as issues, in document order, errors preferred where there are too many.
    pub(crate) fn into_issues(mut self, document: &Document<'_>) -> Vec<Issue> {
        self.found.sort_by_key(|finding| finding.value.span().start);
        if self.found.len() > self.most || self.beyond > 0 {
            self.keep_errors_first();
        }
        let mut cursor = Cursor::new(document);
        let mut issues: Vec<Issue> =
            self.found.iter().map(|finding| finding.issue(&mut cursor)).collect();
        if self.beyond > 0 {
            issues.push(Issue::of(&MORE_ISSUES).with(self.beyond.to_string()));
        }
        issues
    }

    fn keep_errors_first(&mut self) {
        let is_error = |finding: &Finding<'_>| finding.rule.severity == Severity::Error;
        let mut room = self.most - 1;
        let mut errors = self.found.iter().filter(|finding| is_error(finding)).count().min(room);
        let before = self.found.len();
        room -= errors;
        self.found.retain(|finding| {
            let place = if is_error(finding) { &mut errors } else { &mut room };
            let keep = *place > 0;
            *place = place.saturating_sub(1);
            keep
        });
        self.beyond += before - self.found.len();
    }
}

impl Finding<'_> {
    fn issue(&self, cursor: &mut Cursor<'_>) -> Issue {
        let (line, column) = cursor.advance(self.value.span().start);
        let mut expression = self.value.path();
        if let Some(absent) = self.absent {
            if !expression.is_empty() {
                expression.push('.');
            }
            expression.push_str(absent);
        }
        let mut issue = Issue::of(self.rule).at(Place { expression, line, column });
        issue.argument.clone_from(&self.argument);
        issue
    }
}
