//! The rule of `kyoyu_domain::retention` against the oracle, without a database.
//!
//! At least a hundred thousand lives. After each event of a life, and on both sides of
//! every boundary that may follow, rule and oracle must agree about every copy. Three more
//! things must hold of the rule by itself: what may be deleted is not readable; no undo
//! that is still open makes it readable; and deleting it changes nothing for what is left.

use std::{
    collections::BTreeSet,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use kyoyu_domain::{
    catalogue,
    clock::japan_day,
    entry::{ClinicalStatus, Entry, Flags, Origin, Standing},
    identifiers::{Bucket, DepartmentHash, IdentifierHash, InstitutionNumber, SubmissionId},
    retention::{Copy, Fate, FullSetScope, LastNScope, RetentionPolicy, fates},
};
use kyoyu_tests::{
    lifecycle::{
        Dated, Deed, Event, INSTITUTIONS, Lifecycle, ListOf, Policy, Said, Scope, Type,
        calendar::{DAY, Day, Millis, SECOND, in_japan},
        generator::{Frame, lifecycle},
        oracle::{Held, Patient, Version, View},
        shrink,
    },
    seed::{cases, dice, seed},
};
use rand::{Rng, rngs::StdRng};
use uuid::Uuid;

const LIVES: u64 = 100_000;

const FRAME: Frame<'_> = Frame {
    instants: None,
    events: (2, 14),
    purges: true,
    policy: None,
    undated: true,
    letters: true,
};

#[test]
fn the_rule_agrees_with_the_oracle_on_a_hundred_thousand_lives_g6() {
    let (seed, lives) = (seed(), cases(LIVES));
    let (next, seen) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        let mut judged = 0;
        loop {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= lives {
                break;
            }
            let life = lifecycle(&mut dice(seed, case), FRAME);
            match judge(&life, Depth::Sampled(seed ^ case)) {
                Ok(instants) => judged += instants,
                Err(first) => fail(seed, case, &life, &first),
            }
        }
        seen.fetch_add(judged, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    // A generator that makes nothing happen would agree with everything.
    let judged = seen.into_inner();
    assert!(judged > lives * 100, "only {judged} judgements of {lives} lives");
}

fn fail(seed: u64, case: u64, life: &Lifecycle, first: &str) -> ! {
    let short = shrink(life, |one| judge(one, Depth::Everything).is_err());
    let last = judge(&short, Depth::Everything).expect_err("shrinking keeps the failure");
    panic!("KYOYU_SEED={seed}, life {case}: {first}\nthe shortest life that fails:\n{short}{last}");
}

/// How many instants are looked at.
#[derive(Debug, Clone, Copy)]
enum Depth {
    /// The boundaries of each copy for itself, and some of the others'.
    Sampled(u64),
    /// Every boundary of every copy for every copy.
    Everything,
}

/// Goes through a life; answers how many judgements were compared.
fn judge(life: &Lifecycle, depth: Depth) -> Result<u64, String> {
    let mut patient = Patient::new(life.policy);
    let mut judged = 0;
    for (nth, event) in life.events.iter().enumerate() {
        let before = patient.held().to_vec();
        patient.live(event);
        let last = nth + 1 == life.events.len();
        for of_type in Type::ALL.into_iter().filter(|one| last || touches(&before, event, *one)) {
            let held: Vec<Held> = patient
                .held()
                .iter()
                .filter(|one| one.resource.sort.of_type() == of_type)
                .copied()
                .collect();
            let state = State::new(held, life.policy, event.at);
            let what = state.judge(depth);
            judged +=
                what.map_err(|what| format!("after the event of {}: {what}", in_japan(event.at)))?;
        }
    }
    Ok(judged)
}

/// Whether something may be different for copies of a type after an event.
fn touches(before: &[Held], event: &Event, of_type: Type) -> bool {
    let name = match &event.deed {
        Deed::Register(_, resources) => {
            return resources.iter().any(|one| one.sort.of_type() == of_type);
        }
        Deed::Change(name, resources) => {
            if resources.iter().any(|one| one.sort.of_type() == of_type) {
                return true;
            }
            name
        }
        Deed::Cancel(name) | Deed::Undo(name) => name,
        Deed::Purge => return true,
    };
    before.iter().any(|one| one.bundle == *name && one.resource.sort.of_type() == of_type)
}

/// The copies of one type between two events.
struct State {
    held: Vec<Held>,
    policy: Policy,
    now: Millis,
    fates: Vec<Fate>,
}

impl State {
    fn new(held: Vec<Held>, policy: Policy, now: Millis) -> Self {
        let fates = fates_of(&held, policy);
        Self { held, policy, now, fates }
    }

    fn judge(&self, depth: Depth) -> Result<u64, String> {
        let mut reversed = self.held.clone();
        reversed.reverse();
        if !fates_of(&reversed, self.policy).iter().rev().eq(&self.fates) {
            return Err("the order in which copies are given matters".to_owned());
        }
        let view = View::of(&self.held, self.policy);
        let mut judged = 0;
        for which in 0..self.held.len() {
            for at in self.instants(&view, which, depth) {
                self.compare(&view, which, at)?;
                judged += 1;
            }
        }
        self.no_open_undo_brings_back_what_may_be_deleted(depth)?;
        self.deleting_changes_nothing_for_the_rest(&view, depth)?;
        Ok(judged)
    }

    /// One second before, at, and one second after each boundary that lies ahead.
    fn instants(&self, view: &View<'_>, which: usize, depth: Depth) -> Vec<Millis> {
        let boundaries_of = |which: usize| {
            let fate = &self.fates[which];
            let by_rule = [fate.gone_on, fate.deletable_on].into_iter().flatten();
            let by_rule = by_rule.map(|day| to_day(day).starts_at());
            let by_oracle = view.last_days(which).into_iter().map(|day| day.tomorrow().starts_at());
            by_rule.chain(by_oracle).collect::<Vec<_>>()
        };
        let mut boundaries = boundaries_of(which);
        match depth {
            Depth::Everything => boundaries.extend((0..self.held.len()).flat_map(boundaries_of)),
            Depth::Sampled(seed) => {
                let mut dice = self.dice(seed, which as u64);
                for _ in 0..3 {
                    boundaries.extend(boundaries_of(dice.random_range(0..self.held.len())));
                }
            }
        }
        let around = boundaries.into_iter().flat_map(|at| [at - SECOND, at, at + SECOND]);
        let far = [self.now, self.now + 4_000 * DAY];
        let mut instants: Vec<Millis> = around.chain(far).filter(|at| *at >= self.now).collect();
        instants.sort_unstable();
        instants.dedup();
        instants
    }

    fn dice(&self, seed: u64, which: u64) -> StdRng {
        dice(seed, which << 32 ^ self.now as u64)
    }

    fn compare(&self, view: &View<'_>, which: usize, at: Millis) -> Result<(), String> {
        let fate = &self.fates[which];
        let rule = (fate.readable(instant(at)), fate.deletable(japan_day(instant(at))));
        let oracle = (view.is_readable(which, at), view.is_deletable(which, at));
        if rule == oracle && !(rule.0 && rule.1) {
            return Ok(());
        }
        Err(format!(
            "at {} the rule says (readable, deletable) = {rule:?} and the oracle {oracle:?} of\n{}",
            in_japan(at),
            self.name(which)
        ))
    }

    fn name(&self, which: usize) -> String {
        let Held { bundle, version, resource, .. } = &self.held[which];
        let fate = &self.fates[which];
        format!("{bundle} registered {}: {resource}\n{fate:?}", in_japan(version.registered_at))
    }

    /// "The purge is never ahead of an undo": whichever registrations of the last days are
    /// cancelled, and whichever cancellations that can still be undone are undone, nothing
    /// that may be deleted now would be readable.
    fn no_open_undo_brings_back_what_may_be_deleted(&self, depth: Depth) -> Result<(), String> {
        let now = instant(self.now);
        let deletable: Vec<usize> = (0..self.held.len())
            .filter(|which| self.fates[*which].deletable(japan_day(now)))
            .collect();
        if deletable.is_empty() {
            return Ok(());
        }
        let open = |began_at: Millis| {
            Day::of(self.now) <= Day::of(began_at).after_days(self.policy.undo_days)
        };
        let undoable: BTreeSet<Version> = self
            .held
            .iter()
            .filter(|one| open(one.cancelled_at.unwrap_or(one.version.registered_at)))
            .map(|one| one.version)
            .collect();
        let undoable: Vec<Version> = undoable.into_iter().collect();
        for undone in subsets(&undoable, depth) {
            // What of a cancelled submission is too old is not restored with it.
            let restored = |which: &usize| {
                self.held[*which].cancelled_at.is_none() || !deletable.contains(which)
            };
            let mut copies: Vec<Held> =
                (0..self.held.len()).filter(restored).map(|which| self.held[which]).collect();
            for which in &deletable {
                copies.push(self.held[*which]);
                if let Some(at) = self.readable_after(&copies, &undone) {
                    return Err(format!(
                        "could be deleted, but an undo of {undone:?} makes it readable at {}:\n{}",
                        in_japan(at),
                        self.name(*which)
                    ));
                }
                copies.pop();
            }
        }
        Ok(())
    }

    /// When the last of these copies would be readable, were the given versions undone now.
    fn readable_after(&self, copies: &[Held], undone: &[Version]) -> Option<Millis> {
        let mut copies = copies.to_vec();
        for one in copies.iter_mut().filter(|one| undone.contains(&one.version)) {
            one.cancelled_at = one.cancelled_at.is_none().then_some(self.now);
        }
        let fate = *fates_of(&copies, self.policy).last()?;
        [0, 1, 10, 300, 400, 1_900]
            .map(|later| self.now + later * DAY)
            .into_iter()
            .find(|at| fate.readable(instant(*at)))
    }

    /// What the purge leaves now.
    fn left(&self) -> impl Iterator<Item = usize> {
        (0..self.held.len())
            .filter(|which| !self.fates[*which].deletable(japan_day(instant(self.now))))
    }

    /// Reads give the same with and without what the purge deletes, and so do later purges.
    fn deleting_changes_nothing_for_the_rest(
        &self,
        view: &View<'_>,
        depth: Depth,
    ) -> Result<(), String> {
        let (left, before): (Vec<Held>, Vec<usize>) =
            self.left().map(|which| (self.held[which], which)).unzip();
        if left.len() == self.held.len() {
            return Ok(());
        }
        let after = fates_of(&left, self.policy);
        for (fate, which) in after.iter().zip(before) {
            for at in self.instants(view, which, depth) {
                let (at, before) = (instant(at), &self.fates[which]);
                let same = fate.readable(at) == before.readable(at)
                    && fate.deletable(japan_day(at)) == before.deletable(japan_day(at));
                if !same {
                    return Err(format!(
                        "a purge changes what holds at {at} of\n{}\nto {fate:?}",
                        self.name(which)
                    ));
                }
            }
        }
        Ok(())
    }
}

fn subsets(all: &[Version], depth: Depth) -> Vec<Vec<Version>> {
    let mut subsets: Vec<Vec<Version>> = all.iter().map(|one| vec![*one]).collect();
    subsets.push(all.to_vec());
    match depth {
        Depth::Everything if all.len() <= 8 => {
            let chosen = |mask: u32| {
                let member = move |nth: &usize| mask & (1 << nth) != 0;
                (0..all.len()).filter(member).map(|nth| all[nth]).collect()
            };
            subsets.extend((0..1_u32 << all.len()).map(chosen));
        }
        Depth::Everything => {}
        Depth::Sampled(seed) => {
            let mut dice = dice(seed, all.len() as u64);
            for _ in 0..2 {
                subsets.push(all.iter().copied().filter(|_| dice.random()).collect());
            }
        }
    }
    subsets
}

fn fates_of(held: &[Held], policy: Policy) -> Vec<Fate> {
    let entries: Vec<Entry> = held.iter().map(entry).collect();
    let copies: Vec<Copy<'_>> =
        held.iter().zip(&entries).map(|(held, entry)| copy(held, entry)).collect();
    let policy = RetentionPolicy {
        version: 1,
        undo_days: policy.undo_days as u16,
        last_n_scope: match policy.last_three_of {
            Scope::Patient => LastNScope::Patient,
            Scope::Item => LastNScope::Item,
            Scope::Institution => LastNScope::Institution,
        },
        full_set_scope: match policy.list_of {
            ListOf::Nothing => FullSetScope::None,
            ListOf::Department => FullSetScope::Department,
            ListOf::Institution => FullSetScope::Institution,
        },
    };
    fates(&copies, &policy)
}

static NUMBERS: LazyLock<[InstitutionNumber; 3]> =
    LazyLock::new(|| INSTITUTIONS.map(|number| number.parse().expect("ten digits")));

fn copy<'a>(held: &Held, entry: &'a Entry) -> Copy<'a> {
    let bucket = Bucket::from_number(7).expect("a bucket");
    let uuid = Uuid::from_u128(held.version.tie);
    Copy {
        kind: catalogue::find(held.resource.sort.code()).expect("a kind"),
        institution: NUMBERS[usize::from(held.bundle.institution)],
        submission: SubmissionId { bucket, uuid },
        registered_at: instant(held.version.registered_at),
        cancelled_at: held.cancelled_at.map(instant),
        received_at: None,
        entry,
    }
}

fn entry(held: &Held) -> Entry {
    let resource = &held.resource;
    Entry {
        ordinal: held.ordinal,
        text_bytes: 1,
        item: resource.item,
        identifier: IdentifierHash(resource.identifier.into()),
        department: resource.department.map(|number| DepartmentHash(number.into())),
        dated_at: resource.dated.map(|dated| match dated {
            Dated::At(at) => instant(at),
            Dated::On(day) => instant(day.starts_at()),
        }),
        standing: match resource.said {
            Said::Standing => Standing::Standing,
            Said::Refuted => Standing::Refuted,
            Said::EnteredInError => Standing::EnteredInError,
            Said::Awaited => Standing::Awaited,
            Said::NotDone => Standing::Cancelled,
        },
        clinical: ClinicalStatus::Active,
        flags: Flags {
            long_term: resource.long_term,
            uninformed: resource.uninformed,
            undelivered: resource.undelivered,
        },
        origin: if resource.extracted { Origin::Extracted } else { Origin::Sent },
        listed: None,
        first_registered_at: instant(held.version.registered_at),
        flagged_at: None,
    }
}

fn instant(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).expect("no life lasts so long")
}

/// A day of the rule's, by its numbers.
fn to_day(day: NaiveDate) -> Day {
    Day::new(day.year(), day.month() as i32, day.day() as i32)
}
