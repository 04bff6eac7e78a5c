//! Puts the facts of one element over those of another.

use std::sync::Arc;

use crate::definition::{Constraint, Element};

/// Puts what an element of a differential states over what holds already.
pub(super) fn merge(element: &mut Element, own: &Element, source: &str) {
    set(&mut element.slice_name, own.slice_name.as_ref());
    set(&mut element.min, own.min.as_ref());
    set(&mut element.max, own.max.as_ref());
    set(&mut element.content_reference, own.content_reference.as_ref());
    set(&mut element.fixed, own.fixed.as_ref());
    set(&mut element.pattern, own.pattern.as_ref());
    set(&mut element.min_value, own.min_value.as_ref());
    set(&mut element.max_value, own.max_value.as_ref());
    set(&mut element.max_length, own.max_length.as_ref());
    set(&mut element.binding, own.binding.as_ref());
    set(&mut element.slicing, own.slicing.as_ref());
    if !own.types.is_empty() {
        element.types.clone_from(&own.types);
    }
    element.is_modifier |= own.is_modifier;
    add_constraints(element, own, source);
}

fn set<T: Clone>(held: &mut Option<T>, own: Option<&T>) {
    if own.is_some() {
        *held = own.cloned();
    }
}

fn add_constraints(element: &mut Element, own: &Element, source: &str) {
    for constraint in &own.constraints {
        let mut constraint = Arc::clone(constraint);
        if constraint.source.is_none() {
            Arc::make_mut(&mut constraint).source = Some(source.to_owned());
        }
        add_constraint(element, constraint);
    }
}

/// Invariants add up; one key is one invariant.
pub(super) fn add_constraint(element: &mut Element, constraint: Arc<Constraint>) {
    if element.constraints.iter().all(|held| held.key != constraint.key) {
        element.constraints.push(constraint);
    }
}
