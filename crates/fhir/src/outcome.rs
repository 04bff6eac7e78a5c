//! 結果 — `OperationOutcome`: findings and refusals.
//!
//! Shape: one `issue` per finding, in the order given. `details.text` is Japanese,
//! `diagnostics` English with the repair, `details.coding` the permanent code and the
//! published R-number. Two equal refusals are equal bytes: nothing of the request but
//! the findings is in the answer.

use std::sync::LazyLock;

use fhir_sdk::r4b::{
    codes::{IssueSeverity, IssueType},
    resources::{OperationOutcome, OperationOutcomeIssue},
    types::CodeableConcept,
};
use kyoyu_domain::{
    catalogue::Kind,
    consent::ConsentCategory,
    problem::{Issue, Rule, Severity},
    rules,
};

use crate::{names, parts, splice};

/// The findings as an `OperationOutcome`; no findings: one issue that says so.
pub fn outcome(issues: &[Issue]) -> Vec<u8> {
    splice::bytes(&build(issues))
}

/// 同意のない区分 — the outcome that names the categories which a search left out.
///
/// It depends on nothing but the categories: not on whether there are data in them.
pub fn withheld(categories: &[ConsentCategory]) -> &'static [u8] {
    static BY_BITS: LazyLock<Vec<Vec<u8>>> =
        LazyLock::new(|| (0..16).map(|bits| splice::bytes(&build_withheld(bits))).collect());
    let bits = categories.iter().fold(0, |bits, category| bits | 1 << *category as usize);
    &BY_BITS[bits]
}

/// 試読の内訳 — what is shown or withheld of one kind by one rule.
#[derive(Debug, Clone, Copy)]
pub struct PreviewLine<'a> {
    /// The kind.
    pub kind: &'static Kind,
    /// The rule.
    pub rule: &'static Rule,
    /// Positions of entries of the Bundle.
    pub entries: &'a [u16],
}

/// 試読の内訳 — one issue per line, with the kind as a coding and each entry as an expression.
pub fn preview(lines: &[PreviewLine<'_>]) -> Vec<u8> {
    if lines.is_empty() {
        return outcome(&[]);
    }
    let issues: Vec<_> = lines.iter().map(|line| Some(of_line(line))).collect();
    splice::bytes(&OperationOutcome::builder().issue(issues).build().expect("issue is set"))
}

fn of_line(line: &PreviewLine<'_>) -> OperationOutcomeIssue {
    let PreviewLine { kind, rule, entries } = line;
    let count = format!("{} {} ({})", kind.japanese, entries.len(), kind.code);
    let mut issue = one(&Issue::of(rule).with(count));
    issue.details.get_or_insert_with(empty_concept).coding.push(Some(parts::coding_with(
        names::KIND,
        kind.code,
        kind.japanese,
    )));
    issue.expression = entries.iter().map(|entry| Some(format!("Bundle.entry[{entry}]"))).collect();
    issue
}

pub(crate) fn build(issues: &[Issue]) -> OperationOutcome {
    let issues = match issues {
        [] => vec![Some(conformant())],
        issues => issues.iter().map(|issue| Some(one(issue))).collect(),
    };
    OperationOutcome::builder().issue(issues).build().expect("issue is set")
}

fn build_withheld(bits: u8) -> OperationOutcome {
    let withheld =
        ConsentCategory::ALL.iter().filter(|(category, ..)| bits & (1 << *category as u8) != 0);
    let issues = withheld.map(|(_, code, japanese)| {
        let mut issue = one(&Issue::of(&rules::CATEGORY_WITHHELD).with(*japanese));
        issue.details.get_or_insert_with(empty_concept).coding.push(Some(parts::coding_with(
            names::CONSENT_CATEGORY,
            code,
            japanese,
        )));
        Some(issue)
    });
    OperationOutcome::builder().issue(issues.collect::<Vec<_>>()).build().expect("issue is set")
}

fn one(issue: &Issue) -> OperationOutcomeIssue {
    let rule = issue.rule;
    let (repair_japanese, repair_english) = rule.repair;
    let mut built = OperationOutcomeIssue::builder()
        .severity(severity(rule.severity))
        .code(rule.issue_type.parse().unwrap_or(IssueType::Processing))
        .details(details(issue))
        .diagnostics(format!("{}; {repair_english}", issue.english()))
        .extension(vec![parts::complex_extension(
            names::REPAIR,
            vec![
                parts::extension("ja", parts::text(repair_japanese)),
                parts::extension("en", parts::text(repair_english)),
            ],
        )])
        .build()
        .expect("severity and code are set");
    if let Some(place) = &issue.place {
        if !place.expression.is_empty() {
            built.expression = vec![Some(place.expression.clone())];
        }
        if place.line > 0 {
            built.location = vec![Some(format!("line {}, column {}", place.line, place.column))];
        }
    }
    built
}

fn details(issue: &Issue) -> CodeableConcept {
    let mut coding = vec![Some(parts::coding(names::RULE, issue.rule.code))];
    if let Some(number) = issue.rule.number {
        coding.push(Some(parts::coding(names::RULE_NUMBER, number)));
    }
    CodeableConcept::builder().coding(coding).text(issue.japanese()).build().expect(NO_MANDATORY)
}

const NO_MANDATORY: &str = "the type has no mandatory element";

fn empty_concept() -> CodeableConcept {
    CodeableConcept::builder().build().expect(NO_MANDATORY)
}

fn conformant() -> OperationOutcomeIssue {
    OperationOutcomeIssue::builder()
        .severity(IssueSeverity::Information)
        .code(IssueType::Informational)
        .details(
            CodeableConcept::builder()
                .text("指摘はありません".to_owned())
                .build()
                .expect(NO_MANDATORY),
        )
        .diagnostics("all ok".to_owned())
        .build()
        .expect("severity and code are set")
}

fn severity(severity: Severity) -> IssueSeverity {
    match severity {
        Severity::Error => IssueSeverity::Error,
        Severity::Warning => IssueSeverity::Warning,
        Severity::Information => IssueSeverity::Information,
    }
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::{
        catalogue,
        problem::{Category, Place},
    };
    use serde_json::{Value, json};

    use super::*;

    static NUMBERED: Rule = Rule {
        code: "clins-1",
        number: Some("R0211"),
        category: Category::NotConformant,
        issue_type: "required",
        severity: Severity::Warning,
        japanese: "{} が必要です",
        english: "{} is needed",
        repair: ("追加してください", "add it"),
        since: "0.1.0",
    };

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).expect("an outcome is JSON")
    }

    #[test]
    fn an_issue_names_rule_place_texts_and_repair() {
        let place =
            Place { expression: "Bundle.entry[0].resource".to_owned(), line: 3, column: 14 };
        let written = outcome(&[Issue::of(&NUMBERED).with("Patient").at(place)]);
        assert_eq!(
            parsed(&written),
            json!({
                "resourceType": "OperationOutcome",
                "issue": [{
                    "extension": [{"url": names::REPAIR, "extension": [
                        {"url": "ja", "valueString": "追加してください"},
                        {"url": "en", "valueString": "add it"},
                    ]}],
                    "severity": "warning",
                    "code": "required",
                    "details": {
                        "coding": [
                            {"system": names::RULE, "code": "clins-1"},
                            {"system": names::RULE_NUMBER, "code": "R0211"},
                        ],
                        "text": "Patient が必要です",
                    },
                    "diagnostics": "Patient is needed; add it",
                    "location": ["line 3, column 14"],
                    "expression": ["Bundle.entry[0].resource"],
                }],
            })
        );
    }

    #[test]
    fn no_findings_are_one_issue_that_says_so() {
        let written = parsed(&outcome(&[]));
        assert_eq!(written["issue"][0]["severity"], "information");
        assert_eq!(written["issue"][0]["diagnostics"], "all ok");
    }

    #[test]
    fn every_issue_type_of_our_rules_is_one_that_fhir_has() {
        for rule in rules::ALL {
            assert!(rule.issue_type.parse::<IssueType>().is_ok(), "{}", rule.code);
        }
    }

    #[test]
    fn withheld_categories_are_named_one_by_one() {
        let written = parsed(withheld(&[ConsentCategory::Infections, ConsentCategory::Conditions]));
        let codes: Vec<&str> = (0..2)
            .filter_map(|n| written["issue"][n]["details"]["coding"][1]["code"].as_str())
            .collect();
        assert_eq!(codes, ["conditions", "infections"]);
        assert_eq!(written["issue"][0]["severity"], "information");
    }

    #[test]
    fn a_preview_names_kind_rule_and_entries() {
        let kind = catalogue::find("condition").expect("a kind");
        let rule = &rules::PREVIEW_UNINFORMED;
        let written = parsed(&preview(&[PreviewLine { kind, rule, entries: &[2, 5] }]));
        let issue = &written["issue"][0];
        assert_eq!(issue["severity"], "information");
        assert_eq!(issue["details"]["coding"][0]["code"], rule.code);
        let coding = json!({"system": names::KIND, "code": "condition", "display": "傷病名"});
        assert_eq!(issue["details"]["coding"][1], coding);
        assert_eq!(issue["expression"], json!(["Bundle.entry[2]", "Bundle.entry[5]"]));
        assert!(issue["diagnostics"].as_str().is_some_and(|text| text.contains("2 (condition)")));
    }
}
