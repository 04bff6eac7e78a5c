//! 閲覧同意 — what a patient has allowed an institution to read.
//!
//! Source: S10.3; design §5.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    coded::coded,
    identifiers::{InstitutionNumber, PersonKey},
};

/// 同意区分 — the categories that the card reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentCategory {
    /// 傷病名 — diseases.
    Conditions,
    /// 感染症情報 — infections.
    Infections,
    /// 電子カルテ情報 — allergies, laboratory results, prescriptions.
    Record,
    /// 健診情報 — checkup reports.
    Checkup,
}

impl ConsentCategory {
    /// Every category with its code in `Consent.provision.code` and Japanese name.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Conditions, "conditions", "傷病名"),
        (Self::Infections, "infections", "感染症情報"),
        (Self::Record, "record", "電子カルテ情報"),
        (Self::Checkup, "checkup", "健診情報"),
    ];
}

coded!(ConsentCategory);

/// A set of categories, as four bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Categories(u8);

impl Categories {
    /// No category.
    pub const NONE: Self = Self(0);

    /// Every category.
    pub fn all() -> Self {
        ConsentCategory::ALL.iter().map(|row| row.0).collect()
    }

    /// The set as the database stores it.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set of stored bits.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & 0b1111)
    }

    /// Whether a category is in the set.
    pub fn contains(self, category: ConsentCategory) -> bool {
        self.0 & (1 << category as u8) != 0
    }

    /// The categories in the set.
    pub fn iter(self) -> impl Iterator<Item = ConsentCategory> {
        ConsentCategory::ALL
            .iter()
            .map(|row| row.0)
            .filter(move |category| self.contains(*category))
    }
}

impl FromIterator<ConsentCategory> for Categories {
    fn from_iter<I: IntoIterator<Item = ConsentCategory>>(categories: I) -> Self {
        Self(categories.into_iter().fold(0, |bits, category| bits | 1 << category as u8))
    }
}

/// 来院中 — how long a consent without an end lasts: the visit.
pub const DEFAULT_CONSENT_HOURS: i64 = 24;

/// 同意 — one version of one consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whose data.
    pub person: PersonKey,
    /// Who may read.
    pub institution: InstitutionNumber,
    /// What may be read.
    pub categories: Categories,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when, exclusive.
    pub ends_at: DateTime<Utc>,
    /// `active`; a revoked consent is `inactive`.
    pub active: bool,
}

impl Consent {
    /// The end of a consent that names none.
    pub fn default_end(starts_at: DateTime<Utc>) -> DateTime<Utc> {
        starts_at + TimeDelta::hours(DEFAULT_CONSENT_HOURS)
    }

    /// Whether the consent allows anything at `now`.
    pub fn in_force(&self, now: DateTime<Utc>) -> bool {
        self.active && self.starts_at <= now && now < self.ends_at
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_consent_holds_from_its_start_until_just_before_its_end() {
        let starts_at: DateTime<Utc> = "2026-04-01T00:00:00Z".parse().expect("an instant");
        let consent = Consent {
            person: PersonKey::new(Uuid::nil()),
            institution: "1310000001".parse().expect("a number"),
            categories: Categories::all(),
            starts_at,
            ends_at: Consent::default_end(starts_at),
            active: true,
        };
        let second = TimeDelta::seconds(1);
        assert!(!consent.in_force(starts_at - second));
        assert!(consent.in_force(starts_at));
        assert!(consent.in_force(consent.ends_at - second));
        assert!(!consent.in_force(consent.ends_at));
        assert!(!Consent { active: false, ..consent }.in_force(starts_at));
    }
}
