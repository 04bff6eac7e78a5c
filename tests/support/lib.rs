//! Support for the scenario tests.

pub mod database;
pub mod lifecycle;
pub mod seed;
