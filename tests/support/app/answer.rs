//! 応答 — what tests take out of answers and demand of them.

use kyoyu_devkit::Reply;
use serde_json::Value;

use super::BASE_URL;

/// 受付票 — what tests take out of a receipt.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The receipt's id.
    pub id: String,
    /// registered, cancelled, …
    pub state: String,
    /// `lab` → (sent, hidden, not shared).
    pub kinds: Vec<(String, [u64; 3])>,
}

impl Receipt {
    /// Reads a receipt.
    ///
    /// # Panics
    /// When it is none.
    pub fn of(reply: &Reply) -> Self {
        Self::read(&reply.json().expect("JSON")["parameter"]).expect("a receipt")
    }

    /// Reads the parameters of a receipt or of one submission of a list.
    pub fn read(parameters: &Value) -> Option<Self> {
        let parameters = parameters.as_array()?;
        let named = |name: &str| parameters.iter().find(|one| one["name"] == name);
        let kind = |one: &Value| {
            let parts = one["part"].as_array()?;
            let part = |name: &str| parts.iter().find(|part| part["name"] == name);
            let number = |name: &str| part(name)?["valueUnsignedInt"].as_u64();
            let code = part("code")?["valueCode"].as_str()?.to_owned();
            Some((code, [number("sent")?, number("hidden")?, number("notShared")?]))
        };
        Some(Self {
            id: named("receipt")?["valueId"].as_str()?.to_owned(),
            state: named("state")?["valueCode"].as_str()?.to_owned(),
            kinds: parameters
                .iter()
                .filter(|one| one["name"] == "kind")
                .map(kind)
                .collect::<Option<_>>()?,
        })
    }

    /// Sent, hidden and not shared of a kind.
    ///
    /// # Panics
    /// When the receipt does not name it.
    pub fn kind(&self, code: &str) -> [u64; 3] {
        let found = self.kinds.iter().find(|kind| kind.0 == code);
        found.unwrap_or_else(|| panic!("the receipt does not name {code}")).1
    }
}

/// What tests ask of an answer.
pub trait Answer {
    /// Demands a status.
    ///
    /// # Panics
    /// When it is another; says what was answered.
    fn must_be(&self, status: u16) -> &Self;
    /// Demands a refusal.
    ///
    /// # Panics
    /// When it is something else; says what was answered.
    fn must_refuse(&self, status: u16, rule: &str) -> &Self;
    /// The body as text.
    fn text(&self) -> String;
    /// The resources that a search shows, as (id, whole entry).
    fn matches(&self) -> Vec<(String, Value)>;
    /// The next page, from `/fhir` on.
    fn next(&self) -> Option<String>;
}

impl Answer for Reply {
    fn must_be(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    fn must_refuse(&self, status: u16, rule: &str) -> &Self {
        let said = (self.status.as_u16(), self.rule());
        assert_eq!(said, (status, Some(rule.to_owned())), "{}", self.text());
        self
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn matches(&self) -> Vec<(String, Value)> {
        let page = self.json().expect("JSON");
        let entries = page["entry"].as_array().cloned().unwrap_or_default();
        let matches = entries.into_iter().filter(|entry| entry["search"]["mode"] == "match");
        matches
            .map(|entry| (entry["resource"]["id"].as_str().unwrap_or_default().to_owned(), entry))
            .collect()
    }

    fn next(&self) -> Option<String> {
        let page = self.json().expect("JSON");
        let links = page["link"].as_array()?.clone();
        let next = links.iter().find(|link| link["relation"] == "next")?["url"].as_str()?;
        Some(format!("/fhir{}", next.strip_prefix(BASE_URL)?))
    }
}
