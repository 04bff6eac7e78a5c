//! Lays one differential over its base.

use std::{rc::Rc, sync::Arc};

use super::{
    Completer, Reason,
    merge::{add_constraint, merge},
    tree::{NodeId, Tree, name_of},
};
use crate::definition::{
    Constraint, Definition, Discriminator, DiscriminatorKind, Element, ElementType, Form, Max,
    Slicing, SlicingRules, StructureKind,
};

/// The canonicals of the types of R4 begin with it.
const TYPE_URL: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The snapshot of a differential; without its base, no more than the differential.
pub(super) fn lay(completer: &mut Completer<'_, '_>, definition: &Definition) -> Definition {
    let mut tree = Tree::default();
    let elements = match plant_base(completer, definition, &mut tree) {
        None => definition.elements.clone(),
        Some(root) => {
            let mut overlay = Overlay::new(completer, definition, tree, root);
            for element in &definition.elements {
                overlay.lay(element);
            }
            overlay.tree.flatten(overlay.root)
        }
    };
    Definition {
        form: Form::Snapshot,
        elements,
        url: definition.url.clone(),
        version: definition.version.clone(),
        name: definition.name.clone(),
        type_name: definition.type_name.clone(),
        base: definition.base.clone(),
        contexts: definition.contexts.clone(),
        context_invariants: definition.context_invariants.clone(),
        ..*definition
    }
}

/// Plants the snapshot of the base; of the types that have none, a bare root.
pub(super) fn plant_base(
    completer: &mut Completer<'_, '_>,
    definition: &Definition,
    tree: &mut Tree,
) -> Option<NodeId> {
    let Some(base) = definition.base.as_deref() else {
        let root = Element {
            id: definition.type_name.clone(),
            base_max: Some(Max::Unbounded),
            ..Element::default()
        };
        return tree.plant(&[Rc::new(root)]);
    };
    let Some(elements) = completer.elements(base) else {
        completer.fault(definition, "", Reason::NoBase(base.to_owned()));
        return None;
    };
    tree.plant(&elements)
}

pub(super) struct Overlay<'c, 's, 'p, 'd> {
    completer: &'c mut Completer<'s, 'p>,
    definition: &'d Definition,
    pub(super) tree: Tree,
    root: NodeId,
    /// The invariants of Element and of Extension, as they stand, not completed: the two are
    /// made of each other.
    of_element: &'p [Arc<Constraint>],
    of_extension: &'p [Arc<Constraint>],
}

impl<'c, 's, 'p, 'd> Overlay<'c, 's, 'p, 'd> {
    /// Begins with a copy of the base, named after the type that is defined.
    pub(super) fn new(
        completer: &'c mut Completer<'s, 'p>,
        definition: &'d Definition,
        mut tree: Tree,
        base: NodeId,
    ) -> Self {
        let root = tree.copy(base);
        tree.rename(root, &definition.type_name);
        let scope = completer.scope;
        let stated = |url: &str| -> &'p [Arc<Constraint>] {
            let root = scope.definition(url).and_then(|own| own.elements.first());
            root.map_or(&[], |root| &root.constraints)
        };
        let of_element = stated("http://hl7.org/fhir/StructureDefinition/Element");
        let of_extension = stated("http://hl7.org/fhir/StructureDefinition/Extension");
        Self { completer, definition, tree, root, of_element, of_extension }
    }

    pub(super) fn lay(&mut self, element: &Element) {
        match self.reach(&element.id) {
            Some(node) => self.apply(node, element),
            None => self.completer.fault(self.definition, &element.id, Reason::NoElement),
        }
    }

    /// The node of an id; what is not there yet is unfolded or sliced off.
    pub(super) fn reach(&mut self, id: &str) -> Option<NodeId> {
        let mut node = self.root;
        for segment in id.split('.').skip(1) {
            if self.tree.children(node).is_empty() {
                self.unfold(node);
            }
            node = match self.tree.child(node, segment) {
                Some(child) => child,
                None => self.begin(node, segment)?,
            };
        }
        Some(node)
    }

    /// Begins a slice or, in a type of its own, an element.
    fn begin(&mut self, parent: NodeId, segment: &str) -> Option<NodeId> {
        let slice = self.slice(parent, segment);
        if slice.is_some() || self.definition.is_profile || segment.contains(':') {
            return slice;
        }
        Some(self.tree.add_child(parent, segment))
    }

    /// Gives an element the children of what it repeats or of its type.
    fn unfold(&mut self, node: NodeId) {
        if let Some(reference) = self.tree.element(node).content_reference.clone() {
            self.unfold_reference(node, &reference);
            return;
        }
        let Some(canonical) = content_of(&self.tree.element(node).types) else { return };
        let Some(elements) = self.completer.elements(&canonical) else { return };
        if let Some(root) = self.tree.plant(&elements) {
            self.tree.graft(node, root);
        }
    }

    /// `#Observation.referenceRange` → the children and the type of that element.
    fn unfold_reference(&mut self, node: NodeId, reference: &str) {
        let path = reference.rsplit_once('#').map_or(reference, |(_, path)| path);
        let mut target = self.tree.origin(self.root);
        for segment in path.split('.').skip(1) {
            let Some(child) = self.tree.child(target, segment) else { return };
            target = child;
        }
        let types = self.tree.element(target).types.clone();
        let element = self.tree.element_mut(node);
        element.types = types;
        element.content_reference = None;
        self.tree.graft(node, target);
    }

    /// Begins a slice: `coding:jlac10`, `value[x]:valueQuantity` or its short form
    /// `valueQuantity`.
    fn slice(&mut self, parent: NodeId, segment: &str) -> Option<NodeId> {
        let Some((name, slice)) = segment.split_once(':') else {
            return self.short_choice(parent, segment);
        };
        let sliced = self.tree.child(parent, name)?;
        // `a/b` slices the slice `a` again, but only where that is sliced.
        let again = slice.rsplit_once('/').and_then(|(outer, _)| {
            let outer = self.tree.child(parent, &format!("{name}:{outer}"))?;
            self.tree.element(outer).slicing.is_some().then_some(outer)
        });
        let sliced = again.unwrap_or(sliced);
        let node = self.tree.copy(self.tree.origin(sliced));
        self.tree.add_slice(parent, node, segment);
        self.ensure_slicing(sliced, name);
        let element = self.tree.element_mut(node);
        element.slicing = None;
        element.slice_name = Some(slice.to_owned());
        // A slice is demanded only where that is said of itself.
        element.min = Some(0);
        if let Some(of_type) = choice_type(name, slice, &element.types) {
            element.types = vec![of_type];
            element.max = Some(Max::Count(1));
        }
        Some(node)
    }

    /// `valueQuantity` → `value[x]:valueQuantity`, or `value[x]` where it is down to one
    /// type, which needs no slice.
    fn short_choice(&mut self, parent: NodeId, segment: &str) -> Option<NodeId> {
        let choice = self.tree.children(parent).iter().copied().find(|child| {
            let types = &self.tree.element(*child).types;
            choice_type(self.tree.segment(*child), segment, types).is_some()
        })?;
        if self.tree.element(choice).types.len() == 1 {
            return Some(choice);
        }
        let segment = format!("{}:{segment}", self.tree.segment(choice));
        self.tree.child(parent, &segment).or_else(|| self.slice(parent, &segment))
    }

    /// Extensions and choices may be sliced without a word about how.
    fn ensure_slicing(&mut self, sliced: NodeId, name: &str) {
        let (kind, path) = match name {
            "extension" | "modifierExtension" => (DiscriminatorKind::Value, "url"),
            choice if choice.ends_with("[x]") => (DiscriminatorKind::Type, "$this"),
            _ => return,
        };
        let element = self.tree.element_mut(sliced);
        element.slicing.get_or_insert_with(|| Slicing {
            discriminators: vec![Discriminator { kind, path: path.to_owned() }],
            is_ordered: false,
            rules: SlicingRules::Open,
        });
    }

    fn apply(&mut self, node: NodeId, own: &Element) {
        if let [ElementType { code, profiles, .. }] = &own.types[..]
            && let [profile] = &profiles[..]
        {
            self.apply_type_profile(node, own, code, profile);
        }
        let is_new = self.tree.is_new(node);
        merge(self.tree.element_mut(node), own, &self.definition.url);
        if is_new {
            self.finish_new(node);
        }
    }

    /// What holds of every element of a type: its number in the type says whether JSON has
    /// an array, and invariants are implied.
    fn finish_new(&mut self, node: NodeId) {
        let implied = self.implied(self.tree.segment(node), &self.tree.element(node).types);
        let element = self.tree.element_mut(node);
        element.base_max = element.max;
        for constraint in implied {
            add_constraint(element, constraint);
        }
    }

    /// The invariants of Element and Extension hold in every element that is such.
    pub(super) fn implied(&self, name: &str, types: &[ElementType]) -> Vec<Arc<Constraint>> {
        // Of these JSON has a value and nothing else.
        let is_bare = name == "id"
            || (name == "url" && self.definition.type_name == "Extension")
            || self.definition.kind == StructureKind::Primitive;
        let (of_element, of_extension) = match types.first().map(|own| own.code.as_str()) {
            _ if is_bare => (false, false),
            Some("Resource") => (false, false),
            Some("Extension") => (true, true),
            _ => (true, false),
        };
        let element = self.of_element.iter().filter(|_| of_element);
        element.chain(self.of_extension.iter().filter(|_| of_extension)).cloned().collect()
    }

    /// What a profile says of the number of its own root holds where the profile is used; its
    /// invariants are checked with the profile.
    fn apply_type_profile(&mut self, node: NodeId, own: &Element, code: &str, profile: &str) {
        let Some(snapshot) = self.completer.snapshot(profile) else {
            let reason = Reason::NoTypeProfile(profile.to_owned());
            self.completer.fault(self.definition, &own.id, reason);
            return;
        };
        let Some(root) = snapshot.elements.first() else { return };
        let element = self.tree.element_mut(node);
        if code == "Extension" {
            element.min = root.min;
            element.max = root.max;
        }
        element.is_modifier |= root.is_modifier;
    }
}

/// The canonical of the definition whose elements are those of an element of these types;
/// none where they differ.
fn content_of(types: &[ElementType]) -> Option<String> {
    let first = types.first()?;
    if types.iter().any(|other| other.code != first.code) {
        return None;
    }
    match (types, &first.profiles[..]) {
        ([_], [profile]) => Some(profile.clone()),
        _ => Some(format!("{TYPE_URL}{}", first.code)),
    }
}

/// `value[x]` and `valueQuantity` → the type Quantity, if it is one of these.
fn choice_type(choice: &str, spelled: &str, types: &[ElementType]) -> Option<ElementType> {
    let stem = name_of(choice).strip_suffix("[x]")?;
    let wanted = spelled.strip_prefix(stem)?;
    types.iter().find(|own| spells(wanted, &own.code)).cloned()
}

/// Whether the ending of an element's name spells this type: `DateTime` is `dateTime`.
fn spells(ending: &str, code: &str) -> bool {
    let (Some(first), Some(own)) = (ending.chars().next(), code.chars().next()) else {
        return false;
    };
    first == own.to_ascii_uppercase() && ending[first.len_utf8()..] == code[own.len_utf8()..]
}
