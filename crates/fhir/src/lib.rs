//! What the service itself says in FHIR R4 (4.0.1), as plain functions that return bytes.
//!
//! The resources are built with `fhir-sdk`, whose models are those of R4B; only elements
//! that R4 has as well are used. Clinical data never pass through them: their stored
//! texts are spliced into a [`searchset`] as they are, so that 4.10 stays 4.10.

pub mod capability;
pub mod consent;
pub mod import;
pub mod letter;
pub mod log;
pub mod names;
pub mod outcome;
pub mod patient;
pub mod receipt;
pub mod searchset;
mod signature;

mod parts;
mod prescription;
mod splice;
