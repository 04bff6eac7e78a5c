//! 文字 — the characters of the names of laboratory items (S5.2).

use super::{
    Findings, TEXT_CONTROL, TEXT_FULL_WIDTH_ASCII, TEXT_FULL_WIDTH_SPACE, TEXT_HALF_WIDTH_KANA,
    TEXT_VENDOR, tables::CHARACTERS,
};
use crate::{json::Value, view::BundleView};

pub(super) fn half_width_kana<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    names(bundle, findings, TEXT_HALF_WIDTH_KANA.code);
}

pub(super) fn full_width_space<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    names(bundle, findings, TEXT_FULL_WIDTH_SPACE.code);
}

pub(super) fn control<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    names(bundle, findings, TEXT_CONTROL.code);
}

pub(super) fn full_width_ascii<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    names(bundle, findings, TEXT_FULL_WIDTH_ASCII.code);
}

pub(super) fn vendor<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    names(bundle, findings, TEXT_VENDOR.code);
}

/// The displays of `code.coding` and `code.text`.
fn names<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>, rule: &str) {
    for resource in bundle.of_type("Observation") {
        let displays = resource.codings().filter_map(|coding| coding.get("display"));
        for name in displays.chain(resource.value.find(&["code", "text"])) {
            if let Some(character) = first_of(name, rule) {
                findings.with(name, format!("U+{character:04X}"));
            }
        }
    }
}

fn first_of(name: Value<'_>, rule: &str) -> Option<u32> {
    let text = name.as_str()?;
    // Most names have none of these, and the reader of the table asks each range once.
    let mut ranges = CHARACTERS.iter().filter(|(own, _)| *own == rule);
    ranges.find_map(|(_, range)| text.chars().map(u32::from).find(|c| range.contains(c)))
}
