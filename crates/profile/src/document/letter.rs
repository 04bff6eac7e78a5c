//! 紹介状 — sections, sender and addressee of a letter (S9.1, S9.2).

use std::borrow::Cow;

use kyoyu_domain::identifiers::BundleIdentifier;

use crate::{json::Value, view::BundleView};

const INSTITUTION_SYSTEM: &str =
    "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";

/// 紹介先情報
const ADDRESSEE: &str = "910";
/// 構造情報
const STRUCTURED: &str = "300";
/// CDA参照
const CDA: &str = "200";

/// The outer sections with a code.
pub(crate) fn sections<'d>(
    composition: Value<'d>,
    code: &'static str,
) -> impl Iterator<Item = Value<'d>> {
    composition.list("section").filter(move |section| has_code(*section, code))
}

fn has_code(section: Value<'_>, code: &str) -> bool {
    let codings = section.get("code").into_iter().flat_map(|concept| concept.list("coding"));
    codings.filter_map(|coding| coding.get("code")).any(|own| own.is(code))
}

/// What references lead to within the Bundle.
fn targets<'a, 'd>(
    bundle: &'a BundleView<'d>,
    references: impl Iterator<Item = Value<'d>> + 'a,
) -> impl Iterator<Item = Value<'d>> + 'a {
    references
        .filter_map(|reference| reference.text_of("reference"))
        .filter_map(|reference| bundle.resolve(&reference))
}

/// The institution number of an Organization.
fn number_of(organization: Value<'_>) -> Option<(Cow<'_, str>, Value<'_>)> {
    let mut identifiers = organization.list("identifier").filter(|identifier| {
        identifier.get("system").is_some_and(|system| system.is(INSTITUTION_SYSTEM))
    });
    let value = identifiers.next()?.get("value")?;
    Some((value.as_str()?, value))
}

fn is_organization(resource: &Value<'_>) -> bool {
    resource.get("resourceType").is_some_and(|own| own.is("Organization"))
}

/// 紹介先 — the numbers of the institutions that the letter is addressed to, each once, with
/// their places. The third entry of the section is by convention a department, without a
/// number or with the same.
pub(crate) fn addressees<'d>(bundle: &BundleView<'d>) -> Vec<(Cow<'d, str>, Value<'d>)> {
    let Some(composition) = bundle.composition() else { return Vec::new() };
    let references = sections(composition, ADDRESSEE).flat_map(|section| section.list("entry"));
    let organizations = targets(bundle, references).filter(is_organization);
    let mut numbers: Vec<(Cow<'_, str>, Value<'_>)> = Vec::new();
    for (number, place) in organizations.filter_map(number_of) {
        if !numbers.iter().any(|(known, _)| *known == number) {
            numbers.push((number, place));
        }
    }
    numbers
}

/// The section that names the addressee, or else the Composition.
pub(crate) fn addressee_place(composition: Value<'_>) -> Value<'_> {
    sections(composition, ADDRESSEE).next().unwrap_or(composition)
}

/// 作成機関 — the numbers of the institutions that wrote the document, with their places.
pub(crate) fn authors<'d>(bundle: &BundleView<'d>) -> Vec<(Cow<'d, str>, Value<'d>)> {
    let Some(composition) = bundle.composition() else { return Vec::new() };
    let organizations = targets(bundle, composition.list("author")).filter(is_organization);
    organizations.filter_map(number_of).collect()
}

/// 追送先の紹介状 — the Bundle identifier of the referral that a discharge summary follows:
/// `relatesTo` with the code `appends`.
pub(crate) fn belongs_to(composition: Value<'_>) -> Option<BundleIdentifier> {
    let mut relations = composition.list("relatesTo");
    relations.find_map(|relation| {
        let target = relation.get("targetIdentifier")?;
        let is_bundle = target.get("system")?.is(BundleIdentifier::SYSTEM);
        let appends = relation.get("code")?.is("appends");
        target.text_of("value")?.parse().ok().filter(|_| is_bundle && appends)
    })
}

/// Whether the structured part says anything: a narrative or an entry in one of its sections,
/// or a reference to a CDA document in its place.
pub(crate) fn has_content(composition: Value<'_>) -> bool {
    let structured = sections(composition, STRUCTURED).flat_map(|section| section.list("section"));
    let mut structured = structured.filter(|section| says_something(*section));
    structured.next().is_some() || sections(composition, CDA).next().is_some()
}

fn says_something(section: Value<'_>) -> bool {
    section.list("entry").next().is_some() || shows_text(section)
}

/// Whether a section's narrative shows a character.
pub(crate) fn shows_text(section: Value<'_>) -> bool {
    let text = section.find(&["text", "div"]).and_then(Value::as_str);
    text.is_some_and(|div| has_visible_text(&div))
}

/// Whether XHTML shows a character.
fn has_visible_text(div: &str) -> bool {
    let mut in_tag = false;
    div.chars().any(|char| {
        match char {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                return false;
            }
            _ => {}
        }
        !in_tag && !char.is_whitespace()
    })
}

#[cfg(test)]
mod tests {
    use super::has_visible_text;

    #[test]
    fn tags_and_blanks_are_no_text() {
        assert!(!has_visible_text(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"> <p/>\u{3000}</div>"
        ));
        assert!(has_visible_text("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>腹痛</p></div>"));
    }
}
