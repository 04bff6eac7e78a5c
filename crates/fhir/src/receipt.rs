//! 受付票 — `Parameters` that tell a sender what was accepted.
//!
//! Source: design §3.

use std::num::NonZeroU32;

use fhir_sdk::r4b::resources::{
    Parameters, ParametersParameter, ParametersParameterValue as Value, Resource,
};
use kyoyu_domain::{
    catalogue::Opening,
    identifiers::BundleIdentifier,
    letter::Letter,
    problem::Issue,
    submission::{KindCount, Submission},
};

use crate::{outcome, parts, splice};

/// 受付票 — the receipt of one accepted version; the same submission and findings give
/// the same bytes.
pub fn receipt(submission: &Submission, findings: &[Issue]) -> Vec<u8> {
    let mut parameters = describe(submission);
    if !findings.is_empty() {
        parameters.push(resource("findings", Resource::OperationOutcome(outcome::build(findings))));
    }
    finish(parameters)
}

/// 照会結果 — what a sender has sent, one `submission` each, to reconcile with; `letters` say
/// where those of them stand that are letters, `next` is the cursor of the following page.
pub fn submissions(page: &[Submission], letters: &[Letter], next: Option<&str>) -> Vec<u8> {
    let describe = |submission: &Submission| {
        let mut parameters = describe_with_notes(submission);
        let letter = letters.iter().find(|letter| letter.submission == submission.id);
        parameters.extend(letter.map(|letter| group("letter", describe_letter(letter))));
        group("submission", parameters)
    };
    let mut parameters: Vec<_> = page.iter().map(describe).collect();
    if let Some(next) = next {
        parameters.push(value("next", Value::String(next.to_owned())));
    }
    finish(parameters)
}

const NAMED: &str = "a parameter has its name";

fn describe(submission: &Submission) -> Vec<ParametersParameter> {
    let identifier = parts::identifier(BundleIdentifier::SYSTEM, submission.identifier.value());
    let version = u32::try_from(submission.version).ok().and_then(NonZeroU32::new);
    let mut parameters = vec![
        value("receipt", Value::Id(submission.id.to_string())),
        value("identifier", Value::Identifier(identifier)),
        value("version", Value::PositiveInt(version.unwrap_or(NonZeroU32::MIN))),
        value("sha256", Value::String(hexadecimal(&submission.sha256))),
        value("state", Value::Code(submission.state.code().to_owned())),
        value("stateAt", Value::Instant(parts::instant(submission.state_at))),
        value("timestamp", Value::Instant(parts::instant(submission.sent_at))),
        value("registeredAt", Value::Instant(parts::instant(submission.registered_at))),
    ];
    parameters.extend(submission.counts.iter().map(|count| group("kind", describe_kind(count))));
    parameters
}

fn describe_with_notes(submission: &Submission) -> Vec<ParametersParameter> {
    let mut parameters = describe(submission);
    parameters.extend(submission.notes.iter().map(|(code, argument)| {
        let mut note = vec![value("code", Value::Code(code.clone()))];
        if !argument.is_empty() {
            note.push(value("argument", Value::String(argument.clone())));
        }
        group("note", note)
    }));
    parameters
}

/// 同意・取得状況 — where a letter stands.
fn describe_letter(letter: &Letter) -> Vec<ParametersParameter> {
    let mut parameters = vec![
        value("state", Value::Code(letter.state.code().to_owned())),
        value("display", Value::String(letter.state.japanese().to_owned())),
        value("addressee", Value::String(letter.addressee.to_string())),
    ];
    if let Some(received_at) = letter.received_at {
        parameters.push(value("receivedAt", Value::Instant(parts::instant(received_at))));
    }
    // Also of a discharge summary that is out of sight with its referral.
    if let Some(cancelled_at) = letter.cancelled_at {
        parameters.push(value("cancelledAt", Value::Instant(parts::instant(cancelled_at))));
    }
    parameters
}

/// 共有対象外 — what nobody may read, such as results outside the shared items, is
/// accepted and told as not shared.
fn describe_kind(count: &KindCount) -> Vec<ParametersParameter> {
    let shown_to_somebody = !count.kind.readers.is_empty() && count.kind.show != Opening::Closed;
    let not_shared = if shown_to_somebody { 0 } else { count.sent - count.hidden.min(count.sent) };
    let mut parameters = vec![
        value("code", Value::Code(count.kind.code.to_owned())),
        value("display", Value::String(count.kind.japanese.to_owned())),
        value("sent", Value::UnsignedInt(count.sent)),
        value("hidden", Value::UnsignedInt(count.hidden)),
        value("notShared", Value::UnsignedInt(not_shared)),
    ];
    if let Some(due_on) = count.due_on {
        parameters.push(value("dueOn", Value::Date(parts::day(due_on))));
    }
    parameters
}

pub(crate) fn value(name: &str, value: Value) -> ParametersParameter {
    ParametersParameter::builder().name(name.to_owned()).value(value).build().expect(NAMED)
}

fn resource(name: &str, resource: Resource) -> ParametersParameter {
    ParametersParameter::builder().name(name.to_owned()).resource(resource).build().expect(NAMED)
}

pub(crate) fn group(name: &str, parts: Vec<ParametersParameter>) -> ParametersParameter {
    let parts = parts.into_iter().map(Some).collect::<Vec<_>>();
    ParametersParameter::builder().name(name.to_owned()).part(parts).build().expect(NAMED)
}

pub(crate) fn finish(parameters: Vec<ParametersParameter>) -> Vec<u8> {
    let parameters = parameters.into_iter().map(Some).collect::<Vec<_>>();
    splice::bytes(&Parameters::builder().parameter(parameters).build().expect("none mandatory"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to memory does not fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use kyoyu_domain::{
        catalogue,
        identifiers::{Bucket, PersonKey, SubmissionId},
        rules,
        submission::State,
    };
    use serde_json::{Value as Json, json};

    use super::*;

    fn count(code: &str, sent: u32, hidden: u32) -> KindCount {
        KindCount {
            kind: catalogue::find(code).expect("a kind"),
            sent,
            hidden,
            due_on: NaiveDate::from_ymd_opt(2027, 4, 2),
        }
    }

    fn submission() -> Submission {
        let at = "2026-04-01T01:02:03.004Z".parse().expect("an instant");
        let bucket = Bucket::from_number(0x0ab).expect("a bucket");
        let uuid = "0196a4e2-0000-7000-8000-000000000001".parse().expect("a UUID");
        Submission {
            id: SubmissionId { bucket, uuid },
            person: "0196a4e2000070008000000000000002".parse::<PersonKey>().expect("a key"),
            identifier: "1311234567^2026^B-1".parse().expect("an identifier"),
            version: 2,
            sha256: [0xa5; 32],
            sent_at: at,
            registered_at: at,
            state: State::Registered,
            state_at: at,
            counts: vec![count("lab", 5, 0), count("lab-unlisted", 2, 0), count("condition", 3, 1)],
            notes: vec![("kyoyu-older-hidden".to_owned(), "4".to_owned())],
        }
    }

    fn parsed(bytes: &[u8]) -> Json {
        serde_json::from_slice(bytes).expect("a receipt is JSON")
    }

    fn parameter<'a>(parameters: &'a Json, name: &str) -> &'a Json {
        let list = parameters["parameter"].as_array().expect("a list");
        list.iter().find(|parameter| parameter["name"] == name).expect(name)
    }

    #[test]
    fn a_receipt_tells_what_was_accepted() {
        let issue = Issue::of(&rules::OLDER_HIDDEN).with("4");
        let written = parsed(&receipt(&submission(), &[issue]));
        assert_eq!(written["resourceType"], "Parameters");
        let receipt_id = &parameter(&written, "receipt")["valueId"];
        assert_eq!(receipt_id, "0ab0196a4e2000070008000000000000001");
        assert_eq!(parameter(&written, "version")["valuePositiveInt"], 2);
        assert_eq!(parameter(&written, "sha256")["valueString"], "a5".repeat(32));
        let registered_at = &parameter(&written, "registeredAt")["valueInstant"];
        assert_eq!(registered_at, "2026-04-01T10:02:03.004+09:00");
        let findings = &parameter(&written, "findings")["resource"];
        assert_eq!(findings["resourceType"], "OperationOutcome");
    }

    #[test]
    fn unlisted_results_count_as_not_shared_and_hidden_ones_as_hidden() {
        let written = parsed(&receipt(&submission(), &[]));
        let kinds: Vec<&Json> = written["parameter"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|parameter| parameter["name"] == "kind")
            .collect();
        let figures = |kind: &Json| -> Vec<Json> {
            kind["part"].as_array().expect("parts")[2..5]
                .iter()
                .map(|part| part["valueUnsignedInt"].clone())
                .collect()
        };
        assert_eq!(figures(kinds[0]), [json!(5), json!(0), json!(0)]);
        assert_eq!(figures(kinds[1]), [json!(2), json!(0), json!(2)]);
        assert_eq!(figures(kinds[2]), [json!(3), json!(1), json!(0)]);
        assert_eq!(kinds[0]["part"][5], json!({"name": "dueOn", "valueDate": "2027-04-02"}));
    }

    #[test]
    fn a_list_to_reconcile_with_has_notes_and_a_next_cursor() {
        let written = parsed(&submissions(&[submission(), submission()], &[], Some("c1")));
        assert_eq!(written["parameter"].as_array().expect("a list").len(), 3);
        assert_eq!(parameter(&written, "next")["valueString"], "c1");
        let first = &written["parameter"][0]["part"];
        let note = first.as_array().expect("parts").last().expect("a note");
        assert_eq!(note["part"][0]["valueCode"], "kyoyu-older-hidden");
    }

    #[test]
    fn a_receipt_never_names_the_person() {
        let submission = submission();
        let written = String::from_utf8(receipt(&submission, &[])).expect("UTF-8");
        assert!(!written.contains(&submission.person.to_string()));
    }
}
