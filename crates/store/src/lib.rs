//! kyoyu-store
