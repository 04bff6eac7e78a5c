//! 送信 — register, change, cancel, undo, check, status: over mutual TLS on a real database.

mod official;
mod refusals;
mod verbs;
