//! 実装ガイドの束 — reads official FHIR packages and the tables of `fhir-profiles/`.
