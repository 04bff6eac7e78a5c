//! Scenarios.

mod callers;
mod catalogue;
mod config;
mod demo;
mod house_rules;
mod limits;
mod policy_matrix;
mod read;
mod retention;
mod store;
mod submit;
