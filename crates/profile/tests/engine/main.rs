//! Properties of the engine: it never panics, its work is linear, its reports are bounded,
//! and strict mode is stricter in its own ways only.
//!
//! The guides are the official packages of `../shared`; without them the tests say so and
//! check nothing.

#![expect(clippy::print_stdout, reason = "a test that checks nothing says so")]

mod differences;
mod generations;
mod guides;
mod kinds;
mod mutation;
mod properties;
mod size;
mod strict;
