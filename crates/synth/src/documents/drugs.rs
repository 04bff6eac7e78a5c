//! 薬剤と用法の素材 — the drugs that people take, and when.
//!
//! Source: S2.13, S6, S8; the columns are explained in `data/*.tsv`.

use std::sync::LazyLock;

use crate::lab_tests::rows;

/// 薬剤 — a drug of the price list.
#[derive(Debug)]
pub(super) struct Drug {
    pub(super) yj: &'static str,
    pub(super) name: &'static str,
    /// 一般名コード and name.
    pub(super) general: Option<(&'static str, &'static str)>,
    /// Code and name of the unit.
    pub(super) unit: (&'static str, &'static str),
    /// What is taken at a time; none where the text says it.
    pub(super) dose: Option<Amount>,
    pub(super) usages: Vec<&'static Usage>,
    pub(super) course: Course,
}

/// How long a drug is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    Long,
    Short,
    Needed,
    /// 不均等 — not the same amount each time.
    Uneven,
    /// Something that holds many doses.
    Device,
}

/// 用法 — when a drug is taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Usage {
    key: &'static str,
    /// Code and display; none: the institution's own words only.
    pub(super) coded: Option<(&'static str, &'static str)>,
    pub(super) text: &'static str,
    /// 0: as needed.
    pub(super) times_a_day: u32,
    /// Code and display of the method.
    pub(super) method: (&'static str, &'static str),
}

/// 量 — an amount in tenths of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount(u32);

impl Amount {
    pub(super) fn times(self, count: u32) -> Self {
        Self(self.0 * count)
    }

    /// As it is printed.
    pub(super) fn digits(self) -> String {
        match self.0 % 10 {
            0 => (self.0 / 10).to_string(),
            tenths => format!("{}.{tenths}", self.0 / 10),
        }
    }

    fn parse(cell: &str) -> Option<Self> {
        let (whole, tenths) = cell.split_once('.').unwrap_or((cell, "0"));
        Some(Self(whole.parse::<u32>().ok()? * 10 + tenths.parse::<u32>().ok()?))
    }

    /// So many whole units.
    pub(super) fn whole(count: u32) -> Self {
        Self(count * 10)
    }
}

pub(super) static DRUGS: LazyLock<Vec<Drug>> =
    LazyLock::new(|| rows(include_str!("../../data/drugs.tsv")).map(|row| drug(&row)).collect());

static USAGES: LazyLock<Vec<Usage>> =
    LazyLock::new(|| rows(include_str!("../../data/usages.tsv")).map(|row| usage(&row)).collect());

fn drug(row: &[&'static str]) -> Drug {
    let [yj, name, general, general_name, unit, unit_name, dose, usages, course] = *row else {
        panic!("drugs.tsv: not nine columns: {row:?}");
    };
    let usages = usages.split('|').map(|key| {
        USAGES.iter().find(|usage| usage.key == key).expect("a test looks up every key")
    });
    Drug {
        yj,
        name,
        general: (general != "-").then_some((general, general_name)),
        unit: (unit, unit_name),
        dose: Amount::parse(dose),
        usages: usages.collect(),
        course: match course {
            "short" => Course::Short,
            "needed" => Course::Needed,
            "uneven" => Course::Uneven,
            "device" => Course::Device,
            _ => Course::Long,
        },
    }
}

fn usage(row: &[&'static str]) -> Usage {
    let [key, code, display, text, times, method, method_display] = *row else {
        panic!("usages.tsv: not seven columns: {row:?}");
    };
    Usage {
        key,
        coded: (code != "-").then_some((code, display)),
        text,
        times_a_day: times.parse().expect("a test reads every number"),
        method: (method, method_display),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_have_their_form() {
        let codes: HashSet<&str> = DRUGS.iter().map(|drug| drug.yj).collect();
        assert_eq!(codes.len(), DRUGS.len());
        for drug in DRUGS.iter() {
            assert_eq!(drug.yj.len(), 12, "{}", drug.yj);
            if let Some((general, name)) = drug.general {
                assert_eq!(general, format!("{}ZZZ", &drug.yj[..9]));
                assert!(name.starts_with("【般】"), "{name}");
            }
        }
        assert!(USAGES.iter().all(|usage| usage.coded.is_none_or(|(code, _)| code.len() == 16)));
    }

    #[test]
    fn amounts_are_printed_without_needless_zeros() {
        let half = Amount::parse("0.5").expect("a number");
        assert_eq!(half.digits(), "0.5");
        assert_eq!(half.times(4).digits(), "2");
        assert_eq!(Amount::parse("2.5").expect("a number").times(3).digits(), "7.5");
        assert_eq!(Amount::parse("-"), None);
    }
}
