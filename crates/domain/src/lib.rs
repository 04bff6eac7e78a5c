//! The words and decisions of the sharing service (電子カルテ情報共有サービス).
//!
//! This crate depends on nothing of ours, opens nothing and never looks at the wall
//! clock: what is shared ([`catalogue`]), who may see it ([`policy`]), how long it is
//! kept ([`retention`]), what must be recorded ([`audit`]) and how a refusal is worded
//! ([`problem`]) are plain functions and tables here.

pub mod audit;
pub mod catalogue;
pub mod clock;
mod coded;
pub mod consent;
pub mod entry;
pub mod identifiers;
pub mod import;
pub mod lab_items;
pub mod letter;
pub mod participant;
pub mod person;
pub mod phi;
pub mod policy;
pub mod prescription;
pub mod problem;
pub mod randomness;
pub mod retention;
pub mod rules;
pub mod signature;
pub mod submission;
