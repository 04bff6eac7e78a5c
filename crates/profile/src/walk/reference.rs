//! 参照 — references within the document, and what they may point to.
//!
//! Source: FHIR R4, References and Bundle ("Resolving references in Bundles").

use std::borrow::Cow;

use super::{
    object::NAMES,
    primitive::has_blank,
    resources::{ResourceId, Role},
    settle::Check,
    texts,
    unit::{Demand, Walk},
    uris,
};
use crate::{
    definition::Aggregation,
    few::Few,
    json::Value,
    schema::{ProfileId, Target, TypeRef},
};

impl Check<'_, '_> {
    /// The resource of the document that a reference of this resource points to.
    pub(super) fn resolve(&self, from: ResourceId, reference: &str) -> Option<ResourceId> {
        match reference.strip_prefix('#') {
            Some("") => self.container(from),
            Some(id) => self.contained(from, id),
            None => self.in_bundle(from, reference).first().copied(),
        }
    }

    /// `#`: the resource around a contained one.
    fn container(&self, from: ResourceId) -> Option<ResourceId> {
        let resource = &self.resources[from];
        resource.around.filter(|_| resource.role == Role::Contained)
    }

    fn contained(&self, from: ResourceId, id: &str) -> Option<ResourceId> {
        let mut at = Some(from);
        while let Some(own) = at {
            let found = self.resources.contained_in(own, id);
            if found.is_some() {
                return found;
            }
            at = self.container(own);
        }
        None
    }

    /// The resources of the Bundle's entries that a reference may mean.
    pub(super) fn in_bundle(&self, from: ResourceId, reference: &str) -> &[ResourceId] {
        let mut from = from;
        // A Bundle within a Bundle sees the entries of both, its own first.
        while let Some((bundle, entry)) = self.resources.bundle_of(from) {
            let found = self.in_this_bundle(bundle, entry, reference);
            if !found.is_empty() {
                return found;
            }
            from = bundle;
        }
        &[]
    }

    fn in_this_bundle(
        &self,
        bundle: ResourceId,
        entry: ResourceId,
        reference: &str,
    ) -> &[ResourceId] {
        let reference = reference.split('#').next().unwrap_or_default();
        if uris::is_absolute(reference) {
            let exact = self.resources.with_full_url(bundle, reference);
            let plain = reference.split("/_history/").next().unwrap_or_default();
            return if exact.is_empty() {
                self.resources.with_full_url(bundle, plain)
            } else {
                exact
            };
        }
        let full_url = self.resources[entry].entry.and_then(|own| own.field(NAMES.full_url));
        let Some(full_url) = full_url.and_then(Value::as_str) else { return &[] };
        match absolute(&full_url, reference) {
            Some(url) => self.resources.with_full_url(bundle, &url),
            None => &[],
        }
    }
}

/// A relative reference made absolute by the fullUrl of the entry that it stands in.
fn absolute(full_url: &str, reference: &str) -> Option<String> {
    let plain = reference.split("/_history/").next().unwrap_or_default();
    let (type_name, id) = plain.split_once('/')?;
    if id.contains('/') {
        return None;
    }
    if let Some(rest) = full_url.strip_prefix("urn:") {
        let base = &rest[..rest.rfind(':')?];
        return Some(format!("urn:{base}:{id}"));
    }
    let mut parts = full_url.rsplitn(3, '/');
    let base = parts.nth(2)?;
    Some(format!("{base}/{type_name}/{id}"))
}

impl<'d> Walk<'_, '_, 'd> {
    /// A Reference: its form, whether its target is there, and what the target has to be.
    pub(super) fn reference(&mut self, value: Value<'d>, own_type: &TypeRef) {
        let text = value.field(NAMES.reference).and_then(Value::as_str);
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            self.reference_without_target(value);
            return;
        };
        if has_blank(&text) {
            // To the reference validator only those of ASCII are blanks.
            if text.bytes().any(|byte| matches!(byte, b' ' | b'\t'..=b'\r')) {
                self.broken(&texts::REFERENCE_BLANKS, value);
            } else {
                self.overlooked(&texts::REFERENCE_BLANKS, value, "");
            }
        }
        if is_conditional(&text) && !self.is_in_transaction() {
            self.broken(&texts::REFERENCE_CONDITIONAL, value);
        }
        let target = self.target(&text, value);
        if value.field(NAMES.type_).is_some() {
            let type_name = match target {
                Some(target) => Some(self.check.resources[target].type_name.to_string()),
                None => named_type(&text).filter(|name| self.schema.resource_type(name).is_some()),
            };
            self.stated_type(value, own_type, type_name.as_deref());
        }
        self.aggregation(value, own_type.aggregation, &text, target.is_some());
        if let Some(target) = target {
            self.target_profiles(value, own_type, target);
        }
    }

    /// Whether the target stands where it may.
    fn aggregation(
        &mut self,
        value: Value<'d>,
        allowed: Aggregation,
        reference: &str,
        is_found: bool,
    ) {
        let fits = match (reference.starts_with('#'), is_found) {
            (true, true) => allowed.contained,
            (false, true) => allowed.bundled || allowed.referenced,
            (_, false) => allowed.referenced,
        };
        self.broken_if(!allowed.is_open() && !fits, &texts::REFERENCE_AGGREGATION, value);
    }

    /// Whether the resource is an entry of a transaction.
    fn is_in_transaction(&self) -> bool {
        let bundle = self.check.resources.bundle_of(self.resource).map(|(bundle, _)| bundle);
        let kind = bundle.and_then(|id| self.check.resources[id].value.field(NAMES.type_));
        kind.is_some_and(|kind| kind.is("transaction"))
    }

    fn reference_without_target(&mut self, value: Value<'d>) {
        let says = |symbol| value.field(symbol).is_some();
        if !says(NAMES.identifier) && !says(NAMES.display) && !says(NAMES.extension) {
            self.broken(&texts::REFERENCE_EMPTY, value);
        }
    }

    fn target(&mut self, text: &str, value: Value<'d>) -> Option<ResourceId> {
        if text.starts_with('#') {
            let found = self.check.resolve(self.resource, text);
            if found.is_none() {
                self.broken_with(&texts::REFERENCE_UNRESOLVED, value, "");
            }
            return found;
        }
        let found = self.check.in_bundle(self.resource, text);
        if found.len() > 1 {
            self.broken(&texts::REFERENCE_AMBIGUOUS, value);
        }
        let is_in_bundle = self.check.resources.bundle_of(self.resource).is_some();
        if found.is_empty() && is_in_bundle {
            self.outside(text, value);
        }
        // Of several the last is meant, as the reference validator has it.
        found.last().copied()
    }

    fn outside(&mut self, text: &str, value: Value<'d>) {
        if text.starts_with("urn") {
            self.broken(&texts::URN_NOT_FOUND, value);
        } else if is_conditional(text) && self.is_in_transaction() {
            // The server looks for the target.
        } else if !uris::is_absolute(text) && !matches!(text.matches('/').count(), 1 | 3) {
            let outer = self.check.resources.bundle_of(self.resource);
            let entry = outer.and_then(|(_, entry)| self.check.resources[entry].entry);
            if entry.is_some_and(|entry| entry.field(NAMES.full_url).is_some()) {
                self.broken(&texts::REFERENCE_FORM, value);
            }
        }
    }

    /// `Reference.type` against the targets that are allowed and the target that is there.
    fn stated_type(&mut self, value: Value<'d>, own_type: &TypeRef, type_name: Option<&str>) {
        let Some(stated) = value.field(NAMES.type_).and_then(Value::as_str) else { return };
        let bare =
            stated.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(&stated);
        let allows = |target: &Target| match target {
            Target::Any => true,
            Target::Profile(id) => *self.schema.profile(*id).type_name == *bare,
            Target::Unknown => false,
        };
        if !own_type.targets.is_empty() && !own_type.targets.iter().any(allows) {
            self.broken(&texts::REFERENCE_TYPE, value);
        }
        if type_name.is_some_and(|name| name != stated) {
            self.broken(&texts::REFERENCE_TYPE_DIFFERS, value);
        }
    }

    fn target_profiles(&mut self, value: Value<'d>, own_type: &TypeRef, target: ResourceId) {
        if own_type.targets.is_empty() || own_type.targets.contains(&Target::Any) {
            return;
        }
        if own_type.targets.contains(&Target::Unknown) {
            self.broken(&texts::TARGET_PROFILE_UNKNOWN, value);
        }
        let type_id = self.check.resources[target].type_profile;
        let type_name = &*self.check.resources[target].type_name;
        let candidates: Few<ProfileId> = own_type
            .targets
            .iter()
            .filter_map(|own| match own {
                Target::Profile(id) => Some(*id),
                Target::Any | Target::Unknown => None,
            })
            .filter(|id| self.schema.profile(*id).type_id == type_id)
            .collect();
        if candidates.is_empty() {
            self.broken_with(&texts::TARGET_TYPE, value, type_name);
            return;
        }
        // Whether it meets a base type is the target's own affair.
        if candidates.iter().all(|id| !self.schema.profile(*id).constrains) {
            return;
        }
        let at = value.id();
        let candidates = self.check.least(target, candidates);
        self.demands.push(Demand::Reference { at, resource: target, candidates });
    }

    /// An Identifier's system is no local name; of `urn:ietf:rfc:3986` the value is a URI.
    pub(super) fn identifier(&mut self, value: Value<'d>) {
        let Some(system) = value.field(NAMES.system).and_then(Value::as_str) else { return };
        if !uris::is_system(&system) && !system.starts_with("ldap:") {
            self.broken(&texts::IDENTIFIER_SYSTEM, value);
        }
        let text: Option<Cow<'_, str>> = value.field(NAMES.value).and_then(Value::as_str);
        if system == "urn:ietf:rfc:3986" && text.is_some_and(|text| !text.contains(':')) {
            self.broken(&texts::IDENTIFIER_URI, value);
        }
    }
}

/// The type that a literal reference names: what stands before the id, or before the id of
/// the version that it names.
fn named_type(reference: &str) -> Option<String> {
    let parts: Vec<&str> = reference.split('/').collect();
    let ([.., name, _, "_history", _] | [.., name, _]) = parts.as_slice() else { return None };
    let is_type = name.starts_with(|first: char| first.is_ascii_uppercase());
    is_type.then(|| (*name).to_owned())
}

/// Whether a reference is a search for its target: `Type?parameters`.
fn is_conditional(reference: &str) -> bool {
    reference.split_once('?').is_some_and(|(name, _)| {
        name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}
