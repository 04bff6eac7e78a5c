//! 5情報Bundleの検査 — checks one collection Bundle (`JP_Bundle_CLINS`) as a whole.
//!
//! Source: JP-CLINS 1.10.0; S1.2, S1.3, S2.1, S2.21, S3 to S5, S7.

use std::{collections::HashSet, ops::Range};

use chrono::{DateTime, NaiveDate, Utc};

use kyoyu_domain::{
    catalogue::Kind,
    entry::{ClinicalStatus, Flags, Standing},
    identifiers::{BundleIdentifier, IdentifierHash, PersonIdentifier},
    phi::Phi,
    problem::{Issue, Severity},
    rules::INTERNAL,
};

use crate::{
    generation::Generation,
    json::{Document, Value},
    limits::Limits,
    resource::ResourceView,
    rules::{Findings, LIMIT_ENTRIES, NOT_A_RESOURCE, RULES, resource_identifier},
    validator::Validator,
    view::{BundleView, EntryView, birth_date, insured_identifiers, person_identifier},
};

/// 検査結果 — what the check of one body found.
#[derive(Debug)]
pub struct Report {
    /// What is wrong or worth a look, in document order, at most [`MAX_ISSUES`].
    pub issues: Vec<Issue>,
    /// What was read; there exactly when no issue is an error.
    pub bundle: Option<CollectionBundle>,
}

/// How many issues one report holds; the last one then says how many more there are.
pub const MAX_ISSUES: usize = 200;

/// 5情報Bundle — a Bundle that passed, as far as the service has to know it.
#[derive(Debug)]
pub struct CollectionBundle {
    /// The Bundle identifier.
    pub identifier: BundleIdentifier,
    /// `Bundle.timestamp`.
    pub sent_at: DateTime<Utc>,
    /// Whose data.
    pub patient: PatientFacts,
    /// The bytes of the body that remain when every entry but the Patient's is cut out; one
    /// after another they are a readable JSON text.
    pub envelope: Vec<Range<usize>>,
    /// The entries after the Patient, in document order; at least one.
    pub resources: Vec<CheckedResource>,
}

/// 患者 — what identifies the Bundle's patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientFacts {
    /// The insured-person identifier.
    pub identifier: PersonIdentifier,
    /// The birth date.
    pub birth_on: Phi<NaiveDate>,
}

/// 差し替え — a place of the body at which a quoted JSON string is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// What the string replaces, counted from the start of the body; empty: an insertion.
    pub range: Range<usize>,
    /// What goes before the string.
    pub prefix: &'static str,
    /// What goes behind the string.
    pub suffix: &'static str,
}

/// 明細 — one resource of a Bundle that passed.
#[derive(Debug, Clone)]
pub struct CheckedResource {
    /// What it is.
    pub kind: &'static Kind,
    /// The bytes of the resource in the body.
    pub text: Range<usize>,
    /// Where its `id` goes.
    pub id: Splice,
    /// Where the reference to its patient goes.
    pub patient: Splice,
    /// Further references to the Patient within the resource, such as `asserter`.
    pub patient_again: Vec<Splice>,
    /// The position of its entry; the Patient is 0.
    pub ordinal: u16,
    /// The item of [`kyoyu_domain::lab_items`]; 0 where the kind has none.
    pub item: u16,
    /// Its resource identifier.
    pub identifier: IdentifierHash,
    /// 採取日時・発症日 — when it happened, in whole milliseconds; a date without time is
    /// the start of its first day in Japan.
    pub dated_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub standing: Standing,
    /// Its clinical status.
    pub clinical: ClinicalStatus,
    /// Its flags.
    pub flags: Flags,
}

impl CheckedResource {
    /// Appends the resource to `out` with `id` and `patient_reference` in place; every other
    /// byte stays as it was sent.
    ///
    /// `body` is the one that was checked. Both texts are of our own making and need no
    /// escape in JSON.
    pub fn rewritten(&self, body: &[u8], id: &str, patient_reference: &str, out: &mut Vec<u8>) {
        let again = self.patient_again.iter().map(|splice| (splice, patient_reference));
        let mut splices = vec![(&self.id, id), (&self.patient, patient_reference)];
        splices.extend(again);
        splices.sort_by_key(|(splice, _)| splice.range.start);
        let mut at = self.text.start;
        for (splice, text) in splices {
            out.extend_from_slice(&body[at..splice.range.start]);
            for piece in [splice.prefix, "\"", text, "\"", splice.suffix] {
                out.extend_from_slice(piece.as_bytes());
            }
            at = splice.range.end;
        }
        out.extend_from_slice(&body[at..self.text.end]);
    }
}

impl Splice {
    fn replacing(value: Value<'_>) -> Self {
        Self { range: value.span(), prefix: "", suffix: "" }
    }

    /// An `id` for a resource that has none. A resource has at least its type, so that a
    /// comma follows.
    fn inserting_id(resource: Value<'_>) -> Self {
        let behind_brace = resource.span().start + 1;
        Self { range: behind_brace..behind_brace, prefix: "\"id\":", suffix: "," }
    }
}

/// 文書の検査 — checks one collection Bundle.
///
/// Shape:  UTF-8 JSON, one Bundle, at most `limits.body_bytes`.
/// Answer: issues in document order; no error among them means conformant.
/// Errors: none; unreadable input is one issue of category Malformed.
/// Source: JP-CLINS 1.10.0, rules of [`crate::rules::RULES`].
pub fn check(body: &[u8], limits: &Limits) -> Report {
    check_as(body, limits, Generation::default())
}

/// The same; a Bundle that names no version in `meta.profile` is judged by `unnamed`.
pub fn check_as(body: &[u8], limits: &Limits, unnamed: Generation) -> Report {
    match Document::parse(body, limits) {
        Ok(document) => check_document(&document, limits, unnamed),
        Err(issue) => Report { issues: vec![issue], bundle: None },
    }
}

/// 登録の検査 — the rules of the Bundle as a whole, and the profiles of everything in it, both
/// of the generation that the Bundle names, or else of the validator's.
///
/// Shape, answer: as [`check`].
pub fn check_with(body: &[u8], limits: &Limits, validator: &Validator) -> Report {
    let document = match Document::parse(body, limits) {
        Ok(document) => document,
        Err(issue) => return Report { issues: vec![issue], bundle: None },
    };
    let report = check_document(&document, limits, validator.unnamed());
    let issues = joined(report.issues, validator.issues(&document));
    let refused = issues.first().is_some_and(is_error);
    Report { issues, bundle: report.bundle.filter(|_| !refused) }
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

fn check_document(document: &Document<'_>, limits: &Limits, unnamed: Generation) -> Report {
    let root = document.root();
    if let Some(issue) = unfit(root, limits) {
        return Report { issues: vec![issue], bundle: None };
    }
    let view = BundleView::new(root, limits, unnamed);
    let mut findings = Findings::new(MAX_ISSUES);
    for row in RULES.iter().filter(|row| view.generation.asks(row.rule.code)) {
        findings.apply(row, &view);
    }
    if findings.refuse() {
        return Report { issues: findings.into_issues(document), bundle: None };
    }
    let bundle = read(&view);
    let mut issues = findings.into_issues(document);
    if bundle.is_none() {
        // A rule has a gap: refuse rather than store what was not understood.
        issues.push(Issue::of(&INTERNAL));
    }
    Report { issues, bundle }
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
fn read(view: &BundleView<'_>) -> Option<CollectionBundle> {
    let patient = view.patient()?;
    let patient_url = view.patient_url()?;
    let resources = view
        .entries
        .iter()
        .enumerate()
        .skip(1)
        .map(|(ordinal, entry)| checked(ordinal, entry.resource.as_ref()?, patient_url))
        .collect::<Option<Vec<_>>>()?;
    Some(CollectionBundle {
        identifier: view.identifier.clone()?,
        sent_at: view.sent_at?,
        patient: PatientFacts {
            identifier: insured_identifiers(patient).next().and_then(person_identifier)?,
            birth_on: Phi::new(birth_date(patient)?),
        },
        envelope: envelope(view),
        resources,
    })
}

fn checked(ordinal: usize, view: &ResourceView<'_>, patient_url: &str) -> Option<CheckedResource> {
    let id = view.value.get("id");
    let subject = view.subject_reference()?;
    let patient_again = view
        .value
        .descendants()
        .filter(|value| value.key_is("reference") && *value != subject && value.is(patient_url))
        .map(Splice::replacing)
        .collect();
    Some(CheckedResource {
        kind: view.kind.ok()?,
        text: view.value.span(),
        id: id.map_or_else(|| Splice::inserting_id(view.value), Splice::replacing),
        patient: Splice::replacing(subject),
        patient_again,
        ordinal: u16::try_from(ordinal).ok()?,
        item: view.item.id,
        identifier: resource_identifier(*view.identifiers.first()?)?,
        dated_at: view.dated_at.good(),
        standing: view.standing.good().unwrap_or_default(),
        clinical: view.clinical.good().unwrap_or_default(),
        flags: view.flags,
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
