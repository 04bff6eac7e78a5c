//! 検査器 — the public face: loaded guides in, findings out.
//!
//! A [`Guide`] is what the packages of one implementation guide define, compiled; a
//! [`Validator`] holds several side by side and chooses by the profile that a document
//! claims. Two guides may define one canonical differently, so nothing is shared.

mod generations;
mod guide;
mod repair;
mod report;

use std::sync::Arc;

use kyoyu_domain::problem::{Issue, Rule, Severity};

pub use self::{
    generations::{Generations, Packages},
    guide::Guide,
    report::{Finding, Report, RuleId},
};
use crate::{
    generation::Generation,
    json::{Document, Symbol, Value},
    limits::Limits,
    package::Package,
    rules::{BoundRule, RULES},
    walk::{self, Broken, Check},
};

/// 様式 — how strict a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The gateway's: an unknown profile or version is an error, a Bundle and its entries have to
    /// claim a profile of the guide, and what JSON allows but FHIR does not want is an error.
    Strict,
    /// The verdict of the reference validator, for comparison.
    Reference,
}

/// 検査器 — checks documents against the guides that were loaded.
#[derive(Debug, Clone)]
pub struct Validator {
    guides: Arc<[Generations]>,
    unnamed: Generation,
    limits: Limits,
    /// Rules of Bundles that are not asked in strict mode.
    waived: &'static [&'static Rule],
}

impl Validator {
    /// Takes guides in the order of preference: the first is used where nothing is claimed.
    pub fn new(guides: Vec<Guide>, limits: Limits) -> Self {
        let guides = guides.into_iter().map(Generations::only).collect();
        Self::with_generations(guides, Generation::default(), limits)
    }

    /// 見送り — the same guides without some rules of Bundles ([`RULES`]), which the policy of
    /// whoever runs the service does not ask: neither as such nor where a profile states them.
    /// The verdict of the reference validator stays what it is.
    #[must_use]
    pub fn waiving(&self, waived: &'static [&'static Rule]) -> Self {
        Self { waived, ..self.clone() }
    }

    /// Whether a rule of Bundles is not asked.
    pub fn waives(&self, rule: &Rule) -> bool {
        self.waived.contains(&rule)
    }

    /// The same with guides in several generations; `unnamed` is the one that they were
    /// loaded with.
    pub fn with_generations(guides: Vec<Generations>, unnamed: Generation, limits: Limits) -> Self {
        Self { guides: guides.into(), unnamed, limits, waived: &[] }
    }

    /// The guides that the product ships, each compiled on a thread of its own. A Bundle that
    /// names no version of JP-CLINS is judged by `unnamed`.
    pub fn shipped(limits: Limits, unnamed: Generation) -> Self {
        let shipped = Package::shipped();
        let again: Packages = Box::new(|| {
            let shipped = Package::shipped();
            vec![shipped.r4, shipped.jp_core, shipped.clins]
        });
        let guides = std::thread::scope(|scope| {
            let clinical = scope.spawn(|| Generations::load(&shipped.clinical(), unnamed, again));
            let checkup = Generations::only(Guide::load(&shipped.checkup()));
            vec![clinical.join().expect("loading does not panic"), checkup]
        });
        Self::with_generations(guides, unnamed, limits)
    }

    /// The guides, as they are where no generation is named.
    pub fn guides(&self) -> impl Iterator<Item = &Guide> {
        self.guides.iter().map(Generations::unnamed)
    }

    /// The generation by which a Bundle is judged that names none.
    pub fn unnamed(&self) -> Generation {
        self.unnamed
    }

    /// 文書の検査 — parses and checks one resource of any type.
    ///
    /// Errors: none; unreadable input is a report with one finding.
    pub fn validate(&self, bytes: &[u8], mode: Mode) -> Report {
        let bytes = match mode {
            Mode::Strict => bytes,
            Mode::Reference => bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes),
        };
        let parsed = match mode {
            Mode::Strict => Document::parse(bytes, &self.limits),
            Mode::Reference => Document::parse_leniently(bytes, &self.limits),
        };
        match parsed {
            Ok(document) => self.validate_document(&document, mode),
            Err(issue) => Report::of_issue(&issue),
        }
    }

    /// Checks a document that was parsed; leniently or not is the caller's choice.
    pub fn validate_document(&self, document: &Document<'_>, mode: Mode) -> Report {
        let Some(guide) = self.guide_for(document.root()) else { return Report::default() };
        let (findings, steps) = self.find(guide, document, mode);
        let mut report = Report::new(guide, document, findings, mode);
        report.add_laxities(document, mode);
        report.steps = steps;
        report
    }

    /// The findings of a strict check as the service words them, in document order, at most
    /// 200. The document was parsed strictly.
    pub fn issues(&self, document: &Document<'_>) -> Vec<Issue> {
        let Some(guide) = self.guide_for(document.root()) else { return Vec::new() };
        let (findings, _) = self.find(guide, document, Mode::Strict);
        report::issues(guide, document, findings)
    }

    /// The guide that defines what the document, or its first resource that claims anything
    /// known, claims, and in the version that it claims where there are several; the first
    /// guide otherwise.
    fn guide_for(&self, root: Value<'_>) -> Option<&Guide> {
        let entries = root.field(Symbol::named("entry")).into_iter().flat_map(Value::items);
        let resources = entries.filter_map(|entry| entry.field(Symbol::named("resource")));
        let claimed = std::iter::once(root).chain(resources).find_map(|resource| {
            let profiles =
                resource.field(Symbol::named("meta"))?.field(Symbol::named("profile"))?;
            let claimed: Vec<_> = profiles.items().filter_map(Value::as_str).collect();
            let first = |defines: fn(&Guide, &str) -> bool| {
                let mut guides = self.guides.iter();
                guides.find(|own| claimed.iter().any(|claim| defines(own.unnamed(), claim)))
            };
            first(Guide::has_version).or_else(|| first(Guide::has_own))
        });
        claimed.or(self.guides.first()).map(|guide| guide.guide_for(root))
    }

    /// What a walk finds, and how many elements it looked at.
    fn find(
        &self,
        guide: &Guide,
        document: &Document<'_>,
        mode: Mode,
    ) -> (Vec<walk::Finding>, u64) {
        let check = Check::new(guide, document, mode);
        let mut findings = check.run();
        if check.resources.root().is_none_or(|root| check.resources[root].type_profile.is_none()) {
            findings.push(walk::root_finding(document));
        }
        if mode == Mode::Strict {
            walk::strict::add(&mut findings, &check);
            if !self.waived.is_empty() {
                findings.retain(|finding| !self.waives_invariant(guide, finding));
            }
        }
        (findings, check.steps())
    }

    /// Whether a finding is the published form of a rule of Bundles that is waived.
    fn waives_invariant(&self, guide: &Guide, finding: &walk::Finding) -> bool {
        let Broken::Constraint(id) = finding.broken else { return false };
        let stated = guide.schema().stated(id);
        let is_stated =
            |row: &&BoundRule| row.canonical == &*stated.source && row.key == &*stated.key;
        RULES.iter().find(is_stated).is_some_and(|row| self.waives(row.rule))
    }
}

/// Every rule that a check can report beside the invariants of the packages.
pub fn rules() -> &'static [&'static Rule] {
    walk::texts::ALL.as_slice()
}

/// Whether a severity refuses.
pub(crate) fn refuses(severity: Severity) -> bool {
    severity == Severity::Error
}
