//! Scenarios.

mod callers;
mod catalogue;
mod config;
mod crash;
mod demo;
mod house_rules;
mod letters;
mod limits;
mod policy_matrix;
mod prescriptions;
mod read;
mod retention;
mod shutdown;
mod store;
mod submit;
mod validate;
