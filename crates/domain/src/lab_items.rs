//! 検査43項目・感染症5項目 — which JLAC code means which shared item.
//!
//! The table is `fhir-profiles/lab-items.tsv`; this file only reads it.
//! Source: S5.2 and S5.3.

use std::{collections::HashMap, sync::LazyLock};

/// The coding systems of the shared laboratory items, JLAC10 and JLAC11.
pub const CORE_LAB_SYSTEMS: &[&str] = &[
    "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_CoreLabo_CS",
    "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC11/JP_CLINS_ObsLabResult_CoreLabo_CS",
];

/// The coding systems of the shared infection items, JLAC10 and JLAC11.
pub const INFECTION_SYSTEMS: &[&str] = &[
    "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_InfectionLabo_CS",
    "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC11/JP_CLINS_ObsLabResult_InfectionLabo_CS",
];

/// 細項目 — one shared item, such as 12-2 of the laboratory table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabItem {
    /// The number that the store keeps; unique over both tables.
    pub id: u16,
    /// The item's Japanese name.
    pub name: &'static str,
}

/// The item that `code` of `system` means; none when the system is not one of the four
/// or its table has no such code.
pub fn find(system: &str, code: &str) -> Option<&'static LabItem> {
    if code.len() != 17 || !code.is_ascii() {
        return None;
    }
    let (table, generation) = table_of(system)?;
    // From the narrowest pattern to the widest: specimen and method, method, any.
    ["", &code[12..15], &code[9..15]].iter().rev().find_map(|narrowed_by| {
        let key = CodeKey { table, generation, head: &code[..9], result: &code[15..], narrowed_by };
        ITEMS.by_code.get(&key).map(|&position| &ITEMS.rows[position])
    })
}

/// The item with this stored number.
pub fn by_id(id: u16) -> Option<&'static LabItem> {
    ITEMS.rows.iter().find(|item| item.id == id)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Table {
    Lab,
    Infection,
}

fn table_of(system: &str) -> Option<(Table, usize)> {
    let position = |systems: &[&str]| systems.iter().position(|known| *known == system);
    if let Some(generation) = position(CORE_LAB_SYSTEMS) {
        return Some((Table::Lab, generation));
    }
    position(INFECTION_SYSTEMS).map(|generation| (Table::Infection, generation))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CodeKey<'a> {
    table: Table,
    /// 0 for JLAC10, 1 for JLAC11.
    generation: usize,
    /// Analyte and identification, nine characters.
    head: &'a str,
    result: &'a str,
    /// Method digits, specimen and method digits, or empty for any.
    narrowed_by: &'a str,
}

struct Items {
    rows: Vec<LabItem>,
    by_code: HashMap<CodeKey<'static>, usize>,
}

static ITEMS: LazyLock<Items> =
    LazyLock::new(|| read(include_str!("../../../fhir-profiles/lab-items.tsv")));

fn read(table: &'static str) -> Items {
    let mut items = Items { rows: Vec::new(), by_code: HashMap::new() };
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [id, group, _item, _sub, name, jlac10, jlac11] = columns[..] else {
            panic!("lab-items.tsv: a line has not seven columns: {line}");
        };
        let id = id.parse().expect("the first column of lab-items.tsv is a number");
        let table = if group == "lab" { Table::Lab } else { Table::Infection };
        for (generation, patterns) in [jlac10, jlac11].into_iter().enumerate() {
            for pattern in patterns.split(' ').filter(|pattern| *pattern != "-") {
                for key in keys_of(table, generation, pattern) {
                    let former = items.by_code.insert(key, items.rows.len());
                    assert!(former.is_none(), "lab-items.tsv: {pattern} means two items");
                }
            }
        }
        items.rows.push(LabItem { id, name });
    }
    items
}

/// The keys of one pattern such as `V2259-0000-02@012,013`.
fn keys_of(
    table: Table,
    generation: usize,
    pattern: &'static str,
) -> impl Iterator<Item = CodeKey<'static>> {
    let (code, narrowed_by) = pattern.split_once('@').unwrap_or((pattern, ""));
    // The table writes analyte and identification apart for its readers' sake; joined
    // again they are the head of the code.
    let (head, result) = code.rsplit_once('-').expect("a pattern has three parts");
    let head: &'static str = Box::leak(head.replace('-', "").into_boxed_str());
    narrowed_by.split(',').map(move |narrowed_by| CodeKey {
        table,
        generation,
        head,
        result,
        narrowed_by,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_below_the_limit_of_the_directory() {
        let ids: HashSet<u16> = ITEMS.rows.iter().map(|item| item.id).collect();
        assert_eq!(ids.len(), ITEMS.rows.len());
        assert!(ids.iter().all(|id| (1..4096).contains(id)));
    }

    #[test]
    fn specimen_and_method_do_not_change_the_item() {
        let potassium = find(CORE_LAB_SYSTEMS[0], "3H015000002326101").expect("a shared item");
        assert_eq!(find(CORE_LAB_SYSTEMS[0], "3H015000002399801"), Some(potassium));
        assert_eq!(by_id(potassium.id), Some(potassium));
        assert!(potassium.name.contains('K'), "{}", potassium.name);
    }

    #[test]
    fn a_laboratory_code_is_no_infection_code() {
        assert!(find(INFECTION_SYSTEMS[0], "3H015000002326101").is_none());
        assert!(
            find("http://medis.or.jp/CodeSystem/master-JLAC10-17digits", "3H015000002326101")
                .is_none()
        );
        assert!(find(CORE_LAB_SYSTEMS[0], "3H01500000232610１").is_none());
    }
}
