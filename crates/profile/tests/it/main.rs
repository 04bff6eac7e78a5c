//! Data cases and mutations of whole Bundles.

mod broken;
mod fixtures;
mod fuzz;
mod invariants;
mod official;
mod support;
