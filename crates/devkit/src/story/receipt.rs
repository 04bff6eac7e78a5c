//! 受付票の読み方 — what a sender takes out of a receipt.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use kyoyu_domain::identifiers::SubmissionId;
use serde_json::Value;

use crate::Reply;

/// 受付票
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    pub(super) id: SubmissionId,
    pub(super) state: String,
    pub(super) kinds: Vec<KindLine>,
    /// What is said of the electronic signature, if there is one.
    pub(super) signature: Option<String>,
}

/// 種類ごとの内訳
#[derive(Debug, Clone)]
pub(super) struct KindLine {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) sent: u64,
    pub(super) hidden: u64,
    pub(super) not_shared: u64,
    /// The first day on which it is gone.
    pub(super) due_on: Option<NaiveDate>,
}

impl Receipt {
    pub(super) fn of(reply: &Reply) -> Result<Self> {
        Self::read(&reply.json()?).context("this is no receipt")
    }

    fn read(body: &Value) -> Option<Self> {
        let parameters = body["parameter"].as_array()?;
        let named = |name: &str| parameters.iter().find(|one| one["name"] == name);
        let kinds = parameters.iter().filter(|one| one["name"] == "kind");
        Some(Self {
            id: named("receipt")?["valueId"].as_str()?.parse().ok()?,
            state: named("state")?["valueCode"].as_str()?.to_owned(),
            kinds: kinds.map(KindLine::read).collect::<Option<_>>()?,
            signature: named("findings").and_then(signature),
        })
    }

    /// The line of a kind.
    pub(super) fn kind(&self, code: &str) -> Result<&KindLine> {
        let line = self.kinds.iter().find(|line| line.code == code);
        line.with_context(|| format!("the receipt does not name the kind {code}"))
    }
}

/// The text of the finding about the signature.
fn signature(findings: &Value) -> Option<String> {
    let mut issues = findings["resource"]["issue"].as_array()?.iter();
    issues.find_map(|issue| {
        let details = &issue["details"];
        let code = details["coding"][0]["code"].as_str()?;
        let text = details["text"].as_str().filter(|_| code.starts_with("kyoyu-signature-"))?;
        Some(text.to_owned())
    })
}

impl KindLine {
    fn read(parameter: &Value) -> Option<Self> {
        let parts = parameter["part"].as_array()?;
        let named = |name: &str| parts.iter().find(|one| one["name"] == name);
        Some(Self {
            code: named("code")?["valueCode"].as_str()?.to_owned(),
            name: named("display")?["valueString"].as_str()?.to_owned(),
            sent: named("sent")?["valueUnsignedInt"].as_u64()?,
            hidden: named("hidden")?["valueUnsignedInt"].as_u64()?,
            not_shared: named("notShared")?["valueUnsignedInt"].as_u64()?,
            due_on: named("dueOn").and_then(|due| due["valueDate"].as_str()?.parse().ok()),
        })
    }

    /// `検査 3件、期限 2027-07-31`.
    pub(super) fn text(&self) -> String {
        let hidden = match self.hidden {
            0 => String::new(),
            hidden => format!("（うち未提供 {hidden}）"),
        };
        if self.not_shared == self.sent {
            return format!("{} {}件（共有対象外 — not shared）", self.name, self.sent);
        }
        let last_day = self.due_on.and_then(|due_on| due_on.pred_opt());
        let until = last_day.map(|day| format!("、{day} まで読める — readable through that day"));
        let until = until.unwrap_or_default();
        format!("{} {}件{hidden}{until}", self.name, self.sent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_receipt_is_read_and_told() {
        let body = json!({"resourceType": "Parameters", "parameter": [
            {"name": "receipt", "valueId": "0ab0196a4e2000070008000000000000001"},
            {"name": "state", "valueCode": "registered"},
            {"name": "kind", "part": [
                {"name": "code", "valueCode": "condition"},
                {"name": "display", "valueString": "傷病名"},
                {"name": "sent", "valueUnsignedInt": 5},
                {"name": "hidden", "valueUnsignedInt": 1},
                {"name": "notShared", "valueUnsignedInt": 0},
                {"name": "dueOn", "valueDate": "2031-07-31"},
            ]},
        ]});
        let receipt = Receipt::read(&body).expect("a receipt");
        assert_eq!(receipt.id.to_string(), "0ab0196a4e2000070008000000000000001");
        let line = receipt.kind("condition").expect("it is there");
        assert_eq!(line.hidden, 1);
        assert!(line.text().starts_with("傷病名 5件（うち未提供 1）、2031-07-30"));
        assert!(receipt.kind("lab").is_err());
    }
}
