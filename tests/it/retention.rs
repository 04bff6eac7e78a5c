//! 保存期間 — generated lives against an oracle that shares no code with the rule, and the
//! Bundles that are made of them.

mod bodies;
mod real;
mod rule;
