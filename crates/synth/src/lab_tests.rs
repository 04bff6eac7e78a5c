//! 検査項目の素材 — the tables from which results are made.
//!
//! Source: S5.2, S5.3; the columns are explained in `data/*.tsv`.

use std::sync::LazyLock;

/// 共有項目 — one of the 43 laboratory or 5 infection items.
#[derive(Debug)]
pub(crate) struct ListedTest {
    /// The number of `fhir-profiles/lab-items.tsv`.
    pub(crate) id: u16,
    pub(crate) often: Often,
    pub(crate) scale: Scale,
    /// The fixed display of the item's slices.
    pub(crate) display: &'static str,
    pub(crate) jlac10: Vec<&'static str>,
    pub(crate) jlac11: Vec<&'static str>,
    pub(crate) names: Vec<&'static str>,
    pub(crate) measure: Measure,
    pub(crate) women: Range,
}

impl ListedTest {
    pub(crate) fn is_infection(&self) -> bool {
        self.id >= 500
    }

    /// 同時に測らない項目 — blood sugar is either fasting, casual or neither, and so on.
    pub(crate) fn exclusive_group(&self) -> Option<u16> {
        matches!(self.id, 151..=153 | 171..=173).then_some(self.id / 10)
    }
}

/// 共有項目外 — a test that is in neither list.
#[derive(Debug)]
pub(crate) struct UnlistedTest {
    pub(crate) code: &'static str,
    pub(crate) display: &'static str,
    pub(crate) specimen: &'static str,
    pub(crate) names: Vec<&'static str>,
    pub(crate) measure: Measure,
}

/// How often a test is ordered; what is rarer comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Often {
    Routine,
    Frequent,
    Rare,
}

/// What kind of value a test has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Numeric,
    /// 陽性・陰性・判定保留
    PositiveNegative,
    /// － ± ＋ …
    Urine,
    Abo,
    Rh,
    /// A power of two of the lowest titer.
    Titer,
    /// A grade as text.
    Score,
}

/// A measured quantity: its unit, its usual values and the spread between persons.
#[derive(Debug)]
pub(crate) struct Measure {
    pub(crate) units: Vec<&'static str>,
    pub(crate) ucum: &'static str,
    pub(crate) decimals: usize,
    /// The usual range; of men, where it differs.
    pub(crate) range: Range,
    pub(crate) logarithmic: bool,
    pub(crate) centre: f64,
    pub(crate) spread: f64,
    pub(crate) floor: Option<f64>,
}

/// 基準値 — the usual values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

pub(crate) static LISTED: LazyLock<Vec<ListedTest>> =
    LazyLock::new(|| rows(include_str!("../data/lab-tests.tsv")).map(|row| listed(&row)).collect());

pub(crate) static UNLISTED: LazyLock<Vec<UnlistedTest>> = LazyLock::new(|| {
    rows(include_str!("../data/unlisted-tests.tsv")).map(|row| unlisted(&row)).collect()
});

/// The lines of a table, cut at the tabs.
pub(crate) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

pub(crate) fn alternatives(cell: &'static str) -> Vec<&'static str> {
    cell.split('|').filter(|alternative| *alternative != "-").collect()
}

fn listed(row: &[&'static str]) -> ListedTest {
    let [id, often, scale, display, jlac10, jlac11, names, unit, ucum, decimals, ranges @ ..] = row
    else {
        panic!("lab-tests.tsv: too few columns: {row:?}");
    };
    let [m_low, m_high, f_low, f_high, shape, centre, spread, floor] = ranges else {
        panic!("lab-tests.tsv: not eighteen columns: {row:?}");
    };
    let measure = Measure {
        units: alternatives(unit),
        ucum,
        decimals: decimals.parse().expect("decimals are a number"),
        range: range(m_low, m_high),
        logarithmic: *shape == "L",
        centre: number(centre).unwrap_or(0.0),
        spread: number(spread).unwrap_or(0.0),
        floor: number(floor),
    };
    ListedTest {
        id: id.parse().expect("the id is a number"),
        often: match *often {
            "A" => Often::Routine,
            "B" => Often::Frequent,
            _ => Often::Rare,
        },
        scale: scale_of(scale),
        display,
        jlac10: jlac10.split(' ').collect(),
        jlac11: jlac11.split(' ').collect(),
        names: alternatives(names),
        measure,
        women: range(f_low, f_high),
    }
}

fn scale_of(word: &str) -> Scale {
    match word {
        "posneg" => Scale::PositiveNegative,
        "urine" => Scale::Urine,
        "abo" => Scale::Abo,
        "rh" => Scale::Rh,
        "titer" => Scale::Titer,
        "score" => Scale::Score,
        _ => Scale::Numeric,
    }
}

fn unlisted(row: &[&'static str]) -> UnlistedTest {
    let [code, display, specimen, names, unit, ucum, decimals, low, high, shape, centre, spread] =
        *row
    else {
        panic!("unlisted-tests.tsv: not twelve columns: {row:?}");
    };
    UnlistedTest {
        code,
        display,
        specimen,
        names: alternatives(names),
        measure: Measure {
            units: alternatives(unit),
            ucum,
            decimals: decimals.parse().expect("decimals are a number"),
            range: range(low, high),
            logarithmic: shape == "L",
            centre: number(centre).unwrap_or(0.0),
            spread: number(spread).unwrap_or(0.0),
            floor: None,
        },
    }
}

fn range(low: &str, high: &str) -> Range {
    Range { low: number(low), high: number(high) }
}

/// A cell's number; none for `-`.
fn number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use kyoyu_domain::lab_items;

    use super::*;

    const SYSTEMS: [[&str; 2]; 2] = [
        [
            "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_CoreLabo_CS",
            "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC11/JP_CLINS_ObsLabResult_CoreLabo_CS",
        ],
        [
            "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC10/JP_CLINS_ObsLabResult_InfectionLabo_CS",
            "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC11/JP_CLINS_ObsLabResult_InfectionLabo_CS",
        ],
    ];

    #[test]
    fn every_code_means_the_item_that_its_line_names() {
        for test in LISTED.iter() {
            let systems = SYSTEMS[usize::from(test.is_infection())];
            for (system, codes) in systems.iter().zip([&test.jlac10, &test.jlac11]) {
                assert!(!codes.is_empty());
                for code in codes {
                    let item = lab_items::find(system, code).map(|item| item.id);
                    assert_eq!(item, Some(test.id), "{code}");
                }
            }
        }
    }

    #[test]
    fn every_shared_item_has_a_line() {
        let ids: HashSet<u16> = LISTED.iter().map(|test| test.id).collect();
        assert_eq!(ids.len(), LISTED.len());
        let known: HashSet<u16> = (1..4_096).filter(|id| lab_items::by_id(*id).is_some()).collect();
        assert_eq!(ids, known);
    }

    #[test]
    fn an_unlisted_test_is_in_no_list() {
        for test in UNLISTED.iter() {
            assert_eq!(test.code.len(), 17, "{}", test.display);
            for system in SYSTEMS.as_flattened() {
                assert!(lab_items::find(system, test.code).is_none(), "{}", test.display);
            }
        }
    }

    #[test]
    fn names_and_units_hold_no_half_width_katakana() {
        let units = LISTED.iter().map(|test| &test.measure.units);
        let names = LISTED.iter().map(|test| &test.names).chain(units);
        let unlisted = UNLISTED.iter().flat_map(|test| [&test.names, &test.measure.units]);
        for text in names.chain(unlisted).flatten() {
            assert!(!text.chars().any(|c| ('\u{FF61}'..='\u{FF9F}').contains(&c)), "{text}");
        }
    }
}
