//! 処方オーダ — the MedicationRequest of one line.
//!
//! Source: S2.12, S6.

use super::{
    dosage,
    draft::{Draft, Link},
    prescription::{Coded, Handling, Line, Occasion},
};
use crate::{
    bundle::Case,
    json::Writer,
    parts::{self, Visit},
    sending::date_time,
};

const MHLW: &str = "http://jpfhir.jp/fhir/core/mhlw";
pub(super) const UNITS: &str =
    "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code";
const EXTENSIONS: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition";

/// Adds every line.
pub(super) fn add_all(draft: &mut Draft<'_>, lines: &[Line], visit: &Visit) -> Vec<Link> {
    lines
        .iter()
        .map(|line| {
            let id = draft.next_id("med");
            draft.add("MedicationRequest", |w, case| {
                w.text("id", &id);
                medication_request(w, case, line, visit);
            })
        })
        .collect()
}

/// The lines as a doctor would read them.
pub(super) fn summary(lines: &[Line]) -> String {
    let told: Vec<String> = lines
        .iter()
        .map(|line| format!("Rp{} {} {}", line.group, line.drug.name, dosage::text(line)))
        .collect();
    told.join("\n")
}

/// What follows the type and the id.
pub(super) fn medication_request(w: &mut Writer, case: &Case<'_>, line: &Line, visit: &Visit) {
    w.object("meta", |w| {
        w.text("lastUpdated", &case.sent_at);
        parts::profile(
            w,
            case,
            "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_MedicationRequest_eCS",
        );
    });
    parts::language(w, case);
    w.array("contained", |w| {
        parts::encounter(w, visit);
        parts::practitioner(w, case, &visit.doctor);
    });
    w.array("extension", |w| {
        parts::institution_extension(w, case);
        parts::department_extension(w, visit);
    });
    w.array("identifier", |w| identifiers(w, case, line));
    w.text("status", "completed");
    w.text("intent", "order");
    w.array("category", |w| categories(w, case, line));
    medication(w, case, line);
    subject(w, case, line);
    parts::reference(w, "encounter", "#enc");
    w.text("authoredOn", &date_time(line.ordered_at));
    parts::reference(w, "requester", "#dr");
    w.array("dosageInstruction", |w| w.item(|w| dosage::instruction(w, line)));
    w.object("dispenseRequest", |w| dispensing(w, line));
}

/// The Patient beside it, or where there is none the person's identifier.
fn subject(w: &mut Writer, case: &Case<'_>, line: &Line) {
    if line.occasion != Occasion::Outside {
        return parts::reference(w, "subject", &case.patient_url);
    }
    let identifier = &case.person.identifier;
    w.object("subject", |w| {
        w.text("type", "Patient");
        w.object("identifier", |w| {
            w.text("system", identifier.system().uri());
            w.text("value", identifier.value().expose());
        });
    });
}

fn identifiers(w: &mut Writer, case: &Case<'_>, line: &Line) {
    let ids = format!("{MHLW}/IdSystem");
    let group = format!("{ids}/Medication-RPGroupNumber");
    parts::identifier(w, &group, &line.group.to_string());
    let place = format!("{ids}/MedicationAdministrationIndex");
    parts::identifier(w, &place, &line.place.to_string());
    let order = format!(
        "{}-{}-{}{:08}",
        case.institution.number,
        case.local_id,
        line.occasion.prefix(),
        case.sending.serial
    );
    parts::identifier(w, "urn:oid:1.2.392.100495.20.3.11", &order);
    let own = format!("{order}-{}-{}", line.group, line.place);
    parts::identifier(w, parts::RESOURCE_IDENTIFIER, &own);
}

fn categories(w: &mut Writer, case: &Case<'_>, line: &Line) {
    const MERIT9: &str = "http://jpfhir.jp/fhir/core/CodeSystem/JP_MedicationCategoryMERIT9_CS";
    let inside = case.institution.habits.style == 0;
    let codes: &[(&str, &str, &str)] = match line.occasion {
        Occasion::Visit if inside => &[(MERIT9, "OHP", "外来処方"), (MERIT9, "OHI", "院内処方")],
        Occasion::Visit | Occasion::Outside => {
            &[(MERIT9, "OHP", "外来処方"), (MERIT9, "OHO", "院外処方")]
        }
        Occasion::Admission => {
            &[("http://jpfhir.jp/fhir/core/CodeSystem/JHSP0007", "BDP", "持参薬処方")]
        }
        Occasion::Discharge => &[(MERIT9, "IHP", "入院処方"), (MERIT9, "DCG", "退院処方")],
    };
    for (system, code, display) in codes {
        w.item(|w| w.array("coding", |w| parts::coding(w, system, code, display)));
    }
}

fn medication(w: &mut Writer, case: &Case<'_>, line: &Line) {
    let drug = line.drug;
    let local =
        format!("http://jpfhir.jp/fhir/eCS/CodeSystem/DrugCode/1{}", case.institution.number);
    let local_code = format!("{}{}", &drug.yj[4..7], &drug.yj[8..]);
    w.object("medicationCodeableConcept", |w| {
        w.array("coding", |w| {
            if matches!(line.coded, Coded::Yj | Coded::YjAndGeneral) {
                let system = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code";
                parts::coding(w, system, drug.yj, drug.name);
            }
            if let (Coded::General | Coded::YjAndGeneral, Some((code, name))) =
                (line.coded, drug.general)
            {
                let system = format!("{MHLW}/CodeSystem/MedicationGeneralOrderCode");
                parts::coding(w, &system, code, name);
            }
            if line.coded == Coded::LocalUncoded {
                let system = "http://jpfhir.jp/fhir/eCS/CodeSystem/MedicationCodeNocoded_CS";
                parts::coding(w, system, "NOCODED", "標準コードなし");
            }
            if matches!(line.coded, Coded::Local | Coded::LocalUncoded) {
                parts::coding(w, &local, &local_code, drug.name);
            }
        });
        let printed = match (line.coded, drug.general) {
            (Coded::General, Some((_, name))) => name,
            _ => drug.name,
        };
        w.text("text", printed);
    });
}

fn dispensing(w: &mut Writer, line: &Line) {
    let as_needed = line.usage.times_a_day == 0 && line.drug.dose.is_some();
    if line.handling != Handling::Usual || as_needed {
        w.array("extension", |w| {
            if line.handling != Handling::Usual {
                w.item(|w| handling(w, line.handling));
            }
            if as_needed {
                w.item(|w| repeats(w, line.count));
            }
        });
    }
    let total = dosage::total(line);
    w.object("quantity", |w| dosage::quantity(w, line, total));
    if line.usage.times_a_day > 0 && line.drug.dose.is_some() {
        w.object("expectedSupplyDuration", |w| dosage::days(w, line.count));
    }
}

fn handling(w: &mut Writer, handling: Handling) {
    let url = format!("{EXTENSIONS}/JP_MedicationRequest_DispenseRequest_InstructionForDispense");
    w.text("url", &url);
    w.object("valueCodeableConcept", |w| match handling {
        Handling::Crushed => {
            let system = "http://jami.jp/CodeSystem/DrugDispensePreparationMethod";
            w.array("coding", |w| parts::coding(w, system, "C", "粉砕指示"));
            w.text("text", "嚥下困難のため粉砕");
        }
        Handling::OneDose => w.text("text", "一包化"),
        Handling::Separate | Handling::Usual => w.text("text", "別包"),
    });
}

fn repeats(w: &mut Writer, count: u32) {
    let url = format!("{EXTENSIONS}/JP_MedicationRequest_DispenseRequest_ExpectedRepeatCount");
    w.text("url", &url);
    w.number("valueInteger", &count.to_string());
}
