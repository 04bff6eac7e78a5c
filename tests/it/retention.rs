//! 保存期間 — generated lives against an oracle that shares no code with the rule.

mod real;
mod rule;
