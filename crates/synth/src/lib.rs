//! 合成データ — seeded synthetic institutions, insurers, persons and the Bundles that they
//! send, valid by construction against the published profiles (JP-CLINS 1.10.0,
//! eCheckup 1.5.0).
//!
//! Everything follows from one [`Seed`]: no clock, no ambient randomness, no floating
//! library function, so that the same call gives the same bytes on every machine.
//! Every person, institution and insurer is invented: municipalities do not exist and
//! telephone numbers are not assignable. Codes are real ones.
//!
//! Start at [`World`]; [`labs`], [`conditions`], [`allergies`] and the documents [`referral`],
//! [`discharge_summary`], [`patient_summary`] and [`checkup`] make one Bundle each;
//! [`e_prescription`] makes what the e-prescription service knows.
//!
//! Source: S1.2 to S1.8, S2.1 to S2.21, S3.3 to S3.6, S4 to S7, S9.

mod allergens;
mod allergies;
mod announcement;
mod bundle;
mod conditions;
mod diseases;
mod documents;
mod institution;
mod insurer;
mod json;
mod lab_choice;
mod lab_tests;
mod lab_value;
mod labs;
mod names;
mod parts;
mod person;
mod phrases;
mod places;
mod seed;
mod sending;
mod submissions;
mod world;

pub use crate::{
    allergies::{AllergyKind, AllergyList, allergies},
    announcement::announcement,
    bundle::SynthBundle,
    conditions::{ConditionList, conditions},
    documents::{
        Attachment, AttachmentFormat, Checkup, DischargeSummary, DocumentKind, DrugCodes,
        EPrescription, LetterSection, PatientSummary, Prescription, Programme, Referral,
        SynthDocument, checkup, discharge_summary, e_prescription, patient_summary, referral,
    },
    institution::{Department, Doctor, Institution, InstitutionKind},
    insurer::Insurer,
    lab_choice::{ChosenResult, ResultStatus, Results},
    labs::{LabReport, labs},
    names::Name,
    person::{Address, HeldIdentifier, Person, Sex},
    seed::Seed,
    sending::Sending,
    submissions::{Submission, SubmissionKind, Submissions},
    world::{World, WorldSize},
};
