//! 処方の一覧 — where in its document a line stood, and whether the document's list could be
//! taken whole (S6.3, S6.4, S6.9).

use kyoyu_domain::prescription::{Completeness, Listed, Occasion};

use super::{is_extractable, letter::shows_text};
use crate::{json::Value, prescription::has_standard_code, view::BundleView};

/// Sections that list drugs; what the code alone says of the occasion.
const SECTIONS: &[(&str, Option<Occasion>)] =
    &[("430", None), ("432", Some(Occasion::Admission)), ("444", Some(Occasion::Discharge))];

/// `Composition.category`
const CATEGORIES: &[(&str, Occasion)] = &[
    ("ADMISSION", Occasion::Admission),
    ("INPATIENT", Occasion::Stay),
    ("DISCHARGE", Occasion::Discharge),
    ("OUTPATIENT", Occasion::Outpatient),
];

/// 処方の一覧 — what one document lists.
#[derive(Debug)]
pub(crate) struct Lists<'d> {
    /// What sections lead to, with the occasion that their code says.
    targets: Vec<(Value<'d>, Option<Occasion>)>,
    category: Option<Occasion>,
    completeness: Completeness,
}

impl<'d> Lists<'d> {
    /// The lists of a document, or of a Bundle without a Composition that stands in `around`.
    pub(crate) fn of(bundle: &BundleView<'d>, around: Option<&Self>) -> Self {
        let lines_are_whole = lines_are_whole(bundle);
        let Some(composition) = bundle.composition() else {
            let whole = around.is_none_or(|lists| lists.completeness == Completeness::Whole);
            let category = around.and_then(|lists| lists.occasion(bundle.root));
            let completeness = completeness(lines_are_whole && whole);
            return Self { targets: Vec::new(), category, completeness };
        };
        let mut targets = Vec::new();
        let nesting = if around.is_none() { Nesting::Read } else { Nesting::TooDeep };
        let mut whole = lines_are_whole;
        for (section, occasion) in sections(composition) {
            let mut references = section.list("entry").peekable();
            whole &= references.peek().is_some() || !tells(section);
            for reference in references {
                let target = reference.text_of("reference");
                let target = target.and_then(|reference| bundle.resolve(&reference));
                whole &= target.is_some_and(|target| is_taken(bundle, target, nesting));
                targets.extend(target.map(|target| (target, occasion)));
            }
        }
        Self { targets, category: category(composition), completeness: completeness(whole) }
    }

    /// What the document says of one of its lines.
    pub(crate) fn place(&self, request: Value<'_>) -> Listed {
        Listed { occasion: self.occasion(request), completeness: self.completeness }
    }

    /// 文書区分 — of the section, or else of the document.
    fn occasion(&self, resource: Value<'_>) -> Option<Occasion> {
        let section = self.targets.iter().find(|(target, _)| target.span() == resource.span());
        section.and_then(|(_, occasion)| *occasion).or(self.category)
    }
}

fn completeness(whole: bool) -> Completeness {
    if whole { Completeness::Whole } else { Completeness::Incomplete }
}

/// The sections that list drugs, on both levels on which sections stand.
fn sections(composition: Value<'_>) -> impl Iterator<Item = (Value<'_>, Option<Occasion>)> {
    let outer = composition.list("section");
    let all = outer.flat_map(|section| std::iter::once(section).chain(section.list("section")));
    all.filter_map(|section| {
        let codings = section.get("code").into_iter().flat_map(|concept| concept.list("coding"));
        let codes: Vec<_> = codings.filter_map(|coding| coding.get("code")).collect();
        let row = SECTIONS.iter().find(|(known, _)| codes.iter().any(|code| code.is(known)));
        row.map(|(_, occasion)| (section, *occasion))
    })
}

/// Whether a section has words and does not say that they mean "nothing".
fn tells(section: Value<'_>) -> bool {
    section.get("emptyReason").is_none() && shows_text(section)
}

/// Whether what a section leads to is extracted: a line, or a Bundle of lines. What is nested
/// in a nested Bundle is not read.
fn is_taken(bundle: &BundleView<'_>, target: Value<'_>, nests: Nesting) -> bool {
    let mut resources = bundle.resources();
    let resource = resources.find(|resource| resource.value.span() == target.span());
    resource.is_some_and(|resource| match &*resource.resource_type {
        "MedicationRequest" => is_extractable(resource),
        "Bundle" if nests == Nesting::Read => {
            lines_are_whole(&BundleView::new(target, &bundle.limits, bundle.generation))
        }
        _ => false,
    })
}

/// Whether Bundles in a Bundle are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Read,
    TooDeep,
}

fn lines_are_whole(bundle: &BundleView<'_>) -> bool {
    let mut lines = bundle.of_type("MedicationRequest");
    lines.all(|line| is_extractable(line) && has_standard_code(line.value))
}

fn category(composition: Value<'_>) -> Option<Occasion> {
    let codings = composition.list("category").flat_map(|concept| concept.list("coding"));
    let mut codes = codings.filter_map(|coding| coding.get("code"));
    codes.find_map(|code| {
        CATEGORIES.iter().find(|(known, _)| code.is(known)).map(|(_, occasion)| *occasion)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{generation::Generation, json::Document, limits::Limits};

    const PROFILE: &str = "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_MedicationRequest_eCS";
    const YJ: &str = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code";
    const GENERAL: &str = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode";

    fn line(profile: &str, system: &str) -> String {
        format!(
            r#"{{"resourceType":"MedicationRequest","meta":{{"profile":["{profile}"]}},
            "medicationCodeableConcept":{{"coding":[{{"system":"{system}","code":"1"}}]}}}}"#
        )
    }

    fn section(code: &str, entries: &[&str], rest: &str) -> String {
        let entries: Vec<String> =
            entries.iter().map(|url| format!(r#"{{"reference":"{url}"}}"#)).collect();
        let entries = if entries.is_empty() {
            String::new()
        } else {
            format!(r#""entry":[{}],"#, entries.join(","))
        };
        format!(r#"{{{entries}"code":{{"coding":[{{"code":"{code}"}}]}}{rest}}}"#)
    }

    /// What the document says of its second entry, "u:1".
    fn listed(category: &str, sections: &[String], others: &[String]) -> Listed {
        let composition = format!(
            r#"{{"resourceType":"Composition","category":[{{"coding":[{{"code":"{category}"}}]}}],
            "section":[{{"code":{{"coding":[{{"code":"300"}}]}},"section":[{}]}}]}}"#,
            sections.join(",")
        );
        let mut text = format!(r#"{{"fullUrl":"u:0","resource":{composition}}}"#);
        for (place, other) in others.iter().enumerate() {
            text += &format!(r#",{{"fullUrl":"u:{}","resource":{other}}}"#, place + 1);
        }
        let text = format!(r#"{{"resourceType":"Bundle","type":"document","entry":[{text}]}}"#);
        let limits = Limits::default();
        let document = Document::parse(text.as_bytes(), &limits).expect("JSON");
        let view = BundleView::new(document.root(), &limits, Generation::default());
        let request = view.resolve("u:1").expect("an entry");
        Lists::of(&view, None).place(request)
    }

    fn whole(sections: &[String], others: &[String]) -> bool {
        listed("OUTPATIENT", sections, others).completeness == Completeness::Whole
    }

    #[test]
    fn the_occasion_is_that_of_the_section_and_else_of_the_document_s6_4() {
        let of = |category, code| {
            let sections = [section(code, &["u:1"], "")];
            listed(category, &sections, &[line(PROFILE, YJ)]).occasion
        };
        assert_eq!(of("DISCHARGE", "432"), Some(Occasion::Admission));
        assert_eq!(of("DISCHARGE", "444"), Some(Occasion::Discharge));
        assert_eq!(of("OUTPATIENT", "430"), Some(Occasion::Outpatient));
        assert_eq!(of("INPATIENT", "430"), Some(Occasion::Stay));
        assert_eq!(of("ADMISSION", "430"), Some(Occasion::Admission));
        assert_eq!(of("OTHER", "430"), None);
    }

    #[test]
    fn a_list_is_whole_when_every_line_is_extracted_and_has_a_standard_code_s6_9() {
        let list = [section("430", &["u:1", "u:2"], "")];
        assert!(whole(&list, &[line(PROFILE, YJ), line(PROFILE, YJ)]));
        assert!(!whole(&list, &[line(PROFILE, YJ), line(PROFILE, GENERAL)]));
        assert!(!whole(&list, &[line(PROFILE, YJ), line("other", YJ)]));
        assert!(!whole(&list, &[line(PROFILE, YJ)]), "an entry that is not there");
        let statement = r#"{"resourceType":"MedicationStatement"}"#.to_owned();
        assert!(!whole(&list, &[line(PROFILE, YJ), statement]));
    }

    #[test]
    fn a_list_in_prose_only_is_not_whole_unless_it_says_that_there_is_nothing() {
        let list = section("444", &["u:1"], "");
        let text = r#","text":{"div":"<div>アムロジピン 1錠</div>"}"#;
        let of =
            |rest: &str| whole(&[list.clone(), section("432", &[], rest)], &[line(PROFILE, YJ)]);
        assert!(!of(text));
        assert!(of(&format!(r#"{text},"emptyReason":{{}}"#)));
        assert!(of(""));
        let with_lines = section("432", &["u:1"], text);
        assert!(whole(&[with_lines], &[line(PROFILE, YJ)]));
    }

    #[test]
    fn a_nested_list_is_as_whole_as_its_lines() {
        let of = |system| {
            let nested = format!(
                r#"{{"resourceType":"Bundle","entry":[{{"resource":{}}}]}}"#,
                line(PROFILE, system)
            );
            whole(&[section("444", &["u:1", "u:2"], "")], &[line(PROFILE, YJ), nested])
        };
        assert!(of(YJ));
        assert!(!of(GENERAL));
    }
}
