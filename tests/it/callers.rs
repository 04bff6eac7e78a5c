//! 呼出元 — certificates, participants and tokens.

mod certificates;
mod headers;
mod tokens;
