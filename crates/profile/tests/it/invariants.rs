//! Invariants: the table of the Japanese rules, and the native functions.

mod natives;
mod packages;
mod patch;
mod rules;
mod surroundings;
mod verdicts;
