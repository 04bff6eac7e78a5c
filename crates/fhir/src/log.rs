//! 閲覧履歴 — `AuditEvent`: who looked at what, when and why, in plain Japanese.
//!
//! Source: design §5.

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};
use fhir_sdk::r4b::{
    codes::{AuditEventAction, AuditEventOutcome, NarrativeStatus},
    resources::{AuditEvent, AuditEventAgent, AuditEventEntity, AuditEventSource},
    types::{CodeableConcept, Narrative, Reference},
};
use kyoyu_domain::{
    audit::Action, catalogue::Kind, identifiers::InstitutionNumber, policy::Purpose,
};

use crate::{
    names, parts,
    searchset::{self, Frame},
    splice,
};

/// 閲覧 — one line of a patient's access log.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// The record's id.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The participant's name, if it is one's.
    pub participant_name: Option<&'a str>,
    /// The institution that it acted for, with its name.
    pub institution: Option<(InstitutionNumber, Option<&'a str>)>,
    /// The person at the terminal, as the institution names one.
    pub user: Option<&'a str>,
    /// The person's qualification.
    pub qualification: Option<&'a str>,
    /// Why.
    pub purpose: Option<Purpose>,
    /// What was done.
    pub action: Action,
    /// Which kinds.
    pub kinds: &'a [&'static Kind],
    /// The code of the rule that refused it, if it was refused.
    pub refused_by: Option<&'a str>,
}

/// 閲覧履歴 — a page of a patient's access log, newest first.
pub fn audit_events(frame: &Frame<'_>, accesses: &[Access<'_>]) -> Vec<u8> {
    let entry = |access: &Access<'_>| {
        let full_url = format!("{}/AuditEvent/{}", frame.base_url, access.id);
        (full_url, splice::bytes(&event(access)))
    };
    let events: Vec<_> = accesses.iter().map(entry).collect();
    searchset::of_resources(frame, &events)
}

const COMPLETE: &str = "every mandatory element is set";
const EVENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";

/// 資格 — qualifications whose codes have a Japanese name.
const QUALIFICATIONS: &[(&str, &str)] = &[
    ("doctor", "医師"),
    ("dentist", "歯科医師"),
    ("pharmacist", "薬剤師"),
    ("nurse", "看護師"),
    ("public-health-nurse", "保健師"),
    ("clerk", "事務職員"),
];

fn event(access: &Access<'_>) -> AuditEvent {
    let (action, outcome) = (access.action, access.refused_by);
    let mut event = AuditEvent::builder()
        .id(access.id.clone())
        .text(narrative(access))
        .r#type(parts::coding(EVENT_TYPE, "rest"))
        .subtype(vec![Some(parts::coding_with(names::ACTION, action.code(), action.japanese()))])
        .action(how(action))
        .recorded(parts::instant(access.at))
        .outcome(if outcome.is_some() { AuditEventOutcome::N4 } else { AuditEventOutcome::N0 })
        .agent(vec![Some(agent(access))])
        .source(source())
        .entity(entities(access.kinds))
        .build()
        .expect(COMPLETE);
    event.outcome_desc = outcome.map(str::to_owned);
    event.purpose_of_event = access.purpose.map(purpose).into_iter().map(Some).collect();
    event
}

fn agent(access: &Access<'_>) -> AuditEventAgent {
    let mut who = Reference::builder()
        .display(who(access).to_owned())
        .build()
        .expect("Reference has no mandatory element");
    if let Some((number, _)) = access.institution {
        who.identifier = Some(parts::identifier(names::INSTITUTION_NUMBER, number.as_str()));
    }
    let mut agent = AuditEventAgent::builder().who(who).requestor(true).build().expect(COMPLETE);
    agent.alt_id = access.user.map(str::to_owned);
    agent.role = access
        .qualification
        .map(|code| parts::coding_with(names::QUALIFICATION, code, qualification(code)))
        .map(|coding| Some(parts::concept(coding)))
        .into_iter()
        .collect();
    agent
}

fn source() -> AuditEventSource {
    let observer = Reference::builder()
        .display("電子カルテ情報共有サービス".to_owned())
        .build()
        .expect("Reference has no mandatory element");
    AuditEventSource::builder().observer(observer).build().expect(COMPLETE)
}

fn entities(kinds: &[&'static Kind]) -> Vec<Option<AuditEventEntity>> {
    let entity = |kind: &&'static Kind| {
        let entity = AuditEventEntity::builder()
            .r#type(parts::coding(names::KIND, kind.code))
            .name(kind.japanese.to_owned())
            .build();
        Some(entity.expect(COMPLETE))
    };
    kinds.iter().map(entity).collect()
}

fn purpose(purpose: Purpose) -> CodeableConcept {
    parts::concept(parts::coding_with(names::PURPOSE, purpose.code(), purpose.japanese()))
}

fn how(action: Action) -> AuditEventAction {
    match action {
        Action::Register | Action::Announce | Action::Import => AuditEventAction::C,
        Action::Change
        | Action::Cancel
        | Action::Undo
        | Action::CancelImport
        | Action::Consent
        | Action::Receive
        | Action::AnswerLetter => AuditEventAction::U,
        Action::Purge => AuditEventAction::D,
        Action::Search
        | Action::Read
        | Action::ReadPatient
        | Action::ReadAttachment
        | Action::LookUp
        | Action::Status
        | Action::ImportStatus
        | Action::ReadAudit => AuditEventAction::R,
        Action::Validate
        | Action::Preview
        | Action::Metadata
        | Action::Administer
        | Action::Unknown => AuditEventAction::E,
    }
}

fn who<'a>(access: &Access<'a>) -> &'a str {
    access
        .institution
        .and_then(|(_, name)| name)
        .or(access.participant_name)
        .unwrap_or("不明な呼出元")
}

fn qualification(code: &str) -> &str {
    QUALIFICATIONS.iter().find(|row| row.0 == code).map_or(code, |row| row.1)
}

fn narrative(access: &Access<'_>) -> Narrative {
    let sentence = sentence(access);
    Narrative::builder()
        .status(NarrativeStatus::Generated)
        .div(format!(
            r#"<div xmlns="http://www.w3.org/1999/xhtml" lang="ja">{}</div>"#,
            escape(&sentence)
        ))
        .build()
        .expect(COMPLETE)
}

/// 2026年4月1日 10時02分、甲病院（医師）が「閲覧」を行いました。目的: 診療。対象: 傷病名。
fn sentence(access: &Access<'_>) -> String {
    let japan = FixedOffset::east_opt(9 * 3600).expect("nine hours is a valid offset");
    let at = access.at.with_timezone(&japan);
    let (year, month, day) = (at.year(), at.month(), at.day());
    let role = access.qualification.map(|code| format!("（{}）", qualification(code)));
    let mut sentence = format!(
        "{year}年{month}月{day}日 {}時{:02}分、{}{}が「{}」を{}。",
        at.hour(),
        at.minute(),
        who(access),
        role.unwrap_or_default(),
        access.action.japanese(),
        if access.refused_by.is_none() {
            "行いました"
        } else {
            "求めましたが、認められませんでした"
        },
    );
    if let Some(purpose) = access.purpose {
        sentence.extend(["目的: ", purpose.japanese(), "。"]);
    }
    if !access.kinds.is_empty() {
        let kinds: Vec<&str> = access.kinds.iter().map(|kind| kind.japanese).collect();
        sentence.extend(["対象: ", &kinds.join("、"), "。"]);
    }
    sentence
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::catalogue;
    use serde_json::Value;

    use super::*;

    fn access() -> Access<'static> {
        static KINDS: std::sync::LazyLock<Vec<&'static Kind>> =
            std::sync::LazyLock::new(|| catalogue::of_type("Condition").collect());
        Access {
            id: "0196a4e2-0000-7000-8000-000000000009".to_owned(),
            at: "2026-04-01T01:02:03Z".parse().expect("an instant"),
            participant_name: Some("甲病院の電子カルテ"),
            institution: Some(("1310000001".parse().expect("a number"), Some("甲<病院>"))),
            user: Some("dr-1"),
            qualification: Some("doctor"),
            purpose: Some(Purpose::Treat),
            action: Action::Search,
            kinds: &KINDS,
            refused_by: None,
        }
    }

    fn written(access: Access<'_>) -> Value {
        let frame = Frame {
            base_url: "b",
            self_link: "b/AuditEvent/_search",
            next_link: None,
            withheld: &[],
        };
        let page = audit_events(&frame, &[access]);
        let page: Value = serde_json::from_slice(&page).expect("JSON");
        page["entry"][0]["resource"].clone()
    }

    #[test]
    fn an_access_reads_as_a_sentence() {
        let event = written(access());
        assert_eq!(
            event["text"]["div"],
            "<div xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"ja\">2026年4月1日 10時02分、\
             甲&lt;病院&gt;（医師）が「閲覧」を行いました。目的: 診療。対象: 傷病名。</div>"
        );
        assert_eq!(event["outcome"], "0");
        assert_eq!(event["agent"][0]["who"]["identifier"]["value"], "1310000001");
        assert_eq!(event["purposeOfEvent"][0]["coding"][0]["code"], "TREAT");
        assert_eq!(event["entity"][0]["name"], "傷病名");
    }

    #[test]
    fn a_refusal_says_so() {
        let event = written(Access { refused_by: Some("kyoyu-consent-required"), ..access() });
        assert_eq!(event["outcome"], "4");
        assert_eq!(event["outcomeDesc"], "kyoyu-consent-required");
        assert!(event["text"]["div"].as_str().expect("text").contains("認められませんでした"));
    }
}
