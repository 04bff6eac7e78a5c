//! 資源そのもの — rules about a resource itself: its id, its claims, what it contains.

use std::{borrow::Cow, collections::HashSet};

use super::{formats, object::NAMES, resources::Role, texts, unit::Walk};
use crate::json::{self, Value};

impl<'d> Walk<'_, '_, 'd> {
    /// What is looked at once for each resource, whatever its profiles.
    pub(super) fn primary_rules(&mut self, value: Value<'d>) {
        let role = self.check.resources[self.resource].role;
        self.resource_id(value, role);
        self.claims(value);
        self.repeated_security(value);
        if role != Role::Contained {
            self.contained_resources(value);
        }
        if role == Role::Root {
            self.element_ids(value);
        }
        match &*self.check.resources[self.resource].type_name {
            "Bundle" => self.bundle(value),
            "OperationDefinition" => self.operation_profiles(value),
            "CodeSystem" => self.code_system(value),
            "ConceptMap" => self.concept_map(value),
            "ImplementationGuide" => self.implementation_guide(value),
            "Measure" => self.measure(value),
            "Questionnaire" => self.questionnaire(value),
            "StructureDefinition" => self.structure_definition(value),
            "StructureMap" => self.structure_map(value),
            "ValueSet" => self.value_set(value),
            _ => {}
        }
    }

    fn resource_id(&mut self, value: Value<'d>, role: Role) {
        if let Some(beside) = value.extra(NAMES.id) {
            let is_extended = beside.field(NAMES.extension).is_some();
            self.broken_if(is_extended, &texts::RESOURCE_ID_EXTENDED, beside);
        }
        match value.field(NAMES.id) {
            Some(id) => {
                let text = id.as_str().filter(|text| !text.is_empty());
                let is_malformed = text.is_some_and(|text| !formats::is_id(&text));
                self.broken_if(is_malformed, &texts::RESOURCE_ID, id);
            }
            None if role == Role::Contained => self.broken(&texts::CONTAINED_ID, value),
            None => {}
        }
    }

    /// Profiles that are not known, or are not of the resource's type.
    fn claims(&mut self, value: Value<'d>) {
        let claimed = value.field(NAMES.meta).and_then(|meta| meta.field(NAMES.profile));
        for claim in claimed.into_iter().flat_map(Value::items) {
            let Some(canonical) = claim.as_str() else { continue };
            match self.schema.find(&canonical) {
                None => self.overlooked(&texts::PROFILE_UNKNOWN, claim, &canonical),
                Some(profile) if !self.check.is_of_type(self.resource, profile) => {
                    self.broken_with(&texts::PROFILE_OF_OTHER_TYPE, value, &canonical);
                }
                Some(_) => {}
            }
        }
    }

    /// The profiles of an operation's parameters have to be known, and of Parameters.
    fn operation_profiles(&mut self, value: Value<'d>) {
        for name in ["inputProfile", "outputProfile"] {
            let profile = value.get(name).filter(|own| own.is_string());
            let Some(profile) = profile else { continue };
            match profile.as_str().and_then(|own| self.schema.find(&own)) {
                None => self.broken(&texts::TARGET_PROFILE_UNKNOWN, profile),
                Some(known) => {
                    let is_other = &*self.schema.profile(known).type_name != "Parameters";
                    self.broken_if(is_other, &texts::PROFILE_OF_PARAMETERS, profile);
                }
            }
        }
    }

    fn repeated_security(&mut self, value: Value<'d>) {
        let labels = value.field(NAMES.meta).and_then(|meta| meta.field(NAMES.security));
        let mut seen = HashSet::new();
        for label in labels.into_iter().flat_map(Value::items) {
            let text = |symbol| label.field(symbol).and_then(Value::as_str);
            if !seen.insert((text(NAMES.system), text(NAMES.code))) {
                self.broken(&texts::SECURITY_REPEATED, label);
            }
        }
    }

    /// Each contained resource has an id of its own and is referred to (dom-3).
    fn contained_resources(&mut self, value: Value<'d>) {
        let Some(contained) = value.field(NAMES.contained).filter(|own| !own.is_empty()) else {
            return;
        };
        let all: Vec<Inner<'d>> = contained.items().map(Inner::of).collect();
        let by_id = by_id(&all);
        for pair in by_id.windows(2) {
            let [(id, _), (next, place)] = pair else { continue };
            if id == next && !id.is_empty() {
                self.broken(&texts::CONTAINED_ID_REPEATED, all[*place].value);
            }
        }
        let mut outside = Vec::new();
        let within = contained.span();
        let is_outside = |own: &Value<'_>| !within.contains(&own.span().start);
        add_local_references(value.local_strings().filter(is_outside), &mut outside);
        for place in unreferenced(&all, &by_id, &outside) {
            let value = all[place].value;
            if value.is_object() && self.check.resources.at(value).is_some() {
                self.broken(&texts::CONTAINED_UNREFERENCED, value);
            }
        }
    }
}

/// A contained resource and what it refers to.
struct Inner<'d> {
    value: Value<'d>,
    id: Cow<'d, str>,
    references: Vec<Cow<'d, str>>,
}

impl<'d> Inner<'d> {
    fn of(value: Value<'d>) -> Self {
        let id = value.field(NAMES.id).and_then(Value::as_str).unwrap_or_default();
        let mut references = Vec::new();
        add_local_references(value.local_strings(), &mut references);
        Self { value, id, references }
    }
}

/// The texts that begin with `#`, without it: references, URLs and links of narratives.
fn add_local_references<'d>(
    values: impl Iterator<Item = Value<'d>>,
    found: &mut Vec<Cow<'d, str>>,
) {
    for value in values {
        if value.begins_with_hash() {
            found.push(match value.plain_str() {
                Some(text) => Cow::Borrowed(&text[1..]),
                None => Cow::Owned(value.as_str().unwrap_or_default()[1..].to_owned()),
            });
        } else if value.symbol() == NAMES.div {
            add_links(value, found);
        }
    }
}

/// The local links of a narrative: what stands between `"#` and the next quote.
fn add_links<'d>(div: Value<'d>, found: &mut Vec<Cow<'d, str>>) {
    let source = div.source();
    let inner = &source[1..source.len() - 1];
    if memchr::memmem::find(inner.as_bytes(), b"\\u0022").is_some() {
        let text = div.as_str().unwrap_or_default();
        let links = text.split("\"#").skip(1).filter_map(|rest| rest.split('"').next());
        found.extend(links.map(|link| Cow::Owned(link.to_owned())));
        return;
    }
    // A quote within a JSON string stands behind a backslash.
    for at in memchr::memmem::find_iter(inner.as_bytes(), b"\"#") {
        let behind = &inner[at + 2..];
        let end = memchr::memchr(b'"', behind.as_bytes());
        found.push(json::decoded(&behind[..end.map_or(behind.len(), |end| end - 1)]));
    }
}

/// The ids, sorted, with the places of those that have them.
fn by_id<'i>(all: &'i [Inner<'_>]) -> Vec<(&'i str, usize)> {
    let mut ids: Vec<_> = all.iter().enumerate().map(|(place, own)| (&*own.id, place)).collect();
    ids.sort_unstable();
    ids
}

/// The places of those that no chain of references reaches from outside, and that do not
/// refer to their container themselves.
fn unreferenced(
    all: &[Inner<'_>],
    by_id: &[(&str, usize)],
    outside: &[Cow<'_, str>],
) -> Vec<usize> {
    let mut reached = vec![false; all.len()];
    let mut asked = vec![false; all.len()];
    let refers_to_container = |place: &usize| all[*place].references.iter().any(|id| id.is_empty());
    let mut waiting: Vec<usize> = (0..all.len()).filter(refers_to_container).collect();
    let mut references: &[Cow<'_, str>] = outside;
    loop {
        for id in references {
            let first = by_id.partition_point(|(own, _)| *own < &**id);
            let same = by_id[first..].iter().take_while(|(own, _)| *own == &**id);
            // Each id once, so that many of one name cost no more than others.
            if same.clone().next().is_some() && !std::mem::replace(&mut asked[first], true) {
                waiting.extend(same.map(|(_, place)| *place));
            }
        }
        let Some(from) = waiting.pop() else { break };
        let is_known = std::mem::replace(&mut reached[from], true);
        references = if is_known { &[] } else { &all[from].references };
    }
    (0..all.len()).filter(|place| !reached[*place]).collect()
}
