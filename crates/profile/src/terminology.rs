//! 用語 — code systems and value sets, expanded once, scoped per guide.
