//! コード体系 — what no definition states about a CodeSystem.
//!
//! Source: FHIR R4, CodeSystem; the reference validator's rules.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{object::NAMES, texts, unit::Walk, uris};
use crate::json::Value;

impl<'d> Walk<'_, '_, 'd> {
    pub(super) fn code_system(&mut self, value: Value<'d>) {
        let is_content = |content| value.get("content").is_some_and(|own| own.is(content));
        self.supplement(value, is_content("supplement"));
        let concepts = concepts(value);
        if let Some(first) = concepts.first().filter(|_| is_content("not-present")) {
            self.broken(&texts::CONTENT_NOT_PRESENT, *first);
        }
        let count = value.get("count").filter(|_| is_content("complete"));
        let stated = count.and_then(|own| own.number_text()?.parse::<usize>().ok());
        if let (Some(count), Some(stated)) = (count, stated) {
            self.broken_if(stated != concepts.len(), &texts::CONCEPT_COUNT, count);
        }
        let codes = || concepts.iter().filter_map(|concept| concept.field(NAMES.code)?.as_str());
        let different: HashSet<Cow<'d, str>> = codes().collect();
        self.broken_if(different.len() < codes().count(), &texts::CONCEPT_REPEATED, value);
        self.properties(value, &concepts);
    }

    /// A code system that supplements another one says so, and which.
    fn supplement(&mut self, value: Value<'d>, is_supplement: bool) {
        let content = value.get("content").filter(|_| value.get("supplements").is_some());
        if let Some(content) = content {
            self.broken_if(!is_supplement, &texts::SUPPLEMENT_CONTENT, content);
        }
        let is_bare = is_supplement && value.get("supplements").is_none();
        self.broken_if(is_bare, &texts::SUPPLEMENT_OF_NOTHING, value);
        if let Some(stated) = value.get("caseSensitive").filter(|_| is_supplement) {
            self.broken(&texts::SUPPLEMENT_CASE, stated);
        }
    }

    /// Properties are declared once, and those of concepts have the type that was declared.
    fn properties(&mut self, value: Value<'d>, concepts: &[Value<'d>]) {
        let declared = || value.list("property").filter(|own| own.is_object());
        let mut names: HashSet<Cow<'d, str>> = HashSet::new();
        for property in declared() {
            let uri = property.text_of("uri");
            let is_relative = uri.as_deref().is_some_and(|uri| !uris::is_absolute(uri));
            let mut parts = uri.into_iter().chain(property.text_of("code"));
            let is_repeated = !parts.all(|part| names.insert(part));
            self.broken_if(is_relative || is_repeated, &texts::PROPERTY, value);
        }
        let mut types: HashMap<Cow<'d, str>, Option<Cow<'d, str>>> = HashMap::new();
        for property in declared() {
            if let Some(code) = property.text_of("code") {
                types.entry(code).or_insert_with(|| property.text_of("type"));
            }
        }
        let fits = |own: Value<'d>| {
            let Some(code) = own.text_of("code") else { return true };
            let given = own
                .fields()
                .find_map(|(key, _)| key.strip_prefix("value").map(str::to_ascii_lowercase));
            match (given, types.get(&code).and_then(Option::as_deref)) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(given), Some(wanted)) => given == wanted.to_ascii_lowercase(),
            }
        };
        let mut used = concepts.iter().flat_map(|concept| concept.list("property"));
        let is_wrong = used.any(|own| own.is_object() && !fits(own));
        self.broken_if(is_wrong, &texts::PROPERTY, value);
    }
}

/// Every concept, those within others too; a document is nested no deeper than its parser
/// allows.
fn concepts(value: Value<'_>) -> Vec<Value<'_>> {
    let mut all = Vec::new();
    let mut waiting: Vec<Value<'_>> = vec![value];
    while let Some(holder) = waiting.pop() {
        let inner = holder.list("concept").filter(|own| own.is_object());
        let first = all.len();
        all.extend(inner);
        waiting.extend(all[first..].iter().rev().copied());
    }
    all
}
