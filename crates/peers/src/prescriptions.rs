//! 電子処方箋管理サービスの窓口 — `docs/e-prescription.md`: one POST per question, the person's
//! identifiers in its body, a searchset as its answer.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap},
};
use kyoyu_domain::identifiers::PersonIdentifier;
use kyoyu_service::{AskingPrescriptions, PrescriptionSource, Question, Unasked};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::{
    Address, BreakerOptions, Credentials, PeerError, breaker::Breaker, connection::Connector,
};

const FHIR_JSON: &str = "application/fhir+json";
const OPERATION: &str = "/MedicationRequest/$prescribed";
const INSTITUTION_NUMBER: &str =
    "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";

/// 窓口の設定 — where the e-prescription service is, and how patient we are with it.
#[derive(Debug, Clone)]
pub struct PrescriptionOptions {
    /// Its base.
    pub address: Address,
    /// Our certificate and its authorities.
    pub credentials: Credentials,
    /// The time for TCP and TLS together.
    pub connect_time: Duration,
    /// The time for one question, from the connection to the last byte.
    pub total_time: Duration,
    /// The most bytes of an answer.
    pub answer_bytes: usize,
    /// The most questions at once; further ones are not asked.
    pub concurrent: usize,
    /// When it is left alone.
    pub breaker: BreakerOptions,
}

/// 窓口 — asks over HTTP.
#[derive(Debug)]
pub struct PrescriptionClient {
    connector: Connector,
    options: PrescriptionOptions,
    places: Semaphore,
    breaker: Breaker,
}

impl PrescriptionClient {
    /// A client; it connects when it is asked.
    ///
    /// # Errors
    /// Certificates that cannot be used.
    pub fn new(options: PrescriptionOptions) -> Result<Self, PeerError> {
        let connector = Connector::new(options.address.clone(), &options.credentials)?;
        let places = Semaphore::new(options.concurrent.max(1));
        let breaker = Breaker::new(options.breaker);
        Ok(Self { connector, options, places, breaker })
    }

    async fn ask_in_time(&self, question: &Question) -> Result<Bytes, Unasked> {
        // Who finds no place does not wait for one: a slow peer would otherwise hold up readers
        // without end, and with them the places of everybody else at the gateway.
        let _place = self.places.try_acquire().map_err(|_| Unasked::Busy)?;
        let attempt = self.breaker.admit(Instant::now()).ok_or(Unasked::Resting)?;
        let outcome = timeout(self.options.total_time, self.exchange(question)).await;
        let outcome = outcome.unwrap_or(Err(Unasked::TimeOut));
        match outcome {
            Ok(_) => attempt.succeeded(),
            Err(_) => attempt.failed(Instant::now()),
        }
        outcome
    }

    async fn exchange(&self, question: &Question) -> Result<Bytes, Unasked> {
        let opened = timeout(self.options.connect_time, self.connector.open()).await;
        let opened = opened.map_err(|_| Unasked::TimeOut)?;
        let mut connection = opened.map_err(|error| {
            tracing::debug!(error = &error as &dyn std::error::Error, "no connection");
            Unasked::Unreachable
        })?;
        let request = self.request(question)?;
        let response = connection.send_request(request).await;
        let (head, body) = response.map_err(|_| Unasked::Unreachable)?.into_parts();
        if head.status != StatusCode::OK {
            return Err(Unasked::Refused);
        }
        if !is_json(&head.headers) {
            return Err(Unasked::Answer);
        }
        let body = Limited::new(body, self.options.answer_bytes).collect().await;
        // Too large, or broken off: neither can be told from an answer that is not whole.
        body.map(http_body_util::Collected::to_bytes).map_err(|_| Unasked::Answer)
    }

    fn request(&self, question: &Question) -> Result<Request<Full<Bytes>>, Unasked> {
        let Address { host, port, path } = self.connector.address();
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{path}{OPERATION}"))
            .header(HOST, format!("{host}:{port}"))
            .header(CONTENT_TYPE, FHIR_JSON)
            .header(ACCEPT, FHIR_JSON)
            .body(Full::new(parameters(question).to_string().into()));
        // Host and path were read from a URL; nothing else is not fixed.
        request.map_err(|_| Unasked::Unreachable)
    }
}

impl PrescriptionSource for PrescriptionClient {
    fn ask<'a>(&'a self, question: &'a Question) -> AskingPrescriptions<'a> {
        Box::pin(async move {
            let outcome = self.ask_in_time(question).await;
            let code = outcome.as_ref().map_or_else(|reason| reason.code(), |_| "answered");
            metrics::counter!("kyoyu_prescription_questions_total", "outcome" => code).increment(1);
            outcome
        })
    }
}

/// The question as Parameters.
fn parameters(question: &Question) -> Value {
    let identifier = |system: &str, value: &str| json!({"system": system, "value": value});
    let patient = |one: &PersonIdentifier| {
        let value = identifier(one.system().uri(), one.value().expose());
        json!({"name": "patient", "valueIdentifier": value})
    };
    let mut parameters: Vec<Value> = question.patient.iter().map(patient).collect();
    if let Some(institution) = question.institution {
        let value = identifier(INSTITUTION_NUMBER, institution.as_str());
        parameters.push(json!({"name": "institution", "valueIdentifier": value}));
    }
    for (name, day) in [("from", question.from), ("through", question.through)] {
        parameters.push(json!({"name": name, "valueDate": day.to_string()}));
    }
    json!({"resourceType": "Parameters", "parameter": parameters})
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let bare = media_type.and_then(|text| text.split(';').next()).map(str::trim);
    bare.is_some_and(|bare| {
        [FHIR_JSON, "application/json"].iter().any(|own| bare.eq_ignore_ascii_case(own))
    })
}

#[cfg(test)]
mod tests {
    use kyoyu_domain::identifiers::PersonIdentifierSystem;

    use super::*;

    #[test]
    fn a_question_names_person_institution_and_period_in_its_body() {
        let identifier = PersonIdentifier::new(PersonIdentifierSystem::Insured, "01234567:a:1:01");
        let question = Question {
            patient: vec![identifier.expect("well formed")],
            institution: Some("1310000001".parse().expect("ten digits")),
            from: "2026-03-02".parse().expect("a day"),
            through: "2026-04-01".parse().expect("a day"),
        };
        let system = PersonIdentifierSystem::Insured.uri();
        assert_eq!(
            parameters(&question),
            json!({"resourceType": "Parameters", "parameter": [
                {"name": "patient",
                 "valueIdentifier": {"system": system, "value": "01234567:a:1:01"}},
                {"name": "institution",
                 "valueIdentifier": {"system": INSTITUTION_NUMBER, "value": "1310000001"}},
                {"name": "from", "valueDate": "2026-03-02"},
                {"name": "through", "valueDate": "2026-04-01"},
            ]})
        );
    }

    #[test]
    fn an_answer_is_json_by_its_media_type() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().expect("a header"));
            is_json(&headers)
        };
        assert!(of("application/fhir+json; charset=utf-8") && of("Application/JSON"));
        assert!(!of("text/html") && !is_json(&HeaderMap::new()));
    }
}
