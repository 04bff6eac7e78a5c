//! kyoyu-devkit
