//! 上限 — how many of something one resource may hold.

use super::Findings;
use crate::{json::Value, view::BundleView};

pub(super) fn identifiers<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    each(bundle, findings, &["identifier"], bundle.limits.identifiers);
}

pub(super) fn tags<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    at_most(bundle.root, findings, &["meta", "tag"], bundle.limits.tags);
    each(bundle, findings, &["meta", "tag"], bundle.limits.tags);
}

pub(super) fn contained<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    each(bundle, findings, &["contained"], bundle.limits.contained);
}

fn each<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>, path: &[&str], most: usize) {
    for resource in bundle.resources() {
        at_most(resource.value, findings, path, most);
    }
}

fn at_most<'d>(value: Value<'d>, findings: &mut Findings<'d>, path: &[&str], most: usize) {
    if let Some(list) = value.find(path).filter(|list| list.len() > most) {
        findings.with(list, most.to_string());
    }
}
