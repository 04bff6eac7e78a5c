//! 受診 — Encounters that are entries of a document: a visit, its purpose, a stay.
//!
//! Source: S2.16, S9.1, S9.2.

use chrono::{Days, NaiveDate};

use super::{
    composition::period,
    draft::{Draft, Link},
};
use crate::{
    bundle::Case,
    json::Writer,
    parts::{self, RESOURCE_IDENTIFIER, Visit},
    sending::in_japan,
};

const COMMON: &str = "http://jpfhir.jp/fhir/Common/CodeSystem";

/// 入院 — a stay in hospital.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub(super) visit: Visit,
    pub(super) admitted_on: NaiveDate,
    pub(super) discharged_on: NaiveDate,
    /// Code and display of where the patient came from.
    pub(super) source: (&'static str, &'static str),
    /// Code and display of how the stay ended.
    pub(super) outcome: (&'static str, &'static str),
    pub(super) reason: String,
}

/// Adds the visit on which a document was written.
pub(super) fn visit(draft: &mut Draft<'_>, visit: &Visit) -> Link {
    let id = draft.next_id("enc");
    draft.add("Encounter", |w, case| {
        head(w, case, &id);
        identifier(w, &visit.encounter_id);
        w.text("status", "finished");
        parts::encounter_class(w, visit);
        parts::reference(w, "subject", &case.patient_url);
        let on =
            in_japan(case.sending.sent_at).date_naive() - Days::new(u64::from(visit.inpatient));
        w.object("period", |w| w.text("start", &on.to_string()));
    })
}

/// 紹介目的 — adds the Encounter whose reason is the purpose of a letter.
pub(super) fn purpose(draft: &mut Draft<'_>, visit: &Visit, purpose: &str) -> Link {
    let id = draft.next_id("enc");
    draft.add("Encounter", |w, case| {
        head(w, case, &id);
        identifier(w, &format!("{}-P", visit.encounter_id));
        w.text("status", "finished");
        parts::encounter_class(w, visit);
        parts::reference(w, "subject", &case.patient_url);
        reason(w, purpose);
    })
}

/// Adds a stay.
pub(super) fn stay(draft: &mut Draft<'_>, stay: &Stay) -> Link {
    let id = draft.next_id("enc");
    draft.add("Encounter", |w, case| {
        head(w, case, &id);
        identifier(w, &format!("{}-IMP", stay.visit.encounter_id));
        w.text("status", "finished");
        parts::encounter_class(w, &stay.visit);
        parts::reference(w, "subject", &case.patient_url);
        let (from, through) = (stay.admitted_on.to_string(), stay.discharged_on.to_string());
        w.object("period", |w| period(w, &from, &through));
        let days = (stay.discharged_on - stay.admitted_on).num_days() + 1;
        w.object("length", |w| {
            w.number("value", &days.to_string());
            w.text("unit", "日");
            w.text("system", "http://unitsofmeasure.org");
            w.text("code", "d");
        });
        reason(w, &stay.reason);
        w.object("hospitalization", |w| {
            let (code, display) = stay.source;
            let system = format!("{COMMON}/admit-Source");
            parts::concept(w, "admitSource", &system, code, display);
            let (code, display) = stay.outcome;
            let system = format!("{COMMON}/discharge-disposition");
            parts::concept(w, "dischargeDisposition", &system, code, display);
        });
    })
}

fn head(w: &mut Writer, case: &Case<'_>, id: &str) {
    w.text("id", id);
    w.object("meta", |w| {
        w.text("lastUpdated", &case.sent_at);
        parts::profile(w, case, "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Encounter_eCS");
    });
    parts::language(w, case);
}

fn identifier(w: &mut Writer, value: &str) {
    w.array("identifier", |w| parts::identifier(w, RESOURCE_IDENTIFIER, value));
}

fn reason(w: &mut Writer, text: &str) {
    w.array("reasonCode", |w| w.item(|w| w.text("text", text)));
}
