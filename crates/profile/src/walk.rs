//! 検査の一巡 — walks a tree once and reports what its profiles forbid.
