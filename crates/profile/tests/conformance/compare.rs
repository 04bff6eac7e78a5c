//! Case by case: the verdict, and the places of the errors.

use kyoyu_domain::problem::Severity;
use kyoyu_profile::validator::Mode;

use crate::cases::{Case, Error, Packages, Setting};

/// Rule classes of the reference validator that are policy, named in the guide.
pub(crate) const POLICY: &[(&str, &str)] =
    &[("TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE", "URLs of example domains are no error of FHIR")];

/// What came of one case.
pub(crate) struct Compared {
    pub(crate) name: String,
    pub(crate) note: String,
    /// Whether there is no verdict that could be compared.
    pub(crate) is_void: bool,
    /// Whether the reference validator finds an error, and whether we do.
    pub(crate) theirs_is_error: bool,
    pub(crate) ours_is_error: bool,
    /// Why a difference was to be expected.
    pub(crate) class: Option<&'static str>,
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
        let differing = self.cases.iter().filter(|case| case.differs() && case.class.is_none());
        differing.map(|case| case.name.as_str()).collect()
    }
}

impl Compared {
    pub(crate) fn differs(&self) -> bool {
        !self.is_void && self.theirs_is_error != self.ours_is_error
    }
}

pub(crate) fn all(setting: &Setting, packages: Packages) -> Outcome {
    Outcome { cases: setting.cases.iter().map(|case| one(setting, case, packages)).collect() }
}

fn one(setting: &Setting, case: &Case, packages: Packages) -> Compared {
    let report = setting.report(case, packages, Mode::Reference);
    let ours: Vec<(String, String)> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| (finding.rule.code.to_string(), finding.expression.clone()))
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
        note: case.note.clone(),
        is_void: case.is_void,
        theirs_is_error: !case.errors.is_empty(),
        ours_is_error: !ours.is_empty(),
        class: class(&case.errors),
        missed: missed.cloned().collect(),
        added: added.cloned().collect(),
    }
}

/// The class of policy that the errors of a case hang on, if they all do.
fn class(errors: &[Error]) -> Option<&'static str> {
    let of = |error: &Error| POLICY.iter().find(|(id, _)| *id == error.id);
    let known = errors.iter().find_map(of)?;
    errors.iter().all(|error| of(error).is_some() || is_echo(error)).then_some(known.1)
}

/// Whether an error only says that another one spread.
fn is_echo(error: &Error) -> bool {
    let echoes = [
        "Reference_REF_CantMatchChoice",
        "Validation_VAL_Profile_NotSlice",
        "Validation_VAL_Profile_Minimum_SLICE",
    ];
    echoes.contains(&error.id.as_str())
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
