//! 神託 — what must be readable, what may be deleted, and what each call is answered.
//!
//! Written sentence by sentence from the design; every answer is found by looking at
//! everything again. Slow and simple on purpose.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    BundleName, Dated, Deed, Event, ListOf, Policy, Resource, Said, Scope, Sort, Type,
    calendar::{Day, Millis},
};

/// Which version of a Bundle: when it was registered, and what decides between versions of
/// the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// When it was registered.
    pub registered_at: Millis,
    /// Unique; the greater is the newer.
    pub tie: u128,
}

/// One stored copy of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The Bundle that brought it.
    pub bundle: BundleName,
    /// The version of that Bundle.
    pub version: Version,
    /// Its place in the Bundle, from 1.
    pub ordinal: u16,
    /// The resource.
    pub resource: Resource,
    /// When its Bundle was cancelled, if it is.
    pub cancelled_at: Option<Millis>,
}

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// An institution's user with full consent.
    Institution,
    /// The patient.
    Patient,
}

/// How a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Something changed.
    Done,
    /// It was so already.
    Repeated,
    /// Refused by this rule.
    Refused(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Registered {
        registered_at: Millis,
        restored_at: Option<Millis>,
    },
    Cancelled {
        at: Millis,
    },
    /// The purge has taken all of it.
    Emptied,
}

/// 患者 — what is stored of one patient.
#[derive(Debug, Clone)]
pub struct Patient {
    policy: Policy,
    held: Vec<Held>,
    bundles: BTreeMap<BundleName, State>,
}

impl Patient {
    /// A patient of whom nothing is known.
    pub fn new(policy: Policy) -> Self {
        Self { policy, held: Vec::new(), bundles: BTreeMap::new() }
    }

    /// What is stored.
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// Lets something happen, with the tie that the event names.
    pub fn live(&mut self, event: &Event) -> Answer {
        self.apply(&event.deed, Version { registered_at: event.at, tie: event.tie.into() })
    }

    /// Lets something happen at the instant and with the tie of a version.
    ///
    /// Design §3: register, change, cancel, undo.
    pub fn apply(&mut self, deed: &Deed, version: Version) -> Answer {
        let now = version.registered_at;
        let answer = self.answer(deed, now);
        if answer != Answer::Done {
            return answer;
        }
        match deed {
            Deed::Register(name, resources) | Deed::Change(name, resources) => {
                // "replaces in one transaction"
                self.held.retain(|one| one.bundle != *name);
                self.store(*name, version, resources);
            }
            Deed::Cancel(name) => {
                self.bundles.insert(*name, State::Cancelled { at: now });
                self.set_cancelled(*name, Some(now));
            }
            Deed::Undo(name) => {
                // "the clock of retention does not restart"
                let registered_at = self.registered_at(*name);
                let restored_at = Some(now);
                self.bundles.insert(*name, State::Registered { registered_at, restored_at });
                self.set_cancelled(*name, None);
            }
            Deed::Purge => {
                self.purge(now);
            }
        }
        answer
    }

    /// How a call at `now` is answered.
    pub fn answer(&self, deed: &Deed, now: Millis) -> Answer {
        let state = match deed {
            Deed::Purge => return Answer::Done,
            Deed::Register(name, _)
            | Deed::Change(name, _)
            | Deed::Cancel(name)
            | Deed::Undo(name) => self.bundles.get(name),
        };
        let Some(state) = state else {
            return match deed {
                Deed::Register(..) => Answer::Done,
                _ => Answer::Refused("kyoyu-not-found"),
            };
        };
        match (deed, state) {
            (_, State::Emptied) => Answer::Refused("kyoyu-bundle-used"),
            (Deed::Register(..), State::Registered { .. }) => {
                Answer::Refused("kyoyu-bundle-exists")
            }
            (Deed::Undo(_), State::Registered { registered_at, restored_at }) => {
                // A repeated undo is answered like the first.
                match restored_at {
                    Some(at) if at != registered_at => Answer::Repeated,
                    _ => Answer::Refused("kyoyu-not-cancelled"),
                }
            }
            (_, State::Registered { .. }) => Answer::Done,
            (deed, State::Cancelled { at }) => {
                match (deed, self.undo_is_over(*at, Day::of(now))) {
                    (Deed::Undo(_), false) => Answer::Done,
                    (Deed::Undo(_), true) => Answer::Refused("kyoyu-undo-over"),
                    (Deed::Cancel(_), false) => Answer::Repeated,
                    // "Register after cancel: 409 naming undo; after the undo window or the
                    // purge: 409 identifier used"
                    (_, false) => Answer::Refused("kyoyu-bundle-cancelled"),
                    (_, true) => Answer::Refused("kyoyu-bundle-used"),
                }
            }
        }
    }

    fn registered_at(&self, name: BundleName) -> Millis {
        let one = self.held.iter().find(|one| one.bundle == name);
        one.expect("a Bundle of which nothing is left is emptied").version.registered_at
    }

    fn store(&mut self, bundle: BundleName, version: Version, resources: &[Resource]) {
        let registered_at = version.registered_at;
        self.bundles.insert(bundle, State::Registered { registered_at, restored_at: None });
        for (nth, resource) in resources.iter().enumerate() {
            let ordinal = nth as u16 + 1;
            self.held.push(Held {
                bundle,
                version,
                ordinal,
                resource: *resource,
                cancelled_at: None,
            });
        }
    }

    fn set_cancelled(&mut self, name: BundleName, at: Option<Millis>) {
        for one in self.held.iter_mut().filter(|one| one.bundle == name) {
            one.cancelled_at = at;
        }
    }

    fn undo_is_over(&self, began_at: Millis, today: Day) -> bool {
        today > Day::of(began_at).after_days(self.policy.undo_days)
    }

    /// Deletes what may be deleted; answers how many.
    pub fn purge(&mut self, now: Millis) -> usize {
        let view = self.view();
        let gone: BTreeSet<usize> =
            (0..self.held.len()).filter(|which| view.is_deletable(*which, now)).collect();
        let mut position = 0;
        self.held.retain(|_| {
            position += 1;
            !gone.contains(&(position - 1))
        });
        let left: BTreeSet<BundleName> = self.held.iter().map(|one| one.bundle).collect();
        for (name, state) in &mut self.bundles {
            if !left.contains(name) {
                *state = State::Emptied;
            }
        }
        gone.len()
    }

    /// A look at what is stored, as long as nothing is written.
    pub fn view(&self) -> View<'_> {
        View::of(&self.held, self.policy)
    }
}

/// 現状 — what holds as long as nothing is written.
#[derive(Debug)]
pub struct View<'a> {
    held: &'a [Held],
    policy: Policy,
    /// Per copy, for speed only: the copy that hides it, and the days that matter.
    hidden_by: Vec<Option<usize>>,
    last_day: Vec<Day>,
    settled_after: Vec<Day>,
}

impl<'a> View<'a> {
    /// A look at copies of one patient.
    pub fn of(held: &'a [Held], policy: Policy) -> Self {
        let hidden_by =
            held.iter().map(|one| newest_elsewhere(held, one, policy.list_of)).collect();
        let registered_on = |one: &Held| Day::of(one.version.registered_at);
        Self {
            held,
            policy,
            hidden_by,
            last_day: held
                .iter()
                .map(|one| registered_on(one).after_years(years_kept(one.resource.sort)))
                .collect(),
            settled_after: held
                .iter()
                .map(|one| registered_on(one).after_days(policy.undo_days))
                .collect(),
        }
    }

    /// The days after which something may change for a copy by itself.
    pub fn last_days(&self, which: usize) -> Vec<Day> {
        let cancelled_on = self.held[which].cancelled_at.map(Day::of);
        let over = cancelled_on.map(|day| day.after_days(self.policy.undo_days));
        [self.last_day[which], self.settled_after[which]].into_iter().chain(over).collect()
    }

    /// "Expired is invisible"; "hidden at once"; "older copies are hidden".
    pub fn is_readable(&self, which: usize, at: Millis) -> bool {
        self.held[which].cancelled_at.is_none()
            && self.hidden_by[which].is_none()
            && !self.is_over(which, Day::of(at))
    }

    /// Whether a reader is shown a copy.
    pub fn is_shown(&self, which: usize, at: Millis, reader: Reader) -> bool {
        self.is_readable(which, at) && is_ever_shown(&self.held[which].resource, reader)
    }

    /// Whether the purge may, and a purge must, delete a copy.
    pub fn is_deletable(&self, which: usize, at: Millis) -> bool {
        let (one, today) = (&self.held[which], Day::of(at));
        if let Some(cancelled_at) = one.cancelled_at {
            // "restorable for the undo window"; "age goes on while a submission is
            // cancelled: an undo could not make it readable"
            let restorable = today <= Day::of(cancelled_at).after_days(self.policy.undo_days);
            let would_be_too_old = !one.resource.long_term
                && !has_last_three(&one.resource)
                && self.is_old(which, today);
            return !restorable || would_be_too_old;
        }
        // Too old whoever undoes what.
        let over_by_itself = !one.resource.long_term
            && self.is_old(which, today)
            && (!has_last_three(&one.resource) || self.newer_times(which, Some(today)) >= 3);
        let Some(newer) = self.hidden_by[which] else { return over_by_itself };
        // "lasts as long as it would by itself without a long-term flag, but never longer
        // than the copy that took its place"; "only when that registration's own undo
        // window has passed"
        let undoable = today <= self.settled_after[newer];
        over_by_itself
            || (!undoable && (self.is_old(which, today) || self.is_finished(newer, today)))
    }

    /// Whether a copy that nothing hides is beyond its period and every exemption.
    fn is_over(&self, which: usize, today: Day) -> bool {
        let resource = &self.held[which].resource;
        let kept_as_newest = has_last_three(resource) && self.newer_times(which, None) < 3;
        self.is_old(which, today) && !resource.long_term && !kept_as_newest
    }

    /// Whether what a copy hides has nothing to wait for: "nothing may come back because
    /// something newer has expired", also where that is hidden itself.
    fn is_finished(&self, which: usize, today: Day) -> bool {
        match self.hidden_by[which] {
            None => self.is_over(which, today),
            Some(newer) => self.is_old(which, today) || self.is_finished(newer, today),
        }
    }

    /// "readable through the last day"
    fn is_old(&self, which: usize, today: Day) -> bool {
        today > self.last_day[which]
    }

    /// How many distinct collection times are newer than that of a copy; with a day: only
    /// those of which a copy was settled before that day.
    fn newer_times(&self, which: usize, settled_before: Option<Day>) -> usize {
        let one = &self.held[which];
        let mut times = Vec::new();
        for (nth, other) in self.held.iter().enumerate() {
            let same_count = other.resource.sort == one.resource.sort
                && match self.policy.last_three_of {
                    Scope::Patient => true,
                    Scope::Item => other.resource.item == one.resource.item,
                    Scope::Institution => other.bundle.institution == one.bundle.institution,
                };
            // "Results without a value, cancelled submissions, hidden older copies and
            // kinds without the rule do not count."
            let counts = other.cancelled_at.is_none()
                && self.hidden_by[nth].is_none()
                && has_last_three(&other.resource);
            let settled = settled_before.is_none_or(|today| self.is_settled(nth, today));
            let time = collected_at(other);
            if same_count && counts && settled && time > collected_at(one) && !times.contains(&time)
            {
                times.push(time);
            }
        }
        times.len()
    }

    /// "only when that registration's own undo window has passed", and when no cancelled
    /// newer copy can be restored, which would hide this one.
    fn is_settled(&self, which: usize, today: Day) -> bool {
        let one = &self.held[which];
        let may_be_hidden_again = (0..self.held.len()).any(|nth| {
            let other = &self.held[nth];
            other.cancelled_at.is_some()
                && is_same_resource(one, other)
                && precedence(other) > precedence(one)
                && !self.is_deletable(nth, today.starts_at())
        });
        today > self.settled_after[which] && !may_be_hidden_again
    }
}

/// "Within one institution and type a newer registration of the same resource identifier
/// hides the older copies of other submissions"; "a new list also supersedes older Bundles of
/// that scope".
fn newest_elsewhere(held: &[Held], one: &Held, list_of: ListOf) -> Option<usize> {
    let mut newest: Option<usize> = None;
    for (nth, other) in held.iter().enumerate() {
        let hides = (is_same_resource(one, other) || is_same_list(one, other, list_of))
            && other.cancelled_at.is_none()
            && other.version != one.version
            && precedence(other) > precedence(one);
        if hides && newest.is_none_or(|best| precedence(&held[best]) < precedence(other)) {
            newest = Some(nth);
        }
    }
    newest
}

/// "what was sent as such hides what was extracted of a letter, whichever is newer"; of two of
/// a sort the newer.
fn precedence(one: &Held) -> (bool, Version) {
    (!one.resource.extracted, one.version)
}

/// "Within one institution and type"
fn is_same_resource(one: &Held, other: &Held) -> bool {
    other.bundle.institution == one.bundle.institution
        && other.resource.sort.of_type() == one.resource.sort.of_type()
        && other.resource.identifier == one.resource.identifier
}

/// "A new Condition or AllergyIntolerance list": same institution and type; with departments
/// also the same department, of which there must be one. A letter is no list.
fn is_same_list(one: &Held, other: &Held, list_of: ListOf) -> bool {
    let of_type = one.resource.sort.of_type();
    let is_list = matches!(of_type, Type::Condition | Type::AllergyIntolerance)
        && of_type == other.resource.sort.of_type()
        && one.bundle.institution == other.bundle.institution
        && !one.resource.extracted
        && !other.resource.extracted;
    match list_of {
        ListOf::Nothing => false,
        ListOf::Institution => is_list,
        ListOf::Department => {
            let department = one.resource.department;
            is_list && department.is_some() && department == other.resource.department
        }
    }
}

/// "a date without a time is the start of its day"
fn collected_at(one: &Held) -> Millis {
    match one.resource.dated {
        Some(Dated::At(at)) => at,
        Some(Dated::On(day)) => day.starts_at(),
        None => one.version.registered_at,
    }
}

/// Design §2, the column "kept from registration".
fn years_kept(sort: Sort) -> i32 {
    match sort {
        Sort::Condition | Sort::Infection | Sort::DrugAllergy | Sort::OtherAllergy => 5,
        Sort::Lab | Sort::LabUnlisted => 1,
    }
}

/// Design §2, the column "last N", for results that have a value and are right.
fn has_last_three(resource: &Resource) -> bool {
    resource.sort == Sort::Lab && resource.said == Said::Standing
}

/// Design §2: "entered-in-error of any kind is never shown; refuted conditions never,
/// refuted allergies always"; "未告知 never reach the patient; 未提供 reach nobody"; unlisted
/// results have no readers.
fn is_ever_shown(resource: &Resource, reader: Reader) -> bool {
    let untold = resource.uninformed && reader == Reader::Patient;
    let by_standing = match resource.said {
        Said::EnteredInError => false,
        Said::Refuted => resource.sort != Sort::Condition,
        Said::Standing | Said::Awaited | Said::NotDone => true,
    };
    let hidden = resource.undelivered || untold || resource.sort == Sort::LabUnlisted;
    by_standing && !hidden
}
