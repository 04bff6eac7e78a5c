//! Bundleの検査 — checks one Bundle as a whole: a collection (`JP_Bundle_CLINS`) or a document.
//!
//! Source: JP-CLINS 1.10.0; S1.2, S1.3, S2.1, S2.21, S3 to S5, S7.

use std::{collections::HashSet, ops::Range};

use kyoyu_domain::{
    phi::Phi,
    problem::{Issue, Severity},
    rules::INTERNAL,
};

pub use crate::checked::{
    Attachment, CheckedBundle, CheckedResource, DocumentFacts, PatientFacts, SignatureFacts, Splice,
};
use crate::{
    document,
    generation::Generation,
    json::{Document, Value},
    limits::Limits,
    resource::ResourceView,
    rules::{
        BoundRule, DOCUMENT_RULES, Findings, LIMIT_ENTRIES, NOT_A_RESOURCE, RULES, department,
        resource_identifier,
    },
    validator::Validator,
    view::{BundleView, EntryView, birth_date, insured_identifiers, person_identifier},
};

/// 検査結果 — what the check of one body found.
#[derive(Debug)]
pub struct Report {
    /// What is wrong or worth a look, in document order, at most [`MAX_ISSUES`].
    pub issues: Vec<Issue>,
    /// What was read; there exactly when no issue is an error.
    pub bundle: Option<CheckedBundle>,
    /// The electronic signature of a document, whatever else is wrong with it.
    pub signature: Option<SignatureFacts>,
}

impl Report {
    /// What could not be read as a Bundle at all.
    fn unread(issues: Vec<Issue>) -> Self {
        Self { issues, bundle: None, signature: None }
    }
}

/// How many issues one report holds; the last one then says how many more there are.
pub const MAX_ISSUES: usize = 200;

/// 文書の検査 — checks one Bundle by the rules of Bundles, without profiles.
///
/// Shape:  UTF-8 JSON, one Bundle, at most `limits.body_bytes`.
/// Answer: issues in document order; no error among them means conformant.
/// Errors: none; unreadable input is one issue of category Malformed.
/// Source: JP-CLINS 1.10.0, rules of [`crate::rules::RULES`] and [`DOCUMENT_RULES`].
pub fn check(body: &[u8], limits: &Limits) -> Report {
    check_as(body, limits, Generation::default())
}

/// The same; a Bundle that names no version in `meta.profile` is judged by `unnamed`.
pub fn check_as(body: &[u8], limits: &Limits, unnamed: Generation) -> Report {
    let document = match Document::parse(body, limits) {
        Ok(document) => document,
        Err(issue) => return Report::unread(vec![issue]),
    };
    match examine(&document, limits, unnamed, &|_| true) {
        Ok((view, findings)) => concluded(&view, findings.into_issues(&document)),
        Err(issue) => Report::unread(vec![issue]),
    }
}

/// 登録の検査 — the rules of the Bundle as a whole, and the profiles of everything in it, both
/// of the generation that the Bundle names, or else of the validator's; but for the rules that
/// the validator waives.
///
/// Shape, answer: as [`check`]; errors come first.
pub fn check_with(body: &[u8], limits: &Limits, validator: &Validator) -> Report {
    let document = match Document::parse(body, limits) {
        Ok(document) => document,
        Err(issue) => return Report::unread(vec![issue]),
    };
    let of_profiles = || validator.issues(&document);
    let asked = |row: &BoundRule| !validator.waives(row.rule);
    match examine(&document, limits, validator.unnamed(), &asked) {
        Ok((view, findings)) => {
            concluded(&view, joined(findings.into_issues(&document), of_profiles()))
        }
        Err(issue) => Report::unread(joined(vec![issue], of_profiles())),
    }
}

/// What was read of the Bundle, where nothing refuses it.
fn concluded(view: &BundleView<'_>, mut issues: Vec<Issue>) -> Report {
    let signature = document::signature::of(view.root.document());
    if issues.iter().any(is_error) {
        return Report { issues, bundle: None, signature };
    }
    let bundle = if view.is_document() { document::read(view) } else { read(view) };
    if bundle.is_none() {
        // A rule has a gap: refuse rather than store what was not understood.
        issues.push(Issue::of(&INTERNAL));
    }
    Report { issues, bundle, signature }
}

/// Both lists, errors first, at most [`MAX_ISSUES`]. An error of a profile at a place at
/// which a rule of the Bundle has an error too is the same error said again.
fn joined(of_bundle: Vec<Issue>, of_profiles: Vec<Issue>) -> Vec<Issue> {
    let told: HashSet<String> =
        of_bundle.iter().filter(|own| is_error(own)).filter_map(expression).collect();
    let is_new =
        |own: &Issue| !is_error(own) || expression(own).is_none_or(|place| !told.contains(&place));
    let mut issues = of_bundle;
    issues.extend(of_profiles.into_iter().filter(is_new));
    // A stable sort: what refuses is never cut off in favour of what only warns.
    issues.sort_by_key(|own| own.rule.severity);
    issues.truncate(MAX_ISSUES);
    issues
}

fn is_error(issue: &Issue) -> bool {
    issue.rule.severity == Severity::Error
}

fn expression(issue: &Issue) -> Option<String> {
    issue.place.as_ref().map(|place| place.expression.clone())
}

/// Asks the rules of the Bundle that are `asked` for.
///
/// # Errors
/// What makes it pointless to ask.
fn examine<'d>(
    document: &'d Document<'d>,
    limits: &Limits,
    unnamed: Generation,
    asked: &dyn Fn(&BoundRule) -> bool,
) -> Result<(BundleView<'d>, Findings<'d>), Issue> {
    let root = document.root();
    if let Some(issue) = unfit(root, limits) {
        return Err(issue);
    }
    let view = BundleView::new(root, limits, unnamed);
    let mut findings = Findings::new(MAX_ISSUES);
    let rules = if view.is_document() { DOCUMENT_RULES } else { RULES };
    let of_generation = rules.iter().filter(|row| view.generation.asks(row.rule.code));
    for row in of_generation.filter(|row| asked(row)) {
        findings.apply(row, &view);
    }
    Ok((view, findings))
}

/// What makes it pointless to look further.
fn unfit(root: Value<'_>, limits: &Limits) -> Option<Issue> {
    if !root.get("resourceType").is_some_and(|own| own.is("Bundle")) {
        return Some(Issue::of(&NOT_A_RESOURCE).with("Bundle").at(root.document().place(root)));
    }
    let entries = root.get("entry").filter(|entries| entries.len() > limits.entries)?;
    let place = root.document().place(entries);
    Some(Issue::of(&LIMIT_ENTRIES).with(limits.entries.to_string()).at(place))
}

/// What a Bundle without errors says; the rules see to it that everything is there.
fn read(view: &BundleView<'_>) -> Option<CheckedBundle> {
    let patient = view.patient()?;
    let patient_url = view.patient_url()?;
    let resources = view
        .entries
        .iter()
        .enumerate()
        .skip(1)
        .map(|(ordinal, entry)| checked(ordinal, entry.resource.as_ref()?, patient_url))
        .collect::<Option<Vec<_>>>()?;
    Some(CheckedBundle {
        identifier: view.identifier.clone()?,
        sent_at: view.sent_at?,
        patient: PatientFacts {
            identifier: insured_identifiers(patient).next().and_then(person_identifier)?,
            birth_on: Phi::new(birth_date(patient)?),
        },
        envelope: envelope(view),
        resources,
        document: None,
    })
}

/// What the service has to know of a shared resource.
pub(crate) fn checked(
    ordinal: usize,
    view: &ResourceView<'_>,
    patient_url: &str,
) -> Option<CheckedResource> {
    let id = view.value.get("id");
    let subject = view.subject_reference()?;
    let patient_again = view
        .value
        .descendants()
        .filter(|value| value.key_is("reference") && *value != subject && value.is(patient_url))
        .map(Splice::replacing)
        .collect();
    let kind = view.kind.ok()?;
    Some(CheckedResource {
        kind,
        text: view.value.span(),
        id: id.map_or_else(|| Splice::inserting_id(view.value), Splice::replacing),
        patient: Splice::replacing(subject),
        patient_again,
        ordinal: u16::try_from(ordinal).ok()?,
        item: view.item.id,
        identifier: resource_identifier(*view.identifiers.first()?)?,
        department: department(view.value).filter(|_| kind.sent_as_list),
        dated_at: view.dated_at.good(),
        standing: view.standing.good().unwrap_or_default(),
        clinical: view.clinical.good().unwrap_or_default(),
        flags: view.flags,
        listed: None,
    })
}

/// Head with the Patient, and tail: what lies between them are the other entries.
fn envelope(view: &BundleView<'_>) -> Vec<Range<usize>> {
    let body_bytes = view.root.document().source().len();
    let end_of = |entry: Option<&EntryView<'_>>| entry.map_or(0, |entry| entry.value.span().end);
    let (patient_end, last_end) = (end_of(view.entries.first()), end_of(view.entries.last()));
    vec![0..patient_end, last_end..body_bytes]
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::problem::Place;

    use super::*;
    use crate::rules::{ALL, BUNDLE_TYPE, FULL_URL};

    fn at(rule: &'static kyoyu_domain::problem::Rule, expression: &str) -> Issue {
        let expression = expression.to_owned();
        Issue::of(rule).at(Place { expression, line: 1, column: 1 })
    }

    fn warning() -> &'static kyoyu_domain::problem::Rule {
        ALL.iter().find(|rule| rule.severity == Severity::Warning).expect("some rules only warn")
    }

    #[test]
    fn a_warning_of_the_bundle_hides_no_error_of_a_profile_at_its_place() {
        let issues = joined(vec![at(warning(), "Bundle.type")], vec![at(&FULL_URL, "Bundle.type")]);
        assert_eq!(issues.len(), 2);
        assert!(is_error(&issues[0]));
    }

    #[test]
    fn two_errors_at_one_place_are_told_once() {
        let own = at(&BUNDLE_TYPE, "Bundle.type");
        let issues = joined(vec![own.clone()], vec![at(&FULL_URL, "Bundle.type")]);
        assert_eq!(issues, [own]);
    }

    #[test]
    fn no_number_of_warnings_cuts_off_an_error() {
        let warnings = vec![at(warning(), "Bundle.entry"); MAX_ISSUES];
        let issues = joined(warnings, vec![at(&FULL_URL, "Bundle.type")]);
        assert_eq!(issues.len(), MAX_ISSUES);
        assert!(is_error(&issues[0]));
    }
}
