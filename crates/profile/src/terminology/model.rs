//! Code systems and value sets as published.
//!
//! Source: FHIR R4, CodeSystem and ValueSet.

/// コード体系 — one code system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSystem {
    /// Its canonical, which is the `system` of its codes.
    pub url: String,
    /// Its business version.
    pub version: Option<String>,
    /// How much of it the package holds.
    pub content: Content,
    /// Whether codes differ by case; R4 leaves it open where it is not said.
    pub is_case_sensitive: bool,
    /// The language of its displays, where it is said.
    pub language: Option<String>,
    /// The code system that a [`Content::Supplement`] adds to.
    pub supplements: Option<String>,
    /// The concepts.
    pub concepts: Vec<Concept>,
}

/// How much of a code system a package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    NotPresent,
    /// A few for illustration.
    Example,
    /// A part.
    Fragment,
    /// All of it.
    Complete,
    /// Designations and properties for another one.
    Supplement,
}

/// 概念 — one concept of a code system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    /// Its code.
    pub code: String,
    /// The index in the list of the concept that it stands under.
    pub parent: Option<u32>,
    /// Its display.
    pub display: Option<String>,
    /// Its other names.
    pub designations: Vec<Designation>,
    /// What filters may ask for.
    pub properties: Vec<Property>,
}

/// Another name of a concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Designation {
    /// Its language, such as `ja`.
    pub language: Option<String>,
    /// The name.
    pub value: String,
}

/// A property of a concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its name, such as `status`.
    pub code: String,
    /// Its value as text; of a Coding its code.
    pub value: String,
}

/// 値セット — one value set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSet {
    /// Its canonical.
    pub url: String,
    /// Its business version.
    pub version: Option<String>,
    /// What belongs to it.
    pub includes: Vec<Include>,
    /// What does not, after all.
    pub excludes: Vec<Include>,
    /// The codes, where they are listed as such.
    pub expansion: Option<Vec<ListedCode>>,
}

/// A part of a value set: what fulfils all that is said here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Include {
    /// The code system.
    pub system: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The codes; the whole system where there are neither codes nor filters.
    pub concepts: Vec<ListedCode>,
    /// What the codes have to fulfil.
    pub filters: Vec<Filter>,
    /// The value sets that the codes have to be in.
    pub value_sets: Vec<String>,
}

/// A code in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCode {
    /// Its system, where it is not said for the whole list.
    pub system: Option<String>,
    /// The code.
    pub code: String,
    /// Its display, where the list has one of its own.
    pub display: Option<String>,
    /// Its other names, where the list has some.
    pub designations: Vec<Designation>,
}

/// What codes have to fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The property that is looked at, `concept` for the code itself.
    pub property: String,
    /// How: `is-a`, `descendent-of`, `=`, …
    pub operator: String,
    /// What it is compared with.
    pub value: String,
}
