//! 用語 — code systems and value sets, expanded once, scoped per guide.

mod model;

pub use model::{
    CodeSystem, Concept, Content, Designation, Filter, Include, ListedCode, Property, ValueSet,
};
