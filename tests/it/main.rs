//! Scenarios.

mod house_rules;
mod retention;
mod store;
