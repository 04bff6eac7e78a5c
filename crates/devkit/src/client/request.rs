//! 要求と応答 — built once, sent as often as needed.

use std::{fmt, net::SocketAddr, time::Duration};

use anyhow::{Context, Result};
use bytes::Bytes;
use hyper::{
    HeaderMap, Method, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use kyoyu_domain::identifiers::InstitutionNumber;
use serde_json::Value;

const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const INSTITUTION: HeaderName = HeaderName::from_static("kyoyu-institution");

/// 要求 — ready to be sent; a clone shares the body.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) path: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query, the headers and the body are the patient's or the user's.
        write!(out, "Request({} {}, {} bytes)", self.method, self.path.path(), self.body.len())
    }
}

impl Request {
    /// A request of any method, with no header but what HTTP demands.
    ///
    /// # Errors
    /// When the path is none.
    pub fn new(method: Method, path: &str, body: impl Into<Bytes>) -> Result<Self> {
        let path = path.parse::<Uri>().context("this is no path")?;
        Ok(Self { method, path, headers: HeaderMap::new(), body: body.into() })
    }

    /// The bytes of the body.
    pub fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// `GET`; the query stands in the path.
    ///
    /// # Errors
    /// When the path is none.
    pub fn get(path: &str) -> Result<Self> {
        Self::new(Method::GET, path, Bytes::new())
    }

    /// `POST` of a FHIR resource.
    ///
    /// # Errors
    /// When the path is none.
    pub fn post_json(path: &str, body: impl Into<Bytes>) -> Result<Self> {
        Ok(Self::new(Method::POST, path, body)?.header(CONTENT_TYPE, FHIR_JSON))
    }

    /// `PUT` of a FHIR resource.
    ///
    /// # Errors
    /// When the path is none.
    pub fn put_json(path: &str, body: impl Into<Bytes>) -> Result<Self> {
        Ok(Self::new(Method::PUT, path, body)?.header(CONTENT_TYPE, FHIR_JSON))
    }

    /// `POST` of search parameters.
    ///
    /// # Errors
    /// When the path is none.
    pub fn post_form(path: &str, parameters: &[(&str, &str)]) -> Result<Self> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(parameters);
        Ok(Self::new(Method::POST, path, form.finish())?.header(CONTENT_TYPE, FORM))
    }

    /// With the token of the person who acts.
    ///
    /// # Errors
    /// When the token holds what no header can.
    pub fn token(self, token: Option<&str>) -> Result<Self> {
        let Some(token) = token else { return Ok(self) };
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .context("a token cannot stand in a header")?;
        value.set_sensitive(true);
        Ok(self.header(AUTHORIZATION, value))
    }

    /// For an institution, where nothing else in the request names it.
    #[must_use]
    pub fn institution(self, number: InstitutionNumber) -> Self {
        match HeaderValue::from_str(number.as_str()) {
            Ok(value) => self.header(INSTITUTION, value),
            // Digits always fit in a header.
            Err(_) => self,
        }
    }

    /// The request as the bytes of HTTP/1.1, for [`Wire`](crate::Wire).
    pub fn message(&self, host: SocketAddr) -> Bytes {
        let mut message = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        message.push_str(&format!("content-length: {}\r\n", self.body.len()));
        let mut message = message.into_bytes();
        for (name, value) in &self.headers {
            message.extend_from_slice(name.as_str().as_bytes());
            message.extend_from_slice(b": ");
            message.extend_from_slice(value.as_bytes());
            message.extend_from_slice(b"\r\n");
        }
        message.extend_from_slice(b"\r\n");
        message.extend_from_slice(&self.body);
        message.into()
    }

    /// With a header; one of the same name is replaced.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// 応答 — status, headers and the bytes of the body.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Reply({}, {} bytes)", self.status.as_u16(), self.body.len())
    }
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }

    /// The permanent code of the first finding, when the answer is an `OperationOutcome`.
    pub fn rule(&self) -> Option<String> {
        let outcome = self.json().ok()?;
        Some(outcome["issue"][0]["details"]["coding"][0]["code"].as_str()?.to_owned())
    }

    /// How long the server asks to wait, in the form of seconds.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        value.trim().parse().ok().map(Duration::from_secs)
    }
}
