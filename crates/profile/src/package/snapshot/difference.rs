//! What a snapshot says beyond its base.

use std::sync::Arc;

use super::{
    Completer,
    overlay::{Overlay, plant_base},
    tree::Tree,
};
use crate::definition::{Constraint, Definition, Element, Form, Slicing, SlicingRules};

/// The smallest differential that completes to this snapshot.
pub(super) fn of(completer: &mut Completer<'_, '_>, snapshot: &Definition) -> Definition {
    let mut tree = Tree::default();
    let elements = match plant_base(completer, snapshot, &mut tree) {
        None => snapshot.elements.clone(),
        Some(base) => {
            let mut overlay = Overlay::new(completer, snapshot, tree, base);
            let elements = snapshot.elements.iter();
            elements.filter_map(|element| differing(&mut overlay, element)).collect()
        }
    };
    Definition { form: Form::Differential, elements, ..snapshot.clone() }
}

/// What an element says beyond what holds without it, if anything; it is laid over the tree.
fn differing(overlay: &mut Overlay<'_, '_, '_, '_>, element: &Element) -> Option<Element> {
    let begun = overlay.tree.begun();
    let node = overlay.reach(&element.id)?;
    // Whether the element itself had to be begun as a slice or as a new element.
    let is_begun = overlay.tree.begun() > begun;
    let mut difference = beyond(overlay.tree.element(node), element);
    if overlay.tree.is_new(node) {
        let implied = overlay.implied(overlay.tree.segment(node), &element.types);
        let says = |own: &Arc<Constraint>| implied.iter().all(|other| other.key != own.key);
        difference.constraints.retain(says);
    }
    if difference.slice_name.is_none() && is_begun {
        difference.slice_name.clone_from(&element.slice_name);
    }
    let says_nothing = {
        let bare = Element { id: String::new(), path: String::new(), ..difference.clone() };
        bare == Element::default()
    };
    if says_nothing && !is_begun {
        return None;
    }
    overlay.lay(&difference);
    // A profile of the type may have brought along what does not hold here.
    let rest = beyond(overlay.tree.element(node), element);
    difference.min = difference.min.or(rest.min);
    difference.max = difference.max.or(rest.max);
    overlay.lay(&rest);
    Some(difference)
}

/// The facts of an element that differ from those held.
fn beyond(held: &Element, element: &Element) -> Element {
    fn other<T: Clone + PartialEq>(held: Option<&T>, own: Option<&T>) -> Option<T> {
        own.filter(|_| held != own).cloned()
    }
    let is_new = |key: &str| !held.constraints.iter().any(|own| own.key == key);
    Element {
        id: element.id.clone(),
        path: element.path.clone(),
        slice_name: other(held.slice_name.as_ref(), element.slice_name.as_ref()),
        min: other(held.min.as_ref(), element.min.as_ref()),
        max: other(held.max.as_ref(), element.max.as_ref()),
        base_max: None,
        types: if held.types == element.types { Vec::new() } else { element.types.clone() },
        content_reference: other(
            held.content_reference.as_ref(),
            element.content_reference.as_ref(),
        ),
        fixed: other(held.fixed.as_ref(), element.fixed.as_ref()),
        pattern: other(held.pattern.as_ref(), element.pattern.as_ref()),
        min_value: other(held.min_value.as_ref(), element.min_value.as_ref()),
        max_value: other(held.max_value.as_ref(), element.max_value.as_ref()),
        max_length: other(held.max_length.as_ref(), element.max_length.as_ref()),
        binding: other(held.binding.as_ref(), element.binding.as_ref()),
        constraints: element.constraints.iter().filter(|own| is_new(&own.key)).cloned().collect(),
        slicing: other(held.slicing.as_ref(), element.slicing.as_ref())
            .filter(|own| !is_implied(element, own)),
        is_modifier: element.is_modifier && !held.is_modifier,
    }
}

/// Whether it goes without saying: extensions are told apart by their URL.
pub(super) fn is_implied(element: &Element, slicing: &Slicing) -> bool {
    let name = element.path.rsplit('.').next();
    matches!(name, Some("extension" | "modifierExtension"))
        && slicing.rules == SlicingRules::Open
        && matches!(&slicing.discriminators[..], [only] if only.path == "url")
}
