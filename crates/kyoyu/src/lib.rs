//! The binary's parts: configuration, wiring, commands, the worker loop.

pub mod bench;
pub mod commands;
pub mod config;
pub mod database;
pub mod importer;
pub mod output;
pub mod profiles;
pub mod secrets;
pub mod server;
pub mod telemetry;
pub mod worker;
