//! 参照 — only to the Patient and to what is contained (S1.3). Nothing is ever fetched.

use std::{borrow::Cow, ops::Range};

use super::Findings;
use crate::{json::Value, resource::ResourceView, view::BundleView};

pub(super) fn subjects<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let patient_url = bundle.patient_url();
    for resource in bundle.shared().filter(|resource| resource.is_of_shared_type()) {
        let name = resource.subject_name();
        match resource.subject_reference() {
            None => findings.absent_with(resource.value, name, name),
            // Without the Patient's fullUrl there is nothing to compare with; that it is
            // missing is reported there.
            Some(reference) if patient_url.is_some_and(|url| !reference.is(url)) => {
                findings.with(reference, name);
            }
            Some(_) => {}
        }
    }
}

pub(super) fn resolve<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let patient_url = bundle.patient_url();
    for resource in bundle.resources() {
        let subject = resource.subject_reference();
        let targets = Targets::of(resource, patient_url, bundle.limits.contained);
        for reference in resource.value.descendants().filter(|value| value.key_is("reference")) {
            // The subject has a rule of its own; an object of this name is no reference.
            if Some(reference) == subject || !reference.is_string() {
                continue;
            }
            if !targets.hold(reference) {
                findings.at(reference);
            }
        }
    }
}

/// What a reference within one resource may lead to.
struct Targets<'r> {
    patient_url: Option<&'r str>,
    /// The bytes of what is contained.
    contained: Range<usize>,
    ids: Vec<Cow<'r, str>>,
}

impl<'r> Targets<'r> {
    fn of(resource: &ResourceView<'r>, patient_url: Option<&'r str>, most: usize) -> Self {
        let contained = resource.value.list("contained").take(most);
        Self {
            patient_url,
            contained: resource.value.get("contained").map(Value::span).unwrap_or_default(),
            ids: contained.filter_map(|contained| contained.text_of("id")).collect(),
        }
    }

    fn hold(&self, reference: Value<'_>) -> bool {
        let Some(target) = reference.as_str() else { return false };
        match target.strip_prefix('#') {
            // From a contained resource, # alone is the resource that contains it.
            Some("") => self.contained.contains(&reference.span().start),
            Some(id) => self.ids.iter().any(|own| own == id),
            None => self.patient_url == Some(&*target),
        }
    }
}

pub(super) fn contained_is_flat<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.resources() {
        for contained in resource.value.list("contained") {
            if let Some(nested) = contained.get("contained") {
                findings.at(nested);
            }
        }
    }
}

pub(super) fn contained_has_ids<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let mut seen = Vec::new();
    for resource in bundle.resources() {
        seen.clear();
        for contained in resource.value.list("contained").take(bundle.limits.contained) {
            match contained.text_of("id").filter(|id| !id.is_empty()) {
                None => findings.absent(contained, "id"),
                Some(id) if seen.contains(&id) => findings.at(contained),
                Some(id) => seen.push(id),
            }
        }
    }
}
