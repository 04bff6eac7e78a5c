//! 含意されるプロファイル — what an Observation has to meet because of its code.
//!
//! Source: FHIR R4, Observation vital signs; which codes count is a table of the reference
//! validator's, `fhir-profiles/r4/implied-profiles.tsv`.

use std::sync::LazyLock;

use super::object::NAMES;
use crate::json::Value;

/// One line of the table.
struct Implied {
    system: &'static str,
    /// The canonical.
    profile: String,
    codes: Vec<&'static str>,
}

static TABLE: LazyLock<Vec<Implied>> = LazyLock::new(|| {
    let lines = include_str!("../../../../fhir-profiles/r4/implied-profiles.tsv").lines();
    lines.filter(|line| !line.starts_with('#')).filter_map(implied).collect()
});

fn implied(line: &'static str) -> Option<Implied> {
    let mut columns = line.split('\t');
    let (system, name, codes) = (columns.next()?, columns.next()?, columns.next()?);
    let profile = format!("http://hl7.org/fhir/StructureDefinition/{name}");
    Some(Implied { system, profile, codes: codes.split(' ').collect() })
}

/// The canonical of the profile that an Observation's code implies.
pub(super) fn of(observation: Value<'_>) -> Option<&'static str> {
    let names = &NAMES;
    let codings = observation.field(names.code)?.field(names.coding)?;
    let has = |row: &Implied| {
        codings.items().any(|coding| {
            coding.field(names.system).is_some_and(|own| own.is(row.system))
                && coding
                    .field(names.code)
                    .and_then(Value::as_str)
                    .is_some_and(|code| row.codes.contains(&&*code))
        })
    };
    // Most codes are of other systems, which is soon seen.
    let is_of_table = |coding: Value<'_>| {
        let system = coding.field(names.system);
        system.is_some_and(|own| TABLE.iter().any(|row| own.is(row.system)))
    };
    if !codings.items().any(is_of_table) {
        return None;
    }
    TABLE.iter().find(|row| has(row)).map(|row| row.profile.as_str())
}
