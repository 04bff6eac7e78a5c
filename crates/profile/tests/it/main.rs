//! Data cases and mutations of whole Bundles.

mod broken;
mod fixtures;
mod fuzz;
mod official;
mod support;
