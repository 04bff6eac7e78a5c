//! 共有情報 — the kinds of data that the service takes out of documents, as entries of one.
//!
//! They are written as in the collections of the same institution and person: same profiles,
//! same resource identifiers, so that what is also sent directly is a copy (S1.4, S13.27).

use kyoyu_domain::entry::Flags;

use super::draft::{Draft, Link};
use crate::{
    allergies::{self, AllergyKind},
    conditions::{self, condition},
    lab_choice::plan,
    labs::{LabReport, Order, observation},
};

/// Diseases as entries, with what a section says of them.
#[derive(Debug, Default)]
pub(super) struct Diseases {
    pub(super) present: Told,
    pub(super) past: Told,
}

/// Entries and their names.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) links: Vec<Link>,
    pub(super) names: Vec<String>,
}

impl Told {
    pub(super) fn text(&self) -> String {
        self.names.join("、")
    }
}

/// Adds the first diseases of the person's list; the very first counts as present.
pub(super) fn diseases(draft: &mut Draft<'_>, count: usize, flags: &[Flags]) -> Diseases {
    let mut diseases = Diseases::default();
    for (nth, entry) in conditions::entries_of(&draft.case, count, flags).iter().enumerate() {
        let is_past = nth > 0 && entry.has_ended(&draft.case);
        let name = entry.name(&draft.case);
        let link = draft.add_resource("Condition", |w, case| condition(w, case, entry));
        let told = if is_past { &mut diseases.past } else { &mut diseases.present };
        told.links.push(link);
        told.names.push(name);
    }
    diseases
}

/// Adds allergies.
pub(super) fn allergies(draft: &mut Draft<'_>, kinds: &[AllergyKind]) -> Told {
    let mut told = Told::default();
    for entry in allergies::entries_of(&draft.case, kinds, &[]) {
        told.names.push(entry.text(&draft.case).to_owned());
        told.links.push(draft.add_resource("AllergyIntolerance", |w, case| {
            allergies::allergy(w, case, &entry);
        }));
    }
    told
}

/// Adds the results of a report.
pub(super) fn results(draft: &mut Draft<'_>, report: &LabReport) -> Vec<Link> {
    let case = draft.case.of_report(report.sending);
    let order = Order::of(&case, report.collected_at);
    plan(&case, &report.results)
        .iter()
        .map(|planned| {
            draft.add_resource("Observation", |w, _| observation(w, &case, &order, planned))
        })
        .collect()
}
