//! 定義 — what a profile says, whichever form it came in.
//!
//! The official packages (StructureDefinitions in JSON) and the tables of `fhir-profiles/`
//! are both read into this model, differential or snapshot; [`crate::schema`] compiles it.
//! Strings are as published; nothing is interpreted here.
//!
//! Source: FHIR R4, StructureDefinition and ElementDefinition.

use std::sync::Arc;

/// 構造の定義 — one type, resource, extension or profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its canonical, without version.
    pub url: String,
    /// Its business version, such as `1.10.0`.
    pub version: String,
    /// The computer-friendly name, such as `JP_Patient_eCS`.
    pub name: String,
    /// What is defined.
    pub kind: StructureKind,
    /// The type that is defined or constrained, such as `Patient` or `Extension`.
    pub type_name: String,
    /// The canonical of the definition that it builds on; none for `Element` and `Resource`.
    pub base: Option<String>,
    /// Whether it constrains its base (a profile) rather than adding to it (a type).
    pub is_profile: bool,
    /// Whether it can have no instances of its own.
    pub is_abstract: bool,
    /// Where an extension may stand; empty for anything else.
    pub contexts: Vec<ExtensionContext>,
    /// What the element that holds an extension has to meet: `FHIRPath`, evaluated there.
    pub context_invariants: Vec<String>,
    /// Whether `elements` is complete or only what differs from the base.
    pub form: Form,
    /// The elements in published order; the first is the root.
    pub elements: Vec<Element>,
}

/// What a [`Definition`] defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructureKind {
    /// A primitive such as `date`.
    Primitive,
    /// A datatype such as `HumanName`, extensions included.
    Complex,
    /// A resource.
    Resource,
    /// A logical model; never used for checking.
    Logical,
}

/// Whether all elements are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Only what differs from the base.
    Differential,
    /// Everything.
    Snapshot,
}

/// Where an extension may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionContext {
    /// How `expression` is meant.
    pub kind: ContextKind,
    /// A path, an extension's canonical or a `FHIRPath` expression.
    pub expression: String,
}

/// The kinds of extension context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextKind {
    /// A `FHIRPath` expression.
    FhirPath,
    /// An element id or path such as `Patient.name`, or a type.
    Element,
    /// The canonical of another extension.
    Extension,
}

/// 要素 — one element; what a differential leaves open is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// The id with slice names, such as `Observation.code.coding:jlac10`.
    pub id: String,
    /// The path without slice names.
    pub path: String,
    /// The slice that starts here. It may contain `/` without being a re-slice.
    pub slice_name: Option<String>,
    /// Least number.
    pub min: Option<u32>,
    /// Greatest number.
    pub max: Option<Max>,
    /// Greatest number in the base type: decides whether JSON has an array. Snapshots only.
    pub base_max: Option<Max>,
    /// The types allowed.
    pub types: Vec<ElementType>,
    /// The element whose content is reused, such as `#Questionnaire.item`.
    pub content_reference: Option<String>,
    /// `fixed[x]`.
    pub fixed: Option<TypedJson>,
    /// `pattern[x]`.
    pub pattern: Option<TypedJson>,
    /// `minValue[x]`.
    pub min_value: Option<TypedJson>,
    /// `maxValue[x]`.
    pub max_value: Option<TypedJson>,
    /// Most characters.
    pub max_length: Option<u32>,
    /// The terminology binding.
    pub binding: Option<Binding>,
    /// The invariants stated here, shared by all elements that take them over.
    pub constraints: Vec<Arc<Constraint>>,
    /// How the element is sliced.
    pub slicing: Option<Slicing>,
    /// Whether an element changes the meaning of what holds it.
    pub is_modifier: bool,
}

/// A greatest number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Max {
    /// At most this many.
    Count(u32),
    /// Any number (`*`).
    Unbounded,
}

/// A type that an element may have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ElementType {
    /// The type's name. `http://hl7.org/fhirpath/System.String` is read as the FHIR type of
    /// the extension beside it (`string`, `id`, …).
    pub code: String,
    /// Canonicals of profiles; one of them has to hold.
    pub profiles: Vec<String>,
    /// Canonicals of the profiles a reference may point to.
    pub targets: Vec<String>,
    /// Where the target of a reference may stand.
    pub aggregation: Aggregation,
}

/// 集約 — where the target of a reference may stand; anywhere where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aggregation {
    /// In the resource that refers to it.
    pub contained: bool,
    /// Anywhere else.
    pub referenced: bool,
    /// In another entry of the Bundle.
    pub bundled: bool,
}

impl Aggregation {
    /// Whether nothing is said.
    pub fn is_open(self) -> bool {
        self == Self::default()
    }
}

/// A JSON value with the type that its element name carried (`fixedUri`: `uri`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedJson {
    /// The type's name as in the element, such as `CodeableConcept` or `uri`.
    pub type_name: String,
    /// The JSON text as published.
    pub text: String,
}

/// 束縛 — a terminology binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// How binding it is.
    pub strength: Strength,
    /// The canonical of the value set, with `|version` where one is given.
    pub value_set: String,
    /// The value set beyond which nothing is allowed (extension `elementdefinition-maxValueSet`).
    pub max_value_set: Option<String>,
}

/// The strength of a [`Binding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// The code has to be from the set.
    Required,
    /// From the set where it has one that fits.
    Extensible,
    /// Encouraged.
    Preferred,
    /// For illustration.
    Example,
}

/// 不変条件 — an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// The key, such as `ele-1`.
    pub key: String,
    /// Whether breaking it is an error; a warning otherwise.
    pub is_error: bool,
    /// The `FHIRPath` expression; absent where only prose states it.
    pub expression: Option<String>,
    /// What it says, in the language of the source; shown when we have no text of our own.
    pub human: String,
    /// The canonical of the definition that states it first.
    pub source: Option<String>,
}

/// How an element is sliced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slicing {
    /// What tells the slices apart.
    pub discriminators: Vec<Discriminator>,
    /// Whether the slices come in the order of their definition.
    pub is_ordered: bool,
    /// What else may stand there.
    pub rules: SlicingRules,
}

/// What tells slices apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discriminator {
    /// What is compared.
    pub kind: DiscriminatorKind,
    /// The path from the element, such as `$this` or `code.coding`.
    pub path: String,
}

/// What a [`Discriminator`] compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscriminatorKind {
    /// A fixed or pattern value, or membership in a required value set.
    Value,
    /// Whether the element exists.
    Exists,
    /// The pattern; the same as `Value` in R4.
    Pattern,
    /// The type.
    Type,
    /// Conformance to a profile.
    Profile,
}

/// What may stand beside the slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlicingRules {
    /// Nothing.
    Closed,
    /// Anything.
    Open,
    /// Anything, behind the slices.
    OpenAtEnd,
}
