//! 一括登録 — `Parameters` that tell how far a bulk import is, and one for each line.

use fhir_sdk::r4b::resources::{ParametersParameter, ParametersParameterValue as Value};
use kyoyu_domain::import::{ImportJob, LineOutcome};

use crate::{
    parts,
    receipt::{finish, group, value},
    splice,
};

/// 状況 — how far a job is; `base_url` stands before its addresses.
pub fn status(job: &ImportJob, base_url: &str) -> Vec<u8> {
    finish(describe(job, base_url))
}

/// 一覧 — jobs, one `import` each.
pub fn list(jobs: &[ImportJob], base_url: &str) -> Vec<u8> {
    finish(jobs.iter().map(|job| group("import", describe(job, base_url))).collect())
}

/// 行の結果 — one `Parameters` on each line (NDJSON): number, status, receipt, findings.
pub fn outcomes(outcomes: &[LineOutcome]) -> Vec<u8> {
    let mut out = Vec::new();
    for outcome in outcomes {
        write_line(&mut out, outcome);
    }
    out
}

fn describe(job: &ImportJob, base_url: &str) -> Vec<ParametersParameter> {
    let count = |name, lines| value(name, Value::UnsignedInt(lines));
    let state = job.state();
    let address = format!("{base_url}/$import/{}", job.id);
    let mut parameters = vec![
        value("import", Value::Id(job.id.to_string())),
        value("state", Value::Code(state.code().to_owned())),
        value("display", Value::String(state.japanese().to_owned())),
        value("createdAt", Value::Instant(parts::instant(job.created_at))),
        count("received", job.received_lines),
        count("registered", job.registered_lines),
        count("known", job.known_lines),
        count("refused", job.refused_lines),
        count("cancelled", job.cancelled_lines),
    ];
    if let Some(next) = job.next_line() {
        parameters.push(count("next", next));
    }
    if let Some(ended_at) = job.ended_at {
        parameters.push(value("endedAt", Value::Instant(parts::instant(ended_at))));
    }
    parameters.push(value("outcomes", Value::Url(format!("{address}/outcomes"))));
    parameters.push(value("status", Value::Url(address)));
    parameters
}

/// By hand, since the findings are kept as the bytes that they are.
fn write_line(out: &mut Vec<u8>, outcome: &LineOutcome) {
    let LineOutcome { line, state, receipt, findings } = outcome;
    let head = format!(
        "{{\"resourceType\":\"Parameters\",\"parameter\":[\
         {{\"name\":\"line\",\"valuePositiveInt\":{line}}},\
         {{\"name\":\"status\",\"valueCode\":\"{}\"}}",
        state.code()
    );
    out.extend_from_slice(head.as_bytes());
    if let Some(receipt) = receipt {
        out.extend_from_slice(b",{\"name\":\"receipt\",\"valueId\":");
        splice::string(out, &receipt.to_string());
        out.push(b'}');
    }
    if let Some(findings) = findings {
        out.extend_from_slice(b",{\"name\":\"findings\",\"resource\":");
        out.extend_from_slice(findings);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kyoyu_domain::{
        import::{ImportId, LineState},
        problem::Issue,
        rules,
    };
    use serde_json::Value as Json;

    use super::*;

    fn job() -> ImportJob {
        ImportJob {
            id: "0196a4e2000070008000000000000002".parse::<ImportId>().expect("an id"),
            participant: 1,
            institution: None,
            created_at: DateTime::UNIX_EPOCH,
            completed_at: None,
            cancelled_at: None,
            ended_at: None,
            received_lines: 5,
            received_bytes: 500,
            registered_lines: 2,
            known_lines: 1,
            refused_lines: 1,
            cancelled_lines: 0,
        }
    }

    fn named<'a>(parameters: &'a Json, name: &str) -> Option<&'a Json> {
        parameters["parameter"].as_array()?.iter().find(|one| one["name"] == name)
    }

    #[test]
    fn a_job_tells_its_counts_its_addresses_and_where_its_upload_goes_on() {
        let told: Json = serde_json::from_slice(&status(&job(), "b")).expect("JSON");
        let count = |name: &str| named(&told, name).map(|one| one["valueUnsignedInt"].clone());
        let counts = ["received", "registered", "known", "refused", "cancelled", "next"];
        let counts: Vec<_> = counts.into_iter().filter_map(count).collect();
        assert_eq!(counts, [5, 2, 1, 1, 0, 6]);
        let address = &named(&told, "outcomes").expect("an address")["valueUrl"];
        assert_eq!(address, "b/$import/0196a4e2000070008000000000000002/outcomes");
        let ended = ImportJob { completed_at: Some(DateTime::UNIX_EPOCH), ..job() };
        let told: Json = serde_json::from_slice(&status(&ended, "b")).expect("JSON");
        assert!(named(&told, "next").is_none());
        let listed: Json = serde_json::from_slice(&list(&[job(), ended], "b")).expect("JSON");
        assert_eq!(listed["parameter"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn each_outcome_is_one_line_of_json() {
        let receipt = "0ab0196a4e2000070008000000000000001".parse().expect("a receipt");
        let findings = crate::outcome::outcome(&[Issue::of(&rules::BUNDLE_EXISTS)]);
        let written = outcomes(&[
            LineOutcome {
                line: 1,
                state: LineState::Registered,
                receipt: Some(receipt),
                findings: None,
            },
            LineOutcome {
                line: 2,
                state: LineState::Refused,
                receipt: None,
                findings: Some(findings),
            },
        ]);
        let lines: Vec<Json> = String::from_utf8(written)
            .expect("UTF-8")
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(named(first, "line").expect("a line")["valuePositiveInt"], 1);
        let told = &named(first, "receipt").expect("a receipt")["valueId"];
        assert_eq!(told, "0ab0196a4e2000070008000000000000001");
        assert_eq!(named(second, "status").expect("a status")["valueCode"], "refused");
        let outcome = &named(second, "findings").expect("findings")["resource"];
        assert_eq!(outcome["resourceType"], "OperationOutcome");
    }
}
