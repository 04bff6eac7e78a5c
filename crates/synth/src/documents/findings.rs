//! 所見・家族歴・方針 — what letters and summaries hold besides the shared kinds of data.
//!
//! Source: S2.17, S2.19.

use chrono::{Days, NaiveDate};

use super::{
    composition::{escaped, period},
    draft::{Draft, Link},
    words,
};
use crate::{
    bundle::Case,
    json::Writer,
    parts,
    seed::Dice,
    sending::{date_time, in_japan},
};

const ECS: &str = "http://jpfhir.jp/fhir/eCS/StructureDefinition";

fn head(w: &mut Writer, case: &Case<'_>, id: &str, profile: &str) {
    w.text("id", id);
    w.object("meta", |w| {
        w.text("lastUpdated", &case.sent_at);
        parts::profile(w, case, &format!("{ECS}/{profile}"));
    });
}

/// 身体所見 — a finding in words.
#[derive(Debug)]
pub(super) struct Finding {
    /// Code of the category, its display and what was looked at.
    pub(super) of: (&'static str, &'static str, &'static str),
    pub(super) text: String,
}

/// Adds findings; answer: the entries and what the section says.
pub(super) fn observations(draft: &mut Draft<'_>, findings: &[Finding]) -> (Vec<Link>, String) {
    let links = findings.iter().map(|finding| observation(draft, finding)).collect();
    let told: Vec<String> =
        findings.iter().map(|finding| format!("{}: {}", finding.of.2, finding.text)).collect();
    (links, told.join("\n"))
}

fn observation(draft: &mut Draft<'_>, finding: &Finding) -> Link {
    let id = draft.next_id("obs");
    draft.add("Observation", |w, case| {
        head(w, case, &id, "JP_Observation_Common_eCS");
        w.text("status", "final");
        let (code, display, name) = finding.of;
        let system = "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS";
        w.array("category", |w| {
            w.item(|w| w.array("coding", |w| parts::coding(w, system, code, display)));
        });
        w.object("code", |w| w.text("text", name));
        parts::reference(w, "subject", &case.patient_url);
        w.text("effectiveDateTime", &date_time(case.sending.sent_at));
        w.text("valueString", &finding.text);
    })
}

/// Blood pressure, pulse and one or two remarks of an examination.
pub(super) fn examination(dice: &mut Dice) -> Vec<Finding> {
    let systolic = 126.0 + 15.0 * dice.bell();
    let diastolic = systolic * 0.58 + 4.0 * dice.bell();
    let pulse = 72.0 + 9.0 * dice.bell();
    let vital = |name, text| Finding { of: ("vital-signs", "Vital Signs", name), text };
    let mut findings = vec![
        vital("血圧", format!("{systolic:.0}/{diastolic:.0} mmHg")),
        vital("脈拍", format!("{pulse:.0} 回/分 整")),
    ];
    let wanted = dice.between(1, 2) as usize;
    let start = dice.index(words::FINDINGS.len());
    findings.extend((0..wanted).map(|nth| {
        let (name, text) = words::FINDINGS[(start + nth * 3) % words::FINDINGS.len()];
        Finding { of: ("exam", "Exam", name), text: text.to_owned() }
    }));
    findings
}

/// 社会歴・生活習慣 of somebody of this age.
pub(super) fn habits(dice: &mut Dice, age: i32) -> Vec<Finding> {
    let table = if age < 20 { words::HABITS_OF_THE_YOUNG } else { words::HABITS };
    table
        .iter()
        .map(|(name, texts)| Finding {
            of: ("social-history", "Social History", name),
            text: dice.pick(texts).to_owned(),
        })
        .collect()
}

/// 家族歴 — adds one or two relatives; answer: the entries and what the section says.
pub(super) fn family(draft: &mut Draft<'_>, dice: &mut Dice) -> (Vec<Link>, String) {
    let wanted = dice.between(1, 2) as usize;
    let start = dice.index(words::RELATIVES.len());
    let mut told = Vec::new();
    let links = (0..wanted)
        .map(|nth| {
            let relative = words::RELATIVES[(start + nth) % words::RELATIVES.len()];
            let disease = dice.pick(words::FAMILY_DISEASES);
            told.push(format!("{}: {disease}", relative.2));
            family_member(draft, relative, disease)
        })
        .collect();
    (links, told.join("\n"))
}

fn family_member(
    draft: &mut Draft<'_>,
    (code, display, name): (&str, &str, &str),
    disease: &str,
) -> Link {
    let id = draft.next_id("fam");
    draft.add("FamilyMemberHistory", |w, case| {
        head(w, case, &id, "JP_FamilyMemberHistory_eCS");
        w.text("status", "partial");
        parts::reference(w, "patient", &case.patient_url);
        w.text("name", name);
        let system = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
        parts::concept(w, "relationship", system, code, display);
        w.array("condition", |w| {
            w.item(|w| w.object("code", |w| w.text("text", disease)));
        });
    })
}

/// 診療方針 — a plan, with code and display of its category.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) category: (&'static str, &'static str),
    pub(super) title: &'static str,
    pub(super) description: &'a str,
}

/// Adds a plan.
pub(super) fn care_plan(draft: &mut Draft<'_>, plan: &Plan<'_>) -> Link {
    let id = draft.next_id("cpl");
    draft.add("CarePlan", |w, case| {
        head(w, case, &id, "JP_CarePlan_eCS");
        w.object("text", |w| {
            w.text("status", "generated");
            let text = escaped(plan.description).replace('\n', "<br/>");
            w.text("div", &format!(r#"<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>"#));
        });
        let which = format!("CPL{}{:08}", case.carried.prefix(), case.sending.serial);
        parts::resource_identifier(w, case, &which);
        w.text("status", "active");
        w.text("intent", "plan");
        w.array("category", |w| w.item(|w| plan_category(w, plan.category)));
        w.text("title", plan.title);
        w.text("description", plan.description);
        parts::reference(w, "subject", &case.patient_url);
        let on = written_on(case);
        let through = on + Days::new(90);
        w.object("period", |w| period(w, &on.to_string(), &through.to_string()));
        w.text("created", &on.to_string());
    })
}

/// The category of a plan.
pub(super) fn plan_category(w: &mut Writer, (code, display): (&str, &str)) {
    let system = "http://jpfhir.jp/fhir/CarePlan/CodeSystem/category";
    w.array("coding", |w| parts::coding(w, system, code, display));
}

/// The day on which a document is written.
pub(super) fn written_on(case: &Case<'_>) -> NaiveDate {
    in_japan(case.sending.sent_at).date_naive()
}
