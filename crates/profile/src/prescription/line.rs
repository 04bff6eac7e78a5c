//! 処方の一行 — the parts of a line that a page draws (S11.6) without parsing the resource.

use kyoyu_domain::prescription::{Line, Usage};

use crate::{
    json::{Document, Value},
    limits::Limits,
};

const GROUP: &[&str] = &[
    "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber",
    "urn:oid:1.2.392.100495.20.3.81",
];
const PLACE: &[&str] = &[
    "http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicationAdministrationIndex",
    "urn:oid:1.2.392.100495.20.3.82",
];
const ORDER: &[&str] = &["urn:oid:1.2.392.100495.20.3.11"];
const BASIC_USAGE: &str = "http://jami.jp/CodeSystem/MedicationMethodBasicUsage";
const DETAILED_USAGE: &str = "http://jami.jp/CodeSystem/MedicationMethodDetailUsage";
const CATEGORIES: &str = "http://jpfhir.jp/fhir/core/CodeSystem/JHSP0007";
const BROUGHT_ALONG: &str = "BDP";
const INSTRUCTION: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_MedicationRequest_DispenseRequest_InstructionForDispense";

/// The basic usages of JAMI, which senders may give without a display.
const BASIC_USAGES: &[(&str, &str)] = &[("1", "内服"), ("2", "外用"), ("3", "注射"), ("4", "注入")];

/// Reads a line; none where the text is no JSON.
pub fn line(text: &[u8]) -> Option<Line> {
    // What is stored has passed the limits of its day; those of today do not matter.
    let limits = Limits { body_bytes: usize::MAX, nodes: usize::MAX, ..Limits::default() };
    let document = Document::parse(text, &limits).ok()?;
    let request = document.root();
    let dosages = || request.list("dosageInstruction");
    let dispensing = request.get("dispenseRequest").into_iter();
    let dispensing = dispensing.flat_map(|dispense| dispense.list("extension"));
    let dispensing = dispensing
        .filter(|extension| extension.get("url").is_some_and(|url| url.is(INSTRUCTION)))
        .filter_map(|extension| extension.get("valueCodeableConcept"));
    let supplementary = dosages().flat_map(|dosage| dosage.list("additionalInstruction"));
    Some(Line {
        usage: dosages().filter_map(|dosage| dosage.get("method")).find_map(usage),
        order_number: identifier(request, ORDER),
        group: identifier(request, GROUP),
        place: identifier(request, PLACE),
        dispensing: dispensing.filter_map(printed).collect(),
        supplementary: supplementary.filter_map(printed).collect(),
        brought_along: request.list("category").any(is_brought_along),
    })
}

fn identifier(request: Value<'_>, systems: &[&str]) -> Option<String> {
    let mut identifiers = request.list("identifier");
    let own = identifiers.find(|one| {
        one.get("system").is_some_and(|system| systems.iter().any(|known| system.is(known)))
    })?;
    own.text_of("value").map(String::from)
}

/// The detailed usage, or else the basic one (S6.5).
fn usage(method: Value<'_>) -> Option<Usage> {
    let of = |system: &'static str| {
        let mut codings = method.list("coding");
        let coding = codings.find(|one| one.get("system").is_some_and(|own| own.is(system)))?;
        let code = String::from(coding.text_of("code")?);
        let known = BASIC_USAGES.iter().find(|(known, _)| *known == code);
        let display = coding.text_of("display").map(String::from);
        let text = display
            .or_else(|| known.map(|(_, text)| (*text).to_owned()))
            .or_else(|| method.text_of("text").map(String::from))
            .unwrap_or_else(|| code.clone());
        Some(Usage { system, code, text })
    };
    of(DETAILED_USAGE).or_else(|| of(BASIC_USAGE))
}

/// A concept as it is printed: in the sender's words, or else as its code is called.
fn printed(concept: Value<'_>) -> Option<String> {
    let of_code = || concept.list("coding").find_map(|coding| coding.text_of("display"));
    concept.text_of("text").or_else(of_code).map(String::from)
}

fn is_brought_along(category: Value<'_>) -> bool {
    category.list("coding").any(|coding| {
        coding.get("system").is_some_and(|system| system.is(CATEGORIES))
            && coding.get("code").is_some_and(|code| code.is(BROUGHT_ALONG))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Line {
        line(json.as_bytes()).expect("JSON")
    }

    #[test]
    fn the_detailed_usage_goes_before_the_basic_one_s6_5() {
        let basic = format!(r#"{{"system":"{BASIC_USAGE}","code":"1"}}"#);
        let detailed = format!(r#"{{"system":"{DETAILED_USAGE}","code":"10","display":"経口"}}"#);
        let with = |codings: &str| {
            let text =
                format!(r#"{{"dosageInstruction":[{{"method":{{"coding":[{codings}]}}}}]}}"#);
            of(&text).usage.map(|usage| (usage.code, usage.text))
        };
        let pair = |code: &str, text: &str| Some((code.to_owned(), text.to_owned()));
        assert_eq!(with(&basic), pair("1", "内服"));
        assert_eq!(with(&format!("{basic},{detailed}")), pair("10", "経口"));
        assert_eq!(with(r#"{"system":"other","code":"1"}"#), None);
    }

    #[test]
    fn numbers_are_read_under_both_names_of_their_systems() {
        for (group, place) in [(GROUP[0], PLACE[0]), (GROUP[1], PLACE[1])] {
            let text = format!(
                r#"{{"identifier":[{{"system":"{place}","value":"2"}},{{"system":"{group}","value":"1"}},
                {{"system":"{}","value":"order"}}]}}"#,
                ORDER[0]
            );
            let line = of(&text);
            assert_eq!((line.group.as_deref(), line.place.as_deref()), (Some("1"), Some("2")));
            assert_eq!(line.order_number.as_deref(), Some("order"));
        }
    }

    #[test]
    fn instructions_are_printed_in_the_senders_words_first_s6_7() {
        let text = format!(
            r#"{{"category":[{{"coding":[{{"system":"{CATEGORIES}","code":"BDP"}}]}}],
            "dosageInstruction":[{{"additionalInstruction":[
                {{"coding":[{{"code":"V1","display":"不均等"}}],"text":"朝 3錠"}},
                {{"coding":[{{"code":"V2","display":"隔日"}}]}}]}}],
            "dispenseRequest":{{"extension":[{{"url":"other","valueCodeableConcept":{{"text":"no"}}}},
                {{"url":"{INSTRUCTION}","valueCodeableConcept":{{"text":"一包化"}}}}]}}}}"#
        );
        let line = of(&text);
        assert_eq!(line.supplementary, ["朝 3錠", "隔日"]);
        assert_eq!(line.dispensing, ["一包化"]);
        assert!(line.brought_along);
    }

    #[test]
    fn what_is_not_there_is_not_made_up_and_what_is_no_json_is_none() {
        assert_eq!(of("{}"), Line::default());
        assert_eq!(line(b"{"), None);
    }
}
