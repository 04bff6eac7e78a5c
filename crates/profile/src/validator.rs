//! 検査器 — the public face: loaded guides in, findings out.
