//! 実装ガイド — what the packages of one guide define, compiled.

use std::{borrow::Cow, sync::Arc};

use crate::{
    generation::Generation,
    hash::NumberSet,
    json::{Kind, Symbol, Value},
    package::{Package, snapshot},
    schema::{Schema, SchemaFault},
    terminology::{Membership, Terminology, ValueSetId},
    walk,
};

/// 実装ガイド — one guide, ready to check against; never changed.
#[derive(Debug)]
pub struct Guide {
    schema: Schema,
    terminology: Arc<Terminology>,
    /// The canonicals of the guide itself, the last of its packages, without version.
    own: NumberSet<Box<str>>,
    /// Identifiers of naming systems.
    named: NumberSet<Box<str>>,
    /// What is defined under a URL of which nothing can be wrong.
    plain_urls: NumberSet<Box<str>>,
    coding: Symbol,
    system: Symbol,
    code: Symbol,
}

impl Guide {
    /// Compiles the packages of one guide, in the order of dependence, R4 core first and the
    /// guide itself last.
    pub fn load(packages: &[&Package]) -> Self {
        Self::compile(packages, Arc::new(Terminology::build(packages)))
    }

    /// The guide in a generation: its last package is the one that is published as 1.10.0.
    /// Claims that name another generation mean its definitions too, because a Bundle is
    /// judged as a whole by the one that it names.
    pub(super) fn load_generation(packages: &[&Package], generation: Generation) -> Self {
        Self::revised(packages, generation, || Arc::new(Terminology::build(packages)))
    }

    /// The same guide in another generation; `packages` are those that it was made of. Code
    /// systems and value sets are shared.
    pub(super) fn in_generation(&self, packages: &[&Package], generation: Generation) -> Self {
        Self::revised(packages, generation, || Arc::clone(&self.terminology))
    }

    fn revised(
        packages: &[&Package],
        generation: Generation,
        terminology: impl FnOnce() -> Arc<Terminology>,
    ) -> Self {
        let Some((own, below)) = packages.split_last() else {
            return Self::compile(packages, terminology());
        };
        let own = if generation == Generation::default() {
            Cow::Borrowed(*own)
        } else {
            Cow::Owned((*own).clone().revised(generation))
        };
        let packages: Vec<&Package> = below.iter().copied().chain([&*own]).collect();
        let mut guide = Self::compile(&packages, terminology());
        for definition in own.definitions.iter().filter(|one| one.version == own.version) {
            for named in Generation::ALL {
                guide.schema.also_answer_to(&definition.url, named.version());
            }
        }
        guide
    }

    fn compile(packages: &[&Package], terminology: Arc<Terminology>) -> Self {
        let snapshots = snapshot::complete(packages);
        let schema = Schema::compile(&snapshots.definitions, &terminology);
        let plain = terminology.urls().chain(schema.urls()).filter(|url| walk::is_plain_url(url));
        let plain_urls = plain.map(Into::into).collect();
        let guide = packages.last();
        let own = guide.into_iter().flat_map(|package| &package.definitions);
        let named = packages.iter().flat_map(|package| &package.naming_systems);
        Self {
            schema,
            terminology,
            own: own.map(|definition| definition.url.as_str().into()).collect(),
            named: named
                .flat_map(|system| &system.unique_ids)
                .map(|id| id.as_str().into())
                .collect(),
            plain_urls,
            coding: Symbol::named("coding"),
            system: Symbol::named("system"),
            code: Symbol::named("code"),
        }
    }

    /// What could not be compiled.
    pub fn faults(&self) -> &[SchemaFault] {
        self.schema.faults()
    }

    /// The compiled definitions.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The code systems and value sets.
    pub fn terminology(&self) -> &Terminology {
        &self.terminology
    }

    /// Whether the guide itself defines a canonical with just this version.
    pub fn has_version(&self, canonical: &str) -> bool {
        canonical.contains('|') && self.has_own(canonical) && self.schema.defines(canonical)
    }

    /// Whether the guide itself defines a canonical, whatever its version.
    pub fn has_own(&self, canonical: &str) -> bool {
        self.own.contains(canonical.split('|').next().unwrap_or_default())
    }

    /// Whether a URL is defined and well-formed, so that no rule has to look at it.
    pub(crate) fn is_plain_url(&self, url: &str) -> bool {
        self.plain_urls.contains(url)
    }

    /// Whether a URL names anything that is defined, or a part of it.
    pub(crate) fn knows_url(&self, url: &str) -> bool {
        let url = url.split('#').next().unwrap_or_default();
        self.schema.defines(url)
            || self.terminology.code_system(url).is_some()
            || self.terminology.value_set(url).is_some()
            || self.named.contains(url)
            || walk::is_named_for_others(url)
    }

    /// Whether a code, Coding, Quantity or CodeableConcept is in a value set; none where
    /// there is nothing that could be.
    pub(crate) fn membership(&self, value: Value<'_>, set: ValueSetId) -> Option<Membership> {
        if value.kind() == Kind::String {
            return Some(self.terminology.contains(set, None, &value.as_str()?));
        }
        if let Some(codings) = value.field(self.coding) {
            let of = codings.items().filter_map(|coding| self.membership(coding, set));
            return of.reduce(better);
        }
        let code = value.field(self.code)?.as_str()?;
        let system = value.field(self.system)?.as_str()?;
        Some(self.terminology.contains(set, Some(&system), &code))
    }

    /// The answer of `memberOf`.
    pub(crate) fn member_of(&self, element: Value<'_>, value_set: &str) -> Option<bool> {
        let set = self.terminology.value_set(value_set)?;
        match self.membership(element, set) {
            Some(Membership::Member) => Some(true),
            Some(Membership::NotMember) | None => Some(false),
            Some(Membership::Undecidable) => None,
        }
    }
}

fn better(one: Membership, other: Membership) -> Membership {
    match (one, other) {
        (Membership::Member, _) | (_, Membership::Member) => Membership::Member,
        (Membership::Undecidable, _) | (_, Membership::Undecidable) => Membership::Undecidable,
        _ => Membership::NotMember,
    }
}
