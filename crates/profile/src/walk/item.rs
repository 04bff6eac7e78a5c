//! 要素 — one element against its definition, its slice and its type.

use super::{
    object::{Around, Field},
    texts,
    unit::{Demand, Walk},
};
use crate::{
    few::Few,
    fhirpath::Focus,
    json::Value,
    schema::{ElementNode, NodeId, ProfileId, RowType, Shape, Special, TypeRef},
};

impl<'d> Walk<'_, '_, 'd> {
    /// Counts an element and checks it.
    pub(super) fn item(&mut self, own: Field<'_, 'd>, focus: Focus<'d>) {
        self.steps += 1;
        let slot = own.object.table.slots[own.row.slot as usize];
        self.count(own.object.counters + own.row.slot as usize, slot.node);
        let node = self.node(slot.node);
        let RowType::Allowed(place) = own.row.type_index else {
            self.forbidden_type(focus);
            return;
        };
        let mut own_type = node.types.get(place as usize);
        if own.row.shape == Shape::Resource {
            own_type = self.fitting_type(node, own_type, focus);
        }
        let slice = match slot.slicing {
            Some(slicing) => self.slice_of(own, slicing, slot, focus, own_type),
            None => None,
        };
        // What is inside the item may be sliced and ordered by itself.
        let last = self.last_slice;
        match slice {
            None => self.element(own, focus, node, own_type),
            Some(slice) => {
                self.slice_element(own, focus, slice, own_type);
                if node.adds_to_slices {
                    self.element(own, focus, node, own_type);
                }
            }
        }
        self.last_slice = last;
    }

    /// The type of a definition that stands for the one that was found: that of the same
    /// name, for a resource that of its own type.
    fn fitting_type<'n>(
        &self,
        node: &'n ElementNode,
        found: Option<&'n TypeRef>,
        focus: Focus<'d>,
    ) -> Option<&'n TypeRef> {
        let found = found?;
        if found.shape != Shape::Resource {
            let mut types = node.types.iter();
            return types.find(|own| own.root == found.root && own.name == found.name);
        }
        let resource = focus.value().and_then(|value| self.check.resources.at(value));
        let type_name = resource.map(|id| &self.check.resources[id].type_name);
        let fits = |own: &&TypeRef| type_name.is_some_and(|name| *own.name == **name);
        node.types.iter().find(fits).or(node.types.first())
    }

    fn forbidden_type(&mut self, focus: Focus<'d>) {
        if let Some(value) = focus.value().or(focus.sibling()) {
            self.broken(&texts::FORBIDDEN_TYPE, value);
        }
    }

    fn slice_element(
        &mut self,
        own: Field<'_, 'd>,
        focus: Focus<'d>,
        slice: NodeId,
        own_type: Option<&TypeRef>,
    ) {
        let node = self.node(slice);
        let Some(own_type) = own_type else {
            self.element(own, focus, node, None);
            return;
        };
        match self.fitting_type(node, Some(own_type), focus).filter(|_| !node.types.is_empty()) {
            Some(own_type) => self.element(own, focus, node, Some(own_type)),
            None if node.types.is_empty() => self.element(own, focus, node, Some(own_type)),
            None => self.forbidden_type(focus),
        }
    }

    /// Checks an element against one definition of it.
    fn element(
        &mut self,
        own: Field<'_, 'd>,
        focus: Focus<'d>,
        node: &ElementNode,
        own_type: Option<&TypeRef>,
    ) {
        self.constraints(&node.constraints, focus);
        self.samples(node, focus);
        let Some(own_type) = own_type else {
            // The children are those of another element.
            self.own_children(node, focus);
            return;
        };
        self.constraints(&own_type.constraints, focus);
        match own_type.shape {
            Shape::Primitive(kind) => {
                self.primitive(kind, node, focus, own);
                self.beside(own_type, focus);
            }
            Shape::Resource => self.resource(focus, own_type),
            Shape::Backbone | Shape::Complex => self.complex_element(own, focus, node, own_type),
        }
    }

    /// What stands beside a primitive: id and extensions.
    fn beside(&mut self, own_type: &TypeRef, focus: Focus<'d>) {
        if let (Some(beside), Some(root)) = (focus.sibling(), own_type.root)
            && let Some(table) = self.schema.table_of(root)
        {
            self.object(beside, table, Around::beside());
        }
    }

    fn own_children(&mut self, node: &ElementNode, focus: Focus<'d>) {
        if let (Some(value), Some(table)) = (focus.value(), node.table) {
            let table = self.schema.table(table);
            self.object(value, table, Around::datatype());
        }
    }

    fn complex_element(
        &mut self,
        own: Field<'_, 'd>,
        focus: Focus<'d>,
        node: &ElementNode,
        own_type: &TypeRef,
    ) {
        let Some(value) = focus.value() else { return };
        match own_type.special {
            Special::Extension => {
                self.extension(own, value, node, own_type);
                return;
            }
            Special::Identifier => self.identifier(value),
            Special::Coding => self.coding(value, node),
            Special::CodeableConcept => self.concept(value, node),
            Special::Quantity => self.quantity(value, node),
            Special::Attachment => self.attachment(value),
            Special::Reference => self.reference(value, own_type),
            Special::Narrative | Special::Plain => {}
        }
        self.own_children(node, focus);
        match &*own_type.profiles {
            [] if node.table.is_none() => self.root_children(value, own_type.root),
            [] => {}
            [None] => self.broken(&texts::TYPE_PROFILE_UNKNOWN, value),
            [Some(profile)] => self.type_profile(value, *profile),
            profiles => self.one_of_profiles(value, profiles),
        }
    }

    fn root_children(&mut self, value: Value<'d>, root: Option<NodeId>) {
        if let Some(table) = root.and_then(|root| self.schema.table_of(root)) {
            self.object(value, table, Around::datatype());
        }
    }

    pub(super) fn type_profile(&mut self, value: Value<'d>, profile: ProfileId) {
        let root = self.schema.profile(profile).root;
        self.constraints(&self.node(root).constraints, Focus::of(value));
        self.samples(self.node(root), Focus::of(value));
        self.root_children(value, Some(root));
    }

    /// The findings of the first profile that holds; of all where none does.
    fn one_of_profiles(&mut self, value: Value<'d>, profiles: &[Option<ProfileId>]) {
        let before = std::mem::take(&mut self.findings);
        let mut of_all = Vec::new();
        for profile in profiles.iter().flatten() {
            self.type_profile(value, *profile);
            let own = std::mem::take(&mut self.findings);
            if own.errors == 0 {
                of_all = own.kept;
                self.findings = before;
                for finding in of_all {
                    self.findings.push(finding);
                }
                return;
            }
            of_all.extend(own.kept);
        }
        self.findings = before;
        self.broken(&texts::NO_PROFILE_HOLDS, value);
        for finding in of_all {
            self.findings.push(finding);
        }
    }

    /// A resource inside this one is a unit of its own.
    fn resource(&mut self, focus: Focus<'d>, own_type: &TypeRef) {
        let Some(value) = focus.value() else { return };
        let Some(resource) = self.check.resources.at(value) else {
            self.broken(&texts::NO_RESOURCE_TYPE, value);
            return;
        };
        if self.check.resources[resource].type_profile.is_none() {
            self.broken(&texts::UNKNOWN_RESOURCE_TYPE, value);
            return;
        }
        let profiles: Few<ProfileId> = own_type.profiles.iter().flatten().copied().collect();
        let is_of_type = |profile: ProfileId| self.check.is_of_type(resource, profile);
        let is_allowed = match own_type.root {
            Some(root) if profiles.is_empty() => is_of_type(self.node(root).profile),
            _ => profiles.iter().any(|profile| is_of_type(*profile)),
        };
        if !is_allowed {
            self.broken(&texts::RESOURCE_TYPE_NOT_ALLOWED, value);
            return;
        }
        let profiles = self.check.least(resource, profiles);
        self.demands.push(Demand::Child { at: value.id(), resource, profiles });
    }
}

/// Whether the name under which a choice stands ends with its type: `valueQuantity`.
pub(super) fn key_names_type(value: Value<'_>, type_name: &str) -> bool {
    let name = value.symbol().name().as_bytes();
    name.len() > type_name.len() && {
        let tail = &name[name.len() - type_name.len()..];
        tail.eq_ignore_ascii_case(type_name.as_bytes()) && tail[0].is_ascii_uppercase()
    }
}
