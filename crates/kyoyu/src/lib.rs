//! kyoyu
