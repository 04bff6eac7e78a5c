//! 要素 — what one element of a definition demands.

use std::ops::Range;

use super::{ConstraintId, NodeId, PrimitiveKind, ProfileId, Sample, SlicingId, TableId};
use crate::{
    definition::{Aggregation, Strength, TypedJson},
    json::Symbol,
    terminology::ValueSetId,
};

/// 束縛 — a binding whose value sets were looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) strength: Strength,
    /// None where the packages do not have it.
    pub(crate) value_set: Option<ValueSetId>,
    /// As published, with `|version` where one is given.
    pub(crate) canonical: Box<str>,
    /// Beyond which nothing is allowed.
    pub(crate) max_value_set: Option<ValueSetId>,
}

/// 要素 — one element of a definition.
#[derive(Debug)]
pub(crate) struct ElementNode {
    /// The id with slice names, such as `Observation.code.coding:jlac10`.
    pub(crate) id: Box<str>,
    /// Where the last name stands in it.
    pub(super) name: Range<u16>,
    /// The name of the slice that it is.
    pub(crate) slice_name: Option<Box<str>>,
    /// The definition that it is part of.
    pub(crate) profile: ProfileId,
    pub(crate) min: u32,
    /// The greatest number; [`u32::MAX`] is any.
    pub(crate) max: u32,
    /// Whether JSON has an array.
    pub(crate) is_array: bool,
    pub(crate) types: Box<[TypeRef]>,
    pub(crate) fixed: Option<Box<Sample>>,
    pub(crate) pattern: Option<Box<Sample>>,
    pub(crate) least: Option<Box<TypedJson>>,
    pub(crate) greatest: Option<Box<TypedJson>>,
    /// The most characters; 0 is any.
    pub(crate) max_length: u32,
    pub(crate) binding: Option<Box<Bound>>,
    pub(crate) constraints: Box<[ConstraintId]>,
    /// Its own children, where the definition lists them.
    pub(crate) table: Option<TableId>,
    pub(crate) slicing: Option<SlicingId>,
    /// Whether it is the `coding` of a CodeableConcept.
    pub(crate) is_in_concept: bool,
    /// Whether it demands more than its slices do, so that an item of a slice is checked
    /// against it too.
    pub(crate) adds_to_slices: bool,
}

impl ElementNode {
    /// The last name of its path, without slices: `value[x]`.
    pub(crate) fn name(&self) -> &str {
        &self.id[usize::from(self.name.start)..usize::from(self.name.end)]
    }
}

/// A type that an element may have.
#[derive(Debug, Clone)]
pub(crate) struct TypeRef {
    pub(crate) name: Box<str>,
    pub(crate) shape: Shape,
    pub(crate) special: Special,
    /// The root of the type's base definition.
    pub(crate) root: Option<NodeId>,
    /// Profiles of the type, one of which has to hold; `None` is not in the packages.
    pub(crate) profiles: Box<[Option<ProfileId>]>,
    pub(crate) targets: Box<[Target]>,
    pub(crate) aggregation: Aggregation,
    /// The invariants of the type's root that the element does not state itself.
    pub(crate) constraints: Box<[ConstraintId]>,
}

/// What a reference may point to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Any resource.
    Any,
    /// Something that conforms to this.
    Profile(ProfileId),
    /// A canonical that the packages do not have.
    Unknown,
}

/// What the JSON of a type looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A string, number or boolean.
    Primitive(PrimitiveKind),
    /// An object.
    Complex,
    /// An object whose children the element lists itself.
    Backbone,
    /// An object with `resourceType`.
    Resource,
}

/// The types with rules of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    Plain,
    Identifier,
    Coding,
    CodeableConcept,
    Quantity,
    Attachment,
    Narrative,
    Reference,
    Extension,
}

impl Special {
    pub(super) fn of(type_name: &str) -> Self {
        match type_name {
            "Identifier" => Self::Identifier,
            "Coding" => Self::Coding,
            "CodeableConcept" => Self::CodeableConcept,
            "Quantity" => Self::Quantity,
            "Attachment" => Self::Attachment,
            "Narrative" => Self::Narrative,
            "Reference" => Self::Reference,
            "Extension" => Self::Extension,
            _ => Self::Plain,
        }
    }
}

/// The name of an element in JSON where it has one type; `value[x]` has one for each.
pub(super) fn json_name(name: &str, type_name: &str) -> Symbol {
    let Some(stem) = name.strip_suffix("[x]") else {
        return Symbol::of(name);
    };
    let mut letters = type_name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    Symbol::of(&stem.chars().chain(first).chain(letters).collect::<String>())
}
