//! 閉じた読み方 — reads a small body of which every element must be understood.
//!
//! What is not asked for is refused, by the element's name: a consent or an announcement
//! must never mean more than what was read of it.

use std::borrow::Cow;

use kyoyu_domain::problem::{Issue, Rule};

use crate::{
    json::{Document, Value},
    limits::Limits,
    rules::NOT_A_RESOURCE,
};

/// Collects what could not be read of one body, under one rule.
pub(crate) struct Reader {
    rule: &'static Rule,
    issues: Vec<Issue>,
}

/// Parses a body and sees to it that it is a resource of this type.
pub(crate) fn document<'a>(
    body: &'a [u8],
    limits: &Limits,
    resource_type: &'static str,
) -> Result<Document<'a>, Vec<Issue>> {
    let document = Document::parse(body, limits).map_err(|issue| vec![issue])?;
    let root = document.root();
    if !root.get("resourceType").is_some_and(|own| own.is(resource_type)) {
        let issue = Issue::of(&NOT_A_RESOURCE).with(resource_type).at(document.place(root));
        return Err(vec![issue]);
    }
    Ok(document)
}

impl Reader {
    pub(crate) fn new(rule: &'static Rule) -> Self {
        Self { rule, issues: Vec::new() }
    }

    /// Refuses a value that is there.
    pub(crate) fn refuse(&mut self, value: Value<'_>) {
        let place = value.document().place(value);
        let name = element(&place.expression);
        self.issues.push(Issue::of(self.rule).with(name).at(place));
    }

    /// Refuses the absence of an element.
    pub(crate) fn absent(&mut self, parent: Value<'_>, key: &str) {
        let mut place = parent.document().place(parent);
        place.expression.push('.');
        place.expression.push_str(key);
        let name = element(&place.expression);
        self.issues.push(Issue::of(self.rule).with(name).at(place));
    }

    /// Refuses every field of an object that is not in the list, and what is no object.
    pub(crate) fn only(&mut self, value: Value<'_>, keys: &[&str]) {
        if !value.is_object() {
            self.refuse(value);
        }
        for (key, field) in value.fields() {
            if !keys.contains(&&*key) {
                self.refuse(field);
            }
        }
    }

    /// The element that must be there and be an object with no more than these fields.
    pub(crate) fn object<'d>(
        &mut self,
        parent: Value<'d>,
        key: &str,
        keys: &[&str],
    ) -> Option<Value<'d>> {
        let Some(value) = parent.get(key) else {
            self.absent(parent, key);
            return None;
        };
        self.only(value, keys);
        Some(value)
    }

    /// The text that must be there.
    pub(crate) fn text<'d>(&mut self, parent: Value<'d>, key: &str) -> Option<Cow<'d, str>> {
        self.read(parent, key, |text| Some(text.clone()))
    }

    /// The text that must be there, turned into what it means.
    pub(crate) fn read<'d, T>(
        &mut self,
        parent: Value<'d>,
        key: &str,
        meaning: impl FnOnce(&Cow<'d, str>) -> Option<T>,
    ) -> Option<T> {
        if parent.get(key).is_none() {
            self.absent(parent, key);
            return None;
        }
        self.read_if_there(parent, key, meaning)
    }

    /// The same for a text that may be absent.
    pub(crate) fn read_if_there<'d, T>(
        &mut self,
        parent: Value<'d>,
        key: &str,
        meaning: impl FnOnce(&Cow<'d, str>) -> Option<T>,
    ) -> Option<T> {
        let value = parent.get(key)?;
        let meaning = value.as_str().filter(|text| !text.is_empty()).and_then(|t| meaning(&t));
        if meaning.is_none() {
            self.refuse(value);
        }
        meaning
    }

    /// The items of an array that must be there and not be empty.
    pub(crate) fn items<'d>(&mut self, parent: Value<'d>, key: &str) -> Vec<Value<'d>> {
        let Some(list) = parent.get(key) else {
            self.absent(parent, key);
            return Vec::new();
        };
        if !list.is_array() || list.is_empty() {
            self.refuse(list);
        }
        list.items().collect()
    }

    /// The only item of an array.
    pub(crate) fn single<'d>(&mut self, parent: Value<'d>, key: &str) -> Option<Value<'d>> {
        let items = self.items(parent, key);
        for further in items.iter().skip(1) {
            self.refuse(*further);
        }
        items.first().copied()
    }

    /// What was read, unless something was refused.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Issue>> {
        match read {
            Some(read) if self.issues.is_empty() => Ok(read),
            // Nothing is left out without an issue; if it were, the body is refused all the same.
            _ if self.issues.is_empty() => Err(vec![Issue::of(self.rule).with("?")]),
            _ => Err(self.issues),
        }
    }
}

/// `Consent.provision.type` → `provision.type`: the texts name the resource themselves.
fn element(expression: &str) -> String {
    let name = expression.split_once('.').map_or(expression, |(_, name)| name);
    name.to_owned()
}
