//! コード — forms and displays of codes, wherever they stand (S2.9, S5.1, S5.2, S13).

use super::{
    Findings,
    tables::{FORMS, MISPRINTS, RESERVED, USED, lists},
};
use crate::{
    json::{Symbol, Value},
    view::BundleView,
};

/// Every coding of every resource.
fn codings<'d>(bundle: &BundleView<'d>) -> impl Iterator<Item = Value<'d>> + use<'d> {
    let coding = Symbol::of("coding");
    bundle
        .root
        .descendants()
        .filter(move |value| value.symbol() == coding && !value.has_underscore())
        .flat_map(Value::items)
}

/// The code is never told: it may say what the patient has.
pub(super) fn forms<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for coding in codings(bundle) {
        let (Some(system), Some(code)) = (coding.text_of("system"), coding.text_of("code")) else {
            continue;
        };
        if FORMS.get(&*system).is_some_and(|form| !form.is_match(&code)) {
            findings.with(coding, system.into_owned());
        }
    }
}

/// The display of another code is as wrong as another display of the code.
pub(super) fn reserved_displays<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for coding in codings(bundle) {
        let Some(system) = coding.text_of("system") else { continue };
        for reserved in RESERVED.iter().filter(|own| own.system == system) {
            let has_code = coding.get("code").is_some_and(|own| own.is(reserved.code));
            let has_display = coding.get("display").is_some_and(|own| own.is(reserved.display));
            if has_code != has_display {
                findings.with(coding, reserved.display);
            }
        }
    }
}

pub(super) fn used_codes<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for coding in codings(bundle) {
        let (Some(system), Some(code)) = (coding.text_of("system"), coding.text_of("code")) else {
            continue;
        };
        if let Some(codes) = USED.get(&*system).filter(|codes| !lists(codes, &code)) {
            findings.with(coding, *codes);
        }
    }
}

pub(super) fn misprints<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    let (system, url) = (Symbol::of("system"), Symbol::of("url"));
    for value in bundle.root.descendants() {
        if value.symbol() != system && value.symbol() != url {
            continue;
        }
        if let Some(right) = value.as_str().and_then(|text| MISPRINTS.get(&*text)) {
            findings.with(value, *right);
        }
    }
}
