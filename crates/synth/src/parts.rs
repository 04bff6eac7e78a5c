//! What the resources of a Bundle have in common: identity, sender, encounter, doctor.
//!
//! Source: S2.9 to S2.11, S2.15, S2.16, S2.21 (R9011 to R9019O), S4.

use kyoyu_domain::entry::Flags;

use crate::{
    bundle::Case,
    institution::{Department, Doctor, Institution},
    json::Writer,
    person::Person,
    seed::{Dice, Purpose},
};

const CORE: &str = "http://jpfhir.jp/fhir/core/StructureDefinition";
pub(crate) const RESOURCE_IDENTIFIER: &str =
    "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier";
const REPRESENTATION: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";

/// 受診 — the visit in whose course something was found.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) department: Department,
    pub(crate) doctor: Doctor,
    pub(crate) encounter_id: String,
    pub(crate) inpatient: bool,
}

impl Visit {
    /// The visit with a number; it may belong to several resources.
    pub(crate) fn of(case: &Case<'_>, number: u64) -> Self {
        let Case { institution, person, .. } = case;
        let mut dice =
            institution.seed.dice(Purpose::Visit, &[institution.index, person.index, number]);
        let doctor = institution.doctors[dice.index(institution.doctors.len())].clone();
        let department = institution.departments[doctor.department];
        let inpatient = institution.departments.len() > 3 && dice.percent(30);
        let encounter_id = encounter_id(&mut dice, institution, number);
        Self { department, doctor, encounter_id, inpatient }
    }
}

fn encounter_id(dice: &mut Dice, institution: &Institution, number: u64) -> String {
    match institution.habits.style {
        0 => dice.between(100_000, 9_999_999).to_string(),
        1 => format!("V{:010}", dice.below(10_000_000_000)),
        _ => format!("{}-{}", dice.between(1_000, 99_999), number % 1_000),
    }
}

/// `meta`, with the flags as tags.
pub(crate) fn meta(w: &mut Writer, case: &Case<'_>, profile_url: &str, flags: Flags) {
    w.object("meta", |w| {
        w.text("lastUpdated", &case.sent_at);
        profile(w, case, profile_url);
        if flags.bits() != 0 {
            w.array("tag", |w| flag_tags(w, flags));
        }
    });
}

fn flag_tags(w: &mut Writer, flags: Flags) {
    let rows = [
        (flags.long_term, "LTS", "長期保存"),
        (flags.uninformed, "UNINFORMED", "未告知"),
        (flags.undelivered, "UNDELIVERED", "未提供"),
    ];
    for (_, code, display) in rows.into_iter().filter(|row| row.0) {
        coding(w, Flags::SYSTEM, code, display);
    }
}

/// `meta.profile`, with the version where the institution writes it.
pub(crate) fn profile(w: &mut Writer, case: &Case<'_>, url: &str) {
    let versioned = case.institution.habits.versioned_profile;
    let version = versioned.then(|| format!("|{}", case.carried.guide_version()));
    let canonical = format!("{url}{}", version.unwrap_or_default());
    w.array("profile", |w| w.text_item(&canonical));
}

pub(crate) fn language(w: &mut Writer, case: &Case<'_>) {
    if case.institution.habits.language {
        w.text("language", "ja");
    }
}

pub(crate) fn narrative(w: &mut Writer, case: &Case<'_>, text: &str) {
    if case.institution.habits.narrative {
        w.object("text", |w| {
            w.text("status", "generated");
            let div = format!(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>"#);
            w.text("div", &div);
        });
    }
}

/// An item of an `identifier` array.
pub(crate) fn identifier(w: &mut Writer, system: &str, value: &str) {
    w.item(|w| {
        w.text("system", system);
        w.text("value", value);
    });
}

/// リソース識別子 — `identifier` of a resource: institution, patient, what and which.
pub(crate) fn resource_identifier(w: &mut Writer, case: &Case<'_>, which: &str) {
    let value = format!("{}-{}-{which}", case.institution.number, case.local_id);
    w.array("identifier", |w| identifier(w, RESOURCE_IDENTIFIER, &value));
}

/// An item of a `coding` array.
pub(crate) fn coding(w: &mut Writer, system: &str, code: &str, display: &str) {
    w.item(|w| {
        w.text("system", system);
        w.text("code", code);
        w.text("display", display);
    });
}

/// A `CodeableConcept` with one coding.
pub(crate) fn concept(w: &mut Writer, key: &str, system: &str, code: &str, display: &str) {
    w.object(key, |w| w.array("coding", |w| coding(w, system, code, display)));
}

pub(crate) fn institution_extension(w: &mut Writer, case: &Case<'_>) {
    w.item(|w| {
        w.text(
            "url",
            "http://jpfhir.jp/fhir/clins/Extension/StructureDefinition/JP_eCS_InstitutionNumber",
        );
        w.object("valueIdentifier", |w| {
            w.text(
                "system",
                "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no",
            );
            w.text("value", case.institution.number.as_str());
        });
    });
}

pub(crate) fn department_extension(w: &mut Writer, visit: &Visit) {
    department(w, visit.department);
}

/// 診療科 — the extension with standard code and own name.
pub(crate) fn department(w: &mut Writer, department: Department) {
    w.item(|w| {
        w.text("url", "http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department");
        w.object("valueCodeableConcept", |w| {
            if let Some((code, display)) = department.standard {
                let system = "http://jami.jp/SS-MIX2/CodeSystem/ClinicalDepartment";
                w.array("coding", |w| coding(w, system, code, display));
            }
            w.text("text", department.own_name);
        });
    });
}

/// The contained Encounter; referenced as `#enc`.
pub(crate) fn encounter(w: &mut Writer, visit: &Visit) {
    w.item(|w| {
        w.text("resourceType", "Encounter");
        w.text("id", "enc");
        contained_meta(w, "JP_Encounter");
        w.array("identifier", |w| identifier(w, RESOURCE_IDENTIFIER, &visit.encounter_id));
        w.text("status", "finished");
        encounter_class(w, visit);
    });
}

/// 入外区分 — `class` of an Encounter.
pub(crate) fn encounter_class(w: &mut Writer, visit: &Visit) {
    let (code, display) =
        if visit.inpatient { ("IMP", "inpatient encounter") } else { ("AMB", "ambulatory") };
    w.object("class", |w| {
        w.text("system", "http://terminology.hl7.org/CodeSystem/v3-ActCode");
        w.text("code", code);
        w.text("display", display);
    });
}

/// The contained Practitioner; referenced as `#dr`.
pub(crate) fn practitioner(w: &mut Writer, case: &Case<'_>, doctor: &Doctor) {
    w.item(|w| {
        w.text("resourceType", "Practitioner");
        w.text("id", "dr");
        contained_meta(w, "JP_Practitioner");
        w.array("identifier", |w| {
            let system = format!("urn:oid:1.2.392.100495.20.3.41.1{}", case.institution.number);
            identifier(w, &system, &doctor.local_id);
        });
        w.array("name", |w| {
            human_name(w, "IDE", doctor.family_name.kanji, doctor.given_name.kanji);
        });
    });
}

/// The invariants compare the profile of what is contained with the bare canonical.
pub(crate) fn contained_meta(w: &mut Writer, profile: &str) {
    w.object("meta", |w| w.array("profile", |w| w.text_item(&format!("{CORE}/{profile}"))));
}

pub(crate) fn person_names(w: &mut Writer, person: &Person) {
    w.array("name", |w| {
        human_name(w, "IDE", person.family_name.kanji, person.given_name.kanji);
        human_name(w, "SYL", person.family_name.kana, person.given_name.kana);
    });
}

pub(crate) fn human_name(w: &mut Writer, representation: &str, family: &str, given: &str) {
    w.item(|w| {
        w.array("extension", |w| {
            w.item(|w| {
                w.text("url", REPRESENTATION);
                w.text("valueCode", representation);
            });
        });
        w.text("text", &format!("{family} {given}"));
        w.text("family", family);
        w.array("given", |w| w.text_item(given));
    });
}

/// A reference to the Bundle's Patient or to something contained.
pub(crate) fn reference(w: &mut Writer, key: &str, target: &str) {
    w.object(key, |w| w.text("reference", target));
}

/// `note`, where there is one.
pub(crate) fn note(w: &mut Writer, text: Option<&str>) {
    if let Some(text) = text {
        w.array("note", |w| w.item(|w| w.text("text", text)));
    }
}
