//! 健診の値 — what is found of one person in one year; near to the year before, slowly drifting.
//!
//! Nothing depends on who examines, so that the years of a person fit together wherever the
//! person went.

use chrono::{Datelike, NaiveDate};

use super::items::{CHOICES, Choice, MEASURES, Measure};
use crate::{
    lab_value::{Mark, mark},
    person::{Person, Sex},
    seed::{Purpose, Seed},
};

/// The values of a year are centred on this one.
const MIDDLE_YEAR: i32 = 2023;

const HEIGHT: &str = "9N001000000000001";
const WEIGHT: &str = "9N006000000000001";
const MASS_INDEX: &str = "9N011000000000001";
const WAIST: &str = "9N016160100000001";
const TRIGLYCERIDES: &str = "3F015000002327101";
const HDL: &str = "3F070000002327101";
const LDL: &str = "3F077000002327101";
const NON_HDL: &str = "3F069000002391901";
const GLUCOSE: &str = "3D010000001927201";
const SYSTOLIC: &str = "9A751000000000001";
const DIASTOLIC: &str = "9A761000000000001";
const EGFR: &str = "8A065000002391901";

/// A measured value as it is printed.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) measure: &'static Measure,
    pub(super) digits: String,
    pub(super) mark: Option<Mark>,
}

/// A chosen answer: code and display.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) choice: &'static Choice,
    pub(super) answer: (&'static str, &'static str),
}

/// Whom and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Examinee<'a> {
    pub(super) seed: Seed,
    pub(super) person: &'a Person,
    pub(super) on: NaiveDate,
}

impl Examinee<'_> {
    /// Completed years.
    pub(super) fn age(&self) -> i32 {
        self.person.age_on(self.on)
    }

    /// Every measured item, in the order of the table.
    pub(super) fn measured(&self) -> Vec<Measured> {
        MEASURES.iter().map(|measure| self.measure(measure)).collect()
    }

    fn measure(&self, measure: &'static Measure) -> Measured {
        let digits = format!("{:.*}", measure.decimals, self.value(measure));
        let mark = mark(&digits, measure.low, measure.high);
        Measured { measure, digits, mark }
    }

    /// As it is printed, because people calculate with that.
    fn printed(&self, code: &str) -> f64 {
        let measure = MEASURES.iter().find(|measure| measure.item.code == code);
        let measure = measure.expect("a test looks up every code");
        let scale = [1.0, 10.0, 100.0][measure.decimals];
        (self.value(measure) * scale).round() / scale
    }

    fn value(&self, measure: &Measure) -> f64 {
        match measure.item.code {
            MASS_INDEX => {
                let metres = self.printed(HEIGHT) / 100.0;
                self.printed(WEIGHT) / (metres * metres)
            }
            NON_HDL => self.printed(LDL) + self.printed(TRIGLYCERIDES) / 5.0,
            _ => self.drawn(measure),
        }
    }

    fn drawn(&self, measure: &Measure) -> f64 {
        let code = measure.item.code;
        let [between, within] = measure.spreads;
        let (own, pace) = self.level(code);
        let share = share_of_weight(code);
        let level = share * self.level(WEIGHT).0 + (1.0 - share.abs()) * own;
        let years = f64::from(self.on.year() - MIDDLE_YEAR);
        let year = self.on.year() as u64;
        let mut dice = self.seed.dice(Purpose::Checkup, &[self.person.index, key(code), year]);
        let centre = measure.centres[usize::from(self.person.sex == Sex::Female)];
        let usual = centre
            + age_shift(code, self.age())
            + between * level
            + measure.trend * years * (1.0 + 0.6 * pace);
        (usual.max(centre * 0.4) + within * dice.bell()).max(centre * 0.2)
    }

    /// How far the person is from the middle, and how fast the value changes.
    fn level(&self, code: &str) -> (f64, f64) {
        // The second measurement of a pressure is near to the first.
        let code = match &code[..5] {
            "9A752" => SYSTOLIC,
            "9A762" => DIASTOLIC,
            _ => code,
        };
        let mut dice = self.seed.dice(Purpose::CheckupLevel, &[self.person.index, key(code)]);
        (dice.bell(), dice.bell())
    }

    /// Every chosen item; most persons answer as the year before.
    pub(super) fn chosen(&self) -> Vec<Chosen> {
        CHOICES
            .iter()
            .map(|choice| {
                let key = key(choice.item.code);
                let index = self.person.index;
                let mut usual = self.seed.dice(Purpose::CheckupLevel, &[index, key]);
                let year = self.on.year() as u64;
                let mut now = self.seed.dice(Purpose::Checkup, &[index, key, year]);
                let roll = if now.percent(93) { usual.below(100) } else { now.below(100) };
                Chosen { choice, answer: option(choice, roll) }
            })
            .collect()
    }

    /// メタボリックシンドロームのリスク — what the judgements are made of.
    pub(super) fn risks(&self) -> Risks {
        let waist_limit = if self.person.sex == Sex::Male { 85.0 } else { 90.0 };
        let glucose = self.printed(GLUCOSE);
        Risks {
            wide: self.printed(WAIST) >= waist_limit,
            heavy: self.printed(MASS_INDEX) >= 25.0,
            pressure: self.printed(SYSTOLIC) >= 130.0 || self.printed(DIASTOLIC) >= 85.0,
            lipids: self.printed(TRIGLYCERIDES) >= 150.0 || self.printed(HDL) < 40.0,
            sugar: glucose >= 110.0,
            some_sugar: glucose >= 100.0,
        }
    }
}

/// What counts for a judgement.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each risk is there or not by itself")]
pub(super) struct Risks {
    pub(super) wide: bool,
    pub(super) heavy: bool,
    pub(super) pressure: bool,
    pub(super) lipids: bool,
    pub(super) sugar: bool,
    pub(super) some_sugar: bool,
}

fn option(choice: &Choice, roll: u64) -> (&'static str, &'static str) {
    let mut passed = 0;
    for (code, display, share) in &choice.options {
        passed += share;
        if roll < passed {
            return (code, display);
        }
    }
    let (code, display, _) = choice.options[0];
    (code, display)
}

/// A number of its own for every code.
fn key(code: &str) -> u64 {
    code.bytes().fold(7, |key, byte| key * 31 % 1_000_000_007 + u64::from(byte))
}

/// How much a value goes with the weight, from -1 to 1.
fn share_of_weight(code: &str) -> f64 {
    match code {
        WAIST => 0.85,
        TRIGLYCERIDES | "3B045000002327201" => 0.4,
        HDL => -0.3,
        SYSTOLIC | DIASTOLIC | GLUCOSE | "3C020000002327101" => 0.3,
        _ => 0.0,
    }
}

fn age_shift(code: &str, age: i32) -> f64 {
    let years = f64::from(age.clamp(20, 90) - 55);
    match code {
        SYSTOLIC | "9A752000000000001" => 0.35 * years,
        EGFR => -0.6 * years,
        HEIGHT => -0.1 * years,
        GLUCOSE => 0.15 * years,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_is_named_is_in_the_table() {
        let codes = [
            HEIGHT,
            WEIGHT,
            MASS_INDEX,
            WAIST,
            TRIGLYCERIDES,
            HDL,
            LDL,
            NON_HDL,
            GLUCOSE,
            SYSTOLIC,
            DIASTOLIC,
            EGFR,
        ];
        for code in codes {
            assert!(MEASURES.iter().any(|measure| measure.item.code == code), "{code}");
        }
    }

    #[test]
    fn neighbouring_years_of_a_person_are_nearer_than_other_persons() {
        let world =
            crate::World::new(Seed(5), crate::WorldSize { institutions: 1, persons: 1_000 });
        let weights = |person: &Person| -> Vec<f64> {
            (2021..2026)
                .map(|year| {
                    let on = NaiveDate::from_ymd_opt(year, 6, 1).expect("a day");
                    Examinee { seed: Seed(5), person, on }.printed(WEIGHT)
                })
                .collect()
        };
        let (mut steps, mut distances) = (0.0, 0.0);
        for index in 0..200 {
            let (one, other) = (world.person(index), world.person(index + 200));
            let years = weights(&one);
            steps += (years[1] - years[0]).abs();
            distances += (years[0] - weights(&other)[0]).abs();
            assert!(years.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 10.0), "{years:?}");
        }
        assert!(steps * 4.0 < distances, "{steps} {distances}");
    }
}
