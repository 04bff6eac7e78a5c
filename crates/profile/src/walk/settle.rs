//! 決着 — settles units, those they depend on first.

use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
};

use super::{
    finding::{Finding, Findings},
    object::NAMES,
    resources::{ResourceId, Resources},
    texts,
    unit::{Demand, Unit, Walk},
};
use crate::{
    few::Few,
    json::{Document, Value},
    schema::{ProfileId, Schema},
    validator::{Guide, Mode},
};

/// 検査 — the checking of one document against one guide.
pub(crate) struct Check<'c, 'd> {
    pub(crate) guide: &'c Guide,
    /// Whose verdict is asked for.
    pub(crate) mode: Mode,
    pub(crate) resources: Resources<'d>,
    /// A walk settles what its slices hang on while it is under way.
    units: RefCell<Units>,
    /// Every id of the document and where it stands, sorted; made when the first is asked for.
    ids: OnceCell<Vec<(Cow<'d, str>, usize)>>,
}

/// A unit and how far it is.
struct Settled {
    resource: ResourceId,
    profile: ProfileId,
    state: State,
    findings: Findings,
    demands: Vec<Demand>,
    /// Another unit of the same resource.
    next: Option<usize>,
}

/// The units of a document.
struct Units {
    all: Vec<Settled>,
    /// One of the units of each resource.
    of_resource: Vec<Option<usize>>,
    /// How many elements were looked at, for the tests of linearity.
    steps: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// It is being walked.
    Walking,
    /// It was walked, but which slice some item belongs to hangs on other units.
    Waiting,
    /// It was walked; its demands are being settled.
    Walked,
    Done,
}

/// How deep walks may settle each other before they give up and are repeated.
const MAX_NESTED: u32 = 8;

impl Units {
    fn new(resources: usize) -> Self {
        let all = Vec::with_capacity(resources + resources / 2);
        Self { all, of_resource: vec![None; resources], steps: 0 }
    }

    fn find(&self, resource: ResourceId, profile: ProfileId) -> Option<usize> {
        let mut at = self.of_resource[resource.0 as usize];
        while let Some(unit) = at.filter(|unit| self.all[*unit].profile != profile) {
            at = self.all[unit].next;
        }
        at
    }

    fn get(&mut self, resource: ResourceId, profile: ProfileId) -> usize {
        self.find(resource, profile).unwrap_or_else(|| {
            let (findings, demands) = (Findings::default(), Vec::new());
            let next = self.of_resource[resource.0 as usize].replace(self.all.len());
            let state = State::New;
            self.all.push(Settled { resource, profile, state, findings, demands, next });
            self.all.len() - 1
        })
    }

    /// Of what was put onto a stack keeps the new ones, the first on top.
    fn put_in_order(&self, stack: &mut Vec<usize>, first: usize) {
        let mut kept = first;
        for at in first..stack.len() {
            if self.all[stack[at]].state == State::New {
                stack[kept] = stack[at];
                kept += 1;
            }
        }
        stack.truncate(kept);
        stack[first..].reverse();
    }
}

impl<'c, 'd> Check<'c, 'd> {
    pub(crate) fn new(guide: &'c Guide, document: &'d Document<'d>, mode: Mode) -> Self {
        let resources = Resources::new(guide.schema(), document.root());
        let units = RefCell::new(Units::new(resources.count()));
        Self { guide, mode, resources, units, ids: OnceCell::new() }
    }

    pub(crate) fn schema(&self) -> &'c Schema {
        self.guide.schema()
    }

    /// Whether a part of the document, or something in it, has this id.
    pub(super) fn has_id(&self, part: Value<'d>, id: &str) -> bool {
        let ids = self.ids.get_or_init(|| {
            let all = part.document().root().descendants();
            let ids = all.filter(|own| own.symbol() == NAMES.id);
            let mut ids: Vec<_> =
                ids.filter_map(|own| Some((own.as_str()?, own.span().start))).collect();
            ids.sort_unstable();
            ids
        });
        let span = part.span();
        let first = ids.partition_point(|(own, at)| (&**own, *at) < (id, span.start));
        ids.get(first).is_some_and(|(own, at)| own == id && *at < span.end)
    }

    /// How many elements were looked at.
    pub(crate) fn steps(&self) -> u64 {
        self.units.borrow().steps
    }

    /// Everything that is wrong with the document's resource and what it holds.
    pub(crate) fn run(&self) -> Vec<Finding> {
        let Some(root) = self.resources.root() else { return Vec::new() };
        let mut found = Vec::new();
        let mut seen: Vec<bool> = Vec::new();
        let mut waiting = vec![(root, None)];
        let mut asked = Vec::new();
        while let Some((resource, profile)) = waiting.pop() {
            self.add_units(resource, profile, &mut asked);
            for unit in asked.drain(..) {
                self.settle(vec![unit], 0);
                let units = &mut *self.units.borrow_mut();
                if seen.len() < units.all.len() {
                    seen.resize(units.all.len(), false);
                }
                if std::mem::replace(&mut seen[unit], true) {
                    continue;
                }
                found.append(&mut units.all[unit].findings.kept);
                for demand in &units.all[unit].demands {
                    if let Demand::Child { resource, profiles, .. } = demand {
                        waiting.push((*resource, profiles.first().copied()));
                    }
                }
            }
        }
        found
    }

    /// Adds the units that together say whether a resource conforms, to a profile if one is
    /// given.
    fn add_units(&self, resource: ResourceId, profile: Option<ProfileId>, units: &mut Vec<usize>) {
        let own = &self.resources[resource].profiles;
        let more = profile.filter(|profile| !own.is_empty() && !self.is_covered(own, *profile));
        let all = &mut *self.units.borrow_mut();
        units.extend(own.iter().chain(&more).map(|profile| all.get(resource, *profile)));
    }

    /// Whether who meets these profiles meets another one too.
    fn is_covered(&self, own: &[ProfileId], profile: ProfileId) -> bool {
        own.iter().any(|other| self.schema().builds_on(*other, profile))
    }

    fn state(&self, unit: usize) -> State {
        self.units.borrow().all[unit].state
    }

    /// Settles units, the last first.
    fn settle(&self, mut stack: Vec<usize>, depth: u32) {
        while let Some(&top) = stack.last() {
            match self.state(top) {
                State::New | State::Waiting => self.walk(top, depth, &mut stack),
                State::Walked => {
                    self.judge(top);
                    stack.pop();
                }
                // Another walk has it in hand.
                State::Walking | State::Done => {
                    stack.pop();
                }
            }
        }
    }

    /// Settles what tells whether a resource conforms to a profile, for a walk that has to
    /// know before it can go on. Whether that was possible.
    pub(super) fn settle_nested(
        &self,
        resource: ResourceId,
        profile: ProfileId,
        depth: u32,
    ) -> bool {
        if depth >= MAX_NESTED {
            return false;
        }
        let mut stack = Vec::new();
        self.add_units(resource, Some(profile), &mut stack);
        self.units.borrow().put_in_order(&mut stack, 0);
        self.settle(stack, depth + 1);
        true
    }

    /// Walks a unit; adds the new units that it needs settled next.
    fn walk(&self, unit: usize, depth: u32, stack: &mut Vec<usize>) {
        let (resource, profile, is_last_try) = {
            let own = &mut self.units.borrow_mut().all[unit];
            let is_last_try = own.state == State::Waiting;
            own.state = State::Walking;
            (own.resource, own.profile, is_last_try)
        };
        let walked: Unit = Walk::new(self, resource, profile, depth).run(is_last_try);
        let first = stack.len();
        for (resource, profile) in &walked.needs {
            self.add_units(*resource, Some(*profile), stack);
        }
        if walked.needs.is_empty() {
            for (resource, profiles) in walked.demands.iter().map(Demand::wanted) {
                if profiles.is_empty() {
                    self.add_units(resource, None, stack);
                }
                for profile in profiles {
                    self.add_units(resource, Some(*profile), stack);
                }
            }
        }
        let units = &mut *self.units.borrow_mut();
        units.steps += walked.steps;
        let own = &mut units.all[unit];
        if walked.needs.is_empty() {
            own.state = State::Walked;
            own.demands = walked.demands;
            own.findings = walked.findings;
        } else {
            own.state = State::Waiting;
        }
        units.put_in_order(stack, first);
    }

    /// Adds what the demands of a walked unit find.
    fn judge(&self, unit: usize) {
        let demands = std::mem::take(&mut self.units.borrow_mut().all[unit].demands);
        let mut findings = std::mem::take(&mut self.units.borrow_mut().all[unit].findings);
        for demand in &demands {
            match demand {
                Demand::Child { at, resource, profiles } => {
                    self.judge_child(&mut findings, *at, *resource, profiles);
                }
                Demand::Reference { at, resource, candidates } => {
                    let mut candidates = candidates.iter();
                    let found = candidates
                        .any(|profile| self.conforms(*resource, Some(*profile)) != Some(false));
                    if !found {
                        findings.rule(&texts::REFERENCE_TARGET, *at, Cow::Borrowed(""));
                    }
                }
            }
        }
        let own = &mut self.units.borrow_mut().all[unit];
        own.findings = findings;
        own.demands = demands;
        own.state = State::Done;
    }

    fn judge_child(
        &self,
        findings: &mut Findings,
        at: u32,
        resource: ResourceId,
        profiles: &[ProfileId],
    ) {
        let mut wanted = profiles.iter().map(|profile| Some(*profile));
        let conforms = match profiles {
            [] => self.conforms(resource, None) != Some(false),
            _ => wanted.any(|profile| self.conforms(resource, profile) != Some(false)),
        };
        if profiles.len() > 1 && !conforms {
            findings.rule(&texts::NO_PROFILE_HOLDS, at, Cow::Borrowed(""));
        }
        // The child's own findings are reported with it; here they only count.
        if !conforms {
            findings.errors += 1;
        }
    }

    /// Of several profiles that would do the one that the resource meets by meeting its own:
    /// no other has to be looked at.
    pub(super) fn least(&self, resource: ResourceId, wanted: Few<ProfileId>) -> Few<ProfileId> {
        let own = &self.resources[resource].profiles;
        let covered = wanted.iter().copied().find(|profile| self.is_covered(own, *profile));
        covered.map_or(wanted, Few::One)
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
        let wanted = profile.filter(|profile| !own.is_empty() && !self.is_covered(own, *profile));
        let mut answer = Some(!own.is_empty());
        let units = self.units.borrow();
        for profile in own.iter().chain(&wanted) {
            let unit = units.find(resource, *profile).map(|unit| &units.all[unit]);
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
}
