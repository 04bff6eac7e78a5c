//! 共有データの台帳 — the one table of what is shared.
//!
//! A kind is defined here and nowhere else: gateway, validator, store, purge, pages,
//! documents and tests iterate over [`CATALOGUE`].
//!
//! Source: S1.1, S5, S10; design §2.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{
    consent::ConsentCategory,
    entry::{Flags, Standing},
    lab_items::{CORE_LAB_SYSTEMS, INFECTION_SYSTEMS},
    retention::Period,
};

/// 共有データの種類 — one row of the catalogue.
#[derive(Debug)]
pub struct Kind {
    /// The permanent code; in URLs, keys and documents.
    pub code: &'static str,
    /// The Japanese name.
    pub japanese: &'static str,
    /// The English name.
    pub english: &'static str,
    /// The FHIR type that carries it.
    pub resource_type: &'static str,
    /// How a resource of that type is recognised as this kind.
    pub recognised_by: Discriminator,
    /// The canonical of its profile, without version.
    pub profile: &'static str,
    /// The profile versions that are accepted.
    pub versions: &'static [&'static str],
    /// How long it is kept, counted from registration.
    pub keep: Period,
    /// 直近N回 — the newest so many collection times are kept whatever their age.
    pub last_n: Option<u8>,
    /// Whether it may carry 長期保存 LTS.
    pub may_be_long_term: bool,
    /// Whether it may carry 未告知 UNINFORMED and 未提供 UNDELIVERED.
    pub may_be_hidden: bool,
    /// Who may read it at all.
    pub readers: &'static [Audience],
    /// The consent that an institution needs.
    pub consent: ConsentCategory,
    /// From when it is accepted; none: not yet.
    pub accept: Opening,
    /// From when it is shown; none: not yet.
    pub show: Opening,
    /// Whether refuted entries are shown (再評価後に否定).
    pub shows_refuted: bool,
}

/// How a resource is recognised as a kind. Data, not functions: it can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discriminator {
    /// Every resource of the type.
    Type,
    /// `code.coding` holds one of these systems.
    CodeSystem(&'static [&'static str]),
    /// `category` holds one of these codes.
    Category(&'static [&'static str]),
    /// No other row of the type matched.
    Rest,
}

/// 開始日 — when a kind opens. A closed kind answers with a rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Open from the first day.
    Always,
    /// Opens at an instant, in seconds since 1970.
    From(i64),
    /// Not open.
    Closed,
}

impl Opening {
    /// Whether the kind is open at `now`.
    pub fn is_open(self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Always => true,
            Self::From(seconds) => now.timestamp() >= seconds,
            Self::Closed => false,
        }
    }
}

/// 閲覧者 — to whom a read shows data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// 医療機関等 — an institution's user.
    Institution,
    /// 本人 — the patient or a proxy, through the portal.
    Patient,
    /// 医療保険者 — the insurer of the patient.
    Insurer,
}

impl Audience {
    /// Every audience with its code.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Institution, "institution"),
        (Self::Patient, "patient"),
        (Self::Insurer, "insurer"),
    ];
}

const INSTITUTIONS_AND_PATIENT: &[Audience] = &[Audience::Institution, Audience::Patient];
const VERSIONS: &[&str] = &["1.10.0", "1.11.0", "1.12.0"];

/// Every kind that is shared, in the order of screens and documents.
pub static CATALOGUE: &[Kind] = &[
    Kind {
        code: "condition",
        japanese: "傷病名",
        english: "conditions",
        resource_type: "Condition",
        recognised_by: Discriminator::Type,
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Condition_eCS",
        versions: VERSIONS,
        keep: Period::Years(5),
        last_n: None,
        may_be_long_term: true,
        may_be_hidden: true,
        readers: INSTITUTIONS_AND_PATIENT,
        consent: ConsentCategory::Conditions,
        accept: Opening::Always,
        show: Opening::Always,
        shows_refuted: false,
    },
    Kind {
        code: "infection",
        japanese: "感染症",
        english: "infections",
        resource_type: "Observation",
        recognised_by: Discriminator::CodeSystem(INFECTION_SYSTEMS),
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
        versions: VERSIONS,
        keep: Period::Years(5),
        last_n: None,
        may_be_long_term: true,
        may_be_hidden: false,
        readers: INSTITUTIONS_AND_PATIENT,
        consent: ConsentCategory::Infections,
        accept: Opening::Always,
        show: Opening::Always,
        shows_refuted: false,
    },
    Kind {
        code: "drug-allergy",
        japanese: "薬剤アレルギー等",
        english: "drug allergies",
        resource_type: "AllergyIntolerance",
        recognised_by: Discriminator::Category(&["medication", "biologic"]),
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_AllergyIntolerance_eCS",
        versions: VERSIONS,
        keep: Period::Years(5),
        last_n: None,
        may_be_long_term: true,
        may_be_hidden: false,
        readers: INSTITUTIONS_AND_PATIENT,
        consent: ConsentCategory::Record,
        accept: Opening::Always,
        show: Opening::Always,
        shows_refuted: true,
    },
    Kind {
        code: "other-allergy",
        japanese: "その他アレルギー等",
        english: "other allergies",
        resource_type: "AllergyIntolerance",
        recognised_by: Discriminator::Rest,
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_AllergyIntolerance_eCS",
        versions: VERSIONS,
        keep: Period::Years(5),
        last_n: None,
        may_be_long_term: true,
        may_be_hidden: false,
        readers: INSTITUTIONS_AND_PATIENT,
        consent: ConsentCategory::Record,
        accept: Opening::Always,
        show: Opening::Always,
        shows_refuted: true,
    },
    Kind {
        code: "lab",
        japanese: "検査",
        english: "laboratory results",
        resource_type: "Observation",
        recognised_by: Discriminator::CodeSystem(CORE_LAB_SYSTEMS),
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
        versions: VERSIONS,
        keep: Period::Years(1),
        last_n: Some(3),
        may_be_long_term: false,
        may_be_hidden: false,
        readers: INSTITUTIONS_AND_PATIENT,
        consent: ConsentCategory::Record,
        accept: Opening::Always,
        show: Opening::Always,
        shows_refuted: false,
    },
    Kind {
        code: "lab-unlisted",
        japanese: "検査（共有項目外）",
        english: "laboratory results outside the shared items",
        resource_type: "Observation",
        recognised_by: Discriminator::Rest,
        profile: "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS",
        versions: VERSIONS,
        keep: Period::Years(1),
        last_n: None,
        may_be_long_term: false,
        may_be_hidden: false,
        readers: &[],
        consent: ConsentCategory::Record,
        accept: Opening::Always,
        show: Opening::Closed,
        shows_refuted: false,
    },
];

/// The row with this code.
pub fn find(code: &str) -> Option<&'static Kind> {
    CATALOGUE.iter().find(|kind| kind.code == code)
}

/// The rows that a FHIR type carries.
pub fn of_type(resource_type: &str) -> impl Iterator<Item = &'static Kind> {
    CATALOGUE.iter().filter(move |kind| kind.resource_type == resource_type)
}

/// The FHIR types that carry shared data, each once, in catalogue order.
pub fn resource_types() -> Vec<&'static str> {
    let mut types = Vec::new();
    for kind in CATALOGUE {
        if !types.contains(&kind.resource_type) {
            types.push(kind.resource_type);
        }
    }
    types
}

/// What recognition looks at in a resource.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traits<'a> {
    /// The systems of `code.coding`.
    pub code_systems: &'a [&'a str],
    /// The codes of `category`.
    pub categories: &'a [&'a str],
}

/// Why a resource is of no kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrecognised {
    /// No row carries this type.
    Type,
    /// Two rows claim it: both a laboratory and an infection code system.
    Ambiguous,
}

/// 分類 — the kind of a resource.
///
/// # Errors
/// [`Unrecognised`] when no row or more than one row claims it.
/// Source: S5.1, S5.2.
pub fn recognise(resource_type: &str, traits: Traits<'_>) -> Result<&'static Kind, Unrecognised> {
    let claims = |kind: &&Kind| match kind.recognised_by {
        Discriminator::Type => true,
        Discriminator::CodeSystem(systems) => holds(traits.code_systems, systems),
        Discriminator::Category(codes) => holds(traits.categories, codes),
        Discriminator::Rest => false,
    };
    let mut claimants = of_type(resource_type).filter(claims);
    match (claimants.next(), claimants.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(_), Some(_)) => Err(Unrecognised::Ambiguous),
        (None, _) => of_type(resource_type)
            .find(|kind| kind.recognised_by == Discriminator::Rest)
            .ok_or(Unrecognised::Type),
    }
}

fn holds(found: &[&str], wanted: &[&str]) -> bool {
    found.iter().any(|value| wanted.contains(value))
}

impl Kind {
    /// 表示条件 — whether an entry of this kind that stands so is ever shown.
    pub fn shows(&self, standing: Standing) -> bool {
        match standing {
            Standing::Standing | Standing::Awaited | Standing::Cancelled => true,
            Standing::Refuted => self.shows_refuted,
            Standing::EnteredInError => false,
        }
    }

    /// Whether the kind may carry all of these flags (S4).
    pub fn may_carry(&self, flags: Flags) -> bool {
        (self.may_be_long_term || !flags.long_term)
            && (self.may_be_hidden || !(flags.uninformed || flags.undelivered))
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Kind {}

impl std::hash::Hash for Kind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.code.hash(state);
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_url_safe() {
        let codes: HashSet<&str> = CATALOGUE.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), CATALOGUE.len());
        for code in codes {
            assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
        }
    }

    #[test]
    fn laboratory_and_infection_are_told_apart_by_code_system_s5_2() {
        let kind_of = |systems: &[&str]| {
            recognise("Observation", Traits { code_systems: systems, ..Traits::default() })
                .map(|kind| kind.code)
        };
        assert_eq!(kind_of(&["local", CORE_LAB_SYSTEMS[1]]), Ok("lab"));
        assert_eq!(kind_of(&[INFECTION_SYSTEMS[0]]), Ok("infection"));
        assert_eq!(kind_of(&["local"]), Ok("lab-unlisted"));
        assert_eq!(
            kind_of(&[CORE_LAB_SYSTEMS[0], INFECTION_SYSTEMS[0]]),
            Err(Unrecognised::Ambiguous)
        );
    }

    #[test]
    fn drug_and_other_allergies_are_told_apart_by_category_s5_1() {
        let kind_of = |categories: &[&str]| {
            recognise("AllergyIntolerance", Traits { categories, ..Traits::default() })
                .map(|kind| kind.code)
        };
        assert_eq!(kind_of(&["medication"]), Ok("drug-allergy"));
        assert_eq!(kind_of(&["food", "biologic"]), Ok("drug-allergy"));
        assert_eq!(kind_of(&["food"]), Ok("other-allergy"));
        assert_eq!(kind_of(&[]), Ok("other-allergy"));
    }

    #[test]
    fn a_type_that_no_row_carries_is_not_recognised() {
        assert_eq!(
            recognise("MedicationRequest", Traits::default()).map(|kind| kind.code),
            Err(Unrecognised::Type)
        );
    }

    #[test]
    fn refuted_conditions_never_show_and_refuted_allergies_always_do() {
        let shows = |code| find(code).expect("a kind").shows(Standing::Refuted);
        assert!(!shows("condition"));
        assert!(shows("drug-allergy") && shows("other-allergy"));
        assert!(CATALOGUE.iter().all(|kind| !kind.shows(Standing::EnteredInError)));
    }
}
