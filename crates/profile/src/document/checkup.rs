//! 健診文書 — which checkup a report is about (S1.7, S9.4).

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use kyoyu_domain::identifiers::IdentifierHash;

use crate::{dates, json::Value};

/// 市町村事業 — programmes that municipalities run: cancer screening and hepatitis (S11.8).
pub(crate) const MUNICIPAL: &[&str] = &["060", "090"];

/// The coding of the programme, `event.code`.
pub(crate) fn programme(composition: Value<'_>) -> Option<Value<'_>> {
    let code = composition.list("event").next()?.list("code").next()?;
    code.list("coding").next()
}

fn held_on(composition: Value<'_>) -> Option<Cow<'_, str>> {
    let event = composition.list("event").next()?;
    event.find(&["period", "start"]).and_then(Value::as_str).or_else(|| composition.text_of("date"))
}

/// 健診日 — the first day of the checkup.
pub(crate) fn held_at(composition: Value<'_>) -> Option<DateTime<Utc>> {
    dates::date_time(&held_on(composition)?)
}

/// Two reports of one day and programme are about one checkup, whoever sends them.
pub(crate) fn identity(composition: Value<'_>) -> Option<IdentifierHash> {
    let day = held_on(composition)?;
    let day = day.get(..10).unwrap_or(&day).to_owned();
    let programme = programme(composition)?.text_of("code")?;
    Some(IdentifierHash::of(&format!("checkup|{day}|{programme}")))
}
