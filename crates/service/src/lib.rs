//! kyoyu-service
