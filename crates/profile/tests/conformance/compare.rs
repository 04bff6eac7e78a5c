//! Case by case: the verdict, and the places of the errors.

use kyoyu_domain::problem::Severity;
use kyoyu_profile::validator::Mode;

use crate::cases::{Case, Error, Setting};

/// Rule classes of the reference validator that are policy, named in the guide.
pub(crate) const POLICY: &[(&str, &str)] = &[
    ("TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE", "URLs of example domains are no error of FHIR"),
    ("Terminology_PassThrough_TX_Message", "the language of displays is no error of FHIR"),
];

/// What came of one case.
pub(crate) struct Compared {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) note: String,
    pub(crate) is_void: bool,
    pub(crate) theirs_is_error: bool,
    pub(crate) ours_is_error: bool,
    /// Whether theirs are all of a class that is policy.
    pub(crate) is_policy: bool,
    /// Errors of theirs without one of ours at the place or around it.
    pub(crate) missed: Vec<Error>,
    /// Errors of ours without one of theirs: code and expression.
    pub(crate) added: Vec<(String, String)>,
}

/// All of them.
pub(crate) struct Outcome {
    pub(crate) cases: Vec<Compared>,
}

impl Outcome {
    /// Cases whose verdict differs for no reason that is named.
    pub(crate) fn unexplained_verdicts(&self) -> Vec<&str> {
        let differing = self.cases.iter().filter(|case| case.differs() && !case.is_policy);
        differing.map(|case| case.name.as_str()).collect()
    }
}

impl Compared {
    pub(crate) fn differs(&self) -> bool {
        !self.is_void && self.theirs_is_error != self.ours_is_error
    }
}

pub(crate) fn all(setting: &Setting) -> Outcome {
    Outcome { cases: setting.cases.iter().map(|case| one(setting, case)).collect() }
}

fn one(setting: &Setting, case: &Case) -> Compared {
    let report = setting.validators[&case.set].validate(&case.text, Mode::Reference);
    let ours: Vec<(String, String)> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| (finding.rule.code.clone(), finding.expression.clone()))
        .collect();
    let is_policy_error = |error: &Error| POLICY.iter().any(|(id, _)| *id == error.id);
    let missed = case.errors.iter().filter(|error| {
        !is_policy_error(error) && !ours.iter().any(|(_, own)| meets(own, &error.expression))
    });
    let added = ours
        .iter()
        .filter(|(_, own)| !case.errors.iter().any(|error| meets(own, &error.expression)));
    Compared {
        name: case.name.clone(),
        kind: case.kind.clone(),
        note: case.note.clone(),
        is_void: case.is_void,
        theirs_is_error: !case.errors.is_empty(),
        ours_is_error: !ours.is_empty(),
        is_policy: case.errors.iter().any(is_policy_error)
            && case.errors.iter().all(|error| is_policy_error(error) || is_echo(error)),
        missed: missed.cloned().collect(),
        added: added.cloned().collect(),
    }
}

/// Whether an error only says that another one spread.
fn is_echo(error: &Error) -> bool {
    let echoes = [
        "Reference_REF_CantMatchChoice",
        "Validation_VAL_Profile_NotSlice",
        "Validation_VAL_Profile_Minimum_SLICE",
    ];
    echoes.contains(&error.id.as_str()) || error.text.contains("nvalid display")
}

/// The same expression, or one around the other.
fn meets(one: &str, other: &str) -> bool {
    let (one, other) = (plain(one), plain(other));
    let holds = |outer: &str, inner: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    holds(&one, &other) || holds(&other, &one)
}

/// Without what both write differently: the type of a choice, the url of an extension.
fn plain(expression: &str) -> String {
    let mut text = expression.replace("[x]", "");
    while let Some(start) = text.find(".ofType(") {
        let end = text[start..].find(')').map_or(text.len(), |end| start + end + 1);
        text.replace_range(start..end, "");
    }
    text
}
