//! 健診項目の素材 — what is measured, chosen and asked at a checkup.
//!
//! Source: S2.20 (codes 1.2.392.200119.6), S9.4, S11.8; the columns stand in `data/*.tsv`.

use std::sync::LazyLock;

use crate::lab_tests::rows;

/// Where an item belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In every checkup.
    All,
    /// 任意追加項目 — in larger ones.
    More,
    /// At the workplace: eyes, ears.
    Work,
    /// 質問票
    Ask,
    /// 後期高齢者の質問票
    Elder,
}

/// What every item has.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) place: Where,
    pub(super) code: &'static str,
    pub(super) display: &'static str,
    pub(super) category: &'static str,
    /// Code and display of the method.
    pub(super) method: Option<(&'static str, &'static str)>,
}

/// 測定項目
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) item: Item,
    /// The unit and its UCUM code.
    pub(super) unit: Option<(&'static str, &'static str)>,
    pub(super) decimals: usize,
    /// For men and women.
    pub(super) centres: [f64; 2],
    /// Between persons and from year to year.
    pub(super) spreads: [f64; 2],
    /// Per year.
    pub(super) trend: f64,
    pub(super) low: Option<&'static str>,
    pub(super) high: Option<&'static str>,
}

/// 選択項目
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) item: Item,
    /// The last part of the list's OID.
    pub(super) list: &'static str,
    /// Code, display and share of a hundred.
    pub(super) options: Vec<(&'static str, &'static str, u64)>,
}

pub(super) static MEASURES: LazyLock<Vec<Measure>> = LazyLock::new(|| {
    rows(include_str!("../../../data/checkup-measures.tsv")).map(|row| measure(&row)).collect()
});

pub(super) static CHOICES: LazyLock<Vec<Choice>> = LazyLock::new(|| {
    rows(include_str!("../../../data/checkup-choices.tsv")).map(|row| choice(&row)).collect()
});

fn given(cell: &'static str) -> Option<&'static str> {
    (cell != "-").then_some(cell)
}

fn number(cell: &str) -> f64 {
    cell.parse().expect("a test reads every number")
}

fn measure(row: &[&'static str]) -> Measure {
    let [place, code, display, category, unit, ucum, decimals, rest @ ..] = row else {
        panic!("checkup-measures.tsv: too few columns: {row:?}");
    };
    let [men, women, between, within, trend, low, high, method, method_display] = *rest else {
        panic!("checkup-measures.tsv: not sixteen columns: {row:?}");
    };
    Measure {
        item: item([place, code, display, category], method, method_display),
        unit: given(unit).map(|unit| (unit, *ucum)),
        decimals: decimals.parse().expect("a test reads every number"),
        centres: [number(men), number(women)],
        spreads: [number(between), number(within)],
        trend: number(trend),
        low: given(low),
        high: given(high),
    }
}

fn choice(row: &[&'static str]) -> Choice {
    let [place, code, display, category, list, options, method, method_display] = *row else {
        panic!("checkup-choices.tsv: not eight columns: {row:?}");
    };
    let options = options.split('|').map(|option| {
        let (answer, share) = option.split_once(':').expect("a test reads every share");
        let (code, display) = answer.split_at(1);
        (code, display.trim_start(), share.parse().expect("a test reads every share"))
    });
    Choice {
        item: item([place, code, display, category], method, method_display),
        list,
        options: options.collect(),
    }
}

fn item(
    [place, code, display, category]: [&'static str; 4],
    method: &'static str,
    method_display: &'static str,
) -> Item {
    let place = match place {
        "more" => Where::More,
        "work" => Where::Work,
        "ask" => Where::Ask,
        "elder" => Where::Elder,
        _ => Where::All,
    };
    let method = given(method).map(|code| (code, method_display));
    Item { place, code, display, category, method }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_shares_add_up_to_a_hundred() {
        let items: Vec<&Item> = MEASURES
            .iter()
            .map(|measure| &measure.item)
            .chain(CHOICES.iter().map(|choice| &choice.item))
            .collect();
        let codes: HashSet<&str> = items.iter().map(|item| item.code).collect();
        assert_eq!(codes.len(), items.len());
        assert!(codes.iter().all(|code| code.len() == 17));
        for choice in CHOICES.iter() {
            let shares: u64 = choice.options.iter().map(|option| option.2).sum();
            assert_eq!(shares, 100, "{}", choice.item.display);
        }
    }
}
