//! 閲覧 — within consent, without what must stay hidden, and refusals that tell nothing.

mod connections;
mod flags;
mod log;
mod pages;
mod refusals;
mod shown;
