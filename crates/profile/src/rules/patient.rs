//! 患者 — the Patient of the first entry (R1010 to R1113; S2.8, S7.1).

use super::Findings;
use crate::{
    json::Value,
    view::{
        BundleView, birth_date, extensions, insured_identifiers, is_published_institution_form,
        person_identifier,
    },
};

const LOCAL_SYSTEM: &str = "urn:oid:1.2.392.100495.20.3.51.";
const REPRESENTATION: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";

pub(super) fn local_identifier<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(patient) = bundle.patient() else { return };
    let rest_of = |identifier: Value<'d>| {
        let system = identifier.text_of("system")?;
        system.strip_prefix(LOCAL_SYSTEM).map(str::to_owned)
    };
    let mut local = patient
        .list("identifier")
        .filter_map(|identifier| rest_of(identifier).map(|rest| (identifier, rest)));
    let Some((first, rest)) = local.next() else { return };
    if !rest.strip_prefix('1').is_some_and(is_published_institution_form) {
        findings.at(first);
    } else if let Some((second, _)) = local.next() {
        findings.at(second);
    }
}

pub(super) fn insured_identifier<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(patient) = bundle.patient() else { return };
    let mut insured = insured_identifiers(patient);
    match (insured.next(), insured.next()) {
        (None, _) => findings.absent(patient, "identifier"),
        (Some(_), Some(second)) => findings.at(second),
        (Some(_), None) => {}
    }
}

pub(super) fn insured_identifier_value<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(patient) = bundle.patient() else { return };
    for identifier in insured_identifiers(patient) {
        if person_identifier(identifier).is_none() {
            findings.at(identifier);
        }
    }
}

pub(super) fn names<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(patient) = bundle.patient() else { return };
    for name in patient.list("name") {
        let represented = extensions(name, REPRESENTATION).next().is_some();
        let text = name.get("text");
        if let Some(text) = text.filter(|text| represented && has_full_width_space(*text)) {
            findings.at(text);
        }
    }
}

fn has_full_width_space(text: Value<'_>) -> bool {
    text.as_str().is_some_and(|text| text.contains('\u{3000}'))
}

pub(super) fn birth_date_is_full<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(patient) = bundle.patient() else { return };
    if birth_date(patient).is_none() {
        match patient.get("birthDate") {
            Some(birth_date) => findings.at(birth_date),
            None => findings.absent(patient, "birthDate"),
        }
    }
}
