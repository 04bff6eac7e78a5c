//! 単位 — the walk of one resource against one profile.

use std::borrow::Cow;

use kyoyu_domain::problem::{Rule, Severity};

use super::{
    finding::{Broken, Finding, Findings},
    languages,
    resources::ResourceId,
    settle::Check,
};
use crate::{
    few::Few,
    fhirpath::{Environment, Focus},
    json::Value,
    schema::{ConstraintId, ElementNode, NodeId, ProfileId, Schema},
    validator::Mode,
};

/// What a unit depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Demand {
    /// A contained resource or entry has to conform to itself and to one of these.
    Child { at: u32, resource: ResourceId, profiles: Few<ProfileId> },
    /// A reference's target has to conform to one of these.
    Reference { at: u32, resource: ResourceId, candidates: Few<ProfileId> },
}

impl Demand {
    /// What has to be settled for it: the resource, and the profiles if any are demanded.
    pub(super) fn wanted(&self) -> (ResourceId, &[ProfileId]) {
        match self {
            Self::Child { resource, profiles, .. } => (*resource, profiles),
            Self::Reference { resource, candidates, .. } => (*resource, candidates),
        }
    }
}

/// What a walk leaves behind.
pub(super) struct Unit {
    pub(super) findings: Findings,
    pub(super) demands: Vec<Demand>,
    /// What has to be settled before the walk can be trusted.
    pub(super) needs: Vec<(ResourceId, ProfileId)>,
    pub(super) steps: u64,
}

/// 一巡 — one walk under way.
pub(super) struct Walk<'w, 'c, 'd> {
    pub(super) check: &'w Check<'c, 'd>,
    pub(super) schema: &'c Schema,
    pub(super) resource: ResourceId,
    pub(super) profile: ProfileId,
    /// How many walks wait for this one.
    depth: u32,
    /// Whether the resource is in a language that is not registered, so that the reference
    /// validator takes no code for a member of a value set.
    pub(super) is_untranslatable: bool,
    pub(super) findings: Findings,
    pub(super) demands: Vec<Demand>,
    pub(super) needs: Vec<(ResourceId, ProfileId)>,
    /// Counters of the tables that are being walked, innermost last.
    pub(super) counters: Vec<u32>,
    pub(super) steps: u64,
    /// Whether what is not settled counts as conformant.
    pub(super) is_last_try: bool,
    /// Whether a counter of the object that is being walked went beyond its limit.
    pub(super) is_over: bool,
    /// Room for the keys of look-ups.
    pub(super) key: String,
    /// The slice of the item before, in an ordered slicing.
    pub(super) last_slice: Option<super::slices::LastSlice>,
}

impl<'w, 'c, 'd> Walk<'w, 'c, 'd> {
    pub(super) fn new(
        check: &'w Check<'c, 'd>,
        resource: ResourceId,
        profile: ProfileId,
        depth: u32,
    ) -> Self {
        Self {
            check,
            schema: check.schema(),
            resource,
            profile,
            depth,
            is_untranslatable: check.mode == Mode::Reference
                && !languages::is_registered(&check.resources, resource),
            findings: Findings::default(),
            demands: Vec::new(),
            needs: Vec::new(),
            counters: Vec::with_capacity(512),
            steps: 0,
            is_last_try: false,
            is_over: false,
            key: String::new(),
            last_slice: None,
        }
    }

    pub(super) fn run(mut self, is_last_try: bool) -> Unit {
        self.is_last_try = is_last_try;
        let resource = &self.check.resources[self.resource];
        let value = resource.value;
        let root = self.schema.profile(self.profile).root;
        if let Some(table) = self.schema.table_of(root) {
            self.object(value, table, super::object::Around::resource());
        }
        // A walk that has to be repeated need not be finished.
        if is_last_try || self.needs.is_empty() {
            if self.check.is_primary(self.resource, self.profile) {
                self.primary_rules(value);
            }
            let node = self.schema.node(root);
            self.constraints(&node.constraints, Focus::of(value));
        }
        let Self { findings, demands, needs, steps, .. } = self;
        let needs = if is_last_try { Vec::new() } else { needs };
        Unit { findings, demands, needs, steps }
    }

    /// What the document knows around the resource.
    pub(super) fn surroundings(&self) -> Surroundings<'w, 'c, 'd> {
        let Self { check, resource, depth, .. } = *self;
        Surroundings { check, resource, extension: None, depth }
    }

    pub(super) fn node(&self, id: NodeId) -> &'c ElementNode {
        self.schema.node(id)
    }

    pub(super) fn broken(&mut self, rule: &'static Rule, value: Value<'d>) {
        self.findings.rule(rule, value.id(), Cow::Borrowed(""));
    }

    pub(super) fn broken_with(&mut self, rule: &'static Rule, value: Value<'d>, argument: &str) {
        self.findings.rule(rule, value.id(), Cow::Owned(argument.to_owned()));
    }

    pub(super) fn broken_if(&mut self, is_broken: bool, rule: &'static Rule, value: Value<'d>) {
        if is_broken {
            self.broken(rule, value);
        }
    }

    /// What is an error for the reference validator alone.
    pub(super) fn mirrored(&mut self, rule: &'static Rule, value: Value<'d>) {
        let severity = match self.check.mode {
            Mode::Strict => rule.severity,
            Mode::Reference => Severity::Error,
        };
        let (broken, at) = (Broken::Rule(rule), value.id());
        self.findings.push(Finding { broken, severity, at, argument: Cow::Borrowed("") });
    }

    /// What is only a warning for the reference validator.
    pub(super) fn overlooked(&mut self, rule: &'static Rule, value: Value<'d>, argument: &str) {
        let severity = match self.check.mode {
            Mode::Strict => rule.severity,
            Mode::Reference => Severity::Warning,
        };
        let (broken, at) = (Broken::Rule(rule), value.id());
        self.findings.push(Finding {
            broken,
            severity,
            at,
            argument: Cow::Owned(argument.to_owned()),
        });
    }

    /// Evaluates invariants at an element.
    pub(super) fn constraints(&mut self, constraints: &[ConstraintId], focus: Focus<'d>) {
        for id in constraints {
            let stated = self.schema.stated(*id);
            if !stated.invariant.holds(focus, &self.surroundings()) {
                let at = focus.value().or(focus.sibling()).map_or(0, Value::id);
                self.findings.push(Finding {
                    broken: Broken::Constraint(*id),
                    severity: stated.severity,
                    at,
                    argument: Cow::Borrowed(""),
                });
            }
        }
    }

    /// Whether a resource conforms to a profile, which is settled first where it is not known;
    /// what cannot be settled now is noted as needed.
    pub(super) fn conforms(&mut self, resource: ResourceId, profile: ProfileId) -> bool {
        if let Some(answer) = self.check.conforms(resource, Some(profile)) {
            return answer;
        }
        if self.check.settle_nested(resource, profile, self.depth) {
            // What is still being settled counts as conformant.
            return self.check.conforms(resource, Some(profile)) != Some(false);
        }
        self.needs.push((resource, profile));
        true
    }
}

/// 周囲 — what the document knows around a resource.
pub(super) struct Surroundings<'w, 'c, 'd> {
    pub(super) check: &'w Check<'c, 'd>,
    pub(super) resource: ResourceId,
    /// The extension of whose context an invariant is asked.
    pub(super) extension: Option<Value<'d>>,
    /// How many walks wait for what is asked.
    depth: u32,
}

impl<'d> Environment<'d> for Surroundings<'_, '_, 'd> {
    fn resource(&self) -> Option<Value<'d>> {
        Some(self.check.resources[self.resource].value)
    }

    fn root_resource(&self) -> Option<Value<'d>> {
        let outer = self.check.resources.outer(self.resource);
        Some(self.check.resources[outer].value)
    }

    fn contains(&self, id: &str) -> bool {
        let resources = &self.check.resources;
        resources.contained_in(resources.outer(self.resource), id).is_some()
    }

    /// To the reference validator it is nothing.
    fn extension(&self) -> Option<Value<'d>> {
        self.extension.filter(|_| self.check.mode == Mode::Strict)
    }

    fn resolve(&self, reference: &str) -> Option<Value<'d>> {
        self.check.resolve(self.resource, reference).map(|id| self.check.resources[id].value)
    }

    fn member_of(&self, element: Value<'d>, value_set: &str) -> Option<bool> {
        self.check.guide.member_of(element, value_set)
    }

    fn conforms_to(&self, element: Value<'d>, profile: &str) -> Option<bool> {
        let profile = self.check.schema().find(profile)?;
        let resource = self.check.resources.at(element)?;
        let known = self.check.conforms(resource, Some(profile));
        known.or_else(|| {
            self.check.settle_nested(resource, profile, self.depth);
            self.check.conforms(resource, Some(profile))
        })
    }
}
