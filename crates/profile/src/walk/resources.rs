//! 資源の索引 — every resource of the document, found once before anything is walked.

use std::borrow::Cow;

use super::implied;
use crate::{
    few::Few,
    hash::NumberMap,
    json::{Symbol, Value},
    schema::{ProfileId, Schema},
};

/// A resource of the document by its place in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ResourceId(pub(crate) u32);

/// What a resource is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The document itself.
    Root,
    /// `Bundle.entry.resource`.
    Entry,
    /// `Bundle.entry.response.outcome` or `Parameters.parameter.resource`.
    Part,
    /// `contained` of another resource.
    Contained,
}

/// One resource.
#[derive(Debug)]
pub(crate) struct Resource<'d> {
    pub(crate) value: Value<'d>,
    pub(crate) type_name: Cow<'d, str>,
    /// The base definition of its type; none where there is no such type.
    pub(crate) type_profile: Option<ProfileId>,
    pub(crate) role: Role,
    /// The resource that it is contained in, or the Bundle or Parameters around it.
    pub(crate) around: Option<ResourceId>,
    /// The entry that holds it.
    pub(crate) entry: Option<Value<'d>>,
    /// The profiles that it has to meet by itself, the most derived of those that it claims
    /// or that its code implies, are known and of its type; its base type where there is none. The first is never
    /// missing where the type is known.
    pub(crate) profiles: Few<ProfileId>,
}

/// 資源の索引 — the resources of one document.
#[derive(Debug)]
pub(crate) struct Resources<'d> {
    all: Vec<Resource<'d>>,
    by_value: NumberMap<u32, ResourceId>,
    /// The entries of each Bundle, by fullUrl.
    entries: NumberMap<ResourceId, Named<'d>>,
    /// What a resource contains, by id, where that is much.
    contained: NumberMap<ResourceId, Named<'d>>,
}

/// Up to this many are looked through as fast as they are found by name.
const FEW_CONTAINED: usize = 16;

/// 名前の索引 — resources by name: two lists of equal length, sorted by the first.
#[derive(Debug, Default)]
struct Named<'d> {
    names: Vec<Cow<'d, str>>,
    resources: Vec<ResourceId>,
}

impl<'d> Named<'d> {
    fn new(mut pairs: Vec<(Cow<'d, str>, ResourceId)>) -> Self {
        // Numbers rise in document order, so that it stays the order of equals.
        pairs.sort_unstable();
        let (names, resources) = pairs.into_iter().unzip();
        Self { names, resources }
    }

    fn find(&self, name: &str) -> &[ResourceId] {
        let first = self.names.partition_point(|own| **own < *name);
        let same = self.names[first..].iter().take_while(|own| ***own == *name).count();
        &self.resources[first..first + same]
    }
}

/// The names that the index looks for.
struct Names {
    resource_type: Symbol,
    contained: Symbol,
    entry: Symbol,
    resource: Symbol,
    response: Symbol,
    outcome: Symbol,
    full_url: Symbol,
    parameter: Symbol,
    part: Symbol,
    meta: Symbol,
    profile: Symbol,
    id: Symbol,
}

impl Names {
    const fn new() -> Self {
        Self {
            resource_type: Symbol::named("resourceType"),
            contained: Symbol::named("contained"),
            entry: Symbol::named("entry"),
            resource: Symbol::named("resource"),
            response: Symbol::named("response"),
            outcome: Symbol::named("outcome"),
            full_url: Symbol::named("fullUrl"),
            parameter: Symbol::named("parameter"),
            part: Symbol::named("part"),
            meta: Symbol::named("meta"),
            profile: Symbol::named("profile"),
            id: Symbol::named("id"),
        }
    }
}

impl<'d> Resources<'d> {
    /// Finds the resources from the root on; without recursion.
    pub(crate) fn new(schema: &Schema, root: Value<'d>) -> Self {
        const NAMES: Names = Names::new();
        let names = &NAMES;
        let mut own = Self {
            all: Vec::new(),
            by_value: NumberMap::default(),
            entries: NumberMap::default(),
            contained: NumberMap::default(),
        };
        own.add(schema, names, root, Role::Root, None, None);
        let mut next = 0;
        while next < own.all.len() {
            own.add_parts(schema, names, ResourceId(next as u32));
            next += 1;
        }
        own
    }

    fn add(
        &mut self,
        schema: &Schema,
        names: &Names,
        value: Value<'d>,
        role: Role,
        around: Option<ResourceId>,
        entry: Option<Value<'d>>,
    ) -> Option<ResourceId> {
        let type_name = value.field(names.resource_type)?.as_str()?;
        let type_profile = schema.resource_type(&type_name);
        let claimed = value
            .field(names.meta)
            .and_then(|meta| meta.field(names.profile))
            .into_iter()
            .flat_map(Value::items)
            .filter_map(Value::as_str)
            .filter_map(|canonical| schema.find(&canonical));
        let implied = Some(value).filter(|_| type_name == "Observation").and_then(implied::of);
        let implied = implied.and_then(|canonical| schema.find(canonical));
        let profiles = most_derived(schema, type_profile, claimed.chain(implied));
        let id = ResourceId(self.all.len() as u32);
        self.by_value.insert(value.id(), id);
        self.all.push(Resource { value, type_name, type_profile, role, around, entry, profiles });
        Some(id)
    }

    fn add_parts(&mut self, schema: &Schema, names: &Names, id: ResourceId) {
        let (value, type_name) = (self[id].value, self[id].type_name.clone());
        self.add_contained(schema, names, id, value);
        match &*type_name {
            "Bundle" => self.add_entries(schema, names, id, value),
            "Parameters" => self.add_parameters(schema, names, id, value),
            _ => {}
        }
    }

    fn add_contained(&mut self, schema: &Schema, names: &Names, id: ResourceId, value: Value<'d>) {
        let Some(contained) = value.field(names.contained) else { return };
        let mut by_id = Vec::new();
        for item in contained.items() {
            let added = self.add(schema, names, item, Role::Contained, Some(id), None);
            if contained.len() > FEW_CONTAINED
                && let Some(added) = added
                && let Some(name) = item.field(names.id).and_then(Value::as_str)
            {
                by_id.push((name, added));
            }
        }
        if !by_id.is_empty() {
            self.contained.insert(id, Named::new(by_id));
        }
    }

    fn add_entries(&mut self, schema: &Schema, names: &Names, id: ResourceId, bundle: Value<'d>) {
        let mut by_url = Vec::new();
        for entry in bundle.field(names.entry).into_iter().flat_map(Value::items) {
            let resource = entry.field(names.resource).and_then(|resource| {
                self.add(schema, names, resource, Role::Entry, Some(id), Some(entry))
            });
            let url = entry.field(names.full_url).and_then(Value::as_str);
            if let (Some(resource), Some(url)) = (resource, url) {
                by_url.push((url, resource));
            }
            let outcome = entry.field(names.response).and_then(|own| own.field(names.outcome));
            if let Some(outcome) = outcome {
                self.add(schema, names, outcome, Role::Part, Some(id), None);
            }
        }
        self.entries.insert(id, Named::new(by_url));
    }

    fn add_parameters(&mut self, schema: &Schema, names: &Names, id: ResourceId, value: Value<'d>) {
        let mut waiting: Vec<Value<'d>> =
            value.field(names.parameter).into_iter().flat_map(Value::items).collect();
        while let Some(parameter) = waiting.pop() {
            if let Some(resource) = parameter.field(names.resource) {
                self.add(schema, names, resource, Role::Part, Some(id), None);
            }
            waiting.extend(parameter.field(names.part).into_iter().flat_map(Value::items));
        }
    }

    /// The resource that is this value.
    pub(crate) fn at(&self, value: Value<'_>) -> Option<ResourceId> {
        self.by_value.get(&value.id()).copied()
    }

    /// The document's own.
    pub(crate) fn root(&self) -> Option<ResourceId> {
        (!self.all.is_empty()).then_some(ResourceId(0))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Every resource.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ResourceId> + use<> {
        (0..self.all.len() as u32).map(ResourceId)
    }

    /// The resources of a Bundle's entries with this fullUrl.
    pub(crate) fn with_full_url(&self, bundle: ResourceId, url: &str) -> &[ResourceId] {
        self.entries.get(&bundle).map_or(&[], |entries| entries.find(url))
    }

    /// The first resource with this id that a resource contains.
    pub(crate) fn contained_in(&self, container: ResourceId, id: &str) -> Option<ResourceId> {
        const NAMES: Names = Names::new();
        if let Some(named) = self.contained.get(&container) {
            return named.find(id).first().copied();
        }
        let contained = self[container].value.field(NAMES.contained);
        let mut items = contained.into_iter().flat_map(Value::items).take(FEW_CONTAINED);
        let found = items.find(|item| item.field(NAMES.id).is_some_and(|own| own.is(id)));
        found.and_then(|found| self.at(found))
    }

    /// The Bundle whose entry holds a resource, and that entry's resource.
    pub(crate) fn bundle_of(&self, id: ResourceId) -> Option<(ResourceId, ResourceId)> {
        let outer = self.outer(id);
        let resource = &self[outer];
        resource.around.filter(|_| resource.role == Role::Entry).map(|bundle| (bundle, outer))
    }

    /// The resource that contains it, or itself.
    pub(crate) fn outer(&self, mut id: ResourceId) -> ResourceId {
        while let (Role::Contained, Some(around)) = (self[id].role, self[id].around) {
            id = around;
        }
        id
    }
}

impl<'d> std::ops::Index<ResourceId> for Resources<'d> {
    type Output = Resource<'d>;

    fn index(&self, id: ResourceId) -> &Resource<'d> {
        &self.all[id.0 as usize]
    }
}

/// Of the claimed profiles that build on the type those on which no other claimed one builds.
fn most_derived(
    schema: &Schema,
    own: Option<ProfileId>,
    claimed: impl Iterator<Item = ProfileId>,
) -> Few<ProfileId> {
    let Some(own) = own else { return Few::None };
    let mut claimed = claimed.filter(|profile| schema.builds_on(*profile, own));
    let (Some(first), second) = (claimed.next(), claimed.next()) else { return Few::One(own) };
    if second.is_none() {
        return Few::One(first);
    }
    let mut profiles = vec![first];
    for profile in second.into_iter().chain(claimed) {
        if profiles.iter().any(|other| schema.builds_on(*other, profile)) {
            continue;
        }
        profiles.retain(|other| !schema.builds_on(profile, *other));
        profiles.push(profile);
    }
    profiles.into_iter().collect()
}
