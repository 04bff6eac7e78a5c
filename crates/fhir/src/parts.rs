//! Small pieces that several resources are made of.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use fhir_sdk::{
    Date, Instant,
    r4b::types::{CodeableConcept, Coding, Extension, ExtensionValue, Identifier, Reference},
    time::{self, OffsetDateTime, UtcOffset},
};

const COMPLETE: &str = "every mandatory element is set";

/// An instant in Japan time, in whole milliseconds.
pub(crate) fn instant(at: DateTime<Utc>) -> Instant {
    let nanoseconds = i128::from(at.timestamp_millis()) * 1_000_000;
    let japan = UtcOffset::from_hms(9, 0, 0).expect("nine hours is a valid offset");
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .to_offset(japan);
    Instant(at)
}

/// A calendar day.
pub(crate) fn day(day: NaiveDate) -> Date {
    let month = time::Month::try_from(day.month() as u8).expect("a month is 1 to 12");
    let day_of_month = day.day() as u8;
    time::Date::from_calendar_date(day.year(), month, day_of_month)
        .map_or(Date::Year(day.year()), Date::Date)
}

pub(crate) fn coding(system: &str, code: &str) -> Coding {
    Coding::builder().system(system.to_owned()).code(code.to_owned()).build().expect(COMPLETE)
}

pub(crate) fn coding_with(system: &str, code: &str, display: &str) -> Coding {
    let mut coding = coding(system, code);
    coding.display = Some(display.to_owned());
    coding
}

pub(crate) fn concept(coding: Coding) -> CodeableConcept {
    CodeableConcept::builder().coding(vec![Some(coding)]).build().expect(COMPLETE)
}

pub(crate) fn identifier(system: &str, value: &str) -> Identifier {
    Identifier::builder().system(system.to_owned()).value(value.to_owned()).build().expect(COMPLETE)
}

pub(crate) fn reference(to: String) -> Reference {
    Reference::builder().reference(to).build().expect(COMPLETE)
}

pub(crate) fn extension(url: &str, value: ExtensionValue) -> Extension {
    Extension::builder().url(url.to_owned()).value(value).build().expect(COMPLETE)
}

pub(crate) fn text(text: &str) -> ExtensionValue {
    ExtensionValue::String(text.to_owned())
}

pub(crate) fn complex_extension(url: &str, parts: Vec<Extension>) -> Extension {
    Extension::builder().url(url.to_owned()).extension(parts).build().expect(COMPLETE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_told_in_japan_time_with_milliseconds() {
        let at: DateTime<Utc> = "2026-03-31T15:00:00.123456Z".parse().expect("an instant");
        let written = serde_json::to_string(&instant(at)).expect("an instant serialises");
        assert_eq!(written, r#""2026-04-01T00:00:00.123+09:00""#);
    }

    #[test]
    fn days_are_calendar_days() {
        let leap_day = NaiveDate::from_ymd_opt(2028, 2, 29).expect("a leap day");
        assert_eq!(serde_json::to_string(&day(leap_day)).expect("serialises"), r#""2028-02-29""#);
    }
}
