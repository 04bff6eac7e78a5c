//! 医療機関番号 — the same number everywhere (R9011, R9012; S7.2).

use super::Findings;
use crate::view::{
    BundleView, institution_extensions, institution_number, is_published_institution_form, sender,
};

pub(super) fn extension<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.shared() {
        if institution_extensions(resource.value).next().is_none() {
            findings.absent(resource.value, "extension");
        }
    }
}

/// `matches()` over two values is an error in `FHIRPath`, so that a second extension breaks
/// the published rule, too.
pub(super) fn valid<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.shared() {
        let mut extensions = institution_extensions(resource.value);
        let Some(first) = extensions.next() else { continue };
        let well_formed =
            institution_number(first).is_some_and(|number| is_published_institution_form(&number));
        if !well_formed {
            findings.at(first);
        } else if let Some(second) = extensions.next() {
            findings.at(second);
        }
    }
}

/// Also in the Patient, where the extension may be absent.
pub(super) fn equal<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let Some(sender) = sender(bundle) else { return };
    for resource in bundle.resources() {
        for extension in institution_extensions(resource.value) {
            let number = institution_number(extension);
            if number.is_some_and(|number| number != sender.as_str()) {
                findings.at(extension);
            }
        }
    }
}
