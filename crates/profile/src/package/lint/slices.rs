//! Whether a slice can be told from the others.
//!
//! Source: FHIR R4, profiling, discriminators; `../guide/validator.md` §5.

use crate::definition::{Definition, Discriminator, DiscriminatorKind, Element, Max, Strength};

/// Whether at least one discriminator gives a test for a slice.
pub(super) fn has_test(definition: &Definition, slice: &Element) -> bool {
    // Prohibited slices are told by their absence, and a choice spells its type.
    if slice.max == Some(Max::Count(0)) || slice.path.ends_with("[x]") {
        return true;
    }
    let sliced = slice.id.rsplit_once(':').map_or("", |(sliced, _)| sliced);
    let slicing = definition.elements.iter().find(|own| own.id == sliced);
    let Some(slicing) = slicing.and_then(|own| own.slicing.as_ref()) else { return false };
    slicing.discriminators.iter().any(|own| tells(definition, slice, own))
}

fn tells(definition: &Definition, slice: &Element, discriminator: &Discriminator) -> bool {
    match discriminator.kind {
        DiscriminatorKind::Exists | DiscriminatorKind::Type | DiscriminatorKind::Profile => true,
        DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
            // The URL of an extension stands in its profile.
            let by_profile = discriminator.path == "url"
                && slice.types.iter().any(|own| !own.profiles.is_empty());
            by_profile || is_determined(definition, slice, &discriminator.path)
        }
    }
}

/// Whether the element at a path, or something above or below it in the slice, has a value or
/// a closed list.
fn is_determined(definition: &Definition, slice: &Element, path: &str) -> bool {
    let id = match path.strip_prefix("$this").map_or(path, |rest| rest.trim_start_matches('.')) {
        "" => slice.id.clone(),
        path => format!("{}.{path}", slice.id),
    };
    let is_at = |own: &str, other: &str| {
        own.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let is_there =
        |own: &&Element| is_at(&own.id, &id) || (is_at(&id, &own.id) && is_at(&own.id, &slice.id));
    // A function such as `resolve()` or `extension(…)` leads to where only checking gets.
    path.contains('(')
        || definition.elements.iter().filter(is_there).any(|own| {
            own.fixed.is_some()
                || own.pattern.is_some()
                || own.binding.as_ref().is_some_and(|own| own.strength == Strength::Required)
        })
}
