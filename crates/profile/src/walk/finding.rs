//! 指摘 — what a walk found, before it becomes text.

use std::borrow::Cow;

use kyoyu_domain::problem::{Rule, Severity};

use super::texts;
use crate::schema::ConstraintId;

/// What was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A rule of this crate.
    Rule(&'static Rule),
    /// An invariant of a definition.
    Constraint(ConstraintId),
}

/// One broken rule at one value of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) broken: Broken,
    pub(crate) severity: Severity,
    /// The value, by its number in the document.
    pub(crate) at: u32,
    /// What replaces `{}` in the texts.
    pub(crate) argument: Cow<'static, str>,
}

/// Rules about the JSON, whatever the profile.
static STRUCTURAL: &[&Rule] = &[
    &texts::UNKNOWN_ELEMENT,
    &texts::NOT_AN_ARRAY,
    &texts::NOT_AN_OBJECT,
    &texts::NOT_A_PRIMITIVE,
    &texts::NULL_IN_ARRAY,
    &texts::EMPTY_ARRAY,
    &texts::EMPTY_OBJECT,
    &texts::JSON_BOOLEAN,
    &texts::JSON_NUMBER_TYPE,
    &texts::JSON_STRING,
    &texts::NO_RESOURCE_TYPE,
    &texts::UNKNOWN_RESOURCE_TYPE,
    &texts::XHTML_MALFORMED,
    &texts::XHTML_ENTITY,
];

impl Finding {
    fn is_structural(&self) -> bool {
        match self.broken {
            Broken::Rule(rule) => STRUCTURAL.iter().any(|own| std::ptr::eq(*own, rule)),
            Broken::Constraint(_) => false,
        }
    }

    /// What tells the rule apart from others.
    pub(crate) fn code(&self) -> (&'static str, u32) {
        match self.broken {
            Broken::Rule(rule) => (rule.code, 0),
            Broken::Constraint(id) => ("", id.0),
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// 指摘の集まり — findings up to a limit, beyond which they are only counted.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) kept: Vec<Finding>,
    pub(crate) errors: usize,
}

/// More findings than this of one resource say nothing more.
const MOST: usize = 200;

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        // What is wrong with the JSON alone is no failure of the profile, as in the
        // reference validator: it does not spread to slices and references.
        self.errors += usize::from(finding.is_error() && !finding.is_structural());
        if self.kept.len() < MOST || (finding.is_error() && self.errors == 1) {
            self.kept.push(finding);
        }
    }

    pub(crate) fn rule(&mut self, rule: &'static Rule, at: u32, argument: Cow<'static, str>) {
        self.push(Finding { broken: Broken::Rule(rule), severity: rule.severity, at, argument });
    }
}
