//! 構造の表 — definitions compiled into trees that one walk checks.
