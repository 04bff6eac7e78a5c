//! 送信 — what a Bundle is called and when it is sent.

use chrono::{DateTime, Datelike, FixedOffset, SecondsFormat, Utc};
use kyoyu_domain::identifiers::BundleIdentifier;

use crate::institution::Institution;

/// 送信 — one sending of a report: the same serial and year again is the same report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// The institution's serial number; makes the Bundle identifier unique.
    pub serial: u64,
    /// 発行年 — the year in the Bundle identifier.
    pub year: i32,
    /// When it is sent: `timestamp` and every `lastUpdated`.
    pub sent_at: DateTime<Utc>,
}

impl Sending {
    /// A first sending; the year is that of the instant in Japan.
    pub fn new(serial: u64, sent_at: DateTime<Utc>) -> Self {
        Self { serial, year: in_japan(sent_at).year(), sent_at }
    }

    /// 変更 — the same report under the same Bundle identifier, sent later.
    #[must_use]
    pub fn again_at(self, sent_at: DateTime<Utc>) -> Self {
        Self { sent_at, ..self }
    }

    /// The identifier; `prefix` keeps reports of different kinds apart.
    pub(crate) fn identifier(&self, institution: &Institution, prefix: &str) -> BundleIdentifier {
        let (number, serial) = (institution.number, self.serial);
        // The published pattern ends in 2039 and begins in 2020.
        let year = self.year.clamp(2020, 2039);
        let value = match institution.habits.style {
            0 => format!("{number}^{year}^{prefix}-{serial:010}"),
            1 => format!("{number}^{year}^ehr1-{prefix}{serial:08}"),
            _ => format!("{number}^{year}^{prefix}{serial:012}-{:02}", serial % 97),
        };
        value.parse().expect("three well-formed parts were written")
    }
}

pub(crate) fn in_japan(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&FixedOffset::east_opt(9 * 3_600).expect("nine hours are an offset"))
}

/// An instant as the institution writes it.
pub(crate) fn instant(institution: &Institution, at: DateTime<Utc>) -> String {
    let format =
        if institution.habits.millis { SecondsFormat::Millis } else { SecondsFormat::Secs };
    in_japan(at).to_rfc3339_opts(format, false)
}

/// A `dateTime` to the second.
pub(crate) fn date_time(at: DateTime<Utc>) -> String {
    in_japan(at).to_rfc3339_opts(SecondsFormat::Secs, false)
}
