//! 当事者 — the institutions, departments and doctors of a document.
//!
//! Source: S2.14, S2.15, S7.2, S7.3.

use super::draft::{Draft, Link};
use crate::{
    bundle::Case,
    institution::{Department, Doctor, Institution},
    json::Writer,
    parts,
    places::{self, Prefecture},
    seed::Purpose,
};

const ECS: &str = "http://jpfhir.jp/fhir/eCS/StructureDefinition";
const NUMBERS: &str = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";

/// Adds an institution; the department, where given, as an extension.
pub(super) fn institution(
    draft: &mut Draft<'_>,
    one: &Institution,
    department: Option<Department>,
) -> Link {
    let id = draft.next_id("org");
    draft.add("Organization", |w, case| {
        w.text("id", &id);
        meta(w, case, "JP_Organization_eCS");
        w.array("extension", |w| {
            number_parts(w, one);
            if let Some(department) = department {
                parts::department(w, department);
            }
        });
        numbered(w, one);
        w.array("type", |w| {
            w.item(|w| {
                w.array("coding", |w| {
                    let system = "http://terminology.hl7.org/CodeSystem/organization-type";
                    parts::coding(w, system, "prov", "Healthcare Provider");
                });
            });
        });
        w.text("name", &one.name);
        contact(w, one);
    })
}

/// `identifier` with the institution number.
pub(super) fn numbered(w: &mut Writer, one: &Institution) {
    w.array("identifier", |w| parts::identifier(w, NUMBERS, one.number.as_str()));
}

/// 都道府県番号、点数表区分、医療機関コード — the three parts of the number.
fn number_parts(w: &mut Writer, one: &Institution) {
    const EXTENSIONS: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition";
    const MHLW: &str = "http://jpfhir.jp/fhir/core/mhlw";
    let number = one.number.as_str();
    let coded = [
        ("JP_Organization_PrefectureNo", "PrefectureNo-2digits", &number[..2]),
        ("JP_Organization_InsuranceOrganizationCategory", "MedicationFeeScoreType", &number[2..3]),
    ];
    for (extension, system, code) in coded {
        w.item(|w| {
            w.text("url", &format!("{EXTENSIONS}/{extension}"));
            w.object("valueCoding", |w| {
                w.text("system", &format!("{MHLW}/CodeSystem/{system}"));
                w.text("code", code);
            });
        });
    }
    w.item(|w| {
        w.text("url", &format!("{EXTENSIONS}/JP_Organization_InsuranceOrganizationNo"));
        w.object("valueIdentifier", |w| {
            w.text("system", &format!("{MHLW}/IdSystem/MedicalOrganizationID"));
            w.text("value", &number[3..]);
        });
    });
}

/// Telephone and address.
pub(super) fn contact(w: &mut Writer, one: &Institution) {
    let mut dice = one.seed.dice(Purpose::Address, &[one.index]);
    let prefecture = prefecture(one);
    let phone =
        format!("{}-0{:03}-{:04}", prefecture.area_code, dice.below(1_000), dice.below(10_000));
    w.array("telecom", |w| {
        w.item(|w| {
            w.text("system", "phone");
            w.text("value", &phone);
        });
    });
    let (city, town) = (places::city(&mut dice), places::town(&mut dice));
    let street = format!("{}-{}-{}", dice.between(1, 6), dice.between(1, 30), dice.between(1, 20));
    w.array("address", |w| {
        w.item(|w| {
            w.text("text", &format!("{}{city}{town}{street}", prefecture.name));
            w.text("city", city);
            w.text("state", prefecture.name);
            w.text("country", "JP");
        });
    });
}

fn prefecture(one: &Institution) -> Prefecture {
    let number = one.number.as_str()[..2].parse().expect("two digits lead the number");
    places::prefecture(number)
}

/// 診療科 — adds a department as an organisation of its own, part of the institution.
pub(super) fn department(draft: &mut Draft<'_>, of: &Link, department: Department) -> Link {
    let id = draft.next_id("dep");
    draft.add("Organization", |w, case| {
        w.text("id", &id);
        meta(w, case, "JP_Organization_eCS_department");
        w.text("name", department.own_name);
        of.member(w, "partOf");
    })
}

/// Adds a doctor of an institution.
pub(super) fn doctor(draft: &mut Draft<'_>, of: &Institution, doctor: &Doctor) -> Link {
    let id = draft.next_id("pra");
    draft.add("Practitioner", |w, case| {
        w.text("id", &id);
        meta(w, case, "JP_Practitioner_eCS");
        names(w, of, doctor);
    })
}

/// The doctor's number at the institution and both names.
pub(super) fn names(w: &mut Writer, of: &Institution, doctor: &Doctor) {
    w.array("identifier", |w| {
        let system = format!("urn:oid:1.2.392.100495.20.3.41.1{}", of.number);
        parts::identifier(w, &system, &doctor.local_id);
    });
    let Doctor { family_name, given_name, .. } = doctor;
    w.array("name", |w| {
        parts::human_name(w, "IDE", family_name.kanji, given_name.kanji);
        parts::human_name(w, "SYL", family_name.kana, given_name.kana);
    });
}

fn meta(w: &mut Writer, case: &Case<'_>, profile: &str) {
    w.object("meta", |w| {
        w.text("lastUpdated", &case.sent_at);
        parts::profile(w, case, &format!("{ECS}/{profile}"));
    });
}
