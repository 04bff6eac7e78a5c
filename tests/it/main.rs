//! Scenarios.

mod retention;
mod store;
