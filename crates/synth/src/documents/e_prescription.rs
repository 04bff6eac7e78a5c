//! 電子処方箋 — out-of-hospital prescriptions as the e-prescription service gives them: single
//! resources that name the person by identifier, since no Patient stands beside them.
//!
//! Source: S2.12, S6.

use chrono::{DateTime, Utc};

use super::{
    medications::medication_request,
    prescription::{self, Line, Occasion, Prescription},
};
use crate::{
    bundle::{Carried, Case},
    institution::Institution,
    json::document,
    parts::Visit,
    person::Person,
    sending::Sending,
};

/// 電子処方箋の内容 — one prescription that was handed out electronically.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EPrescription {
    /// The institution's serial number; makes the order number unique.
    pub serial: u64,
    /// 処方日
    pub prescribed_at: DateTime<Utc>,
    /// The drugs.
    pub prescription: Prescription,
}

/// The MedicationRequests of a prescription, one JSON text for each drug.
pub fn e_prescription(
    institution: &Institution,
    person: &Person,
    content: &EPrescription,
) -> Vec<String> {
    let EPrescription { serial, prescribed_at, prescription } = *content;
    // What it is called and when it is sent is all that a case takes of what carries it.
    let sending = Sending::new(serial, prescribed_at);
    let case = Case::new(institution, person, sending, Carried::Referral);
    let visit = Visit { inpatient: false, ..Visit::of(&case, 6_000_000 + serial) };
    let lines = prescription::lines(&case, prescription, Occasion::Outside);
    let write = |(nth, line): (usize, Line)| {
        let line = Line { ordered_at: prescribed_at, ..line };
        document(2_048, |w| {
            w.text("resourceType", "MedicationRequest");
            w.text("id", &format!("erx-{serial}-{}", nth + 1));
            medication_request(w, &case, &line, &visit);
        })
    };
    lines.into_iter().enumerate().map(write).collect()
}
