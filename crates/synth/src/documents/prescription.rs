//! 処方 — which drugs a document lists, grouped as they were prescribed.
//!
//! Source: S2.12, S6.

use chrono::{DateTime, Duration, Utc};

use super::drugs::{Course, DRUGS, Drug, Usage};
use crate::{
    bundle::Case,
    seed::{Dice, Purpose},
};

/// 処方の内容 — what a document says of drugs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prescription {
    /// How many drugs; at most as many as the table has.
    pub lines: usize,
    /// How they are coded.
    pub codes: DrugCodes,
}

/// 薬剤コード — how the lines of a prescription are coded (S6.8, S6.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrugCodes {
    /// Every line has a YJ code; some have a general name too.
    AllYj,
    /// About a third of the lines, and at least one, have a 一般名コード and no YJ code.
    SomeGeneral,
    /// About a third of the lines, and at least one, have the institution's own code and no
    /// standard one.
    SomeLocal,
}

/// What a list of drugs is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// 外来処方
    Visit,
    /// 入院時服薬 — brought along.
    Admission,
    /// 退院時処方
    Discharge,
    /// 院外処方 — handed out electronically.
    Outside,
}

impl Occasion {
    /// Leads the order number.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Visit => "RX",
            Self::Admission => "JX",
            Self::Discharge => "DX",
            Self::Outside => "EX",
        }
    }
}

/// How one line is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coded {
    Yj,
    YjAndGeneral,
    General,
    /// The institution's own code, with 標準コードなし.
    LocalUncoded,
    Local,
}

/// One drug of a prescription.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// RP番号 — its group, counted from 1.
    pub(super) group: usize,
    /// Its place in the group, counted from 1.
    pub(super) place: usize,
    pub(super) drug: &'static Drug,
    pub(super) usage: &'static Usage,
    /// 日数 or, as needed, 回数.
    pub(super) count: u32,
    pub(super) coded: Coded,
    /// 調剤指示 and 補足指示.
    pub(super) handling: Handling,
    pub(super) occasion: Occasion,
    pub(super) ordered_at: DateTime<Utc>,
}

/// 調剤指示 — what the pharmacy is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handling {
    Usual,
    /// 粉砕
    Crushed,
    /// 一包化
    OneDose,
    /// 別包
    Separate,
}

/// The lines, in groups of one usage and one length.
pub(super) fn lines(case: &Case<'_>, wanted: Prescription, occasion: Occasion) -> Vec<Line> {
    let Case { institution, person, sending, .. } = case;
    let parts = [institution.index, person.index, sending.serial, occasion as u64];
    let mut dice = institution.seed.dice(Purpose::Drug, &parts);
    let ordered_at = sending.sent_at - Duration::minutes(dice.between(15, 20_000));
    let long_days = dice.pick(&[14, 28, 28, 30, 56, 63]);
    let usual = match dice.below(100) {
        0..20 => Handling::OneDose,
        20..27 => Handling::Crushed,
        _ => Handling::Usual,
    };
    let mut groups: Vec<Group> = Vec::new();
    let drugs = chosen(&mut dice, wanted.lines);
    let mut lines = Vec::with_capacity(drugs.len());
    for (nth, drug) in drugs.into_iter().enumerate() {
        let usage = dice.pick(&drug.usages);
        let count = count(&mut dice, drug, usage, long_days);
        let occasion = occasion_of(&mut dice, occasion);
        let (group, place) = placed(&mut groups, Group { usage, count, occasion, lines: 0 });
        let handling = handling(&mut dice, drug, usage, usual);
        let coded = coded(&mut dice, wanted.codes, nth, drug);
        let line = Line { group, place, drug, usage, count, coded, handling, occasion, ordered_at };
        lines.push(line);
    }
    lines.sort_by_key(|line| (line.group, line.place));
    lines
}

/// Some of what a letter lists the patient has brought along from elsewhere.
fn occasion_of(dice: &mut Dice, occasion: Occasion) -> Occasion {
    if occasion == Occasion::Visit && dice.percent(8) { Occasion::Admission } else { occasion }
}

/// Only what is swallowed regularly is packed or crushed.
fn handling(dice: &mut Dice, drug: &Drug, usage: &Usage, usual: Handling) -> Handling {
    let separate = dice.percent(5);
    if drug.unit.0 != "TAB" || usage.times_a_day == 0 {
        return Handling::Usual;
    }
    if separate { Handling::Separate } else { usual }
}

/// The person's drugs; the head of the table is what most people take.
fn chosen(dice: &mut Dice, count: usize) -> Vec<&'static Drug> {
    let mut ranked: Vec<(u64, &Drug)> =
        DRUGS.iter().enumerate().map(|(nth, drug)| (nth as u64 + dice.below(40), drug)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, drug)| drug).take(count).collect()
}

fn count(dice: &mut Dice, drug: &Drug, usage: &Usage, long_days: u32) -> u32 {
    match drug.course {
        Course::Device => dice.pick(&[1, 2]),
        _ if usage.times_a_day == 0 => dice.pick(&[5, 10, 10, 14]),
        Course::Short => dice.pick(&[3, 5, 7]),
        Course::Long | Course::Needed | Course::Uneven => long_days,
    }
}

/// RP — what is taken at the same times for the same number of days.
#[derive(Debug)]
struct Group {
    usage: &'static Usage,
    count: u32,
    occasion: Occasion,
    lines: usize,
}

/// One more line of a group: the numbers of the group and of the line in it.
fn placed(groups: &mut Vec<Group>, of: Group) -> (usize, usize) {
    let same = |other: &Group| {
        (other.usage, other.count, other.occasion) == (of.usage, of.count, of.occasion)
    };
    let at = groups.iter().position(same).unwrap_or_else(|| {
        groups.push(of);
        groups.len() - 1
    });
    groups[at].lines += 1;
    (at + 1, groups[at].lines)
}

/// The first line of a mixture is the one that is surely without a YJ code.
fn coded(dice: &mut Dice, codes: DrugCodes, nth: usize, drug: &Drug) -> Coded {
    let without_yj = nth == 0 || dice.percent(30);
    let general = drug.general.is_some();
    match codes {
        DrugCodes::SomeGeneral if without_yj && general => Coded::General,
        DrugCodes::SomeGeneral if nth == 0 => Coded::LocalUncoded,
        DrugCodes::SomeLocal if without_yj => {
            if dice.percent(50) {
                Coded::LocalUncoded
            } else {
                Coded::Local
            }
        }
        _ if general && dice.percent(25) => Coded::YjAndGeneral,
        _ => Coded::Yj,
    }
}
