//! Support for the scenario tests.

pub mod app;
pub mod database;
pub mod lifecycle;
pub mod process;
pub mod raw;
pub mod seed;
pub mod service;
