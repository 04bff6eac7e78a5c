//! 共有データの台帳 — the one table of what is shared.
//!
//! A kind is defined here and nowhere else: gateway, validator, store, purge, pages,
//! documents and tests iterate over [`CATALOGUE`].
//!
//! Source: S1.1, S5, S10; design §2.

mod rows;

use std::fmt;

use chrono::{DateTime, Utc};

pub use self::rows::CATALOGUE;
use crate::{
    consent::ConsentCategory,
    entry::{Flags, Standing},
    policy::Hiding,
    retention::Period,
};

/// 共有データの種類 — one row of the catalogue.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a row of a table; its columns are independent")]
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
    /// 受領後 — how long at most after the addressee has received it; letters only.
    pub keep_after_receipt: Option<Period>,
    /// Within what a resource identifier means one thing: a newer copy hides the older.
    pub one_within: Oneness,
    /// 直近N回 — the newest so many collection times are kept whatever their age.
    pub last_n: Option<u8>,
    /// 一覧送信 — whether each Bundle of it holds a whole list, which may take the place of the
    /// older lists of the same scope (S3.2; [`crate::retention::FullSetScope`]).
    pub sent_as_list: bool,
    /// Whether it may carry 長期保存 LTS.
    pub may_be_long_term: bool,
    /// Whether it may carry 未告知 UNINFORMED and 未提供 UNDELIVERED.
    pub may_be_hidden: bool,
    /// Who may read it at all.
    pub readers: &'static [Audience],
    /// The consent that a reader of another institution needs.
    pub consent: Need,
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
    /// A document Bundle that claims the row's profile and whose `Composition.type` has this
    /// code.
    Document(&'static str),
}

/// 必要な同意 — what opens a kind to an institution that did not send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The patient's consent for a category.
    Category(ConsentCategory),
    /// A consent for each document and its addressee (S10.3).
    EachDocument,
    /// No consent opens it.
    Nothing,
}

impl Need {
    /// The category, if it is one.
    pub fn category(self) -> Option<ConsentCategory> {
        match self {
            Self::Category(category) => Some(category),
            Self::EachDocument | Self::Nothing => None,
        }
    }

    /// What tables call it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Category(category) => category.code(),
            Self::EachDocument => "each-document",
            Self::Nothing => "nothing",
        }
    }
}

/// 同一性の範囲 — within what a resource identifier names one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oneness {
    /// Each institution gives its own identifiers (S3.1).
    Institution,
    /// One thing whoever sends it: a checkup that comes on two routes (S11.8).
    Patient,
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
    /// 紹介先 — the institution that a letter is addressed to.
    Addressee,
}

impl Audience {
    /// Every audience with its code.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Institution, "institution"),
        (Self::Patient, "patient"),
        (Self::Insurer, "insurer"),
        (Self::Addressee, "addressee"),
    ];
}

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
        Discriminator::Rest | Discriminator::Document(_) => false,
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

/// 文書の分類 — the document kind of a `Composition.type` code (S1.1).
pub fn document(composition_type: &str) -> Option<&'static Kind> {
    CATALOGUE.iter().find(|kind| match kind.recognised_by {
        Discriminator::Document(code) => code == composition_type,
        _ => false,
    })
}

impl Kind {
    /// 文書 — whether it is kept as a whole document Bundle, byte for byte.
    pub fn is_document(&self) -> bool {
        matches!(self.recognised_by, Discriminator::Document(_))
    }

    /// The `Composition.type` code of a document.
    pub fn document_code(&self) -> Option<&'static str> {
        match self.recognised_by {
            Discriminator::Document(code) => Some(code),
            _ => None,
        }
    }

    /// 授受文書 — whether it goes to one addressee who has to receive it.
    pub fn is_letter(&self) -> bool {
        self.readers.contains(&Audience::Addressee)
    }

    /// 表示条件 — why an entry of this kind that stands so is never shown, if it is not.
    pub fn hidden_by(&self, standing: Standing) -> Option<Hiding> {
        match standing {
            Standing::Standing | Standing::Awaited | Standing::Cancelled => None,
            Standing::Refuted => (!self.shows_refuted).then_some(Hiding::Refuted),
            Standing::EnteredInError => Some(Hiding::EnteredInError),
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
    use crate::lab_items::{CORE_LAB_SYSTEMS, INFECTION_SYSTEMS};

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
            recognise("Procedure", Traits::default()).map(|kind| kind.code),
            Err(Unrecognised::Type)
        );
    }

    #[test]
    fn documents_are_told_apart_by_the_type_of_their_composition_s1_1() {
        let kind_of = |code| document(code).map(|kind| kind.code);
        assert_eq!(kind_of("57133-1"), Some("referral"));
        assert_eq!(kind_of("18842-5"), Some("discharge-summary"));
        assert_eq!(kind_of("53576-5"), Some("checkup"));
        assert_eq!(kind_of("56447-6"), Some("patient-summary"));
        assert_eq!(kind_of("57833-6"), None);
        assert!(
            CATALOGUE.iter().all(|kind| kind.is_document() == (kind.resource_type == "Bundle"))
        );
        assert!(CATALOGUE.iter().all(|kind| kind.is_letter() == kind.keep_after_receipt.is_some()));
    }

    #[test]
    fn refuted_conditions_never_show_and_refuted_allergies_always_do() {
        let shows = |code| find(code).expect("a kind").hidden_by(Standing::Refuted).is_none();
        assert!(!shows("condition"));
        assert!(shows("drug-allergy") && shows("other-allergy"));
        assert!(CATALOGUE.iter().all(|kind| kind.hidden_by(Standing::EnteredInError).is_some()));
    }
}
