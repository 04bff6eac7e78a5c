//! 検査・感染症 — Bundles of laboratory and infection results.
//!
//! Source: S2.11 (`JP_Observation_LabResult_eCS`), S3.3, S3.4, S5.2.

use chrono::{DateTime, Duration, Utc};
use kyoyu_domain::entry::Flags;

use crate::{
    bundle::{Carried, Case, SynthBundle},
    institution::{Institution, Jlac},
    json::Writer,
    lab_choice::{Planned, ResultStatus, Results, Test, plan},
    lab_tests::{ListedTest, Measure},
    lab_value::{Mark, Quantity, Value, value},
    parts::{self, Visit},
    person::Person,
    phrases,
    seed::{Dice, Purpose},
    sending::{Sending, date_time, instant},
};

/// 検査結果報告 — one report: the results of one specimen collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabReport {
    /// What it is called and when it is sent.
    pub sending: Sending,
    /// 採取日時 — when the specimens were taken.
    pub collected_at: DateTime<Utc>,
    /// What it holds.
    pub results: Results,
}

/// A Bundle with one report. The same report sent later differs in its instants and full
/// URLs only.
pub fn labs(institution: &Institution, person: &Person, report: &LabReport) -> SynthBundle {
    let case = Case::new(institution, person, report.sending, Carried::Observation);
    let results = plan(&case, &report.results);
    let order = Order::of(&case, report.collected_at);
    case.bundle(&results, 2_900, |w, case, planned| observation(w, case, &order, planned))
}

/// What the results of a report share.
#[derive(Debug)]
pub(crate) struct Order {
    visit: Visit,
    collected_at: String,
    issued_at: String,
}

impl Order {
    pub(crate) fn of(case: &Case<'_>, collected_at: DateTime<Utc>) -> Self {
        let Case { institution, person, sending, .. } = case;
        let mut dice = institution
            .seed
            .dice(Purpose::Visit, &[institution.index, person.index, sending.serial, 1]);
        let issued_at = collected_at + Duration::seconds(dice.between(1_500, 20_000));
        Self {
            visit: Visit::of(case, sending.serial),
            collected_at: date_time(collected_at),
            issued_at: instant(institution, issued_at.min(sending.sent_at)),
        }
    }
}

/// The Observation.
pub(crate) fn observation(w: &mut Writer, case: &Case<'_>, order: &Order, planned: &Planned) {
    let mut dice = own_dice(case, planned);
    let item = LocalItem::of(case, planned.test);
    w.text("resourceType", "Observation");
    w.text("id", &format!("lab-{}", planned.place));
    let flags = Flags { long_term: planned.long_term, ..Flags::default() };
    parts::meta(
        w,
        case,
        "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
        flags,
    );
    parts::language(w, case);
    w.array("contained", |w| {
        parts::encounter(w, &order.visit);
        if case.institution.habits.contained_specimen {
            specimen(w, item.specimen);
        }
        parts::practitioner(w, case, &order.visit.doctor);
    });
    w.array("extension", |w| {
        parts::institution_extension(w, case);
        parts::department_extension(w, &order.visit);
    });
    let which = format!("OBS{:08}-{}", case.sending.serial, planned.place);
    parts::resource_identifier(w, case, &which);
    w.text("status", planned.status.code());
    category(w);
    code(w, case, planned.test, &item);
    parts::reference(w, "subject", &case.patient_url);
    parts::reference(w, "encounter", "#enc");
    w.text("effectiveDateTime", &order.collected_at);
    w.text("issued", &order.issued_at);
    w.array("performer", |w| w.item(|w| w.text("reference", "#dr")));
    result(w, case, planned, &item, &mut dice);
}

fn own_dice(case: &Case<'_>, planned: &Planned) -> Dice {
    let Case { institution, person, sending, .. } = case;
    institution.seed.dice(
        Purpose::LabValue,
        &[institution.index, person.index, sending.serial, planned.place as u64],
    )
}

/// How an institution codes, names and measures a test.
struct LocalItem {
    code: String,
    name: &'static str,
    unit: Option<&'static str>,
    ucum: &'static str,
    specimen: Specimen,
    jlac10: Option<&'static str>,
    jlac11: Option<&'static str>,
}

/// Code and name of a specimen.
#[derive(Debug, Clone, Copy)]
struct Specimen {
    code: &'static str,
    name: &'static str,
}

impl LocalItem {
    fn of(case: &Case<'_>, test: Test) -> Self {
        let Case { institution, .. } = case;
        let key = match test {
            Test::Listed(test) => u64::from(test.id),
            Test::Unlisted(test) => 10_000 + test.code.bytes().map(u64::from).sum::<u64>(),
        };
        let mut dice = institution.seed.dice(Purpose::LocalItem, &[institution.index, key, 1]);
        match test {
            Test::Listed(test) => Self::listed(&mut dice, institution, test),
            Test::Unlisted(test) => {
                let specimen = SPECIMENS
                    .iter()
                    .find(|known| known.name == test.specimen)
                    .map_or(SPECIMENS[0], |known| *known);
                let name = dice.pick(&test.names);
                Self::with(&mut dice, institution, &test.measure, name, specimen, (None, None))
            }
        }
    }

    fn listed(dice: &mut Dice, institution: &Institution, test: &'static ListedTest) -> Self {
        let jlac10 = dice.pick(&test.jlac10);
        let specimen = specimen_of(jlac10);
        let jlac11 = dice.pick(&test.jlac11);
        let codes = match institution.habits.jlac {
            Jlac::Ten => (Some(jlac10), None),
            Jlac::Eleven => (None, Some(jlac11)),
            Jlac::Both => (Some(jlac10), Some(jlac11)),
        };
        let name = dice.pick(&test.names);
        Self::with(dice, institution, &test.measure, name, specimen, codes)
    }

    fn with(
        dice: &mut Dice,
        institution: &Institution,
        measure: &'static Measure,
        name: &'static str,
        specimen: Specimen,
        (jlac10, jlac11): (Option<&'static str>, Option<&'static str>),
    ) -> Self {
        let serial = dice.between(1, 99_999);
        let code = match institution.habits.style {
            0 => format!("{:010}", serial * 100 + 10),
            1 => format!("L{serial:05}_{}", specimen.code),
            _ => format!("{serial}-{:02}", dice.between(0, 99)),
        };
        let unit = (!measure.units.is_empty()).then(|| dice.pick(&measure.units));
        Self { code, name, unit, ucum: measure.ucum, specimen, jlac10, jlac11 }
    }
}

const SPECIMENS: &[Specimen] = &[
    Specimen { code: "023", name: "血清" },
    Specimen { code: "022", name: "血漿" },
    Specimen { code: "018", name: "全血" },
    Specimen { code: "019", name: "全血(添加物入り)" },
    Specimen { code: "001", name: "尿" },
    Specimen { code: "004", name: "蓄尿" },
];

/// The specimen that digits 10 to 12 of a JLAC10 code name.
fn specimen_of(jlac10: &str) -> Specimen {
    let digits = &jlac10[9..12];
    SPECIMENS.iter().find(|known| known.code == digits).map_or(SPECIMENS[0], |known| *known)
}

fn specimen(w: &mut Writer, specimen: Specimen) {
    w.item(|w| {
        w.text("resourceType", "Specimen");
        w.text("id", "spc");
        parts::contained_meta(w, "JP_Specimen");
        w.object("type", |w| {
            w.array("coding", |w| {
                parts::coding(
                    w,
                    "http://jpfhir.jp/fhir/core/CodeSystem/JP_ObservationSampleMaterialCode_CS",
                    specimen.code,
                    specimen.name,
                );
            });
            w.text("text", specimen.name);
        });
    });
}

fn category(w: &mut Writer) {
    w.array("category", |w| {
        w.item(|w| {
            w.array("coding", |w| {
                parts::coding(
                    w,
                    "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS",
                    "laboratory",
                    "Laboratory",
                );
            });
        });
    });
}

const CLINS: &str = "http://jpfhir.jp/fhir/clins/CodeSystem";
const GENERAL: &str = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits";

fn code(w: &mut Writer, case: &Case<'_>, test: Test, item: &LocalItem) {
    let habits = case.institution.habits;
    w.object("code", |w| {
        w.array("coding", |w| {
            let local = format!("{CLINS}/JP_CLINS_ObsLabResult_LocalCode_CS");
            parts::coding(w, &local, &item.code, item.name);
            match test {
                Test::Listed(test) => shared_codes(w, test, item, habits.general_code),
                Test::Unlisted(test) if habits.style != 1 => {
                    parts::coding(w, GENERAL, test.code, test.display);
                }
                Test::Unlisted(_) => {
                    let system = format!("{CLINS}/JP_CLINS_ObsLabResult_Uncoded_CS");
                    parts::coding(w, &system, "99999999999999999", "未標準化コード項目(JLAC)");
                }
            }
        });
        w.text("text", item.name);
    });
}

fn shared_codes(w: &mut Writer, test: &ListedTest, item: &LocalItem, general: bool) {
    let table = if test.is_infection() { "InfectionLabo" } else { "CoreLabo" };
    for (generation, code) in [("JLAC10", item.jlac10), ("JLAC11", item.jlac11)] {
        if let Some(code) = code {
            let system = format!("{CLINS}/{generation}/JP_CLINS_ObsLabResult_{table}_CS");
            parts::coding(w, &system, code, test.display);
        }
    }
    if let Some(code) = item.jlac10.filter(|_| general) {
        let display = format!("{}_{}", item.name, item.specimen.name);
        parts::coding(w, GENERAL, code, &display);
    }
}

/// From the value to the usual range, in the order of FHIR.
fn result(w: &mut Writer, case: &Case<'_>, planned: &Planned, item: &LocalItem, dice: &mut Dice) {
    let value = planned.status.has_value().then(|| value(case, planned));
    match &value {
        None => absent(w, planned.status, dice),
        Some(Value::Quantity(quantity)) => {
            w.object("valueQuantity", |w| {
                if quantity.below {
                    measured(w, case, item, &quantity.digits, Some("<"));
                } else {
                    measured(w, case, item, &quantity.digits, None);
                }
            });
            interpretation(w, case, quantity.mark);
        }
        Some(Value::Coded(coded)) => {
            w.object("valueCodeableConcept", |w| {
                w.array("coding", |w| {
                    parts::coding(w, &coded.system, coded.code, coded.display);
                });
                w.text("text", coded.text);
            });
            interpretation(w, case, coded.mark);
        }
        Some(Value::Text(text)) => w.text("valueString", text),
    }
    let remark = dice
        .percent(case.institution.habits.notes)
        .then(|| phrases::lab(dice, case.sending.sent_at));
    parts::note(w, remark.as_deref());
    w.object("specimen", |w| {
        if case.institution.habits.contained_specimen {
            w.text("reference", "#spc");
        }
        w.text("type", "Specimen");
        w.text("display", item.specimen.name);
    });
    match value {
        Some(Value::Quantity(quantity)) => reference_range(w, case, item, &quantity),
        Some(Value::Coded(coded)) => {
            if let Some(usual) = coded.usual {
                w.array("referenceRange", |w| w.item(|w| w.text("text", usual)));
            }
        }
        _ => {}
    }
}

fn absent(w: &mut Writer, status: ResultStatus, dice: &mut Dice) {
    let reason = match status {
        ResultStatus::Registered => dice.pick(phrases::AWAITED),
        _ => dice.pick(phrases::NOT_DONE),
    };
    w.object("dataAbsentReason", |w| w.text("text", reason));
}

/// A quantity's fields; range limits must repeat the value's unit and code.
fn measured(
    w: &mut Writer,
    case: &Case<'_>,
    item: &LocalItem,
    digits: &str,
    comparator: Option<&str>,
) {
    w.number("value", digits);
    w.optional_text("comparator", comparator);
    w.optional_text("unit", item.unit);
    if case.institution.habits.ucum {
        w.text("system", "http://unitsofmeasure.org");
        w.text("code", item.ucum);
    }
}

fn interpretation(w: &mut Writer, case: &Case<'_>, mark: Option<Mark>) {
    let Some(mark) =
        mark.filter(|mark| *mark != Mark::Normal || case.institution.habits.says_normal)
    else {
        return;
    };
    let (code, display) = mark.code_and_display();
    w.array("interpretation", |w| {
        w.item(|w| {
            w.array("coding", |w| {
                parts::coding(
                    w,
                    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                    code,
                    display,
                );
            });
        });
    });
}

fn reference_range(w: &mut Writer, case: &Case<'_>, item: &LocalItem, quantity: &Quantity) {
    let (low, high) = (quantity.low.as_deref(), quantity.high.as_deref());
    if low.is_none() && high.is_none() {
        return;
    }
    w.array("referenceRange", |w| {
        w.item(|w| {
            for (key, limit) in [("low", low), ("high", high)] {
                if let Some(limit) = limit {
                    w.object(key, |w| measured(w, case, item, limit, None));
                }
            }
        });
    });
}
