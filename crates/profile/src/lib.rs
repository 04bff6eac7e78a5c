//! kyoyu-profile
