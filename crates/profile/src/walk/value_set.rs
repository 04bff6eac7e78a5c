//! 値集合 — what a ValueSet says of the code systems that it takes codes from.
//!
//! Source: FHIR R4, ValueSet.compose; the reference validator's rules.

use super::{texts, unit::Walk, uris};
use crate::{json::Value, terminology::Knowledge};

/// Code systems whose filters have other rules, which nobody can check without them.
const OTHER_RULES: &[&str] =
    &["http://unitsofmeasure.org", "http://www.nlm.nih.gov/research/umls/rxnorm"];
const LOINC: &str = "http://loinc.org";
const SNOMED_CT: &str = "http://snomed.info/sct";

impl<'d> Walk<'_, '_, 'd> {
    pub(super) fn value_set(&mut self, value: Value<'d>) {
        let Some(compose) = value.get("compose") else { return };
        for part in compose.list("include").chain(compose.list("exclude")) {
            let Some(system) = part.text_of("system").filter(|own| !own.is_empty()) else {
                continue;
            };
            self.broken_if(!self.is_code_system(&system), &texts::INCLUDED_SYSTEM, part);
            for filter in part.list("filter").filter(|own| own.is_object()) {
                self.filter(&system, filter);
            }
        }
    }

    /// Whether a system is an absolute URL without version, and not that of a value set.
    fn is_code_system(&self, system: &str) -> bool {
        let terminology = self.check.guide.terminology();
        let is_value_set = terminology.value_set(system).is_some();
        uris::is_absolute(system)
            && !system.contains('|')
            && (!is_value_set || terminology.code_system(system).is_some())
    }

    /// A filter by code names codes that exist, in a way that codes can be filtered; one by
    /// truth says true or false.
    fn filter(&mut self, system: &str, filter: Value<'d>) {
        let part = |name: &str| filter.text_of(name);
        let (Some(property), Some(op), Some(value)) = (part("property"), part("op"), part("value"))
        else {
            return;
        };
        let is_truth = op == "exists" || (property == "inactive" && system != LOINC);
        let is_code = matches!(&*property, "concept" | "code");
        if !OTHER_RULES.contains(&system) {
            let is_unfit = is_code && !is_code_operator(&property, &op);
            let is_neither = is_truth && !matches!(&*value, "true" | "false");
            self.broken_if(is_unfit || is_neither, &texts::VALUE_SET_FILTER, filter);
        }
        if is_code && !is_truth && op != "regex" {
            self.filtered_codes(system, &op, &value, filter);
        }
        // Its codes are in no package, and without them the reference validator finds none.
        let is_elsewhere = match system {
            LOINC => matches!(&*property, "parent" | "child" | "ancestor"),
            SNOMED_CT => property == "concept" && !is_truth && op != "regex",
            _ => false,
        };
        if is_elsewhere {
            self.mirrored(&texts::VALUE_SET_FILTER_UNKNOWN, filter);
        }
    }

    fn filtered_codes(&mut self, system: &str, op: &str, value: &str, filter: Value<'d>) {
        let terminology = self.check.guide.terminology();
        let is_list = matches!(op, "in" | "not-in");
        let mut codes = value.split(|letter| is_list && letter == ',');
        let is_wrong = codes.any(|code| {
            let is_unknown = || terminology.look_up(system, code).0 == Knowledge::Unknown;
            code.trim() != code || (!terminology.knows_form_alone(system) && is_unknown())
        });
        self.broken_if(is_wrong, &texts::VALUE_SET_FILTER, filter);
    }
}

fn is_code_operator(property: &str, op: &str) -> bool {
    let common = ["=", "in", "not-in", "is-a", "is-not-a", "descendent-of", "generalizes"];
    common.contains(&op) || (property == "code" && op == "regex")
}
