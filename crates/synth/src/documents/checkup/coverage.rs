//! 保険者・受診券 — who pays for a checkup.
//!
//! Source: S2.20 (`JP_CoverageInsurance_eCheckupGeneral`, `JP_CoverageService_eCheckupGeneral`).

use chrono::{Datelike, NaiveDate};

use super::observations::{LISTS, head};
use crate::{
    documents::draft::{Draft, Link},
    insurer,
    json::Writer,
    parts,
    person::Person,
    seed::Purpose,
};

const MHLW: &str = "http://jpfhir.jp/fhir/core/mhlw";

/// Adds the insurer and the insurance; answer: insurer and insurance.
pub(super) fn insurance(draft: &mut Draft<'_>) -> (Link, Link) {
    let insurer = payer(draft);
    let id = draft.next_id("cov");
    let link = draft.add("Coverage", |w, case| {
        head(w, case, &id, "JP_CoverageInsurance_eCheckupGeneral");
        let value = case.person.identifier.value().expose();
        let fields: Vec<&str> = value.split(':').collect();
        w.array("extension", |w| insured(w, &fields));
        w.text("status", "active");
        let system = format!("{MHLW}/CodeSystem/InsuranceMajorCategory");
        // 医保, 国保 and 後期高齢者
        let code = match fields.first().map_or("", |insurer| &insurer[..2]) {
            "39" => "7",
            "00" => "2",
            _ => "1",
        };
        w.object("type", |w| coded(w, &system, code));
        parts::reference(w, "beneficiary", &case.patient_url);
        let (code, display) = insured_person(case.person);
        let system = format!("{MHLW}/CodeSystem/InsuredPersonCategory");
        parts::concept(w, "relationship", &system, code, display);
        w.array("payor", |w| insurer.item(w));
    });
    (insurer, link)
}

/// A householder is insured, the others depend on one; from 75 on everybody is insured.
fn insured_person(person: &Person) -> (&'static str, &'static str) {
    if person.index == person.family || person.identifier.lacks_branch() {
        ("1", "被保険者")
    } else {
        ("2", "被扶養者")
    }
}

/// Symbol, number and branch, where there are any.
fn insured(w: &mut Writer, parts: &[&str]) {
    const EXTENSIONS: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition";
    let names = ["InsuredPersonSymbol", "InsuredPersonNumber", "InsuredPersonSubNumber"];
    for (name, value) in names.into_iter().zip(&parts[1..]) {
        if !value.is_empty() {
            w.item(|w| {
                w.text("url", &format!("{EXTENSIONS}/JP_Coverage_{name}"));
                w.text("valueString", value);
            });
        }
    }
}

/// A coding without a display.
fn coded(w: &mut Writer, system: &str, code: &str) {
    w.array("coding", |w| {
        w.item(|w| {
            w.text("system", system);
            w.text("code", code);
        });
    });
}

fn payer(draft: &mut Draft<'_>) -> Link {
    let id = draft.next_id("ins");
    draft.add("Organization", |w, case| {
        head(w, case, &id, "JP_OrganizationInsurer_eCheckupGeneral");
        let number = &case.person.insurer;
        w.array("identifier", |w| {
            parts::identifier(w, &format!("{MHLW}/IdSystem/InsurerNumber"), number.as_str());
        });
        let system = "http://terminology.hl7.org/CodeSystem/organization-type";
        w.array("type", |w| w.item(|w| coded(w, system, "ins")));
        let insurer = insurer::by_number(case.institution.seed, number);
        w.optional_text("name", insurer.as_ref().map(|insurer| insurer.name.as_str()));
    })
}

/// 受診券 — adds the voucher of the insurer for the year of the checkup.
pub(super) fn voucher(draft: &mut Draft<'_>, insurer: &Link, on: NaiveDate) -> Link {
    let id = draft.next_id("cov");
    // The insurer's year begins in April.
    let year = on.year() - i32::from(on.month() < 4);
    draft.add("Coverage", |w, case| {
        head(w, case, &id, "JP_CoverageService_eCheckupGeneral");
        w.text("status", "active");
        w.object("type", |w| coded(w, &format!("{LISTS}.208"), "1"));
        let number = case
            .institution
            .seed
            .dice(Purpose::Checkup, &[case.person.index, year as u64])
            .below(100_000_000);
        w.text("subscriberId", &format!("{:02}1{number:08}", year % 100));
        parts::reference(w, "beneficiary", &case.patient_url);
        w.object("period", |w| {
            w.text("start", &format!("{year}-04-01"));
            w.text("end", &format!("{}-03-31", year + 1));
        });
        w.array("payor", |w| insurer.item(w));
    })
}
