//! Parameters — the small bodies of the service's own operations.
//!
//! Source: FHIR R4, Parameters; design §3.

use std::borrow::Cow;

use kyoyu_domain::{
    identifiers::{BundleIdentifier, InstitutionNumber, PersonIdentifier, PersonIdentifierSystem},
    problem::Issue,
    rules::PARAMETERS_SHAPE,
};

use crate::{
    closed::{self, Reader},
    json::{Document, Value},
    limits::Limits,
    rules::PARAMETER_UNKNOWN,
};

/// 取消 — whose Bundle `$cancel` or `$undo-cancel` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// The Bundle.
    pub identifier: BundleIdentifier,
    /// Whose data it holds.
    pub patient: PersonIdentifier,
}

/// Reads the body of `$cancel` and `$undo-cancel`: the parameters `identifier`
/// (valueIdentifier, the Bundle identifier) and `patient` (valueIdentifier, a person
/// identifier).
///
/// # Errors
/// What is missing or not understood.
pub fn cancellation(body: &[u8], limits: &Limits) -> Result<Cancellation, Vec<Issue>> {
    let document = closed::document(body, limits, "Parameters")?;
    let parameters = Parameters::of(&document, &["identifier", "patient"])?;
    let identifier = parameters.identifier("identifier").and_then(|(system, value)| {
        (system == BundleIdentifier::SYSTEM).then(|| value.parse().ok()).flatten()
    });
    let patient = parameters.identifier("patient").and_then(|(system, value)| {
        PersonIdentifier::new(PersonIdentifierSystem::from_uri(&system)?, &value).ok()
    });
    match (identifier, patient) {
        (Some(identifier), Some(patient)) => Ok(Cancellation { identifier, patient }),
        (identifier, patient) => Err([
            (identifier.is_none(), "identifier", "identifier (valueIdentifier: Bundle.identifier)"),
            (patient.is_none(), "patient", "patient (valueIdentifier: JP_Insurance_memberID)"),
        ]
        .into_iter()
        .filter(|(wrong, ..)| *wrong)
        .map(|(_, name, what)| parameters.needs(name, what))
        .collect()),
    }
}

/// 同意・不同意 — what the patient says of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterAnswer {
    /// Whether the addressee may see it.
    pub permits: bool,
    /// Who answers; the card reader says so, the portal's token does otherwise.
    pub patient: Option<PersonIdentifier>,
    /// At whose card reader.
    pub addressee: Option<InstitutionNumber>,
}

/// Reads the body of `$answer`: `decision` (valueCode `permit` or `deny`), and of the
/// eligibility network also `patient` (valueIdentifier, a person identifier) and `addressee`
/// (valueString, the ten digits of the institution).
///
/// # Errors
/// What is missing or not understood.
pub fn letter_answer(body: &[u8], limits: &Limits) -> Result<LetterAnswer, Vec<Issue>> {
    let document = closed::document(body, limits, "Parameters")?;
    let parameters = Parameters::of(&document, &["decision", "patient", "addressee"])?;
    let permits = match parameters.typed("decision", "valueCode").and_then(Value::as_str).as_deref()
    {
        Some("permit") => true,
        Some("deny") => false,
        _ => return Err(vec![parameters.needs("decision", "decision (valueCode: permit | deny)")]),
    };
    let patient = parameters.identifier("patient").and_then(|(system, value)| {
        PersonIdentifier::new(PersonIdentifierSystem::from_uri(&system)?, &value).ok()
    });
    if patient.is_none() && parameters.value("patient").is_some() {
        let what = "patient (valueIdentifier: JP_Insurance_memberID)";
        return Err(vec![parameters.needs("patient", what)]);
    }
    let addressee = parameters.string("addressee").and_then(|number| number.parse().ok());
    if addressee.is_none() && parameters.value("addressee").is_some() {
        let what = "addressee (valueString: ten digits)";
        return Err(vec![parameters.needs("addressee", what)]);
    }
    Ok(LetterAnswer { permits, patient, addressee })
}

/// A Parameters resource: named values, each name at most once.
#[derive(Debug)]
pub struct Parameters<'d> {
    root: Value<'d>,
    values: Vec<(Cow<'d, str>, Value<'d>)>,
}

impl<'d> Parameters<'d> {
    /// Reads the parameters of a document; any name but these is refused.
    ///
    /// # Errors
    /// What is not a parameter, has another name or stands twice.
    pub fn of(document: &'d Document<'d>, names: &[&str]) -> Result<Self, Vec<Issue>> {
        let root = document.root();
        let mut reader = Reader::new(&PARAMETER_UNKNOWN);
        reader.only(root, &["resourceType", "id", "meta", "parameter"]);
        let mut values: Vec<(Cow<'d, str>, Value<'d>)> = Vec::new();
        for parameter in reader.items(root, "parameter") {
            let known = |name: &Cow<'d, str>| {
                let repeated = values.iter().any(|(earlier, _)| earlier == name);
                (names.contains(&&**name) && !repeated).then(|| name.clone())
            };
            let Some(name) = reader.read(parameter, "name", known) else { continue };
            for (key, field) in parameter.fields() {
                if key.starts_with("value") {
                    values.push((name.clone(), field));
                } else if key != "name" {
                    reader.refuse(field);
                }
            }
        }
        reader.finish(Some(Self { root, values }))
    }

    /// The value of a parameter, of whatever type.
    pub fn value(&self, name: &str) -> Option<Value<'d>> {
        self.values.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    fn typed(&self, name: &str, key: &str) -> Option<Value<'d>> {
        self.value(name).filter(|value| value.key_is(key))
    }

    /// A `valueString`.
    pub fn string(&self, name: &str) -> Option<Cow<'d, str>> {
        self.typed(name, "valueString")?.as_str()
    }

    /// System and value of a `valueIdentifier` that has no more than these two.
    pub fn identifier(&self, name: &str) -> Option<(Cow<'d, str>, Cow<'d, str>)> {
        let identifier = self.typed(name, "valueIdentifier")?;
        (identifier.len() == 2)
            .then(|| Some((identifier.text_of("system")?, identifier.text_of("value")?)))?
    }

    /// The literal of a `valueReference`.
    pub fn reference(&self, name: &str) -> Option<Cow<'d, str>> {
        self.typed(name, "valueReference")?.text_of("reference")
    }

    /// The issue that a parameter is missing or has no understandable value; `what` says how
    /// it should be.
    pub fn needs(&self, name: &str, what: &'static str) -> Issue {
        let value = self.value(name).or_else(|| self.root.get("parameter")).unwrap_or(self.root);
        Issue::of(&PARAMETERS_SHAPE).with(what).at(value.document().place(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &str = r#"{"name":"identifier","valueIdentifier":
        {"system":"http://jpfhir.jp/fhir/clins/bundle-identifier","value":"1311234567^2026^a"}}"#;
    const PATIENT: &str = r#"{"name":"patient","valueIdentifier":
        {"system":"http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
         "value":"01234567:a:1:01"}}"#;

    fn cancel(parameters: &[&str]) -> Result<Cancellation, Vec<(&'static str, String)>> {
        let body =
            format!(r#"{{"resourceType":"Parameters","parameter":[{}]}}"#, parameters.join(","));
        cancellation(body.as_bytes(), &Limits::default()).map_err(|issues| {
            let told = |issue: Issue| (issue.rule.code, issue.place.expect("a place").expression);
            issues.into_iter().map(told).collect()
        })
    }

    #[test]
    fn a_cancellation_names_the_bundle_and_the_person() {
        let read = cancel(&[PATIENT, BUNDLE]).expect("both are there");
        assert_eq!(read.identifier.value(), "1311234567^2026^a");
        assert_eq!(read.patient.value().expose(), "01234567:a:1:01");
    }

    #[test]
    fn what_is_missing_is_named() {
        let shape = "kyoyu-parameters-shape";
        assert_eq!(cancel(&[PATIENT]), Err(vec![(shape, "Parameters.parameter".to_owned())]));
        let other_system = BUNDLE.replace("bundle-identifier", "other");
        let place = "Parameters.parameter[1].valueIdentifier".to_owned();
        assert_eq!(cancel(&[PATIENT, &other_system]), Err(vec![(shape, place)]));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let unknown = "kyoyu-parameters-unknown";
        let name = |index: usize| (unknown, format!("Parameters.parameter[{index}].name"));
        assert_eq!(cancel(&[PATIENT, PATIENT, BUNDLE]), Err(vec![name(1)]));
        let other = r#"{"name":"force","valueBoolean":true}"#;
        assert_eq!(cancel(&[PATIENT, BUNDLE, other]), Err(vec![name(2)]));
        let part = BUNDLE.replace(r#""name":"#, r#""part":[],"name":"#);
        let place = "Parameters.parameter[1].part".to_owned();
        assert_eq!(cancel(&[PATIENT, &part]), Err(vec![(unknown, place)]));
    }
}
