//! 型 — the types of an element, with what the base type demands.

use super::{
    ConstraintId, NodeId, PrimitiveKind, ProfileId,
    build::Builder,
    elements::{Shape, Special, Target, TypeRef},
};
use crate::definition::{Element, ElementType, StructureKind};

/// Before this stand the canonicals of the base types.
const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

impl Builder<'_> {
    pub(super) fn type_refs(&self, element: &Element) -> Box<[TypeRef]> {
        element.types.iter().map(|own| self.type_ref(own)).collect()
    }

    fn type_ref(&self, own: &ElementType) -> TypeRef {
        let name = own.code.strip_prefix(BASE).unwrap_or(&own.code);
        let id = self.types.get(name).copied();
        TypeRef {
            name: name.into(),
            shape: self.shape(name, id),
            special: Special::of(name),
            root: id.map(|id| self.profiles[id.index()].root),
            profiles: own.profiles.iter().map(|url| self.find(url)).collect(),
            aggregation: own.aggregation,
            targets: own.targets.iter().map(|url| self.target(url)).collect(),
            constraints: Box::default(),
        }
    }

    fn shape(&self, name: &str, id: Option<ProfileId>) -> Shape {
        if let Some(kind) = PrimitiveKind::of(name) {
            return Shape::Primitive(kind);
        }
        if matches!(name, "BackboneElement" | "Element") {
            return Shape::Backbone;
        }
        match id.map(|id| self.profiles[id.index()].kind) {
            Some(StructureKind::Resource) => Shape::Resource,
            _ => Shape::Complex,
        }
    }

    fn find(&self, canonical: &str) -> Option<ProfileId> {
        self.by_canonical.get(canonical).copied()
    }

    fn target(&self, canonical: &str) -> Target {
        if canonical == "http://hl7.org/fhir/StructureDefinition/Resource" {
            return Target::Any;
        }
        self.find(canonical).map_or(Target::Unknown, Target::Profile)
    }

    /// Adds to each type of each element the invariants of the type's root that the element
    /// does not state itself: snapshots of the core leave them out.
    pub(super) fn add_type_constraints(&mut self) {
        let roots: Vec<Box<[ConstraintId]>> =
            self.nodes.iter().map(|node| node.constraints.clone()).collect();
        for node in &mut self.nodes {
            for own in &mut node.types {
                let Some(NodeId(root)) = own.root else { continue };
                if own.shape == Shape::Resource {
                    continue;
                }
                own.constraints = roots[root as usize]
                    .iter()
                    .filter(|id| !node.constraints.contains(id))
                    .copied()
                    .collect();
            }
        }
    }
}
