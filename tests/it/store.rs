//! 格納 — what must hold on a real database.
