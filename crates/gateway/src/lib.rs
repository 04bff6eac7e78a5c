//! kyoyu-gateway
