//! 操作 — one file for each thing that can be asked for.

pub(crate) mod access_log;
pub(crate) mod announce_patient;
pub(crate) mod answer_letter;
pub(crate) mod assemble_summary;
pub(crate) mod cancel_bundle;
pub(crate) mod change_bundle;
pub(crate) mod import;
pub(crate) mod last_n;
pub(crate) mod letters;
pub(crate) mod look_up;
pub(crate) mod metadata;
pub(crate) mod preview_bundle;
pub(crate) mod put_consent;
pub(crate) mod query;
pub(crate) mod read_attachment;
pub(crate) mod read_document;
pub(crate) mod read_patient;
pub(crate) mod read_resource;
pub(crate) mod receive_letter;
pub(crate) mod register_bundle;
pub(crate) mod search;
pub(crate) mod search_patient;
pub(crate) mod submissions;
pub(crate) mod undo_bundle;
pub(crate) mod validate_bundle;
