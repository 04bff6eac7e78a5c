//! 上限 — size, depth, speed and number, on the wire.

mod bodies;
mod floods;
mod slow;
