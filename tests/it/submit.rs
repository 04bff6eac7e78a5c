//! 送信 — register, change, cancel, undo, check, preview, status: over mutual TLS on a real
//! database.

mod empty;
mod lists;
mod official;
mod preview;
mod refusals;
mod successors;
mod verbs;
mod written;
