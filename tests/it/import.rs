//! 一括登録 — many Bundles in one upload, over mutual TLS on a real database.

mod crash;
mod fair;
mod limits;
mod lines;
mod resume;

use std::collections::BTreeMap;

use hyper::{
    Method,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use kyoyu_devkit::{Reply, Request};
use kyoyu_service::{ImportTurns, Worked};
use kyoyu_synth::Person;
use kyoyu_tests::app::{Answer, BASE_URL, Desk, TestApp};
use serde_json::Value;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// A request of an upload.
fn upload(query: &str, lines: &[String]) -> Request {
    let body: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    upload_of(query, body.into_bytes())
}

fn upload_of(query: &str, body: Vec<u8>) -> Request {
    let request = Request::new(Method::POST, &format!("/fhir/$import{query}"), body);
    request
        .expect("a path")
        .header(CONTENT_TYPE, HeaderValue::from_static("application/fhir+ndjson"))
        .header(PREFER, HeaderValue::from_static("respond-async"))
}

/// A job that was begun with an upload.
struct Job {
    id: String,
}

impl Job {
    /// Sends a whole body.
    async fn of(desk: &Desk, lines: &[String]) -> Self {
        Self::begun(desk, "", lines).await
    }

    async fn begun(desk: &Desk, query: &str, lines: &[String]) -> Self {
        Self::named_by(&desk.send(upload(query, lines)).await)
    }

    fn named_by(reply: &Reply) -> Self {
        reply.must_be(202);
        let id = told(reply, "import", "valueId");
        let id = id.as_str().expect("an id").to_owned();
        let location = reply.headers["content-location"].to_str().expect("an address");
        assert!(location.ends_with(&format!("/fhir/$import/{id}")), "{location}");
        Self { id }
    }

    fn address(&self) -> String {
        format!("/fhir/$import/{}", self.id)
    }

    async fn more(&self, desk: &Desk, query: &str, lines: &[String]) -> Reply {
        desk.send(upload(&format!("?job={}&{query}", self.id), lines)).await
    }

    async fn status(&self, desk: &Desk) -> Reply {
        desk.get(&self.address()).await
    }

    /// All outcomes, page by page.
    async fn outcomes(&self, desk: &Desk, query: &str) -> Vec<Value> {
        let (mut path, mut found) = (format!("{}/outcomes?{query}", self.address()), Vec::new());
        loop {
            let reply = desk.get(&path).await;
            reply.must_be(200);
            let text = reply.text();
            found.extend(
                text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")),
            );
            let Some(next) = reply.headers.get("link") else { return found };
            let next = next.to_str().expect("a link").trim_start_matches('<');
            let next = next.split('>').next().expect("an address");
            path = format!("/fhir{}", next.strip_prefix(BASE_URL).expect("an address of ours"));
        }
    }
}

/// A parameter of an answer.
fn told(reply: &Reply, name: &str, kind: &str) -> Value {
    part(&reply.json().expect("JSON"), name)[kind].clone()
}

fn part(parameters: &Value, name: &str) -> Value {
    let all = parameters["parameter"].as_array().expect("parameters");
    all.iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
}

/// received, registered, known, refused, cancelled.
fn counts(reply: &Reply) -> [u64; 5] {
    ["received", "registered", "known", "refused", "cancelled"]
        .map(|name| told(reply, name, "valueUnsignedInt").as_u64().expect("a count"))
}

/// Line, status and the first rule of the findings.
fn summary(outcome: &Value) -> (u64, String, Option<String>) {
    let rule = &part(outcome, "findings")["resource"]["issue"][0]["details"]["coding"][0]["code"];
    (
        part(outcome, "line")["valuePositiveInt"].as_u64().expect("a line"),
        part(outcome, "status")["valueCode"].as_str().expect("a status").to_owned(),
        rule.as_str().map(str::to_owned),
    )
}

/// Works on lines until none is left; each leaves the record of a registration.
async fn work_off(app: &TestApp) -> i64 {
    let (mut turns, mut worked) = (ImportTurns::default(), 0);
    while let Worked::Line(_) = app.service.import_next(&mut turns).await.expect("a database") {
        worked += 1;
    }
    app.expect_records(worked);
    worked
}

/// Laboratory reports of a person, one on each line.
fn reports(app: &TestApp, person: &Person, count: usize) -> Vec<String> {
    (0..count).map(|_| app.lab(person, &[221]).json).collect()
}

/// How many records of each action and outcome there are.
async fn records(app: &TestApp, action: &str) -> BTreeMap<String, i64> {
    let mut connection = app.database.as_owner().await;
    let sql = "select outcome, count(*) from audit_event where action = $1 group by outcome";
    let rows = sqlx::query_as::<_, (String, i64)>(sql).bind(action).fetch_all(&mut connection);
    rows.await.expect("the table is there").into_iter().collect()
}
