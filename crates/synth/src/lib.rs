//! kyoyu-synth
