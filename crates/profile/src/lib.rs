//! Reads FHIR JSON and answers with issues (電子カルテ情報共有サービスの検査).
//!
//! This crate opens nothing, never fails and never panics: it receives bytes, and a broken
//! document is an answer. [`json`] turns bytes into a tree that keeps every place;
//! [`collection`] checks what institutions send; [`rules`] is the list of what can be
//! wrong; [`parameters`], [`announcement`] and [`consent`] read the small bodies of the
//! service's own operations.

pub mod announcement;
mod base64;
pub mod checked;
pub mod collection;
pub mod consent;
pub mod definition;
pub mod fhirpath;
pub mod generation;
pub mod invariants;
pub mod json;
pub mod limits;
pub mod package;
pub mod parameters;
pub mod prescription;
pub mod resource;
pub mod rules;
pub mod schema;
pub mod terminology;
pub mod validator;

mod closed;
mod dates;
mod document;
mod few;
mod hash;
mod view;
mod walk;

pub use document::signature::of as signature_of;
pub use generation::Generation;
pub use limits::Limits;
