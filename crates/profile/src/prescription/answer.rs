//! 照会の回答 — a searchset of the e-prescription service, taken apart without changing a byte.
//!
//! Strict: what is not as `docs/e-prescription.md` has it makes the whole answer unusable,
//! because half an answer would look like a whole one.

use std::ops::Range;

use chrono::{DateTime, Utc};
use kyoyu_domain::identifiers::{InstitutionNumber, PersonIdentifier};

use crate::{
    dates,
    json::{Document, Value},
    limits::Limits,
    view::{institution_extensions, institution_number, person_identifier},
};

/// 回答の一行 — one MedicationRequest of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredLine {
    /// The `fullUrl` of its entry.
    pub full_url: String,
    /// Its bytes in the answer.
    pub text: Range<usize>,
    /// Whose it is.
    pub patient: PersonIdentifier,
    /// Who prescribed it.
    pub institution: InstitutionNumber,
    /// 処方日 — when it was prescribed.
    pub authored_at: DateTime<Utc>,
}

/// Takes an answer apart; none where anything of it is not as it must be: also a second page,
/// and an entry that is no MedicationRequest.
pub fn answer(body: &[u8], limits: &Limits) -> Option<Vec<AnsweredLine>> {
    let document = Document::parse(body, limits).ok()?;
    let root = document.root();
    let is = |key: &str, text: &str| root.get(key).is_some_and(|own| own.is(text));
    if !is("resourceType", "Bundle") || !is("type", "searchset") || has_more(root) {
        return None;
    }
    match root.get("entry") {
        None => Some(Vec::new()),
        // FHIR has no empty arrays.
        Some(entries) if !entries.is_array() || entries.is_empty() => None,
        Some(entries) if entries.len() > limits.entries => None,
        Some(entries) => entries.items().map(line).collect(),
    }
}

fn has_more(root: Value<'_>) -> bool {
    root.list("link").any(|link| link.get("relation").is_some_and(|own| own.is("next")))
}

fn line(entry: Value<'_>) -> Option<AnsweredLine> {
    let request = entry.get("resource")?;
    if !request.get("resourceType")?.is("MedicationRequest") {
        return None;
    }
    let mut institutions = institution_extensions(request);
    let institution = institution_number(institutions.next()?)?.parse().ok()?;
    Some(AnsweredLine {
        full_url: String::from(entry.text_of("fullUrl")?),
        text: request.span(),
        patient: person_identifier(request.find(&["subject", "identifier"])?)?,
        institution,
        authored_at: dates::date_time(&request.text_of("authoredOn")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"resourceType":"MedicationRequest","extension":[{"url":"http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber","valueIdentifier":{"value":"1310000001"}}],"subject":{"identifier":{"system":"http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID","value":"01234567:a:1:01"}},"authoredOn":"2026-04-01T10:00:00+09:00","x":4.10}"#;

    fn entry(resource: &str) -> String {
        format!(r#"{{"fullUrl":"urn:uuid:1","resource":{resource}}}"#)
    }

    fn searchset(rest: &str) -> String {
        format!(r#"{{"resourceType":"Bundle","type":"searchset"{rest}}}"#)
    }

    fn read(body: &str) -> Option<usize> {
        answer(body.as_bytes(), &Limits::default()).map(|lines| lines.len())
    }

    #[test]
    fn a_line_keeps_its_bytes_and_tells_whose_whose_and_when() {
        let body = searchset(&format!(r#", "entry" : [ {} ]"#, entry(LINE)));
        let lines = answer(body.as_bytes(), &Limits::default()).expect("an answer");
        let [line] = lines.as_slice() else { panic!("one line") };
        assert_eq!(&body[line.text.clone()], LINE);
        assert_eq!(line.institution.as_str(), "1310000001");
        assert_eq!(line.patient.value().expose(), "01234567:a:1:01");
        assert_eq!(line.authored_at.to_rfc3339(), "2026-04-01T01:00:00+00:00");
    }

    #[test]
    fn an_answer_without_entries_is_an_empty_list_and_an_empty_array_is_none() {
        assert_eq!(read(&searchset("")), Some(0));
        assert_eq!(read(&searchset(r#","entry":[]"#)), None);
        assert_eq!(read(&searchset(r#","entry":{}"#)), None);
    }

    #[test]
    fn what_is_not_as_it_must_be_makes_the_whole_answer_unusable() {
        let good = entry(LINE);
        let with = |other: &str| read(&searchset(&format!(r#","entry":[{good},{other}]"#)));
        assert_eq!(with(&good), Some(2));
        for (from, to) in [
            ("MedicationRequest", "Patient"),
            ("JP_eCS_InstitutionNumber", "Other"),
            ("1310000001", "131000000"),
            ("identifier", "reference"),
            ("01234567:a:1:01", "1"),
            ("2026-04-01T10:00:00+09:00", "yesterday"),
            ("fullUrl", "url"),
        ] {
            assert_eq!(with(&good.replace(from, to)), None, "{from}");
        }
        assert_eq!(read("<html/>"), None);
        assert_eq!(read(&searchset("").replace("searchset", "collection")), None);
        let paged = searchset(r#","link":[{"relation":"next","url":"https://x.invalid"}]"#);
        assert_eq!(read(&paged), None, "a part is not the whole");
    }

    #[test]
    fn more_lines_than_the_limit_are_no_answer() {
        let body = searchset(&format!(r#","entry":[{},{}]"#, entry(LINE), entry(LINE)));
        let with = |entries| answer(body.as_bytes(), &Limits { entries, ..Limits::default() });
        assert!(with(2).is_some());
        assert!(with(1).is_none());
    }
}
