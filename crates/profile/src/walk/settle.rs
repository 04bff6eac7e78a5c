//! 決着 — settles units, those they depend on first.

use std::borrow::Cow;

use super::{
    finding::{Finding, Findings},
    resources::{ResourceId, Resources, Role},
    texts,
    unit::{Demand, Unit, Walk},
};
use crate::{
    hash::NumberMap,
    json::Document,
    schema::{ProfileId, Schema},
    validator::{Guide, Mode},
};

/// 検査 — the checking of one document against one guide.
pub(crate) struct Check<'c, 'd> {
    pub(crate) guide: &'c Guide,
    /// Whose verdict is asked for.
    pub(crate) mode: Mode,
    pub(crate) resources: Resources<'d>,
    units: Vec<Settled>,
    by_pair: NumberMap<(ResourceId, ProfileId), usize>,
    /// How many elements were looked at, for the tests of linearity.
    pub(crate) steps: u64,
}

/// A unit and how far it is.
struct Settled {
    resource: ResourceId,
    profile: ProfileId,
    state: State,
    findings: Findings,
    demands: Vec<Demand>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// It was walked, but which slice some item belongs to hangs on other units.
    Waiting,
    /// It was walked; its demands are being settled.
    Walked,
    Done,
}

impl<'c, 'd> Check<'c, 'd> {
    pub(crate) fn new(guide: &'c Guide, document: &'d Document<'d>, mode: Mode) -> Self {
        let resources = Resources::new(guide.schema(), document.root());
        Self { guide, mode, resources, units: Vec::new(), by_pair: NumberMap::default(), steps: 0 }
    }

    pub(crate) fn schema(&self) -> &'c Schema {
        self.guide.schema()
    }

    /// Everything that is wrong with the document's resource and what it holds.
    pub(crate) fn run(&mut self) -> Vec<Finding> {
        let Some(root) = self.resources.root() else { return Vec::new() };
        let mut visited = Vec::new();
        let mut seen = vec![false; 0];
        let mut waiting = vec![(root, None)];
        while let Some((resource, profile)) = waiting.pop() {
            for unit in self.units_for(resource, profile) {
                self.settle(unit);
                if seen.len() < self.units.len() {
                    seen.resize(self.units.len(), false);
                }
                if std::mem::replace(&mut seen[unit], true) {
                    continue;
                }
                visited.push(unit);
                for demand in &self.units[unit].demands {
                    if let Demand::Child { resource, profiles, .. } = demand {
                        waiting.push((*resource, profiles.first().copied()));
                    }
                }
            }
        }
        let kept = visited.iter().map(|unit| &self.units[*unit].findings.kept);
        kept.flatten().cloned().collect()
    }

    /// The units that together say whether a resource conforms, to a profile if one is given.
    fn units_for(&mut self, resource: ResourceId, profile: Option<ProfileId>) -> Vec<usize> {
        let pairs = self.profiles_for(resource, profile);
        pairs.into_iter().map(|profile| self.unit(resource, profile)).collect()
    }

    fn profiles_for(&self, resource: ResourceId, profile: Option<ProfileId>) -> Vec<ProfileId> {
        let own = &self.resources[resource].profiles;
        let mut profiles = own.clone();
        if let Some(profile) = profile
            && !own.is_empty()
            && !own.iter().any(|other| self.schema().builds_on(*other, profile))
        {
            profiles.push(profile);
        }
        profiles
    }

    fn unit(&mut self, resource: ResourceId, profile: ProfileId) -> usize {
        let units = &mut self.units;
        *self.by_pair.entry((resource, profile)).or_insert_with(|| {
            let (findings, demands) = (Findings::default(), Vec::new());
            units.push(Settled { resource, profile, state: State::New, findings, demands });
            units.len() - 1
        })
    }

    fn settle(&mut self, unit: usize) {
        let mut stack = vec![unit];
        while let Some(&top) = stack.last() {
            match self.units[top].state {
                State::New | State::Waiting => {
                    let needed = self.walk(top);
                    stack.extend(needed.into_iter().rev());
                }
                State::Walked => {
                    self.judge(top);
                    stack.pop();
                }
                State::Done => {
                    stack.pop();
                }
            }
        }
    }

    /// Walks a unit; answers the new units that it needs settled next.
    fn walk(&mut self, unit: usize) -> Vec<usize> {
        let (resource, profile) = (self.units[unit].resource, self.units[unit].profile);
        let is_last_try = self.units[unit].state == State::Waiting;
        let walked: Unit = Walk::new(self, resource, profile).run(is_last_try);
        self.steps += walked.steps;
        let mut needed = Vec::new();
        if walked.needs.is_empty() {
            self.units[unit].state = State::Walked;
            for (resource, profile) in walked.demands.iter().flat_map(Demand::pairs) {
                needed.extend(self.units_for(resource, profile));
            }
            self.units[unit].demands = walked.demands;
            self.units[unit].findings = walked.findings;
        } else {
            self.units[unit].state = State::Waiting;
            for (resource, profile) in walked.needs {
                needed.extend(self.units_for(resource, Some(profile)));
            }
        }
        needed.retain(|unit| self.units[*unit].state == State::New);
        needed
    }

    /// Adds what the demands of a walked unit find.
    fn judge(&mut self, unit: usize) {
        let demands = std::mem::take(&mut self.units[unit].demands);
        for demand in &demands {
            match demand {
                Demand::Child { at, resource, profiles } => {
                    self.judge_child(unit, *at, *resource, profiles);
                }
                Demand::Reference { at, resource, candidates } => {
                    let mut candidates = candidates.iter();
                    let found = candidates
                        .any(|profile| self.conforms(*resource, Some(*profile)) != Some(false));
                    if !found {
                        self.units[unit].findings.rule(
                            &texts::REFERENCE_TARGET,
                            *at,
                            Cow::Borrowed(""),
                        );
                    }
                }
            }
        }
        self.units[unit].demands = demands;
        self.units[unit].state = State::Done;
    }

    fn judge_child(&mut self, unit: usize, at: u32, resource: ResourceId, profiles: &[ProfileId]) {
        let mut wanted = profiles.iter().map(|profile| Some(*profile));
        let conforms = match profiles {
            [] => self.conforms(resource, None) != Some(false),
            _ => wanted.any(|profile| self.conforms(resource, profile) != Some(false)),
        };
        if profiles.len() > 1 && !conforms {
            self.units[unit].findings.rule(&texts::NO_PROFILE_HOLDS, at, Cow::Borrowed(""));
        }
        // The child's own findings are reported with it; here they only count.
        if !conforms {
            self.units[unit].findings.errors += 1;
        }
    }

    /// Of several profiles that would do the one that the resource meets by meeting its own:
    /// no other has to be looked at.
    pub(super) fn least(&self, resource: ResourceId, wanted: Vec<ProfileId>) -> Vec<ProfileId> {
        let own = &self.resources[resource].profiles;
        let covered = wanted
            .iter()
            .copied()
            .find(|profile| own.iter().any(|other| self.schema().builds_on(*other, *profile)));
        covered.map_or(wanted, |profile| vec![profile])
    }

    /// Whether a resource conforms; none where that is not settled.
    pub(super) fn conforms(
        &self,
        resource: ResourceId,
        profile: Option<ProfileId>,
    ) -> Option<bool> {
        if let Some(profile) = profile
            && !self.is_of_type(resource, profile)
        {
            return Some(false);
        }
        let own = &self.resources[resource].profiles;
        let is_covered =
            |profile: &ProfileId| own.iter().any(|other| self.schema().builds_on(*other, *profile));
        let wanted = profile.filter(|profile| !own.is_empty() && !is_covered(profile));
        let mut answer = Some(!own.is_empty());
        for profile in own.iter().chain(&wanted) {
            let unit = self.by_pair.get(&(resource, *profile)).map(|unit| &self.units[*unit]);
            match unit.filter(|unit| unit.state == State::Done) {
                Some(unit) if unit.findings.errors > 0 => return Some(false),
                Some(_) => {}
                None => answer = None,
            }
        }
        answer
    }

    /// Whether a profile is of the resource's type or of one that it builds on.
    pub(super) fn is_of_type(&self, resource: ResourceId, profile: ProfileId) -> bool {
        let Some(own) = self.resources[resource].type_profile else { return false };
        let wanted = self.schema().profile(profile).type_id;
        wanted.is_some_and(|wanted| self.schema().builds_on(own, wanted))
    }

    /// Whether the findings about a resource itself belong to this unit.
    pub(super) fn is_primary(&self, resource: ResourceId, profile: ProfileId) -> bool {
        self.resources[resource].profiles.first() == Some(&profile)
    }

    /// Whether a resource stands inside another, so that only the outer one is the root.
    pub(super) fn is_contained(&self, resource: ResourceId) -> bool {
        self.resources[resource].role == Role::Contained
    }
}
