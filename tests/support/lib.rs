//! Support for the scenario tests.

pub mod app;
pub mod database;
pub mod lifecycle;
pub mod raw;
pub mod process;
pub mod seed;
pub mod service;
