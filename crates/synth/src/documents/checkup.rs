//! 健康診断結果報告書 — the report of a checkup.
//!
//! Source: S1.7, S2.20, S9.4, S11.8.

mod coverage;
mod items;
mod judgement;
mod observations;
mod programme;
mod results;
mod values;

use chrono::{Days, NaiveDate};

pub use self::programme::Programme;
use self::{observations::head, programme::Rows, results::Writing, values::Examinee};
use super::{
    composition::{escaped, identifier, period},
    draft::{Draft, Link},
};
use crate::{
    bundle::{Carried, Case, SynthBundle},
    institution::Institution,
    json::Writer,
    parts,
    person::Person,
    seed::Purpose,
    sending::{Sending, date_time, in_japan},
};

/// 健診の内容 — one checkup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkup {
    /// What the report is called and when it is sent.
    pub sending: Sending,
    /// Under which programme it was done.
    pub programme: Programme,
    /// 健診実施日
    pub examined_on: NaiveDate,
}

impl Checkup {
    /// A checkup three weeks before its report is sent.
    pub fn new(sending: Sending, programme: Programme) -> Self {
        let examined_on = in_japan(sending.sent_at).date_naive() - Days::new(21);
        Self { sending, programme, examined_on }
    }
}

/// The report of a checkup, sent by an institution or a checkup centre. The values of one
/// person fit together over the years, whoever examines.
pub fn checkup(institution: &Institution, person: &Person, checkup: &Checkup) -> SynthBundle {
    let case = Case::new(institution, person, checkup.sending, Carried::Checkup);
    let parts = [institution.index, person.index, checkup.sending.serial];
    let mut dice = institution.seed.dice(Purpose::Checkup, &parts);
    let doctor = &institution.doctors[dice.index(institution.doctors.len())];
    let examinee = Examinee { seed: institution.seed, person, on: checkup.examined_on };
    let mut writing = Writing {
        checkup,
        examinee,
        draft: Draft::new(case),
        dice,
        on: checkup.examined_on.to_string(),
    };
    let author = writing.practitioner(institution, doctor);
    let place = writing.organization(institution);
    let encounter = writing.encounter(&place);
    let rows = checkup.programme.rows();
    let mut sections = vec![(rows.results, writing.results(doctor))];
    sections.push((rows.questions, writing.questions()));
    if checkup.programme == Programme::Specific {
        sections.push((("01990", "任意追加項目セクション"), writing.additional()));
    }
    let heading = Heading { checkup, rows, author, place, encounter, sections };
    writing.draft.bundle(|w, case| composition(w, case, &heading))
}

/// Code, display and entries.
type CodedSection = ((&'static str, &'static str), Vec<Link>);

/// What the Composition says.
struct Heading<'a> {
    checkup: &'a Checkup,
    rows: Rows,
    author: Link,
    place: Link,
    encounter: Link,
    sections: Vec<CodedSection>,
}

fn composition(w: &mut Writer, case: &Case<'_>, heading: &Heading<'_>) {
    let Heading { checkup, rows, author, place, encounter, sections } = heading;
    head(w, case, "composition", "JP_Composition_eCheckupGeneral");
    w.array("extension", |w| {
        w.item(|w| {
            w.text("url", super::composition::VERSION);
            w.text("valueString", "1.0");
        });
    });
    identifier(w, case);
    w.text("status", "final");
    let system = "http://jpfhir.jp/fhir/Common/CodeSystem/doc-typecodes";
    parts::concept(w, "type", system, "53576-5", "検診・健診報告書");
    w.array("category", |w| {
        let (code, display) = rows.category;
        let system = "urn:oid:2.16.840.1.113883.2.2.1.6.1001";
        w.item(|w| w.array("coding", |w| parts::coding(w, system, code, display)));
    });
    parts::reference(w, "subject", &case.patient_url);
    encounter.member(w, "encounter");
    w.text("date", &date_time(case.sending.sent_at));
    w.array("author", |w| [author, place].into_iter().for_each(|author| author.item(w)));
    w.text("title", "健康診断結果報告書");
    place.member(w, "custodian");
    w.array("event", |w| w.item(|w| event(w, checkup, rows)));
    w.array("section", |w| {
        for ((code, display), entries) in sections.iter().filter(|(_, links)| !links.is_empty()) {
            w.item(|w| section(w, (code, display), entries));
        }
    });
}

fn event(w: &mut Writer, checkup: &Checkup, rows: &Rows) {
    let (code, display) = rows.code;
    let system = format!("{}.1002", observations::LISTS);
    w.array("code", |w| {
        w.item(|w| w.array("coding", |w| parts::coding(w, &system, code, display)));
    });
    let on = checkup.examined_on.to_string();
    w.object("period", |w| period(w, &on, &on));
}

fn section(w: &mut Writer, (code, display): (&str, &str), entries: &[Link]) {
    w.text("title", display);
    let system = "http://jpfhir.jp/fhir/eCheckup/CodeSystem/section-code";
    parts::concept(w, "code", system, code, display);
    w.object("text", |w| {
        w.text("status", "generated");
        let text = escaped(display);
        w.text("div", &format!(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>"#));
    });
    w.array("entry", |w| entries.iter().for_each(|entry| entry.item(w)));
}
