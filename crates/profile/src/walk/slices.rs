//! スライス — to which slice of its element an item belongs.

use std::borrow::Cow;

use super::{
    item,
    object::{Field, NAMES},
    texts,
    unit::Walk,
};
use crate::{
    definition::SlicingRules,
    few::Few,
    fhirpath::Focus,
    json::{Kind, Value},
    schema::{
        Keyed, MatchOn, NodeId, ProfileId, SliceTest, Slicing, SlicingId, Slot, Step, TypeRef,
        push_part,
    },
    terminology::Membership,
};

/// The slice of the item before, in an ordered slicing.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastSlice {
    pub(super) holder: u32,
    pub(super) slicing: SlicingId,
    /// None is what belongs to no slice, and stands behind them all.
    pub(super) place: Option<u32>,
}

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
        let mut matched = self.matches(slicing, value, own_type);
        if matched.is_empty() {
            matched.extend(slicing.default);
        }
        let slice = self.choose(slicing, &matched, value);
        for place in matched.iter() {
            let counter = own.object.counters + (slot.first_slice + *place) as usize;
            self.count(counter, slicing.slices[*place as usize]);
        }
        let is_at_end = slicing.rules == SlicingRules::OpenAtEnd;
        if slicing.is_ordered || is_at_end {
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
        let holder = own.object.holder.id();
        let last = self.last_slice.filter(|last| last.holder == holder && last.slicing == slicing);
        let (is_ordered, rules) = {
            let own = self.schema.slicing(slicing);
            (own.is_ordered, own.rules)
        };
        match (last.map(|last| last.place), slice) {
            // The reference validator does not look whether the others come last.
            (Some(None), Some(_)) => self.overlooked(&texts::SLICE_ORDER, value, ""),
            (Some(Some(last)), Some(place)) if is_ordered && place < last => {
                self.broken(&texts::SLICE_ORDER, value);
            }
            _ => {}
        }
        let counts = slice.is_some() || rules == SlicingRules::OpenAtEnd;
        self.last_slice = counts.then_some(LastSlice { holder, slicing, place: slice });
    }

    /// The places of the slices that the item fulfils, in the order of the definition.
    fn matches(
        &mut self,
        slicing: &Slicing,
        value: Value<'d>,
        own_type: Option<&TypeRef>,
    ) -> Few<u32> {
        let mut matched = Few::None;
        for keyed in &slicing.keyed {
            match self.look_up(keyed, value) {
                LookUp::Found(found) => matched.extend(found),
                LookUp::Several => {
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
        matched.as_mut_slice().sort_unstable();
        matched
    }

    /// The slice that the values at the paths of a map name.
    fn look_up(&mut self, keyed: &Keyed, value: Value<'d>) -> LookUp {
        if let [path] = &*keyed.paths {
            return match self.key_part(path, value) {
                Part::None => LookUp::Found(None),
                Part::One(part) => LookUp::Found(keyed.known.get(&*part).copied()),
                Part::Several => LookUp::Several,
            };
        }
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let mut answer = None;
        for path in &keyed.paths {
            match self.key_part(path, value) {
                Part::One(part) => push_part(&mut key, &part),
                Part::None => answer = answer.or(Some(LookUp::Found(None))),
                Part::Several => answer = answer.or(Some(LookUp::Several)),
            }
        }
        let answer = answer.unwrap_or_else(|| LookUp::Found(keyed.known.get(&*key).copied()));
        self.key = key;
        answer
    }

    fn key_part(&self, path: &[Step], value: Value<'d>) -> Part<'d> {
        let (mut found, mut several) = (None, false);
        self.any_reached(value, path, &mut |own| {
            several = found.is_some();
            found = Some(own);
            several
        });
        if several {
            return Part::Several;
        }
        found.and_then(text).map_or(Part::None, Part::One)
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
        let path = &*test.path;
        match &test.on {
            MatchOn::Absent => !self.any_reached(value, path, &mut |_| true),
            MatchOn::Present => self.any_reached(value, path, &mut |_| true),
            MatchOn::Text(wanted) => self
                .any_reached(value, path, &mut |own| text(own).is_some_and(|own| *own == **wanted)),
            MatchOn::Sample(sample) => {
                self.any_reached(value, path, &mut |own| sample.is_held_by(own))
            }
            MatchOn::ValueSet(set) => self.any_reached(value, path, &mut |own| {
                self.check.guide.membership(own, *set) == Some(Membership::Member)
            }),
            MatchOn::Type(names) => self.any_reached(value, path, &mut |own| {
                self.is_of_type(own, names, path.is_empty(), own_type)
            }),
            MatchOn::Profile(profiles) => {
                let mut reached = Vec::new();
                self.any_reached(value, path, &mut |own| {
                    reached.push(own);
                    false
                });
                reached.into_iter().any(|own| self.conforms_to_any(own, profiles))
            }
        }
    }

    fn is_of_type(
        &self,
        value: Value<'d>,
        names: &[Box<str>],
        is_item: bool,
        own_type: Option<&TypeRef>,
    ) -> bool {
        let resource = self.check.resources.at(value);
        let resource = resource.map(|id| &self.check.resources[id].type_name);
        names.iter().any(|name| match resource {
            Some(resource) => {
                **resource == **name || matches!(&**name, "Resource" | "DomainResource")
            }
            // The type stands in the last name on the way, or it is the item's own.
            None if is_item => own_type.is_some_and(|own_type| own_type.name == *name),
            None => item::key_names_type(value, name),
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

    /// Whether a value at the end of a path fulfils a condition.
    fn any_reached(
        &self,
        value: Value<'d>,
        path: &[Step],
        condition: &mut dyn FnMut(Value<'d>) -> bool,
    ) -> bool {
        // The depth is that of the path, which the definition limits.
        let Some((step, rest)) = path.split_first() else { return condition(value) };
        let mut go_on = |own: Value<'d>| self.any_reached(own, rest, condition);
        match step {
            Step::Child(symbols) => symbols.iter().any(|symbol| match value.field(*symbol) {
                Some(found) if found.is_array() => found.items().any(&mut go_on),
                Some(found) => go_on(found),
                None => false,
            }),
            Step::Extension(url) => value
                .field(NAMES.extension)
                .into_iter()
                .flat_map(Value::items)
                .filter(|own| own.field(NAMES.url).is_some_and(|own| own.is(url)))
                .any(&mut go_on),
            Step::Resolve => self.resolved(value).is_some_and(go_on),
            Step::OfType(name) => {
                let fits = match self.check.resources.at(value) {
                    Some(id) => self.check.resources[id].type_name == **name,
                    None => item::key_names_type(value, name),
                };
                fits && go_on(value)
            }
        }
    }

    fn resolved(&self, value: Value<'d>) -> Option<Value<'d>> {
        let reference = match value.kind() {
            Kind::String => value.as_str(),
            _ => value.field(NAMES.reference).and_then(Value::as_str),
        };
        let target = self.check.resolve(self.resource, &reference?)?;
        Some(self.check.resources[target].value)
    }
}

/// What a map says of an item.
enum LookUp {
    Found(Option<u32>),
    /// A path has several values, so that slices have to be tried.
    Several,
}

/// The value at one path.
enum Part<'d> {
    None,
    One(Cow<'d, str>),
    Several,
}

/// The text of a primitive.
fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::String => value.as_str(),
        Kind::Number | Kind::Bool => Some(Cow::Borrowed(value.source())),
        _ => None,
    }
}
