//! Data cases and mutations of whole Bundles.

mod attachments;
mod broken;
mod documents;
mod fixtures;
mod fuzz;
mod invariants;
mod letters;
mod official;
mod prose;
mod support;
