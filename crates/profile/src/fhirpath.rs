//! FHIRPath — invariants compiled once and evaluated over the JSON tree.
