//! 検査の選択 — which results a report holds.

use crate::{
    bundle::Case,
    lab_tests::{LISTED, ListedTest, Often, UNLISTED, UnlistedTest},
    seed::{Dice, Purpose},
};

/// 結果の選び方 — what a report is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Results {
    /// So many results as an order has them: mostly routine items, some infection items
    /// (a few of them LTS), some unlisted tests; a few not final.
    AsInLife(usize),
    /// So many results of the 43 laboratory items, all final.
    Listed(usize),
    /// Exactly these.
    Chosen(Vec<ChosenResult>),
}

/// 指定した結果 — one result that a caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenResult {
    /// The item's number in `fhir-profiles/lab-items.tsv`; none: an unlisted test.
    pub item: Option<u16>,
    /// The status.
    pub status: ResultStatus,
    /// 長期保存 — allowed on infection items only (R6031).
    pub long_term: bool,
}

impl ChosenResult {
    /// A final result of a listed item.
    pub fn listed(item: u16) -> Self {
        Self { item: Some(item), status: ResultStatus::Final, long_term: false }
    }

    /// A final result of a test that is in neither list.
    pub fn unlisted() -> Self {
        Self { item: None, status: ResultStatus::Final, long_term: false }
    }
}

/// 進捗 — the status of a result, as far as the guide uses it (S3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultStatus {
    /// 依頼済・結果待ち — no value yet.
    Registered,
    /// 中間 — interim.
    Preliminary,
    /// 確定 — final.
    Final,
    /// 訂正 — a corrected final result.
    Corrected,
    /// 中止 — not done; no value.
    Cancelled,
}

impl ResultStatus {
    /// The FHIR code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Preliminary => "preliminary",
            Self::Final => "final",
            Self::Corrected => "corrected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether there is a value.
    pub fn has_value(self) -> bool {
        !matches!(self, Self::Registered | Self::Cancelled)
    }
}

/// One result to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    /// Its place in the report, counted from 1.
    pub(crate) place: usize,
    pub(crate) test: Test,
    pub(crate) status: ResultStatus,
    pub(crate) long_term: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    Listed(&'static ListedTest),
    Unlisted(&'static UnlistedTest),
}

/// The results of a report, in the order in which a laboratory prints them.
pub(crate) fn plan(case: &Case<'_>, results: &Results) -> Vec<Planned> {
    let mut dice = case.institution.seed.dice(
        Purpose::LabChoice,
        &[case.institution.index, case.person.index, case.sending.serial],
    );
    match results {
        Results::AsInLife(count) => {
            let tests = drawn(&mut dice, *count, |_| true, UNLISTED.len());
            let mut planned = in_order(tests);
            for one in &mut planned {
                one.status = status(&mut dice);
                one.long_term = matches!(one.test, Test::Listed(test) if test.is_infection())
                    && dice.percent(8);
            }
            planned
        }
        Results::Listed(count) => {
            in_order(drawn(&mut dice, *count, |test| !test.is_infection(), 0))
        }
        Results::Chosen(chosen) => {
            chosen.iter().enumerate().map(|(nth, one)| wanted(&mut dice, nth, *one)).collect()
        }
    }
}

/// So many tests, the more usual ones first; a second round begins when all are used up.
fn drawn(
    dice: &mut Dice,
    count: usize,
    fits: impl Fn(&ListedTest) -> bool,
    unlisted: usize,
) -> Vec<Test> {
    // One of blood sugar, fasting and casual is ordered; so it goes with triglycerides.
    let fasting = dice.below(3) as u16;
    let listed = LISTED
        .iter()
        .filter(|test| fits(test))
        .filter(|test| {
            test.exclusive_group().is_none_or(|group| test.id == group * 10 + 1 + fasting)
        })
        .map(Test::Listed);
    let mut ranked: Vec<(u64, Test)> = listed
        .chain(UNLISTED[..unlisted].iter().map(Test::Unlisted))
        .map(|test| (rank(dice, test), test))
        .collect();
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    ranked.iter().map(|(_, test)| *test).cycle().take(count).collect()
}

/// A random number to sort by; ranges overlap, so that no report is all routine.
fn rank(dice: &mut Dice, test: Test) -> u64 {
    let delay = match test {
        Test::Listed(test) if test.is_infection() => match test.often {
            Often::Routine | Often::Frequent => 30,
            Often::Rare => 90,
        },
        Test::Listed(test) => match test.often {
            Often::Routine => 0,
            Often::Frequent => 30,
            Often::Rare => 70,
        },
        Test::Unlisted(_) => 35,
    };
    (delay + dice.below(100)) * 1_000_000 + dice.below(1_000_000)
}

fn in_order(mut tests: Vec<Test>) -> Vec<Planned> {
    tests.sort_by_key(|test| match test {
        Test::Listed(test) => test.id,
        Test::Unlisted(_) => u16::MAX,
    });
    tests
        .into_iter()
        .enumerate()
        .map(|(nth, test)| Planned {
            place: nth + 1,
            test,
            status: ResultStatus::Final,
            long_term: false,
        })
        .collect()
}

fn wanted(dice: &mut Dice, nth: usize, one: ChosenResult) -> Planned {
    let test = match one.item.and_then(|id| LISTED.iter().find(|test| test.id == id)) {
        Some(test) => Test::Listed(test),
        None => Test::Unlisted(&UNLISTED[dice.index(UNLISTED.len())]),
    };
    Planned { place: nth + 1, test, status: one.status, long_term: one.long_term }
}

fn status(dice: &mut Dice) -> ResultStatus {
    match dice.below(200) {
        0 => ResultStatus::Registered,
        1 => ResultStatus::Cancelled,
        2..=4 => ResultStatus::Corrected,
        5..=10 => ResultStatus::Preliminary,
        _ => ResultStatus::Final,
    }
}
