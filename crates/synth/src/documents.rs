//! 文書 — letters, summaries and reports of checkups as document Bundles.
//!
//! Source: S1.4 to S1.8, S2.2 to S2.7, S2.12 to S2.20, S9.

mod attachments;
mod checkup;
mod composition;
mod discharge_summary;
mod dosage;
mod draft;
mod drugs;
mod e_prescription;
mod encounters;
mod files;
mod findings;
mod in_life;
mod medications;
mod parties;
mod patient_summary;
mod prescription;
mod referral;
mod shared;
mod words;

pub use self::{
    attachments::{Attachment, AttachmentFormat},
    checkup::{Checkup, Programme, checkup},
    discharge_summary::{DischargeSummary, discharge_summary},
    e_prescription::{EPrescription, e_prescription},
    in_life::{DocumentKind, SynthDocument},
    patient_summary::{PatientSummary, patient_summary},
    prescription::{DrugCodes, Prescription},
    referral::{LetterSection, Referral, referral},
};
