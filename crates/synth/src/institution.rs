//! 医療機関 — invented institutions, with the habits of their systems.
//!
//! What differs between institutions in life differs here: codes, names and units of
//! results, whether a specimen is contained, how often somebody writes a note.

use kyoyu_domain::identifiers::InstitutionNumber;

use crate::{
    insurer::check_digit,
    names::{self, Name},
    places,
    seed::{Dice, Purpose, Seed},
};

/// 医療機関 — an institution.
#[derive(Debug, Clone)]
pub struct Institution {
    /// Its running number in the world.
    pub index: u64,
    /// 医療機関コード — the ten digits.
    pub number: InstitutionNumber,
    /// Its invented name.
    pub name: String,
    /// What it is.
    pub kind: InstitutionKind,
    /// 診療科 — at least one.
    pub departments: Vec<Department>,
    /// 医師 — at least one.
    pub doctors: Vec<Doctor>,
    pub(crate) habits: Habits,
    pub(crate) seed: Seed,
}

/// 施設の種類 — the size and trade of an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstitutionKind {
    /// 病院 — many departments.
    Hospital,
    /// 診療所 — one or two.
    Clinic,
    /// 歯科診療所 — 点数表区分 3.
    Dental,
    /// 健診機関 — sends reports of checkups only.
    CheckupCentre,
}

/// 診療科 — a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Department {
    /// The two-digit code with its standard name; dental departments have none.
    pub standard: Option<(&'static str, &'static str)>,
    /// What the institution calls it.
    pub own_name: &'static str,
}

/// 医師 — a doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// The institution's number for the doctor.
    pub local_id: String,
    /// The family name.
    pub family_name: Name,
    /// The given name.
    pub given_name: Name,
    /// The department, as a position in [`Institution::departments`].
    pub department: usize,
}

/// 検査コードの世代 — which generation of JLAC codes a system sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jlac {
    Ten,
    Eleven,
    Both,
}

/// How an institution's system writes.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each habit is taken or left by itself")]
pub(crate) struct Habits {
    pub(crate) jlac: Jlac,
    /// Adds the general code to a listed result.
    pub(crate) general_code: bool,
    /// Contains a Specimen instead of naming it.
    pub(crate) contained_specimen: bool,
    /// Writes the interpretation N too.
    pub(crate) says_normal: bool,
    /// Gives units a UCUM code.
    pub(crate) ucum: bool,
    /// Adds the version to `meta.profile`.
    pub(crate) versioned_profile: bool,
    /// Writes instants with milliseconds.
    pub(crate) millis: bool,
    /// Adds `language`.
    pub(crate) language: bool,
    /// Adds a short narrative; never together with `language`.
    pub(crate) narrative: bool,
    /// Contains the recorder of a disease.
    pub(crate) contained_recorder: bool,
    /// Adds exchange code and ICD-10 code to a disease.
    pub(crate) more_disease_codes: bool,
    /// Percentage of resources with a note.
    pub(crate) notes: u64,
    /// The style of local codes and Bundle identifiers, 0 to 2.
    pub(crate) style: u64,
}

/// The institution with a running number; number 0 is a hospital.
pub(crate) fn by_index(seed: Seed, index: u64) -> Institution {
    let mut dice = seed.dice(Purpose::Institution, &[index]);
    let kind = match dice.below(10) {
        _ if index == 0 => InstitutionKind::Hospital,
        0..=2 => InstitutionKind::Hospital,
        3..=8 => InstitutionKind::Clinic,
        _ => InstitutionKind::Dental,
    };
    let departments = departments(&mut dice, kind);
    let doctors = doctors(&mut dice, kind, departments.len());
    let place = places::any_prefecture(&mut dice);
    let name = name(&mut dice, kind, &departments);
    let number = number(seed, index, kind, place.number);
    let habits = habits(seed, index);
    Institution { index, number, name, kind, departments, doctors, habits, seed }
}

/// The checkup centre with a running number below 100,000.
pub(crate) fn checkup_centre(seed: Seed, index: u64) -> Institution {
    let kind = InstitutionKind::CheckupCentre;
    // Other institutions have smaller numbers.
    let index = 900_000 + index % 100_000;
    let mut dice = seed.dice(Purpose::Institution, &[index]);
    let departments = departments(&mut dice, kind);
    let doctors = doctors(&mut dice, kind, departments.len());
    let place = places::any_prefecture(&mut dice);
    let name = name(&mut dice, kind, &departments);
    let number = number(seed, index, kind, place.number);
    Institution {
        index,
        number,
        name,
        kind,
        departments,
        doctors,
        habits: habits(seed, index),
        seed,
    }
}

fn number(seed: Seed, index: u64, kind: InstitutionKind, prefecture: u64) -> InstitutionNumber {
    let office = seed.scattered(Purpose::InstitutionNumber, index, 1_000_000);
    let fee_schedule = if kind == InstitutionKind::Dental { 3 } else { 1 };
    let body = format!("{office:06}");
    format!("{prefecture:02}{fee_schedule}{body}{}", check_digit(&body))
        .parse()
        .expect("prefecture, fee schedule and seven digits were written")
}

fn departments(dice: &mut Dice, kind: InstitutionKind) -> Vec<Department> {
    let (table, wanted) = match kind {
        InstitutionKind::Hospital => (DEPARTMENTS, dice.between(7, 14) as usize),
        InstitutionKind::Clinic => (DEPARTMENTS, dice.between(1, 2) as usize),
        InstitutionKind::Dental => (DENTAL, dice.between(1, 2) as usize),
        InstitutionKind::CheckupCentre => (CHECKUP, 1),
    };
    // A walk with a step that shares no factor with the table's length repeats nothing.
    let start = if dice.percent(40) { 0 } else { dice.index(table.len()) };
    let step = if table.len() > 3 { dice.pick(&[1, 3, 5, 7]) } else { 1 };
    (0..wanted)
        .map(|nth| {
            let (code, standard, own_names) = table[(start + nth * step) % table.len()];
            let standard = (!code.is_empty()).then_some((code, standard));
            Department { standard, own_name: dice.pick(own_names) }
        })
        .collect()
}

fn doctors(dice: &mut Dice, kind: InstitutionKind, departments: usize) -> Vec<Doctor> {
    let wanted = match kind {
        InstitutionKind::Hospital => departments * 2 + dice.below(9) as usize,
        InstitutionKind::Clinic => dice.between(1, 3) as usize,
        InstitutionKind::CheckupCentre => dice.between(3, 8) as usize,
        InstitutionKind::Dental => dice.between(1, 2) as usize,
    };
    let first = dice.between(1, 900);
    let style = dice.below(3);
    (0..wanted as i64)
        .map(|nth| {
            let serial = first + nth * 7;
            let local_id = match style {
                0 => format!("D{serial:03}"),
                1 => format!("{serial:06}"),
                _ => format!("dr{serial:04}"),
            };
            let born = 1950 + dice.below(50) as i32;
            let given_name =
                if dice.percent(30) { names::woman(dice, born) } else { names::man(dice, born) };
            let department = nth as usize % departments;
            Doctor { local_id, family_name: names::family(dice), given_name, department }
        })
        .collect()
}

fn name(dice: &mut Dice, kind: InstitutionKind, departments: &[Department]) -> String {
    const HOSPITALS: &[&str] = &["総合病院", "中央病院", "医療センター", "記念病院", "市民病院"];
    const CLINICS: &[&str] = &["クリニック", "医院", "診療所", "ファミリークリニック"];
    let family = names::family(dice).kanji;
    match kind {
        InstitutionKind::Hospital => format!("{}{}", places::city(dice), dice.pick(HOSPITALS)),
        InstitutionKind::Clinic => {
            let trade = departments[0].standard.map_or("", |(_, standard)| standard);
            format!("{family}{trade}{}", dice.pick(CLINICS))
        }
        InstitutionKind::Dental => format!("{family}歯科{}", dice.pick(CLINICS)),
        InstitutionKind::CheckupCentre => {
            format!(
                "{}{}",
                places::city(dice),
                dice.pick(&["健診センター", "予防医学協会", "健康管理センター"])
            )
        }
    }
}

fn habits(seed: Seed, index: u64) -> Habits {
    let mut dice = seed.dice(Purpose::Habits, &[index]);
    let language = dice.percent(25);
    Habits {
        jlac: dice.pick(&[Jlac::Ten, Jlac::Ten, Jlac::Ten, Jlac::Both, Jlac::Eleven]),
        general_code: dice.percent(30),
        contained_specimen: dice.percent(25),
        says_normal: dice.percent(20),
        ucum: dice.percent(40),
        versioned_profile: dice.percent(70),
        millis: dice.percent(50),
        language,
        narrative: !language && dice.percent(25),
        contained_recorder: dice.percent(35),
        more_disease_codes: dice.percent(60),
        notes: dice.between(4, 35) as u64,
        style: dice.below(3),
    }
}

/// Code, standard name and own names.
type DepartmentRow = (&'static str, &'static str, &'static [&'static str]);

const DENTAL: &[DepartmentRow] = &[
    ("", "", &["歯科", "一般歯科"]),
    ("", "", &["歯科口腔外科", "口腔外科"]),
    ("", "", &["小児歯科"]),
];

const CHECKUP: &[DepartmentRow] = &[("", "", &["健診部", "人間ドック科"])];

const DEPARTMENTS: &[DepartmentRow] = &[
    ("01", "内科", &["内科", "総合内科", "一般内科", "総合診療部"]),
    ("08", "循環器科", &["循環器内科", "循環器センター", "循環器科"]),
    ("06", "消化器科", &["消化器内科", "消化器病センター"]),
    ("05", "呼吸器科", &["呼吸器内科", "呼吸器アレルギー内科"]),
    ("04", "神経内科", &["脳神経内科", "神経内科"]),
    ("09", "小児科", &["小児科", "こども診療部"]),
    ("10", "外科", &["外科", "消化器外科", "一般外科"]),
    ("11", "整形外科", &["整形外科", "運動器センター"]),
    ("14", "脳神経外科", &["脳神経外科", "脳卒中センター"]),
    ("16", "心臓血管外科", &["心臓血管外科"]),
    ("19", "皮膚科", &["皮膚科", "皮フ科"]),
    ("20", "泌尿器科", &["泌尿器科", "泌尿器・腎移植科"]),
    ("23", "産婦人科", &["産婦人科", "女性診療科"]),
    ("26", "眼科", &["眼科"]),
    ("27", "耳鼻咽喉科", &["耳鼻咽喉科", "耳鼻いんこう科"]),
    ("02", "精神科", &["精神科", "こころの診療科"]),
    ("30", "放射線科", &["放射線治療科", "放射線科"]),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn institutions_may_send_and_have_numbers_of_their_own() {
        let all: Vec<Institution> = (0..5_000).map(|index| by_index(Seed(2), index)).collect();
        let numbers: HashSet<InstitutionNumber> =
            all.iter().map(|institution| institution.number).collect();
        assert_eq!(numbers.len(), all.len());
        assert!(all.iter().all(|institution| institution.number.may_send()));
        assert!(all.iter().all(|institution| !institution.doctors.is_empty()));
        assert_eq!(all[0].kind, InstitutionKind::Hospital);
    }

    #[test]
    fn doctors_work_in_departments_that_exist_and_have_numbers_of_their_own() {
        for institution in (0..300).map(|index| by_index(Seed(2), index)) {
            let departments: HashSet<&str> =
                institution.departments.iter().map(|department| department.own_name).collect();
            assert_eq!(departments.len(), institution.departments.len());
            let ids: HashSet<&str> =
                institution.doctors.iter().map(|doctor| doctor.local_id.as_str()).collect();
            assert_eq!(ids.len(), institution.doctors.len());
            assert!(
                institution.doctors.iter().all(|d| d.department < institution.departments.len())
            );
        }
    }
}
