//! 資源そのもの — rules about a resource itself: its id, its claims, what it contains.

use std::collections::HashMap;

use super::{formats, object::NAMES, resources::Role, texts, unit::Walk};
use crate::json::{Kind, Value};

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
        match &*self.check.resources[self.resource].type_name {
            "Bundle" => self.bundle(value),
            "OperationDefinition" => self.operation_profiles(value),
            "CodeSystem" => self.supplement(value),
            _ => {}
        }
    }

    fn resource_id(&mut self, value: Value<'d>, role: Role) {
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

    /// The profiles of an operation's parameters have to be known.
    fn operation_profiles(&mut self, value: Value<'d>) {
        for name in ["inputProfile", "outputProfile"] {
            let profile = value.get(name).filter(|own| own.is_string());
            let known = profile.and_then(Value::as_str).and_then(|own| self.schema.find(&own));
            if let (Some(profile), None) = (profile, known) {
                self.broken(&texts::TARGET_PROFILE_UNKNOWN, profile);
            }
        }
    }

    /// A code system that supplements another one says so.
    fn supplement(&mut self, value: Value<'d>) {
        let content = value.get("content").filter(|_| value.get("supplements").is_some());
        if let Some(content) = content {
            self.broken_if(!content.is("supplement"), &texts::SUPPLEMENT_CONTENT, content);
        }
    }

    fn repeated_security(&mut self, value: Value<'d>) {
        let labels = value.field(NAMES.meta).and_then(|meta| meta.field(NAMES.security));
        let mut seen = Vec::new();
        for label in labels.into_iter().flat_map(Value::items) {
            let text = |symbol| label.field(symbol).and_then(Value::as_str);
            let pair = (text(NAMES.system), text(NAMES.code));
            if seen.contains(&pair) {
                self.broken(&texts::SECURITY_REPEATED, label);
            }
            seen.push(pair);
        }
    }

    /// Each contained resource has an id of its own and is referred to (dom-3).
    fn contained_resources(&mut self, value: Value<'d>) {
        let contained: Vec<Value<'d>> =
            value.field(NAMES.contained).into_iter().flat_map(Value::items).collect();
        if contained.is_empty() {
            return;
        }
        let outside = references(value);
        let inside: Vec<Vec<String>> =
            contained.iter().map(|own| local_references(own.descendants())).collect();
        let ids: Vec<String> = contained.iter().map(|own| id_of(*own)).collect();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (place, id) in ids.iter().enumerate() {
            if !id.is_empty() && seen.insert(id, place).is_some() {
                self.broken(&texts::CONTAINED_ID_REPEATED, contained[place]);
            }
        }
        for place in unreferenced(&ids, &outside, &inside) {
            if contained[place].is_object() && self.check.resources.at(contained[place]).is_some() {
                self.broken(&texts::CONTAINED_UNREFERENCED, contained[place]);
            }
        }
    }
}

/// The local references of a resource outside of what it contains.
fn references(value: Value<'_>) -> Vec<String> {
    let fields = value.symbol_fields().filter(|field| field.symbol() != NAMES.contained);
    local_references(fields.flat_map(|field| std::iter::once(field).chain(field.descendants())))
}

/// The texts that begin with `#`, without it: references, URLs and links of narratives.
fn local_references<'d>(values: impl Iterator<Item = Value<'d>>) -> Vec<String> {
    let mut found = Vec::new();
    for value in values.filter(|value| value.kind() == Kind::String) {
        if value.begins_with_hash() {
            found.extend(value.as_str().map(|text| text[1..].to_owned()));
        } else if value.symbol() == NAMES.div && value.source().contains("\\\"#") {
            let text = value.as_str().unwrap_or_default();
            let links = text.split("\"#").skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(links.map(str::to_owned));
        }
    }
    found
}

fn id_of(value: Value<'_>) -> String {
    value.field(NAMES.id).and_then(Value::as_str).unwrap_or_default().into_owned()
}

/// The places of those that no chain of references reaches from outside, and that do not
/// refer to their container themselves.
fn unreferenced(ids: &[String], outside: &[String], inside: &[Vec<String>]) -> Vec<usize> {
    let mut reached: Vec<bool> = ids
        .iter()
        .zip(inside)
        .map(|(id, own)| outside.contains(id) || own.iter().any(String::is_empty))
        .collect();
    let mut waiting: Vec<usize> = (0..ids.len()).filter(|place| reached[*place]).collect();
    while let Some(from) = waiting.pop() {
        for (place, id) in ids.iter().enumerate() {
            if !reached[place] && inside[from].contains(id) {
                reached[place] = true;
                waiting.push(place);
            }
        }
    }
    (0..ids.len()).filter(|place| !reached[*place]).collect()
}
