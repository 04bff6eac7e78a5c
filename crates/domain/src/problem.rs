//! 問題の語彙 — how every refusal and every finding is worded.
//!
//! A [`Rule`] is a permanent code with its texts; an [`Issue`] is a rule that was broken
//! at a place; a [`Problem`] is what a use case answers instead of a result. Only the
//! gateway knows which HTTP status a [`Category`] becomes.

use std::{borrow::Cow, error::Error, fmt};

/// 種別 — what kind of refusal it is; the only thing that a status depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Unreadable as JSON or as the request that it should be.
    Malformed,
    /// Readable, but against a profile or a rule.
    NotConformant,
    /// The caller is not who it says, or did not say.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// Not there, or not the caller's to know.
    NotFound,
    /// Was there; told only to the sender of it.
    Gone,
    /// Contradicts what is stored.
    Conflict,
    /// Over a limit of size.
    TooLarge,
    /// A media type or encoding that is not taken.
    UnsupportedMedia,
    /// A part was asked for that is not there.
    OutOfRange,
    /// Too many requests.
    Throttled,
    /// Try again later.
    Unavailable,
    /// Ours; the caller gets no detail.
    Internal,
}

/// 重大度 — as in OperationOutcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The request is refused.
    Error,
    /// Accepted, but look at it.
    Warning,
    /// For information.
    Information,
}

/// 規則 — one thing that can be wrong, with a permanent code.
///
/// A `{}` in a text is replaced by [`Issue::argument`], which never holds patient data.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The profile's invariant key, or our own code that begins with `kyoyu-`.
    pub code: &'static str,
    /// The published R-number, where there is one.
    pub number: Option<&'static str>,
    /// What a broken rule makes of the request.
    pub category: Category,
    /// The FHIR issue type (`OperationOutcome.issue.code`).
    pub issue_type: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in Japanese.
    pub japanese: &'static str,
    /// What is wrong, in English.
    pub english: &'static str,
    /// What to do, in Japanese and English.
    pub repair: (&'static str, &'static str),
    /// Since which version of the product the code exists.
    pub since: &'static str,
}

/// 場所 — where in the body the rule was broken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// A FHIRPath expression such as `Bundle.entry[3].resource.subject`.
    pub expression: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// 指摘 — one broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The rule.
    pub rule: &'static Rule,
    /// Where, when the body has such a place.
    pub place: Option<Place>,
    /// What replaces `{}` in the texts.
    pub argument: Option<Cow<'static, str>>,
}

impl Issue {
    /// A rule that was broken by the request as a whole.
    pub fn of(rule: &'static Rule) -> Self {
        Self { rule, place: None, argument: None }
    }

    /// Fills the texts' `{}`.
    #[must_use]
    pub fn with(mut self, argument: impl Into<Cow<'static, str>>) -> Self {
        self.argument = Some(argument.into());
        self
    }

    /// Names the place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The Japanese text.
    pub fn japanese(&self) -> String {
        self.fill(self.rule.japanese)
    }

    /// The English text.
    pub fn english(&self) -> String {
        self.fill(self.rule.english)
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{}", self.argument.as_deref().unwrap_or(""))
    }
}

/// 問題 — what a use case answers when it refuses.
///
/// The issues are for the caller; the cause is for the log and never leaves the server.
#[derive(Debug)]
pub struct Problem {
    /// What the status depends on.
    pub category: Category,
    /// What is wrong, in document order; never empty.
    pub issues: Vec<Issue>,
    /// What happened inside.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A refusal by one rule.
    pub fn of(rule: &'static Rule) -> Self {
        Issue::of(rule).into()
    }

    /// A refusal by the findings of a check.
    ///
    /// # Panics
    /// When there is no finding: nothing to refuse for.
    pub fn of_findings(issues: Vec<Issue>) -> Self {
        let first = issues
            .iter()
            .find(|issue| issue.rule.severity == Severity::Error)
            .expect("a refusal has at least one error");
        Self { category: first.rule.category, issues, cause: None }
    }

    /// Keeps what happened inside, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The rule that stands first.
    pub fn rule(&self) -> &'static Rule {
        self.issues[0].rule
    }
}

impl From<Issue> for Problem {
    fn from(issue: Issue) -> Self {
        Self { category: issue.rule.category, issues: vec![issue], cause: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.rule().code)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn Error + 'static))
    }
}
