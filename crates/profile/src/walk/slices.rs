//! スライス — to which slice of its element an item belongs.

use std::borrow::Cow;

use super::{item, object::Field, texts, unit::Walk};
use crate::{
    definition::SlicingRules,
    fhirpath::Focus,
    json::{Kind, Value},
    schema::{
        Keyed, MatchOn, NodeId, ProfileId, SliceTest, Slicing, SlicingId, Slot, Step, TypeRef,
        joined,
    },
    terminology::Membership,
};

/// The slice of the item before, in an ordered slicing.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastSlice {
    pub(super) holder: u32,
    pub(super) slicing: SlicingId,
    pub(super) place: u32,
}

/// A value on the way along a discriminator's path, with the name of its type where the
/// path or the element says it.
type Reached<'d> = Value<'d>;

impl<'d> Walk<'_, '_, 'd> {
    /// The slice that the item belongs to; what the slicing forbids is reported.
    pub(super) fn slice_of(
        &mut self,
        own: Field<'_, 'd>,
        id: SlicingId,
        slot: Slot,
        focus: Focus<'d>,
        own_type: Option<&TypeRef>,
    ) -> Option<NodeId> {
        let slicing = self.schema.slicing(id);
        let value = focus.value().or(focus.sibling())?;
        let matched = self.matches(slicing, value, own_type);
        let slice = self.choose(slicing, &matched, value);
        for place in &matched {
            self.counters[own.counters + slot.first_slice as usize + *place as usize] += 1;
        }
        if slicing.is_ordered {
            self.check_order(own, id, slice, value);
        }
        if slice.is_none() && slicing.rules == SlicingRules::Closed {
            self.broken_with(&texts::NO_SLICE, value, &self.node(slot.node).id);
        }
        slice.map(|place| slicing.slices[place as usize])
    }

    /// Of several matches the most special; two that do not build on each other are an error.
    fn choose(&mut self, slicing: &Slicing, matched: &[u32], value: Value<'d>) -> Option<u32> {
        let name = |place: u32| {
            self.node(slicing.slices[place as usize]).slice_name.as_deref().unwrap_or_default()
        };
        let (mut chosen, rest) = (*matched.first()?, &matched[1..]);
        let mut clash = None;
        for place in rest {
            let (held, other) = (name(chosen), name(*place));
            if other.strip_prefix(held).is_some_and(|tail| tail.starts_with('/')) {
                chosen = *place;
            } else if held.strip_prefix(other).is_none_or(|tail| !tail.starts_with('/')) {
                clash = Some(format!("{held}, {other}"));
            }
        }
        if let Some(clash) = clash {
            self.broken_with(&texts::TWO_SLICES, value, &clash);
        }
        Some(chosen)
    }

    fn check_order(
        &mut self,
        own: Field<'_, 'd>,
        slicing: SlicingId,
        slice: Option<u32>,
        value: Value<'d>,
    ) {
        let holder = own.holder.id();
        let last = self.last_slice.filter(|last| last.holder == holder && last.slicing == slicing);
        if let (Some(last), Some(place)) = (last, slice)
            && place < last.place
        {
            self.broken(&texts::SLICE_ORDER, value);
        }
        self.last_slice = slice.map(|place| LastSlice { holder, slicing, place });
    }

    /// The places of the slices that the item fulfils, in the order of the definition.
    fn matches(
        &mut self,
        slicing: &Slicing,
        value: Value<'d>,
        own_type: Option<&TypeRef>,
    ) -> Vec<u32> {
        let mut matched = Vec::new();
        for keyed in &slicing.keyed {
            match self.key(keyed, value) {
                Key::None => {}
                Key::One(key) => matched.extend(keyed.known.get(&*key)),
                Key::Several => {
                    let mut known: Vec<u32> = keyed.known.values().copied().collect();
                    known.retain(|place| {
                        let tests = slicing.tests[*place as usize].as_deref();
                        self.fulfils(tests, value, own_type)
                    });
                    matched.extend(known);
                }
            }
        }
        for place in &slicing.tried {
            self.steps += 1;
            match slicing.tests[*place as usize].as_deref() {
                None => self.broken(&texts::SLICE_UNTESTABLE, value),
                tests if self.fulfils(tests, value, own_type) => matched.push(*place),
                Some(_) => {}
            }
        }
        matched.sort_unstable();
        matched
    }

    /// The values at the paths of a map.
    fn key(&self, keyed: &Keyed, value: Value<'d>) -> Key<'d> {
        if let [path] = &*keyed.paths {
            return self.key_part(path, value);
        }
        let mut parts: Vec<Cow<'d, str>> = Vec::with_capacity(keyed.paths.len());
        for path in &keyed.paths {
            match self.key_part(path, value) {
                Key::One(part) => parts.push(part),
                other => return other,
            }
        }
        Key::One(joined(parts.into_iter()))
    }

    fn key_part(&self, path: &[Step], value: Value<'d>) -> Key<'d> {
        let found = match path {
            [] => Some(value),
            // The usual case, without a list of values.
            [Step::Child(names)] if names.len() == 1 => match value.field(names[0]) {
                Some(found) if found.is_array() => return Key::Several,
                found => found,
            },
            _ => {
                let mut reached = self.reached(value, path);
                if reached.len() > 1 {
                    return Key::Several;
                }
                reached.pop()
            }
        };
        found.and_then(text).map_or(Key::None, Key::One)
    }

    fn fulfils(
        &mut self,
        tests: Option<&[SliceTest]>,
        value: Value<'d>,
        own_type: Option<&TypeRef>,
    ) -> bool {
        tests.is_some_and(|tests| tests.iter().all(|test| self.fulfils_one(test, value, own_type)))
    }

    fn fulfils_one(
        &mut self,
        test: &SliceTest,
        value: Value<'d>,
        own_type: Option<&TypeRef>,
    ) -> bool {
        let reached = self.reached(value, &test.path);
        match &test.on {
            MatchOn::Absent => reached.is_empty(),
            MatchOn::Present => !reached.is_empty(),
            MatchOn::Text(wanted) => {
                reached.iter().any(|own| text(*own).is_some_and(|own| *own == **wanted))
            }
            MatchOn::Sample(sample) => reached.iter().any(|own| sample.is_held_by(*own)),
            MatchOn::ValueSet(set) => reached
                .iter()
                .any(|own| self.check.guide.membership(*own, *set) == Some(Membership::Member)),
            MatchOn::Type(names) => self.is_of_type(&reached, names, test, own_type),
            MatchOn::Profile(profiles) => {
                reached.iter().any(|own| self.conforms_to_any(*own, profiles))
            }
        }
    }

    fn is_of_type(
        &self,
        reached: &[Reached<'d>],
        names: &[Box<str>],
        test: &SliceTest,
        own_type: Option<&TypeRef>,
    ) -> bool {
        reached.iter().any(|own| {
            let resource = self.check.resources.at(*own);
            let resource = resource.map(|id| self.check.resources[id].type_name.clone());
            names.iter().any(|name| match &resource {
                Some(resource) => {
                    *resource == **name || matches!(&**name, "Resource" | "DomainResource")
                }
                // The type stands in the last name on the way, or it is the item's own.
                None if test.path.is_empty() => {
                    own_type.is_some_and(|own_type| own_type.name == *name)
                }
                None => item::key_names_type(*own, name),
            })
        })
    }

    fn conforms_to_any(&mut self, value: Value<'d>, profiles: &[ProfileId]) -> bool {
        let resource = self.check.resources.at(value);
        let mut found = false;
        for profile in profiles {
            found |= match resource {
                Some(resource) => self.conforms(resource, *profile),
                None => self.datatype_conforms(value, *profile),
            };
        }
        found
    }

    /// Walks a datatype or extension against a profile, only to know whether it conforms.
    fn datatype_conforms(&mut self, value: Value<'d>, profile: ProfileId) -> bool {
        let before = std::mem::take(&mut self.findings);
        let demands = self.demands.len();
        self.type_profile(value, profile);
        self.demands.truncate(demands);
        std::mem::replace(&mut self.findings, before).errors == 0
    }

    /// The values at the end of a path.
    fn reached(&self, value: Value<'d>, path: &[Step]) -> Vec<Reached<'d>> {
        let mut reached = vec![value];
        for step in path {
            reached = reached.into_iter().flat_map(|own| self.step(own, step)).collect();
        }
        reached
    }

    fn step(&self, value: Value<'d>, step: &Step) -> Vec<Value<'d>> {
        match step {
            Step::Child(symbols) => {
                let found = symbols.iter().filter_map(|symbol| value.field(*symbol));
                found.flat_map(one_or_items).collect()
            }
            Step::Extension(url) => value
                .field(super::object::NAMES.extension)
                .into_iter()
                .flat_map(Value::items)
                .filter(|own| own.field(super::object::NAMES.url).is_some_and(|own| own.is(url)))
                .collect(),
            Step::Resolve => {
                let reference = match value.kind() {
                    Kind::String => value.as_str(),
                    _ => value.field(super::object::NAMES.reference).and_then(Value::as_str),
                };
                let target = reference.and_then(|own| self.check.resolve(self.resource, &own));
                target.map(|id| self.check.resources[id].value).into_iter().collect()
            }
            Step::OfType(name) => match self.check.resources.at(value) {
                Some(id) if self.check.resources[id].type_name != **name => Vec::new(),
                None if !item::key_names_type(value, name) => Vec::new(),
                _ => vec![value],
            },
        }
    }
}

/// The values of the map's paths.
enum Key<'d> {
    None,
    One(Cow<'d, str>),
    /// A path has several values, so that slices have to be tried.
    Several,
}

/// The items of an array; anything else itself.
fn one_or_items(value: Value<'_>) -> Vec<Value<'_>> {
    if value.is_array() { value.items().collect() } else { vec![value] }
}

/// The text of a primitive.
fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::String => value.as_str(),
        Kind::Number | Kind::Bool => Some(Cow::Borrowed(value.source())),
        _ => None,
    }
}
