//! The Bundle's own head: identifier, type, times and tags (S1.2, S1.3).

use kyoyu_domain::identifiers::BundleIdentifier;

use super::Findings;
use crate::{
    dates,
    json::Value,
    view::{BundleView, TypeTag, is_published_institution_form},
};

pub(super) fn tag_exists<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if bundle.type_tags.is_empty() {
        findings.absent(bundle.root, "meta.tag");
    }
}

pub(super) fn tag_is_valid<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let valid = bundle.type_tags.iter().any(|tag| tag.valid_code().is_some());
    if let (false, Some(tag)) = (valid, bundle.type_tags.first()) {
        findings.at(tag.value);
    }
}

pub(super) fn tag_is_single<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if let Some(tag) = bundle.type_tags.get(1) {
        findings.at(tag.value);
    }
}

pub(super) fn has_tagged_resource<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let mut tagged = bundle.type_tags.iter().filter_map(TypeTag::valid_code).peekable();
    let there = |code| bundle.of_type(code).next().is_some();
    if tagged.peek().is_some() && !tagged.any(there) {
        findings.at(bundle.root.get("entry").unwrap_or(bundle.root));
    }
}

pub(super) fn identifier_system<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if !has_identifier_system(bundle.root) {
        match bundle.root.find(&["identifier", "system"]) {
            Some(system) => findings.at(system),
            None => findings.absent(bundle.root, "identifier.system"),
        }
    }
}

/// The published expression also fails where the system is wrong; that is reported once.
pub(super) fn identifier_value<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if !has_identifier_system(bundle.root) {
        return;
    }
    match bundle.root.find(&["identifier", "value"]) {
        None => findings.absent(bundle.root, "identifier.value"),
        Some(value) if !has_published_form(value) => findings.at(value),
        Some(_) => {}
    }
}

/// The published form allows numbers that no sending institution has.
pub(super) fn identifier_institution<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(value) = bundle.root.find(&["identifier", "value"]) else { return };
    if has_published_form(value)
        && has_identifier_system(bundle.root)
        && bundle.identifier.is_none()
    {
        findings.at(value);
    }
}

fn has_identifier_system(root: Value<'_>) -> bool {
    root.find(&["identifier", "system"]).is_some_and(|system| system.is(BundleIdentifier::SYSTEM))
}

/// `^[0-4][0-9][1-3][0-9]{7}[\^]20[2-3][0-9][\^][A-Za-z0-9\-]{1,36}$`
fn has_published_form(value: Value<'_>) -> bool {
    let Some(text) = value.as_str() else { return false };
    let mut parts = text.split('^');
    let (Some(institution), Some(year), Some(id), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let year_is_right = year.len() == 4
        && (year.starts_with("202") || year.starts_with("203"))
        && year.as_bytes()[3].is_ascii_digit();
    is_published_institution_form(institution)
        && year_is_right
        && (1..=36).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

pub(super) fn type_is_collection<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    match bundle.root.get("type") {
        None => findings.absent(bundle.root, "type"),
        Some(own) if !own.is("collection") => findings.at(own),
        Some(_) => {}
    }
}

pub(super) fn timestamp<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if bundle.sent_at.is_none() {
        match bundle.root.get("timestamp") {
            Some(timestamp) => findings.at(timestamp),
            None => findings.absent(bundle.root, "timestamp"),
        }
    }
}

pub(super) fn last_updated<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    match bundle.root.find(&["meta", "lastUpdated"]) {
        None => findings.absent(bundle.root, "meta.lastUpdated"),
        Some(own) if own.as_str().and_then(|text| dates::instant(&text)).is_none() => {
            findings.at(own);
        }
        Some(_) => {}
    }
}

pub(super) fn has_entries<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    if bundle.entries.is_empty() {
        findings.absent(bundle.root, "entry");
    }
}
