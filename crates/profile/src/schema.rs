//! 構造の表 — definitions compiled into flat tables that one walk checks.
//!
//! Every element of every definition is one [`ElementNode`]; an element with children has a
//! [`Table`] in which every JSON name (each `value[x]` spelled out) is one [`Row`], so that
//! one search answers "known?", "array?" and "which type?". Profiles keep their rows for
//! types that they forbid, so that a forbidden type is told apart from an unknown name.
//!
//! Source: FHIR R4, StructureDefinition, ElementDefinition and profiling.

mod build;
mod covers;
mod criteria;
mod elements;
mod primitive;
mod sample;
mod slicing;
mod tables;
mod types;

use std::sync::OnceLock;

use kyoyu_domain::problem::{Category, Rule, Severity};

pub(crate) use self::{
    elements::{Bound, ElementNode, Shape, Special, Target, TypeRef},
    primitive::PrimitiveKind,
    sample::Sample,
    slicing::{Keyed, MatchOn, SliceTest, Slicing, Step, push_part},
    tables::{Row, RowType, Slot, Table},
};
use crate::{
    definition::{ExtensionContext, StructureKind},
    fhirpath::Expression,
    hash::NumberMap,
    invariants::{Invariant, table},
};

/// Declares a number that names one thing of a list.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub(crate) u32);

        impl $name {
            pub(crate) fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

number! {
    /// An element of a definition.
    NodeId
}
number! {
    /// The children of an element.
    TableId
}
number! {
    /// A definition: a type, an extension or a profile.
    ProfileId
}
number! {
    /// A slicing.
    SlicingId
}
number! {
    /// An invariant.
    ConstraintId
}

/// 構造の表 — the definitions of one guide, ready to be walked; never changed.
#[derive(Debug)]
pub struct Schema {
    nodes: Vec<ElementNode>,
    tables: Vec<Table>,
    slicings: Vec<Slicing>,
    profiles: Vec<Profile>,
    constraints: Vec<Stated>,
    by_canonical: NumberMap<Box<str>, ProfileId>,
    /// The base definitions of the types by name.
    types: NumberMap<Box<str>, ProfileId>,
    faults: Vec<SchemaFault>,
}

/// 定義 — one compiled definition.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) url: Box<str>,
    pub(crate) type_name: Box<str>,
    pub(crate) kind: StructureKind,
    pub(crate) constrains: bool,
    pub(crate) is_abstract: bool,
    /// What it builds on.
    pub(crate) base: Option<ProfileId>,
    pub(crate) root: NodeId,
    /// The base definition of its type.
    pub(crate) type_id: Option<ProfileId>,
    /// Only of extensions.
    pub(crate) extension: Option<Box<ExtensionRules>>,
}

/// What an extension's definition says beside its elements.
#[derive(Debug)]
pub(crate) struct ExtensionRules {
    pub(crate) contexts: Vec<ExtensionContext>,
    /// The compiled `FHIRPath` contexts, in the order of those contexts.
    pub(crate) context_paths: Vec<Option<Expression>>,
    /// What the element that holds the extension has to meet.
    pub(crate) context_invariants: Vec<Expression>,
    pub(crate) is_modifier: bool,
    /// The types of `value[x]`; none where a value is forbidden.
    pub(crate) value_types: Vec<Box<str>>,
    /// Whether `value[x]` is required.
    pub(crate) needs_value: bool,
    /// The `url` of each extension that may stand inside.
    pub(crate) inner_urls: Vec<Box<str>>,
}

/// 不変条件 — an invariant with what is said of it.
#[derive(Debug)]
pub(crate) struct Stated {
    pub(crate) invariant: Invariant,
    pub(crate) key: Box<str>,
    /// The canonical of the definition that states it first.
    pub(crate) source: Box<str>,
    pub(crate) severity: Severity,
    human: Box<str>,
    rule: OnceLock<&'static Rule>,
}

impl Stated {
    /// The rule with its texts: those of the project's table for the Japanese rules, else
    /// the source's own words. Made once and kept for the life of the process, as the texts
    /// of all other rules are.
    pub(crate) fn rule(&self) -> &'static Rule {
        self.rule.get_or_init(|| Box::leak(Box::new(self.make_rule())))
    }

    fn make_rule(&self) -> Rule {
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let row = table::find(&self.source, &self.key);
        let said = if self.human.is_empty() { &self.key } else { &self.human };
        let [japanese, english] = row.map_or_else(
            || {
                [
                    leak(format!("規則 {} を満たしていません：{said}", self.key)),
                    leak(format!("the rule {} does not hold: {said}", self.key)),
                ]
            },
            |row| row.text,
        );
        let [repair_ja, repair_en] = row.map_or(
            [
                "この規則を満たすように要素を直してください",
                "correct the element so that the rule holds",
            ],
            |row| row.repair,
        );
        Rule {
            code: leak(self.key.to_string()),
            number: row.and_then(|row| row.number).or_else(|| self.number().map(leak)),
            category: Category::NotConformant,
            issue_type: "invariant",
            severity: self.severity,
            japanese,
            english,
            repair: (repair_ja, repair_en),
            since: "0.1.0",
        }
    }

    /// The published number, with which the Japanese texts begin: `R02142:…`.
    fn number(&self) -> Option<String> {
        let (number, _) = self.human.split_once(':')?;
        let digits = number.strip_prefix('R')?;
        let is_number = digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_number.then(|| number.to_owned())
    }
}

/// 定義の誤り — something in a definition that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFault {
    /// The canonical of the definition.
    pub definition: String,
    /// The id of the element.
    pub element: String,
    /// What is wrong, such as an expression that is not understood.
    pub reason: String,
}

impl Schema {
    /// What could not be compiled; the rest works without it.
    pub fn faults(&self) -> &[SchemaFault] {
        &self.faults
    }

    /// How many elements there are in all definitions.
    pub fn element_count(&self) -> usize {
        self.nodes.len()
    }

    /// Whether a canonical, bare or with `|version`, is defined.
    pub fn defines(&self, canonical: &str) -> bool {
        self.by_canonical.contains_key(canonical)
    }

    /// Lets a canonical with a version mean what it means without one, unless that version
    /// is defined itself.
    pub(crate) fn also_answer_to(&mut self, url: &str, version: &str) {
        if let Some(id) = self.find(url) {
            self.by_canonical.entry(format!("{url}|{version}").into()).or_insert(id);
        }
    }

    /// The canonicals of all definitions, without version.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(|profile| &*profile.url)
    }

    pub(crate) fn node(&self, id: NodeId) -> &ElementNode {
        &self.nodes[id.index()]
    }

    pub(crate) fn table(&self, id: TableId) -> &Table {
        &self.tables[id.index()]
    }

    pub(crate) fn slicing(&self, id: SlicingId) -> &Slicing {
        &self.slicings[id.index()]
    }

    pub(crate) fn profile(&self, id: ProfileId) -> &Profile {
        &self.profiles[id.index()]
    }

    pub(crate) fn stated(&self, id: ConstraintId) -> &Stated {
        &self.constraints[id.index()]
    }

    /// The definition of a canonical, `|version` respected.
    pub(crate) fn find(&self, canonical: &str) -> Option<ProfileId> {
        self.by_canonical.get(canonical).copied()
    }

    /// The base definition of a type.
    pub(crate) fn type_named(&self, name: &str) -> Option<ProfileId> {
        self.types.get(name).copied()
    }

    /// The base definition of a resource type that can have instances.
    pub(crate) fn resource_type(&self, name: &str) -> Option<ProfileId> {
        self.type_named(name).filter(|id| {
            let profile = self.profile(*id);
            profile.kind == StructureKind::Resource && !profile.is_abstract
        })
    }

    /// Whether the first builds on the second or is it.
    pub(crate) fn builds_on(&self, profile: ProfileId, base: ProfileId) -> bool {
        std::iter::successors(Some(profile), |id| self.profile(*id).base)
            .take(self.profiles.len())
            .any(|id| id == base)
    }

    /// The children of an element of a type: its own, or those of the type.
    pub(crate) fn table_of(&self, node: NodeId) -> Option<&Table> {
        self.node(node).table.map(|id| self.table(id))
    }
}
