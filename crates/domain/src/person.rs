//! 個人 — the persons that the eligibility network announces.
//!
//! Source: S7.1; design §1.

use chrono::NaiveDate;

use crate::{
    identifiers::{PersonIdentifier, PersonKey},
    phi::Phi,
};

/// 性別 — FHIR administrative gender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// `male`
    Male,
    /// `female`
    Female,
    /// `other`
    Other,
    /// `unknown`
    Unknown,
}

impl Gender {
    /// Every gender with its FHIR code.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Male, "male"),
        (Self::Female, "female"),
        (Self::Other, "other"),
        (Self::Unknown, "unknown"),
    ];

    /// The gender of a FHIR code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    /// The FHIR code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).expect("every gender has a row").1
    }
}

/// 有効期間つき識別子 — an identifier and the days on which it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedIdentifier {
    /// The identifier.
    pub identifier: PersonIdentifier,
    /// First valid day; none: always was.
    pub valid_from: Option<NaiveDate>,
    /// Last valid day; none: still is.
    pub valid_through: Option<NaiveDate>,
}

impl DatedIdentifier {
    /// Whether the identifier is valid on a day in Japan.
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
            && self.valid_through.is_none_or(|through| day <= through)
    }
}

/// 不開示 — whether a person's access log may be shown. Those who must not be found by somebody
/// who acts in their name have it closed by the insurer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosure {
    /// 開示 — the patient may read it.
    Open,
    /// 不開示 — nobody may read it through the portal.
    Closed,
}

/// 通知 — what the eligibility network announces of one person: all identifiers in the
/// announcement are that person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// At least one identifier.
    pub identifiers: Vec<DatedIdentifier>,
    /// The birth date.
    pub birth_on: Phi<NaiveDate>,
    /// The sex.
    pub gender: Gender,
    /// Whether the access log may be shown; none: as before.
    pub disclosure: Option<Disclosure>,
}

/// 個人 — a person as the service knows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The internal key.
    pub key: PersonKey,
    /// The birth date.
    pub birth_on: Phi<NaiveDate>,
    /// The sex.
    pub gender: Gender,
    /// The dated history of identifiers, newest first.
    pub identifiers: Vec<DatedIdentifier>,
}
