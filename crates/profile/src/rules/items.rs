//! 検査項目 — what the codes of a laboratory result must be together (S5.2, S5.3).

use kyoyu_domain::lab_items::{self, CORE_LAB_SYSTEMS, INFECTION_SYSTEMS, LabItem};

use super::{
    Findings,
    tables::{LabResult, RESULTS},
};
use crate::{
    json::Value,
    resource::{ResourceView, is_shared_system},
    view::BundleView,
};

const GENERAL: &str = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits";
const UNCODED: &str = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_ObsLabResult_Uncoded_CS";
/// Where the systems of result codes stand.
const RESULT_CODES: &str = "http://jpfhir.jp/fhir/LaboResult/CodeSystem/";

/// Which standard codings an Observation has beside the local one.
#[derive(Default)]
struct Standard<'d> {
    shared: bool,
    general: Option<Value<'d>>,
    uncoded: Option<Value<'d>>,
}

impl<'d> Standard<'d> {
    fn of(resource: &ResourceView<'d>) -> Self {
        let mut standard = Self::default();
        for coding in resource.codings() {
            match coding.text_of("system").as_deref() {
                Some(GENERAL) => standard.general = standard.general.or(Some(coding)),
                Some(UNCODED) => standard.uncoded = standard.uncoded.or(Some(coding)),
                Some(system) if is_shared_system(system) => standard.shared = true,
                _ => {}
            }
        }
        standard
    }
}

pub(super) fn standard_code<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        let standard = Standard::of(resource);
        if !standard.shared && standard.general.is_none() && standard.uncoded.is_none() {
            findings.absent(resource.value, "code.coding");
        }
    }
}

pub(super) fn uncoded_alone<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        let standard = Standard::of(resource);
        let coded = standard.shared || standard.general.is_some();
        if let Some(uncoded) = standard.uncoded.filter(|_| coded) {
            findings.at(uncoded);
        }
    }
}

pub(super) fn displays<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for coding in bundle.of_type("Observation").flat_map(ResourceView::codings) {
        let (Some(system), Some(code)) = (coding.text_of("system"), coding.text_of("code")) else {
            continue;
        };
        let Some(item) = lab_items::find(&system, &code) else { continue };
        let Some(result) = RESULTS.get(&item.id) else { continue };
        let display = coding.text_of("display");
        // The item's full name is a designation of the code, too, and so is that of the item
        // that it has become part of.
        let merged = RESULTS.get(&bundle.generation.item(item.id)).map(|own| own.display);
        let known = display.is_some_and(|own| {
            own == result.display || own == item.name || merged.is_some_and(|other| own == other)
        });
        if !known {
            findings.with(coding, result.display);
        }
    }
}

/// The shared item that a general JLAC10 code means.
fn meant_by(general: Value<'_>) -> Option<&'static LabItem> {
    let code = general.text_of("code")?;
    [CORE_LAB_SYSTEMS[0], INFECTION_SYSTEMS[0]]
        .iter()
        .find_map(|system| lab_items::find(system, &code))
}

pub(super) fn only_general<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation") {
        let standard = Standard::of(resource);
        let listed = |general: &Value<'d>| !standard.shared && meant_by(*general).is_some();
        if let Some(general) = standard.general.filter(listed) {
            findings.at(general);
        }
    }
}

pub(super) fn general_differs<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for resource in bundle.of_type("Observation").filter(|resource| resource.item.id != 0) {
        let Some(general) = Standard::of(resource).general else { continue };
        if meant_by(general).is_some_and(|item| item.id != resource.item.id) {
            findings.at(general);
        }
    }
}

/// The Observations that mean one shared item, with what its results look like.
fn results<'v, 'd>(
    bundle: &'v BundleView<'d>,
) -> impl Iterator<Item = (&'v ResourceView<'d>, &'static LabResult)> {
    let certain = bundle.of_type("Observation").filter(|own| own.item.conflict.is_none());
    certain.filter_map(|resource| Some((resource, RESULTS.get(&resource.item.id)?)))
}

/// A text is never wrong: it says what no number and no code can.
pub(super) fn value_types<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for (resource, result) in results(bundle) {
        let (wrong, right) = match result.value {
            "numeric" => ("valueCodeableConcept", "valueQuantity"),
            "coded" => ("valueQuantity", "valueCodeableConcept"),
            _ => continue,
        };
        if let Some(value) = resource.value.get(wrong) {
            findings.with(value, right);
        }
    }
}

/// Codes of other makers are no mistake; those of another item are.
pub(super) fn result_codes<'d>(bundle: &BundleView<'d>, findings: &mut Findings<'d>) {
    for (resource, result) in results(bundle) {
        let Some(codes) = result.codes else { continue };
        let value = resource.value.get("valueCodeableConcept");
        for coding in value.into_iter().flat_map(|value| value.list("coding")) {
            let system = coding.text_of("system").unwrap_or_default();
            if system.starts_with(RESULT_CODES) && system != codes {
                findings.with(coding, codes);
            }
        }
    }
}
