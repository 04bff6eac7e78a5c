//! 用法・用量 — how a drug is to be taken.
//!
//! Source: S2.13, S6.5, S6.7.

use super::{
    drugs::{Amount, Course},
    medications::UNITS,
    prescription::Line,
};
use crate::{json::Writer, parts, sending::in_japan};

const EXTENSIONS: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition";

/// What is taken at the first, second and third time, where it is not the same.
const UNEVEN: [u32; 3] = [3, 2, 1];

/// The whole instruction in words.
pub(super) fn text(line: &Line) -> String {
    let Line { drug, usage, count, .. } = line;
    let unit = drug.unit.1;
    let Some(dose) = drug.dose else {
        return format!("{} {count}{unit}", usage.text);
    };
    if usage.times_a_day == 0 {
        return format!("{} 1回{}{unit} {count}回分", usage.text, dose.digits());
    }
    let day = daily(line).digits();
    if drug.course == Course::Uneven {
        let [first, second, third] = UNEVEN;
        let text = usage.text;
        return format!("{text} 1日{day}{unit}({first}-{second}-{third}) {count}日分");
    }
    format!("{} 1回{}{unit}(1日{day}{unit}) {count}日分", usage.text, dose.digits())
}

fn daily(line: &Line) -> Amount {
    if line.drug.course == Course::Uneven {
        return Amount::whole(UNEVEN.iter().sum());
    }
    line.drug.dose.unwrap_or(Amount::whole(1)).times(line.usage.times_a_day.max(1))
}

/// 調剤量 — what is handed out altogether.
pub(super) fn total(line: &Line) -> Amount {
    match (line.drug.dose, line.usage.times_a_day) {
        (None, _) => Amount::whole(line.count),
        (Some(dose), 0) => dose.times(line.count),
        (Some(_), _) => daily(line).times(line.count),
    }
}

/// A quantity in the drug's unit.
pub(super) fn quantity(w: &mut Writer, line: &Line, amount: Amount) {
    let (code, name) = line.drug.unit;
    w.number("value", &amount.digits());
    w.text("unit", name);
    w.text("system", UNITS);
    w.text("code", code);
}

/// A duration in days.
pub(super) fn days(w: &mut Writer, count: u32) {
    w.number("value", &count.to_string());
    w.text("unit", "日");
    w.text("system", "http://unitsofmeasure.org");
    w.text("code", "d");
}

/// The item of `dosageInstruction`.
pub(super) fn instruction(w: &mut Writer, line: &Line) {
    w.array("extension", |w| {
        w.item(|w| {
            w.text("url", &format!("{EXTENSIONS}/JP_MedicationDosage_PeriodOfUse"));
            let start = in_japan(line.ordered_at).date_naive().to_string();
            w.object("valuePeriod", |w| w.text("start", &start));
        });
    });
    w.text("text", &text(line));
    if line.drug.course == Course::Uneven {
        w.array("additionalInstruction", uneven);
    }
    w.object("timing", |w| timing(w, line));
    if line.usage.times_a_day == 0 {
        w.yes("asNeededBoolean");
    }
    if line.usage.method.0.len() == 2 {
        w.object("route", |w| {
            let system = "http://jpfhir.jp/fhir/core/CodeSystem/route-codes";
            w.array("coding", |w| parts::coding(w, system, "PO", "口"));
            w.text("text", "経口");
        });
    }
    method(w, line);
    if let Some(dose) = line.drug.dose {
        w.array("doseAndRate", |w| w.item(|w| dose_and_rate(w, line, dose)));
    }
}

fn uneven(w: &mut Writer) {
    for (nth, amount) in UNEVEN.iter().enumerate() {
        let time = nth + 1;
        w.item(|w| {
            w.array("coding", |w| {
                let full_width = |digit: usize| ["０", "１", "２", "３"][digit];
                let (at, units) = (full_width(time), full_width(*amount as usize));
                parts::coding(
                    w,
                    "http://jami.jp/CodeSystem/MedicationUsageAdditional",
                    &format!("V{time}{amount}NNNNN"),
                    &format!("不均等・{at}回目・{units}単位量"),
                );
            });
            w.text("text", &format!("{time}回目 {amount}錠"));
        });
    }
}

fn timing(w: &mut Writer, line: &Line) {
    if line.usage.times_a_day > 0 && line.drug.dose.is_some() {
        w.object("repeat", |w| w.object("boundsDuration", |w| days(w, line.count)));
    }
    w.object("code", |w| {
        w.array("coding", |w| match line.usage.coded {
            Some((code, display)) => parts::coding(
                w,
                "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUsage_ePrescription",
                code,
                display,
            ),
            None => parts::coding(
                w,
                "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_MedicationUsage_Uncoded_CS",
                "0X0XXXXXXXXX0000",
                "ダミー用法コード",
            ),
        });
        w.text("text", line.usage.text);
    });
}

fn method(w: &mut Writer, line: &Line) {
    let (code, display) = line.usage.method;
    let digits = if code.len() == 1 { "Basic" } else { "Detail" };
    let system = format!("http://jami.jp/CodeSystem/MedicationMethod{digits}Usage");
    w.object("method", |w| {
        w.array("coding", |w| parts::coding(w, &system, code, display));
        if code.len() == 1 {
            w.text("text", line.usage.text);
        }
    });
}

fn dose_and_rate(w: &mut Writer, line: &Line, dose: Amount) {
    w.object("type", |w| {
        let system = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationIngredientStrengthType";
        w.array("coding", |w| parts::coding(w, system, "1", "製剤量"));
    });
    if line.drug.course != Course::Uneven {
        w.object("doseQuantity", |w| quantity(w, line, dose));
    }
    if line.usage.times_a_day > 0 {
        w.object("rateRatio", |w| {
            w.object("numerator", |w| quantity(w, line, daily(line)));
            w.object("denominator", |w| days(w, 1));
        });
    }
}
