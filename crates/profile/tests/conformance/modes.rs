//! Strict mode beside reference mode, and the shipped tables beside the official packages.

use std::collections::{BTreeMap, BTreeSet};

use kyoyu_domain::problem::Severity;
use kyoyu_profile::validator::{Mode, Report};

use crate::cases::{Case, Packages, Setting};

/// What strict mode alone refuses, and why.
pub(crate) const STRICT_ONLY: &[(&str, &str)] = &[
    ("kyoyu-claim-bundle", "a Bundle has to claim a profile that is known"),
    ("kyoyu-claim-entry", "an entry has to claim a profile that is known"),
    ("kyoyu-profile-claimed-unknown", "an unknown profile, or version of one, is an error"),
    ("ele-1", "an id alone is no content"),
    ("kyoyu-json-bom", "a byte order mark is an error"),
    ("kyoyu-json-control-character", "a raw control character is an error"),
    ("kyoyu-json-surrogate", "half of a surrogate pair is an error"),
    ("kyoyu-json-nul", "the character U+0000 is an error"),
    ("kyoyu-json-number-range", "a number has to be one that can be computed with"),
    ("kyoyu-json-duplicate-key", "the key resourceType, too, may stand only once"),
    (
        "kyoyu-xhtml-malformed",
        "markup that is no XML, such as attributes without quotes, is an error",
    ),
    ("kyoyu-base64-form", "letters that base64 does not have are errors"),
    ("kyoyu-reference-blanks", "blanks of other scripts are errors, too"),
    ("kyoyu-uri-blanks", "blanks of other scripts are errors, too"),
    ("kyoyu-code-unknown", "media types and language tags as codes have their form"),
    (
        "kyoyu-extension-context",
        "what holds items that may be repeated within each other is no context of theirs",
    ),
    (
        "kyoyu-slice-order",
        "where a slicing is open at its end, what belongs to no slice comes last",
    ),
];

/// What reference mode alone refuses, and why.
pub(crate) const REFERENCE_ONLY: &[(&str, &str)] = &[
    ("kyoyu-url-example", "URLs of example domains are no error of FHIR"),
    (
        "kyoyu-code-not-in-value-set",
        "in a language that is not registered, or of a value set of which nothing is at hand, \
         the reference validator finds no code",
    ),
    (
        "kyoyu-value-set-filter-unknown",
        "codes of LOINC and SNOMED CT cannot be checked, which is no error",
    ),
    ("kyoyu-measure-library", "that a library is not at hand says nothing of a measure"),
    (
        "kyoyu-extension-context-invariant",
        "the reference validator does not know `%extension`, so that what asks for it fails",
    ),
];

/// Findings that only say that another one spread.
const ECHOES: &[&str] = &["kyoyu-reference-target", "kyoyu-slice-none", "kyoyu-slice-missing"];

/// Code and place of errors.
type Errors = BTreeSet<(String, String)>;

/// How the modes differ: how often each code is an error of one only, and what no list names.
#[derive(Default)]
pub(crate) struct Difference {
    pub(crate) strict_only: BTreeMap<String, usize>,
    pub(crate) reference_only: BTreeMap<String, usize>,
    /// Case and code.
    pub(crate) unlisted: Vec<(String, String)>,
}

/// The difference of the modes over all cases.
pub(crate) fn difference(setting: &Setting) -> Difference {
    let mut all = Difference::default();
    for case in &setting.cases {
        let of = |mode| errors(&setting.report(case, Packages::Official, mode));
        all.add(&case.name, &of(Mode::Strict), &of(Mode::Reference));
    }
    all
}

impl Difference {
    fn add(&mut self, case: &str, strict: &Errors, reference: &Errors) {
        let only = |one: &Errors, other: &Errors| -> Vec<String> {
            let codes = one.difference(other).map(|(code, _)| code.clone());
            codes.filter(|code| !ECHOES.contains(&code.as_str())).collect()
        };
        let mut strict_only = only(strict, reference);
        // What is no JSON is looked at no further.
        let is_unread = strict_only.iter().any(|code| code.starts_with("kyoyu-json-"));
        let mut reference_only = if is_unread { Vec::new() } else { only(reference, strict) };
        // An error that the reference validator tells at another place is one of both.
        let moved: Vec<String> =
            strict_only.iter().filter(|own| reference_only.contains(own)).cloned().collect();
        strict_only.retain(|code| !moved.contains(code));
        reference_only.retain(|code| !moved.contains(code));
        let is_spread = [&strict_only, &reference_only, &moved].iter().all(|own| own.is_empty());
        if is_spread && strict != reference {
            self.unlisted.push((case.to_owned(), "an echo of nothing".to_owned()));
        }
        for code in strict_only {
            self.check(case, &code, STRICT_ONLY);
            *self.strict_only.entry(code).or_default() += 1;
        }
        for code in reference_only {
            self.check(case, &code, REFERENCE_ONLY);
            *self.reference_only.entry(code).or_default() += 1;
        }
    }

    fn check(&mut self, case: &str, code: &str, listed: &[(&str, &str)]) {
        if !listed.iter().any(|(own, _)| *own == code) {
            self.unlisted.push((case.to_owned(), code.to_owned()));
        }
    }
}

/// The cases in which the shipped tables and the official packages find different errors.
pub(crate) fn differing_packages(setting: &Setting, mode: Mode) -> Vec<String> {
    let differs = |case: &&Case| {
        let of = |packages| errors(&setting.report(case, packages, mode));
        of(Packages::Official) != of(Packages::Shipped)
    };
    setting.cases.iter().filter(differs).map(|case| case.name.clone()).collect()
}

fn errors(report: &Report) -> Errors {
    let errors = report.findings.iter().filter(|own| own.severity == Severity::Error);
    errors.map(|own| (own.rule.code.to_string(), own.expression.clone())).collect()
}
