//! 健診結果 — the Observations of a checkup and their groups.
//!
//! Source: S2.20 (`JP_Observation_eCheckupGeneral`, `JP_ObservationGroup_eCheckupGeneral`).

use super::{
    items::Item,
    values::{Chosen, Measured},
};
use crate::{
    bundle::Case,
    documents::draft::{Draft, Link},
    json::Writer,
    parts,
};

const CHECKUP: &str = "http://jpfhir.jp/fhir/eCheckup/StructureDefinition";
pub(super) const LISTS: &str = "urn:oid:1.2.392.200119.6";

/// What an Observation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding<'a> {
    /// List, code and display.
    Coded(&'a str, &'a str, &'a str),
    /// The same, with code and display of what is told in words, and the words.
    Explained([&'a str; 3], (&'a str, &'a str), &'a str),
    Words(&'a str),
    /// Not done, and why.
    Absent(&'a str),
}

/// An item without a table of its own.
pub(super) fn item(code: &'static str, display: &'static str, category: &'static str) -> Item {
    Item { place: super::items::Where::All, code, display, category, method: None }
}

/// Adds a measured value.
pub(super) fn measured(draft: &mut Draft<'_>, on: &str, one: &Measured) -> Link {
    let Measured { measure, digits, mark } = one;
    observation(draft, (on, "final"), &measure.item, |w| {
        w.object("valueQuantity", |w| quantity(w, digits, measure.unit));
        if let Some(mark) = mark {
            let (code, display) = mark.code_and_display();
            w.array("interpretation", |w| {
                w.item(|w| {
                    let system =
                        "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
                    w.array("coding", |w| parts::coding(w, system, code, display));
                });
            });
        }
        method(w, &measure.item);
        if measure.low.is_some() || measure.high.is_some() {
            w.array("referenceRange", |w| {
                w.item(|w| {
                    for (key, limit) in [("low", measure.low), ("high", measure.high)] {
                        if let Some(limit) = limit {
                            w.object(key, |w| quantity(w, limit, measure.unit));
                        }
                    }
                });
            });
        }
    })
}

fn quantity(w: &mut Writer, digits: &str, unit: Option<(&str, &str)>) {
    w.number("value", digits);
    if let Some((unit, ucum)) = unit {
        w.text("unit", unit);
        w.text("system", "http://unitsofmeasure.org");
        w.text("code", ucum);
    }
}

/// Adds a chosen answer.
pub(super) fn chosen(draft: &mut Draft<'_>, on: &str, one: &Chosen) -> Link {
    let (code, display) = one.answer;
    told(draft, on, &one.choice.item, &Finding::Coded(one.choice.list, code, display))
}

/// Adds what is said of an item.
pub(super) fn told(draft: &mut Draft<'_>, on: &str, item: &Item, finding: &Finding<'_>) -> Link {
    let status = if matches!(finding, Finding::Absent(_)) { "cancelled" } else { "final" };
    observation(draft, (on, status), item, |w| match finding {
        Finding::Coded(list, code, display) => {
            coded(w, list, code, display);
            method(w, item);
        }
        Finding::Explained([list, code, display], (detail, name), words) => {
            coded(w, list, code, display);
            method(w, item);
            w.array("component", |w| {
                w.item(|w| {
                    parts::concept(w, "code", &format!("{LISTS}.1005"), detail, name);
                    w.text("valueString", words);
                });
            });
        }
        Finding::Words(words) => w.text("valueString", words),
        Finding::Absent(reason) => w.object("dataAbsentReason", |w| w.text("text", reason)),
    })
}

fn coded(w: &mut Writer, list: &str, code: &str, display: &str) {
    parts::concept(w, "valueCodeableConcept", &format!("{LISTS}.{list}"), code, display);
}

fn method(w: &mut Writer, item: &Item) {
    if let Some((code, display)) = item.method {
        parts::concept(w, "method", &format!("{LISTS}.1007"), code, display);
    }
}

fn observation(
    draft: &mut Draft<'_>,
    (on, status): (&str, &str),
    item: &Item,
    value: impl FnOnce(&mut Writer),
) -> Link {
    let id = draft.next_id("obs");
    draft.add("Observation", |w, case| {
        head(w, case, &id, "JP_Observation_eCheckupGeneral");
        let which = format!("CHK{:08}-{}", case.sending.serial, item.code);
        parts::resource_identifier(w, case, &which);
        w.text("status", status);
        let system = "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS";
        w.array("category", |w| {
            w.item(|w| {
                let display = category_display(item.category);
                w.array("coding", |w| parts::coding(w, system, item.category, display));
            });
        });
        parts::concept(w, "code", &format!("{LISTS}.1005"), item.code, item.display);
        parts::reference(w, "subject", &case.patient_url);
        w.text("effectiveDateTime", on);
        value(w);
    })
}

fn category_display(code: &str) -> &'static str {
    match code {
        "body-measurement" => "Body Measurement",
        "vital-signs" => "Vital Signs",
        "laboratory" => "Laboratory",
        "social-history" => "Social History",
        "survey" => "Survey",
        _ => "Exam",
    }
}

/// 一連検査グループ — adds a group with its members; code and display name it.
pub(super) fn group(
    draft: &mut Draft<'_>,
    on: &str,
    (code, display): (&str, &str),
    members: &[Link],
) -> Link {
    let id = draft.next_id("grp");
    draft.add("Observation", |w, case| {
        head(w, case, &id, "JP_ObservationGroup_eCheckupGeneral");
        w.text("status", "final");
        let system = "http://jpfhir.jp/fhir/eCheckup/CodeSystem/observationGroup-codes";
        parts::concept(w, "code", system, code, display);
        parts::reference(w, "subject", &case.patient_url);
        w.text("effectiveDateTime", on);
        w.array("hasMember", |w| members.iter().for_each(|member| w.item(|w| part(w, member))));
    })
}

fn part(w: &mut Writer, member: &Link) {
    const RELATION: &str =
        "http://jpfhir.jp/fhir/Common/Extension/StructureDefinition/observatioGroupRelationship";
    w.array("extension", |w| {
        w.item(|w| {
            w.text("url", RELATION);
            w.text("valueCode", "COMP");
        });
    });
    w.text("reference", &member.url);
}

/// `id` and `meta` of a resource of the checkup guide.
pub(super) fn head(w: &mut Writer, case: &Case<'_>, id: &str, profile: &str) {
    w.text("id", id);
    w.object("meta", |w| {
        w.text("lastUpdated", &case.sent_at);
        parts::profile(w, case, &format!("{CHECKUP}/{profile}"));
    });
}
