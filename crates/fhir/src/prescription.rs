//! 処方の見出し — the extension of an entry that says of a prescription what a page draws
//! (S11.6) without parsing the resource, and where it comes from.

use kyoyu_domain::{
    identifiers::InstitutionNumber,
    prescription::{Facts, Line, Listed},
};

use crate::{names, searchset::write_sender, splice};

/// Appends the extension. `within` is what group numbers are unique in: the document, or the
/// institution; `prescriber` is named where no registration names a sender.
pub(crate) fn write(
    out: &mut Vec<u8>,
    facts: &Facts,
    within: &str,
    prescriber: Option<(InstitutionNumber, &str)>,
) {
    let Facts { source, listed, line } = facts;
    out.extend_from_slice(br#"{"url":"#);
    splice::string(out, names::PRESCRIPTION);
    out.extend_from_slice(br#","extension":["#);
    part(out, "source", "valueCode", source.code());
    if let Some((institution, name)) = prescriber {
        out.push(b',');
        write_sender(out, institution, name);
    }
    if let Some(listed) = listed {
        write_listed(out, *listed);
    }
    write_line(out, line, within);
    out.extend_from_slice(b"]}");
}

fn write_listed(out: &mut Vec<u8>, listed: Listed) {
    out.push(b',');
    part(out, "completeness", "valueCode", listed.completeness.code());
    if let Some(occasion) = listed.occasion {
        write_coding(out, "occasion", (names::OCCASION, occasion.code(), occasion.japanese()));
    }
}

fn write_line(out: &mut Vec<u8>, line: &Line, within: &str) {
    if let Some(usage) = &line.usage {
        write_coding(out, "usage", (usage.system, &usage.code, &usage.text));
    }
    let order = line.order_number.as_deref();
    // S6.6: document, institution, order number if any, RP number.
    let group = line.group.as_deref();
    let key = group.map(|group| format!("{within}/{}/{group}", order.unwrap_or_default()));
    let texts = [
        ("group", key.as_deref()),
        ("orderNumber", order),
        ("rpNumber", group),
        ("orderInRp", line.place.as_deref()),
    ];
    let told = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
    let dispensing = line.dispensing.iter().map(|text| ("dispensing", text.as_str()));
    let supplementary = line.supplementary.iter().map(|text| ("supplementary", text.as_str()));
    for (name, text) in told.chain(dispensing).chain(supplementary) {
        out.push(b',');
        part(out, name, "valueString", text);
    }
    if line.brought_along {
        out.extend_from_slice(br#",{"url":"broughtAlong","valueBoolean":true}"#);
    }
}

/// A part whose value is a string. Names are our own and need no escape.
fn part(out: &mut Vec<u8>, name: &str, value: &str, text: &str) {
    out.extend_from_slice(format!(r#"{{"url":"{name}","{value}":"#).as_bytes());
    splice::string(out, text);
    out.push(b'}');
}

fn write_coding(out: &mut Vec<u8>, name: &str, (system, code, display): (&str, &str, &str)) {
    out.extend_from_slice(format!(r#",{{"url":"{name}","valueCoding":{{"system":"#).as_bytes());
    splice::string(out, system);
    out.extend_from_slice(br#","code":"#);
    splice::string(out, code);
    out.extend_from_slice(br#","display":"#);
    splice::string(out, display);
    out.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests {
    use fhir_sdk::r4b::types::Extension;
    use kyoyu_domain::prescription::{Completeness, Occasion, Source, Usage};
    use serde_json::{Value, json};

    use super::*;

    fn written(facts: &Facts, prescriber: Option<(InstitutionNumber, &str)>) -> Value {
        let mut out = Vec::new();
        write(&mut out, facts, "within", prescriber);
        let value: Value = serde_json::from_slice(&out).expect("JSON");
        assert!(serde_json::from_value::<Extension>(value.clone()).is_ok(), "{value}");
        value["extension"].clone()
    }

    #[test]
    fn a_line_of_a_document_tells_all_that_the_screen_has_columns_for() {
        let line = Line {
            usage: Some(Usage {
                system: "http://jami.jp/CodeSystem/MedicationMethodBasicUsage",
                code: "1".to_owned(),
                text: "内服".to_owned(),
            }),
            order_number: Some("RX1".to_owned()),
            group: Some("2".to_owned()),
            place: Some("1".to_owned()),
            dispensing: vec!["一包\"化".to_owned()],
            supplementary: vec!["朝 3錠".to_owned(), "夕 1錠".to_owned()],
            brought_along: true,
        };
        let listed = Some(Listed {
            occasion: Some(Occasion::Admission),
            completeness: Completeness::Incomplete,
        });
        let parts = written(&Facts { source: Source::Document, listed, line }, None);
        assert_eq!(
            parts,
            json!([
                {"url": "source", "valueCode": "document"},
                {"url": "completeness", "valueCode": "incomplete"},
                {"url": "occasion", "valueCoding":
                    {"system": names::OCCASION, "code": "admission", "display": "入院時"}},
                {"url": "usage", "valueCoding":
                    {"system": "http://jami.jp/CodeSystem/MedicationMethodBasicUsage",
                     "code": "1", "display": "内服"}},
                {"url": "group", "valueString": "within/RX1/2"},
                {"url": "orderNumber", "valueString": "RX1"},
                {"url": "rpNumber", "valueString": "2"},
                {"url": "orderInRp", "valueString": "1"},
                {"url": "dispensing", "valueString": "一包\"化"},
                {"url": "supplementary", "valueString": "朝 3錠"},
                {"url": "supplementary", "valueString": "夕 1錠"},
                {"url": "broughtAlong", "valueBoolean": true},
            ])
        );
    }

    #[test]
    fn a_line_from_elsewhere_names_its_prescriber_and_claims_no_completeness() {
        let facts = Facts { source: Source::EPrescription, listed: None, line: Line::default() };
        let number = "1310000001".parse().expect("ten digits");
        assert_eq!(
            written(&facts, Some((number, "甲"))),
            json!([
                {"url": "source", "valueCode": "e-prescription"},
                {"url": "sender", "valueReference":
                    {"reference": "Organization/1310000001", "display": "甲"}},
            ])
        );
    }
}
