//! 検査値 — values that stay near a person's own level from visit to visit.

use crate::{
    bundle::Case,
    lab_choice::{Planned, Test},
    lab_tests::{Measure, Range, Scale},
    person::{Person, Sex},
    seed::{Dice, Purpose},
};

const RESULT_CODES: &str = "http://jpfhir.jp/fhir/LaboResult/CodeSystem";

/// What a result says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Quantity(Quantity),
    Coded(Coded),
    Text(String),
}

/// A measured value with the digits that were reported.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    /// Below what is measured.
    pub(crate) below: bool,
    pub(crate) digits: String,
    pub(crate) mark: Option<Mark>,
    /// Reported limits of the usual range.
    pub(crate) low: Option<String>,
    pub(crate) high: Option<String>,
}

/// A value of a code list, with the text that an institution prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coded {
    pub(crate) system: String,
    pub(crate) code: &'static str,
    pub(crate) display: &'static str,
    pub(crate) text: &'static str,
    pub(crate) mark: Option<Mark>,
    /// 基準値 — the usual result as text, where there is one.
    pub(crate) usual: Option<&'static str>,
}

/// H, L or N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    High,
    Low,
    Normal,
}

impl Mark {
    pub(crate) fn code_and_display(self) -> (&'static str, &'static str) {
        match self {
            Self::High => ("H", "High"),
            Self::Low => ("L", "Low"),
            Self::Normal => ("N", "Normal"),
        }
    }
}

/// The value of one result.
pub(crate) fn value(case: &Case<'_>, planned: &Planned) -> Value {
    let Case { institution, person, sending, .. } = case;
    let key = match planned.test {
        Test::Listed(test) => u64::from(test.id),
        Test::Unlisted(test) => 10_000 + test.code.bytes().map(u64::from).sum::<u64>(),
    };
    let mut level = institution.seed.dice(Purpose::LabBaseline, &[person.index, key]);
    let mut dice = institution.seed.dice(
        Purpose::LabValue,
        &[institution.index, person.index, sending.serial, key, planned.place as u64],
    );
    let place = 0.85 * level.bell() + 0.55 * dice.bell();
    match planned.test {
        Test::Unlisted(test) => {
            Value::Quantity(quantity(case, key, &test.measure, test.measure.range, place))
        }
        Test::Listed(test) => {
            let measure = &test.measure;
            let range = usual_range(measure, test.women, person);
            match test.scale {
                Scale::Numeric => Value::Quantity(quantity(case, key, measure, range, place)),
                Scale::PositiveNegative => Value::Coded(positive_or_negative(&mut dice, measure)),
                Scale::Urine => Value::Coded(urine(&mut dice, measure)),
                Scale::Abo => Value::Coded(blood_group(&mut level)),
                Scale::Rh => Value::Coded(rhesus(&mut level)),
                Scale::Titer => Value::Quantity(titer(&mut dice, measure)),
                Scale::Score => Value::Text(score(&mut dice, measure).to_owned()),
            }
        }
    }
}

fn usual_range(measure: &Measure, women: Range, person: &Person) -> Range {
    match person.sex {
        Sex::Male => measure.range,
        Sex::Female => women,
    }
}

fn quantity(case: &Case<'_>, key: u64, measure: &Measure, range: Range, place: f64) -> Quantity {
    let measured = if measure.logarithmic {
        measure.centre * exponential(measure.spread * place)
    } else {
        measure.centre + measure.spread * place
    };
    let below = measure.floor.is_some_and(|floor| measured < floor);
    let number = measure.floor.map_or(measured, |floor| measured.max(floor)).max(0.0);
    let digits = format!("{number:.*}", measure.decimals);
    let mut own = case.institution.seed.dice(Purpose::LocalItem, &[case.institution.index, key]);
    // Laboratories take their usual ranges from different reagents.
    let shift = 1.0 + own.between(-2, 2) as f64 / 100.0;
    let limit = |limit: f64| format!("{:.*}", measure.decimals, limit * shift);
    let (low, high) = (range.low.map(limit), range.high.map(limit));
    let mark = mark(&digits, low.as_deref(), high.as_deref());
    Quantity { below, digits, mark, low, high }
}

/// Compares what is printed, as its readers do.
pub(crate) fn mark(digits: &str, low: Option<&str>, high: Option<&str>) -> Option<Mark> {
    let number = |digits: &str| digits.parse::<f64>().unwrap_or(0.0);
    let value = number(digits);
    if high.is_some_and(|high| value > number(high)) {
        return Some(Mark::High);
    }
    if low.is_some_and(|low| value < number(low)) {
        return Some(Mark::Low);
    }
    (low.is_some() || high.is_some()).then_some(Mark::Normal)
}

/// e to the power of `x`, from multiplications only: they are the same on every machine.
fn exponential(x: f64) -> f64 {
    (0..10).fold(1.0 + x / 1_024.0, |power, _| power * power)
}

fn abnormal(dice: &mut Dice, measure: &Measure) -> bool {
    dice.percent(measure.centre as u64)
}

fn positive_or_negative(dice: &mut Dice, measure: &Measure) -> Coded {
    let (code, display, text) = if abnormal(dice, measure) {
        if dice.percent(12) {
            ("3", "判定保留", "判定保留")
        } else {
            ("1", "陽性", "(+)")
        }
    } else {
        ("2", "陰性", "(-)")
    };
    coded("JP_PosNegHold_CS", code, display, text, code == "2", Some("(-)"))
}

fn urine(dice: &mut Dice, measure: &Measure) -> Coded {
    const GRADES: &[(&str, &str, &str)] = &[
        ("2", "±", "(±)"),
        ("2", "±", "(±)"),
        ("3", "＋", "(1+)"),
        ("3", "＋", "(1+)"),
        ("4", "２＋", "(2+)"),
        ("5", "３＋", "(3+)"),
        ("6", "４＋", "(4+)"),
    ];
    let (code, display, text) =
        if abnormal(dice, measure) { dice.pick(GRADES) } else { ("1", "－", "(-)") };
    coded("JP_Urine_Code_CS", code, display, text, code == "1", Some("(-)"))
}

fn blood_group(level: &mut Dice) -> Coded {
    let (code, display, text) = match level.below(10) {
        0..=3 => ("1", "Ａ", "A型"),
        4..=6 => ("4", "Ｏ", "O型"),
        7 | 8 => ("2", "Ｂ", "B型"),
        _ => ("3", "ＡＢ", "AB型"),
    };
    coded("JP_BldABO_CS", code, display, text, true, None)
}

fn rhesus(level: &mut Dice) -> Coded {
    let (code, display, text) =
        if level.below(200) == 0 { ("2", "－", "(-)") } else { ("1", "＋", "(+)") };
    coded("JP_BldRh_CS", code, display, text, true, None)
}

fn coded(
    system: &str,
    code: &'static str,
    display: &'static str,
    text: &'static str,
    normal: bool,
    usual: Option<&'static str>,
) -> Coded {
    let mark = if normal { usual.map(|_| Mark::Normal) } else { Some(Mark::High) };
    Coded { system: format!("{RESULT_CODES}/{system}"), code, display, text, mark, usual }
}

fn titer(dice: &mut Dice, measure: &Measure) -> Quantity {
    let found = abnormal(dice, measure);
    let steps = if found { dice.between(0, 6) as u32 } else { 0 };
    let titer = measure.floor.unwrap_or(1.0) as u64 * 2_u64.pow(steps);
    let mark = if found { Mark::High } else { Mark::Normal };
    Quantity { below: !found, digits: titer.to_string(), mark: Some(mark), low: None, high: None }
}

fn score(dice: &mut Dice, measure: &Measure) -> &'static str {
    if abnormal(dice, measure) { dice.pick(&["1+", "2+", "3+", "4+"]) } else { "0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_close_enough_for_a_laboratory() {
        for (x, expected) in [(0.0, 1.0), (0.5, 1.648_72), (-2.0, 0.135_34), (3.0, 20.085)] {
            assert!((exponential(x) / expected - 1.0_f64).abs() < 0.006, "{x}");
        }
    }

    #[test]
    fn the_mark_compares_what_is_printed() {
        assert_eq!(mark("4.9", Some("3.6"), Some("4.8")), Some(Mark::High));
        assert_eq!(mark("4.8", Some("3.6"), Some("4.8")), Some(Mark::Normal));
        assert_eq!(mark("3.5", Some("3.6"), None), Some(Mark::Low));
        assert_eq!(mark("3.5", None, None), None);
    }
}
