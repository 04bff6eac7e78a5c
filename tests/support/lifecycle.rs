//! 一生 — what happens to one patient's data over the years, and an oracle for it.
//!
//! [`oracle`] and [`calendar`] are written from the sentences of the design (§2, §3, §7)
//! and of `retention.rs`, and share no code with the rule that they judge: no date library,
//! no catalogue, no order of evaluation. [`generator`] makes lives up, [`shrink`] makes a
//! failing one short, [`body`] makes Bundles of them.

pub mod body;
pub mod calendar;
pub mod generator;
pub mod oracle;
mod shrink;

use std::fmt;

use calendar::{Millis, in_japan};

pub use shrink::shrink;

/// Japan's FHIR types that institutions send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// 傷病名
    Condition,
    /// アレルギー
    AllergyIntolerance,
    /// 検査・感染症
    Observation,
}

impl Type {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Condition, Self::AllergyIntolerance, Self::Observation];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Condition => "Condition",
            Self::AllergyIntolerance => "AllergyIntolerance",
            Self::Observation => "Observation",
        }
    }
}

/// The kinds of the catalogue, as the design's table has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// 傷病名
    Condition,
    /// 感染症
    Infection,
    /// 薬剤アレルギー等
    DrugAllergy,
    /// その他アレルギー等
    OtherAllergy,
    /// 検査
    Lab,
    /// 検査（共有項目外）
    LabUnlisted,
}

impl Sort {
    /// The code in the catalogue.
    pub fn code(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Infection => "infection",
            Self::DrugAllergy => "drug-allergy",
            Self::OtherAllergy => "other-allergy",
            Self::Lab => "lab",
            Self::LabUnlisted => "lab-unlisted",
        }
    }

    /// What carries it.
    pub fn of_type(self) -> Type {
        match self {
            Self::Condition => Type::Condition,
            Self::DrugAllergy | Self::OtherAllergy => Type::AllergyIntolerance,
            Self::Infection | Self::Lab | Self::LabUnlisted => Type::Observation,
        }
    }
}

/// What a resource says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// It stands.
    Standing,
    /// 否定
    Refuted,
    /// 誤登録
    EnteredInError,
    /// 結果待ち
    Awaited,
    /// 検査中止
    NotDone,
}

/// One resource of a Bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn independently")]
pub struct Resource {
    /// Which of the institution's identifiers of this type.
    pub identifier: u8,
    /// What it is.
    pub sort: Sort,
    /// Which item; 0 where the sort has none.
    pub item: u16,
    /// Which of the institution's departments registers it; what has no list may lack one.
    pub department: Option<u8>,
    /// When it was collected or began.
    pub dated: Option<Dated>,
    /// How it stands.
    pub said: Said,
    /// 長期保存
    pub long_term: bool,
    /// 未告知
    pub uninformed: bool,
    /// 未提供
    pub undelivered: bool,
    /// 文書抽出 — it stood in a letter; then everything of its Bundle did.
    pub extracted: bool,
}

/// A date as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dated {
    /// To the millisecond.
    At(Millis),
    /// A day without a time.
    On(calendar::Day),
}

/// Which Bundle: the identifier belongs to one institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleName {
    /// One of [`INSTITUTIONS`].
    pub institution: u8,
    /// The institution's number for it.
    pub number: u8,
}

/// The institutions of all lives; each has its own identifiers.
pub const INSTITUTIONS: [&str; 3] = ["1310000001", "1310000002", "2730000003"];

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// 登録
    Register(BundleName, Vec<Resource>),
    /// 変更
    Change(BundleName, Vec<Resource>),
    /// 取消
    Cancel(BundleName),
    /// 取消UNDO
    Undo(BundleName),
    /// 削除
    Purge,
}

/// What happens when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// When; never before the event before.
    pub at: Millis,
    /// Decides between registrations of the same instant.
    pub tie: u64,
    /// What.
    pub deed: Deed,
}

/// 方針 — the fields of the policy that a life may have otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Days of the undo window.
    pub undo_days: u32,
    /// Over what the last three are counted.
    pub last_three_of: Scope,
    /// What a list is the whole of.
    pub list_of: ListOf,
}

impl Policy {
    /// The policy of a service that nobody has set up otherwise.
    pub const DEFAULT: Self =
        Self { undo_days: 7, last_three_of: Scope::Patient, list_of: ListOf::Nothing };
}

/// Over what the last three collection times are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The patient.
    Patient,
    /// Each item.
    Item,
    /// Each institution.
    Institution,
}

/// What a list of diseases or allergies is the whole of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOf {
    /// Older Bundles stay beside it.
    Nothing,
    /// A department.
    Department,
    /// The institution.
    Institution,
}

/// 一生 — one patient's events, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// Under which policy.
    pub policy: Policy,
    /// What happens.
    pub events: Vec<Event>,
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Policy { undo_days, last_three_of, list_of } = self.policy;
        writeln!(
            out,
            "undo within {undo_days} days, last three of {last_three_of:?}, lists of {list_of:?}"
        )?;
        self.events.iter().try_for_each(|event| writeln!(out, "{event}"))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ", in_japan(self.at))?;
        let (verb, name, resources) = match &self.deed {
            Deed::Register(name, resources) => ("register", name, &resources[..]),
            Deed::Change(name, resources) => ("change", name, &resources[..]),
            Deed::Cancel(name) => ("cancel", name, &[][..]),
            Deed::Undo(name) => ("undo", name, &[][..]),
            Deed::Purge => return write!(out, "purge"),
        };
        write!(out, "{verb} {name}")?;
        resources.iter().try_for_each(|resource| write!(out, "\n    {resource}"))
    }
}

impl fmt::Display for BundleName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", ["A", "B", "C"][usize::from(self.institution)], self.number)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} id {} item {}", self.sort.code(), self.identifier, self.item)?;
        match self.dated {
            None => write!(out, " undated")?,
            Some(Dated::At(at)) => write!(out, " of {}", in_japan(at))?,
            Some(Dated::On(day)) => write!(out, " of {day}")?,
        }
        if let Some(department) = self.department {
            write!(out, " department {department}")?;
        }
        if self.said != Said::Standing {
            write!(out, " {:?}", self.said)?;
        }
        for (set, name) in [
            (self.long_term, "LTS"),
            (self.uninformed, "UNINFORMED"),
            (self.undelivered, "UNDELIVERED"),
            (self.extracted, "extracted"),
        ] {
            if set {
                write!(out, " {name}")?;
            }
        }
        Ok(())
    }
}
