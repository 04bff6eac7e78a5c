//! Bundle — rules about the whole that no definition states.
//!
//! Source: FHIR R4, Bundle and "Documents"; the reference validator's rules.

use std::{borrow::Cow, collections::HashSet};

use super::{object::NAMES, texts, unit::Walk, uris};
use crate::json::Value;

/// One entry under the eyes of the Bundle's rules.
pub(super) struct Entry<'d> {
    pub(super) value: Value<'d>,
    pub(super) resource: Option<Value<'d>>,
}

impl<'d> Walk<'_, '_, 'd> {
    /// Everything about a Bundle as a whole.
    pub(super) fn bundle(&mut self, bundle: Value<'d>) {
        let kind = bundle.field(NAMES.type_).and_then(Value::as_str).unwrap_or_default();
        let entries: Vec<Entry<'d>> = bundle
            .field(NAMES.entry)
            .into_iter()
            .flat_map(Value::items)
            .filter(|value| value.is_object())
            .map(|value| Entry {
                value,
                resource: value.field(NAMES.resource).filter(|r| r.is_object()),
            })
            .collect();
        self.links(bundle, &kind);
        let is_whole = matches!(&*kind, "document" | "message");
        match entries.first() {
            None => self.broken_if(is_whole, &texts::BUNDLE_FIRST, bundle),
            Some(first) if is_whole => self.whole(bundle, first, &entries, &kind),
            Some(_) if kind == "searchset" => self.searchset(bundle, &entries),
            Some(_) => {}
        }
        for entry in &entries {
            self.full_url(entry, &kind);
        }
    }

    fn whole(&mut self, bundle: Value<'d>, first: &Entry<'d>, entries: &[Entry<'d>], kind: &str) {
        let Some(resource) = first.resource else {
            self.broken(&texts::BUNDLE_FIRST, first.value);
            return;
        };
        let wanted = if kind == "document" { "Composition" } else { "MessageHeader" };
        if resource.text_of("resourceType").is_none_or(|own| own != wanted) {
            self.broken_with(&texts::BUNDLE_FIRST_TYPE, resource, wanted);
        }
        self.interlinked(bundle, entries, kind == "document");
    }

    fn full_url(&mut self, entry: &Entry<'d>, kind: &str) {
        let url = entry.value.field(NAMES.full_url).and_then(Value::as_str);
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            let is_optional = match kind {
                "transaction-response" | "batch-response" => true,
                // What refers to others has a place from which to look for them.
                "transaction" | "batch" => !entry.resource.is_some_and(refers),
                _ => false,
            };
            self.broken_if(!is_optional, &texts::FULL_URL_MISSING, entry.value);
            return;
        };
        if !uris::is_absolute(&url) {
            self.broken(&texts::FULL_URL_RELATIVE, entry.value);
            return;
        }
        let Some(resource) = entry.resource else { return };
        let type_name = resource.text_of("resourceType").unwrap_or_default();
        let id = resource.field(NAMES.id).and_then(Value::as_str);
        let is_restful = uris::restful(&url)
            .is_some_and(|(_, named, _)| self.schema.resource_type(named).is_some());
        if is_restful && !id.is_some_and(|id| url.ends_with(&format!("/{type_name}/{id}"))) {
            self.broken(&texts::FULL_URL_DIFFERS, entry.value);
        }
        let canonical = resource.field(NAMES.url).and_then(Value::as_str);
        if canonical.is_some_and(|canonical| canonical == url) && !is_restful {
            self.broken(&texts::FULL_URL_DIFFERS, entry.value);
        }
    }

    fn links(&mut self, bundle: Value<'d>, kind: &str) {
        let mut seen: HashSet<Cow<'d, str>> = HashSet::new();
        for link in bundle.field(NAMES.link).into_iter().flat_map(Value::items) {
            let Some(relation) = link.field(NAMES.relation) else { continue };
            let text = relation.as_str().unwrap_or_default();
            let is_paging = matches!(&*text, "first" | "previous" | "next" | "last");
            let is_listing = matches!(kind, "searchset" | "history");
            let at = if is_listing { link } else { relation };
            if is_paging && !is_listing {
                self.broken_with(&texts::LINK_RELATION, at, "");
            }
            let has_to_be_one = text == "self" || (is_paging && is_listing);
            if !seen.insert(text) && has_to_be_one {
                self.broken(&texts::LINK_REPEATED, at);
            }
        }
    }

    /// In answers to a search each entry has a resource; what matches is of a type that was
    /// searched for, as far as the Bundle's own link tells it, and outcomes are
    /// OperationOutcomes.
    fn searchset(&mut self, bundle: Value<'d>, entries: &[Entry<'d>]) {
        let searched = self.searched_types(bundle);
        for entry in entries {
            let Some(resource) = entry.resource else {
                self.broken(&texts::SEARCH_RESOURCE, entry.value);
                continue;
            };
            let mode = entry.value.field(NAMES.search).and_then(|own| own.field(NAMES.mode));
            let type_name = resource.text_of("resourceType").unwrap_or_default();
            let has_id = resource.field(NAMES.id).is_some();
            match mode.and_then(Value::as_str).as_deref() {
                Some("match" | "include") if !has_id => self.broken(&texts::SEARCH_ID, resource),
                Some("match") if !searched.is_empty() => {
                    let is_searched = searched.iter().any(|own| *own == *type_name);
                    self.broken_if(!is_searched, &texts::SEARCH_TYPE, resource);
                }
                Some("match" | "include") | None => {}
                Some(_) if type_name != "OperationOutcome" => {
                    self.broken(&texts::SEARCH_OUTCOME, resource);
                }
                Some(_) => {}
            }
        }
    }

    /// The types that the `self` link of a search names, in its path or by `_type`.
    fn searched_types(&self, bundle: Value<'d>) -> Vec<String> {
        let mut links = bundle.field(NAMES.link).into_iter().flat_map(Value::items);
        let own = links.find(|link| link.field(NAMES.relation).is_some_and(|own| own.is("self")));
        let url = own.and_then(|link| link.field(NAMES.url)?.as_str()).unwrap_or_default();
        let (path, parameters) = url.split_once('?').unwrap_or((&url, ""));
        let name = path.rsplit('/').next().unwrap_or_default();
        if self.schema.resource_type(name).is_some() {
            return vec![name.to_owned()];
        }
        let types = parameters.split('&').filter_map(|own| own.strip_prefix("_type="));
        types.flat_map(|own| own.split(',')).map(str::to_owned).collect()
    }
}

/// Whether a resource refers to something outside of itself.
fn refers(resource: Value<'_>) -> bool {
    let mut references = resource.descendants().filter(|own| own.symbol() == NAMES.reference);
    references.any(|own| own.is_string() && !own.begins_with_hash())
}
