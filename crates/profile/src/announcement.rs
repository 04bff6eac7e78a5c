//! 個人の通知 — reads the Patient that the eligibility network announces.
//!
//! The Patient holds `identifier` (system, value, period), `birthDate` and `gender`, may say
//! in an extension whether the access log is closed (不開示), and holds nothing else that
//! carries meaning: `name`, `deceased`, `link` and the like are refused by name. All
//! identifiers are the same person's.
//!
//! Source: FHIR R4, Patient; S7.1; design §1.

use kyoyu_domain::{
    identifiers::{PersonIdentifier, PersonIdentifierSystem},
    person::{Announcement, DatedIdentifier, Disclosure, Gender},
    phi::Phi,
    problem::Issue,
    rules::ANNOUNCE_SHAPE,
};

use crate::{
    closed::{self, Reader},
    dates,
    json::Value,
    limits::Limits,
};

/// 不開示 — the extension of the Patient that closes the access log (`valueBoolean` true) or
/// opens it again (false).
pub const LOG_CLOSED: &str = "https://kyoyu.invalid/fhir/StructureDefinition/access-log-closed";

/// Reads one announced Patient.
///
/// # Errors
/// What is missing or not understood.
pub fn read(body: &[u8], limits: &Limits) -> Result<Announcement, Vec<Issue>> {
    let document = closed::document(body, limits, "Patient")?;
    let mut reader = Reader::new(&ANNOUNCE_SHAPE);
    let announcement = patient(document.root(), limits, &mut reader);
    reader.finish(announcement)
}

fn patient(patient: Value<'_>, limits: &Limits, reader: &mut Reader) -> Option<Announcement> {
    const KNOWN: &[&str] = &[
        "resourceType",
        "id",
        "meta",
        "language",
        "text",
        "active",
        "extension",
        "identifier",
        "birthDate",
        "gender",
    ];
    reader.only(patient, KNOWN);
    if let Some(active) = patient.get("active").filter(|active| active.as_bool() != Some(true)) {
        reader.refuse(active);
    }
    let birth_on = reader.read(patient, "birthDate", |text| dates::date(text));
    let gender = reader.read(patient, "gender", |text| Gender::from_code(text));
    let identifiers = identifiers(patient, limits, reader);
    let disclosure = disclosure(patient, reader);
    let birth_on = Phi::new(birth_on?);
    Some(Announcement { identifiers, birth_on, gender: gender?, disclosure })
}

fn disclosure(patient: Value<'_>, reader: &mut Reader) -> Option<Disclosure> {
    let extensions = reader.items(patient.get("extension").and(Some(patient))?, "extension");
    if let Some(second) = extensions.get(1) {
        reader.refuse(*second);
    }
    let extension = *extensions.first()?;
    reader.only(extension, &["url", "valueBoolean"]);
    reader.read(extension, "url", |url| (**url == *LOG_CLOSED).then_some(()))?;
    let closed = extension.get("valueBoolean").and_then(Value::as_bool);
    if closed.is_none() {
        reader.refuse(extension);
    }
    closed.map(|closed| if closed { Disclosure::Closed } else { Disclosure::Open })
}

fn identifiers(patient: Value<'_>, limits: &Limits, reader: &mut Reader) -> Vec<DatedIdentifier> {
    let values = reader.items(patient, "identifier");
    if let Some(beyond) = values.get(limits.identifiers) {
        reader.refuse(*beyond);
        return Vec::new();
    }
    let mut read: Vec<DatedIdentifier> = Vec::with_capacity(values.len());
    for value in values {
        let Some(identifier) = dated_identifier(value, reader) else { continue };
        // Two periods of one identifier would leave open which of them holds.
        if read.iter().any(|earlier| earlier.identifier == identifier.identifier) {
            reader.refuse(value);
        }
        read.push(identifier);
    }
    read
}

fn dated_identifier(value: Value<'_>, reader: &mut Reader) -> Option<DatedIdentifier> {
    reader.only(value, &["use", "system", "value", "period"]);
    // The other uses (old, temp, secondary) would say that it is not valid as it stands.
    reader
        .read_if_there(value, "use", |text| matches!(&**text, "official" | "usual").then_some(()));
    let system = reader.read(value, "system", |text| PersonIdentifierSystem::from_uri(text));
    let identifier = reader.read(value, "value", |text| {
        // An unknown system is refused by itself; the form is then checked as any other.
        let system = system.unwrap_or(PersonIdentifierSystem::Insured);
        PersonIdentifier::new(system, text).ok()
    });
    let (valid_from, valid_through) = match value.get("period") {
        None => (None, None),
        Some(period) => {
            reader.only(period, &["start", "end"]);
            let start = reader.read_if_there(period, "start", |text| dates::date(text));
            let end = reader.read_if_there(period, "end", |text| dates::date(text));
            if let (Some(start), Some(end)) = (start, end)
                && end < start
            {
                reader.refuse(period);
            }
            (start, end)
        }
    };
    system.and(identifier).map(|identifier| DatedIdentifier {
        identifier,
        valid_from,
        valid_through,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = r#"{
      "resourceType": "Patient",
      "identifier": [
        {"system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
         "value": "01234567:a:1:01", "period": {"start": "2024-04-01", "end": "2026-03-31"}},
        {"system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID",
         "value": "12345678::1234567:"}],
      "birthDate": "1970-01-31",
      "gender": "other"
    }"#;

    fn refused(from: &str, to: &str) -> Vec<String> {
        let body = VALID.replacen(from, to, 1);
        assert_ne!(body, VALID);
        let issues = read(body.as_bytes(), &Limits::default()).expect_err("it is refused");
        let name = |issue: Issue| issue.argument.expect("the element's name").into_owned();
        issues.into_iter().map(name).collect()
    }

    #[test]
    fn identifiers_have_the_days_on_which_they_are_valid() {
        let read = read(VALID.as_bytes(), &Limits::default()).expect("it is valid");
        let [insured, payer] = &read.identifiers[..] else { panic!("two identifiers") };
        assert_eq!(insured.valid_through.map(|day| day.to_string()).as_deref(), Some("2026-03-31"));
        assert_eq!(payer.identifier.system(), PersonIdentifierSystem::PublicPayer);
        assert_eq!(payer.valid_from, None);
        assert_eq!(read.gender, Gender::Other);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (from, to, element) in [
            (r#""gender""#, r#""deceasedBoolean": true, "gender""#, "deceasedBoolean"),
            (r#""gender""#, r#""active": false, "gender""#, "active"),
            (r#""gender": "other""#, r#""active": true"#, "gender"),
            ("1970-01-31", "1970-01", "birthDate"),
            ("other", "unbekannt", "gender"),
            ("JP_Insurance_memberID", "JP_Other", "identifier[0].system"),
            (":1:01", ":1", "identifier[0].value"),
            ("2024-04-01", "2024-04", "identifier[0].period.start"),
            ("2024-04-01", "2026-04-01", "identifier[0].period"),
            (r#""value": "1"#, r#""use": "old", "value": "1"#, "identifier[1].use"),
            (r#""value": "1"#, r#""assigner": {}, "value": "1"#, "identifier[1].assigner"),
        ] {
            assert_eq!(refused(from, to), [element], "{to}");
        }
    }

    #[test]
    fn the_access_log_is_closed_or_opened_by_one_extension() {
        let read = |extension: &str| {
            let extensions = format!(r#""extension": [{extension}], "gender""#);
            let body = VALID.replacen(r#""gender""#, &extensions, 1);
            read(body.as_bytes(), &Limits::default()).map(|announced| announced.disclosure)
        };
        let flag = |value: &str| format!(r#"{{"url": "{LOG_CLOSED}", "valueBoolean": {value}}}"#);
        assert_eq!(read(&flag("true")), Ok(Some(Disclosure::Closed)));
        assert_eq!(read(&flag("false")), Ok(Some(Disclosure::Open)));
        let twice = format!("{},{}", flag("true"), flag("true"));
        let other = flag("true").replace("access-log", "other");
        for refused in [flag("1"), twice, other, flag("true, \"valueCode\": \"a\"")] {
            assert!(read(&refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn an_identifier_stands_once() {
        let payer = ("JP_PublicPayer_memberID", "JP_Insurance_memberID");
        let body = VALID.replace(payer.0, payer.1).replace("12345678::1234567:", "01234567:a:1:01");
        let issues = read(body.as_bytes(), &Limits::default()).expect_err("it is refused");
        assert_eq!(issues[0].argument.as_deref(), Some("identifier[1]"));
    }

    #[test]
    fn another_resource_is_no_announcement() {
        let issues =
            read(br#"{"resourceType":"Person"}"#, &Limits::default()).expect_err("refused");
        assert_eq!(issues[0].rule.code, "kyoyu-not-a-resource");
    }
}
