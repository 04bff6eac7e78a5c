//! 保存期間 — how long each resource is readable, and from when it may be deleted.
//!
//! One pure function, [`fates`], decides for reads and for the purge alike. It looks at
//! all copies that a patient has of one FHIR type and says for each of them:
//! whether it is readable, on which day it stops being readable, and from which day the
//! purge may delete it, if nothing is written in between.
//!
//! The rules (design §7):
//! - Periods are calendar days in Japan, counted from the registration; readable through
//!   the last day. 29 February plus five years ends on 28 February.
//! - 長期保存 exempts from age. A newer copy without the flag takes the exemption away.
//! - 直近N回: the newest N distinct collection times of the patient are kept whatever
//!   their age. Results without a value, cancelled submissions, hidden older copies and
//!   kinds without the rule do not count.
//! - Within one institution and type a newer registration of the same resource
//!   identifier hides the older copies of other submissions; what was sent as such hides what
//!   was extracted of a letter, whichever is newer. Where the policy says that a list is whole
//!   ([`FullSetScope`]), a newer list hides in the same way all of the older lists of its
//!   scope, also what it does not hold any more.
//! - 受領: a letter lasts a few days more after its addressee has received it.
//! - 取消: hidden at once, restorable for the undo window.
//! - The purge is never ahead of an undo: what a newer registration hides or pushes out
//!   may be deleted only when that registration's own undo window has passed.
//!   A result pushes out nothing for good as long as a cancelled newer copy of it can be
//!   restored, which would hide it again.

mod succession;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Days, Months, NaiveDate, Utc};

pub use self::succession::{FullSetScope, hidden_anew};
use self::succession::{Newest, ResourceKey};
use crate::{
    catalogue::{Kind, Oneness},
    clock::japan_day,
    entry::{Entry, Origin, Standing},
    identifiers::{InstitutionNumber, SubmissionId},
};

/// 期間 — a length in calendar units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// So many days.
    Days(u16),
    /// So many years; a day that the last year lacks becomes the day before.
    Years(u8),
}

impl Period {
    /// 最終日 — the last day on which something registered on `from` is readable.
    pub fn last_day(self, from: NaiveDate) -> NaiveDate {
        let end = match self {
            Self::Days(days) => from.checked_add_days(Days::new(days.into())),
            Self::Years(years) => from.checked_add_months(Months::new(u32::from(years) * 12)),
        };
        end.unwrap_or(NaiveDate::MAX)
    }
}

/// 直近N回の数え方 — over what the newest N collection times are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LastNScope {
    /// Over the patient's results of all institutions.
    #[default]
    Patient,
    /// Over each item by itself.
    Item,
    /// Over each institution by itself.
    Institution,
}

/// 保存方針 — the fields of the retention policy that an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Which version of the policy decided; written into plans and certificates.
    pub version: u32,
    /// 取消UNDO — days for which a cancelled submission can be restored.
    pub undo_days: u16,
    /// How the last N are counted.
    pub last_n_scope: LastNScope,
    /// What a newer list is the whole of.
    pub full_set_scope: FullSetScope,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self {
            version: 1,
            undo_days: 7,
            last_n_scope: LastNScope::Patient,
            full_set_scope: FullSetScope::None,
        }
    }
}

impl RetentionPolicy {
    /// The first day after an undo window that began at `at`.
    pub fn undo_over_on(&self, at: DateTime<Utc>) -> NaiveDate {
        day_after(Period::Days(self.undo_days).last_day(japan_day(at)))
    }
}

/// 期限日 — the first day on which something of this kind registered at `at` is too old.
pub fn too_old_on(kind: &Kind, registered_at: DateTime<Utc>) -> NaiveDate {
    day_after(kind.keep.last_day(japan_day(registered_at)))
}

/// Whether the period of a document is over at `now`.
pub fn is_over(
    kind: &Kind,
    registered_at: DateTime<Utc>,
    received_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> bool {
    period_over_on(kind, registered_at, received_at) <= japan_day(now)
}

/// 期限日 — the first day after the period that began at the registration, or after the one
/// that began at the receipt, whichever is earlier.
pub fn period_over_on(
    kind: &Kind,
    registered_at: DateTime<Utc>,
    received_at: Option<DateTime<Utc>>,
) -> NaiveDate {
    let own = too_old_on(kind, registered_at);
    let after_receipt = kind.keep_after_receipt.zip(received_at);
    after_receipt.map_or(own, |(period, at)| day_after(period.last_day(japan_day(at))).min(own))
}

fn day_after(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(NaiveDate::MAX)
}

/// 写し — one stored copy of a resource, with what its submission says of it.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    /// Its kind.
    pub kind: &'static Kind,
    /// Who sent it.
    pub institution: InstitutionNumber,
    /// The version of the Bundle that brought it.
    pub submission: SubmissionId,
    /// When that version was registered.
    pub registered_at: DateTime<Utc>,
    /// When that submission was cancelled, if it is.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When the addressee received it; letters only.
    pub received_at: Option<DateTime<Utc>>,
    /// The resource.
    pub entry: &'a Entry,
}

/// What makes one copy go before another: how it was sent, when it was registered.
type Precedence = (Origin, DateTime<Utc>, SubmissionId);

impl Copy<'_> {
    fn live(&self) -> bool {
        self.cancelled_at.is_none()
    }

    /// Registrations in order; UUIDv7 breaks ties within a millisecond.
    fn precedence(&self) -> Precedence {
        (self.entry.origin, self.registered_at, self.submission)
    }

    fn resource_key(&self) -> ResourceKey {
        let within = match self.kind.one_within {
            Oneness::Institution => Some(self.institution),
            Oneness::Patient => None,
        };
        (within, self.entry.identifier)
    }

    /// The first day on which its period is over.
    fn too_old_on(&self) -> NaiveDate {
        period_over_on(self.kind, self.registered_at, self.received_at)
    }

    fn collected_at(&self) -> DateTime<Utc> {
        self.entry.dated_at.unwrap_or(self.registered_at)
    }
}

/// 処遇 — what holds for one copy as long as nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// Neither cancelled nor hidden by a newer copy.
    pub current: bool,
    /// The first day on which a current copy is no longer readable; none: kept.
    pub gone_on: Option<NaiveDate>,
    /// The first day on which the purge may delete the copy; none: kept.
    pub deletable_on: Option<NaiveDate>,
    /// Why the purge would delete it on that day.
    pub reason: Reason,
}

impl Fate {
    /// Whether a read at `now` may show the copy, as far as retention goes.
    pub fn readable(&self, now: DateTime<Utc>) -> bool {
        self.current && self.gone_on.is_none_or(|gone_on| japan_day(now) < gone_on)
    }

    /// Whether the purge may delete the copy on a day in Japan.
    pub fn deletable(&self, day: NaiveDate) -> bool {
        self.deletable_on.is_some_and(|from| from <= day)
    }
}

/// 削除理由 — why a copy is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// 期間満了 — its period is over (and it is not among the last N).
    Expired,
    /// 取消 — its submission was cancelled and the undo window is over.
    Cancelled,
    /// 更新 — a newer copy took its place, and its own or that copy's period is over.
    Superseded,
}

impl Reason {
    /// Every reason with its permanent code.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Expired, "expired"),
        (Self::Cancelled, "cancelled"),
        (Self::Superseded, "superseded"),
    ];

    /// The permanent code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).expect("every reason has a row").1
    }
}

/// The fate of every copy, in the order given.
///
/// `copies` are all copies of one FHIR type that the store has of one patient; leaving
/// one out may change the fate of another.
pub fn fates(copies: &[Copy<'_>], policy: &RetentionPolicy) -> Vec<Fate> {
    let newest = Newest::of(copies, policy.full_set_scope);
    let successors: Vec<Option<usize>> = copies.iter().map(|copy| newest.successor(copy)).collect();
    let counted = CountedTimes::of(copies, &successors, policy);
    let fate =
        |(position, copy): (usize, &Copy<'_>)| match (copy.cancelled_at, successors[position]) {
            (Some(cancelled_at), _) => cancelled_fate(copy, cancelled_at, policy),
            (None, None) => current_fate(copy, &counted),
            (None, Some(successor)) => {
                let settled_on = policy.undo_over_on(copies[successor].registered_at);
                let end = end_of(position, copies, &successors, &counted);
                superseded_fate(copy, end.map_or(settled_on, |end| end.max(settled_on)), &counted)
            }
        };
    copies.iter().enumerate().map(fate).collect()
}

/// 終期 — the first day on which a live copy is kept for undos alone; none: it is kept. A
/// hidden one lasts as long as it would by itself without a long-term flag, but never longer
/// than the copy that took its place: nothing may come back because something newer, which
/// may be hidden itself, has expired.
fn end_of(
    position: usize,
    copies: &[Copy<'_>],
    successors: &[Option<usize>],
    counted: &CountedTimes,
) -> Option<NaiveDate> {
    let copy = &copies[position];
    let Some(successor) = successors[position] else { return current_fate(copy, counted).gone_on };
    let (own, newer) = (copy.too_old_on(), end_of(successor, copies, successors, counted));
    Some(newer.map_or(own, |newer| own.min(newer)))
}

fn cancelled_fate(copy: &Copy<'_>, cancelled_at: DateTime<Utc>, policy: &RetentionPolicy) -> Fate {
    let undo_over_on = policy.undo_over_on(cancelled_at);
    // Age goes on while a submission is cancelled: an undo could not make it readable.
    // What counts among the last N waits, also when N newer times exist: the undo may
    // hide the copies that brought them.
    let ages = !copy.entry.flags.long_term && !counts(copy);
    let too_old_on = copy.too_old_on();
    let (day, reason) = if ages && too_old_on < undo_over_on {
        (too_old_on, Reason::Expired)
    } else {
        (undo_over_on, Reason::Cancelled)
    };
    Fate { current: false, gone_on: None, deletable_on: Some(day), reason }
}

fn current_fate(copy: &Copy<'_>, counted: &CountedTimes) -> Fate {
    if copy.entry.flags.long_term {
        return Fate { current: true, gone_on: None, deletable_on: None, reason: Reason::Expired };
    }
    let too_old_on = copy.too_old_on();
    let gone_on = (!counted.keeps(copy)).then_some(too_old_on);
    let deletable_on = counted.settled_out_on(copy).map(|day| day.max(too_old_on));
    Fate { current: true, gone_on, deletable_on, reason: Reason::Expired }
}

/// A hidden older copy, which may go from `superseded_on` on, or when it would by itself.
fn superseded_fate(copy: &Copy<'_>, superseded_on: NaiveDate, counted: &CountedTimes) -> Fate {
    let by_itself = current_fate(copy, counted).deletable_on;
    let (day, reason) = match by_itself {
        Some(day) if day <= superseded_on => (day, Reason::Expired),
        _ => (superseded_on, Reason::Superseded),
    };
    Fate { current: false, gone_on: None, deletable_on: Some(day), reason }
}

/// 採取日時の一覧 — the collection times that count for the last N, per scope.
struct CountedTimes {
    scope: LastNScope,
    /// Per scope: each distinct time with the first day on which it is settled, that is, on
    /// which no undo can take it away any more.
    times: HashMap<ScopeKey, BTreeMap<DateTime<Utc>, NaiveDate>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ScopeKey {
    kind: &'static str,
    item: Option<u16>,
    institution: Option<InstitutionNumber>,
}

impl CountedTimes {
    fn of(copies: &[Copy<'_>], successors: &[Option<usize>], policy: &RetentionPolicy) -> Self {
        let mut counted = Self { scope: policy.last_n_scope, times: HashMap::new() };
        let restorable = restorable(copies, policy);
        for (copy, successor) in copies.iter().zip(successors) {
            if !copy.live() || successor.is_some() || !counts(copy) {
                continue;
            }
            let settled_on = settled_on(copy, &restorable, policy);
            let key = counted.key(copy);
            counted
                .times
                .entry(key)
                .or_default()
                .entry(copy.collected_at())
                .and_modify(|day| *day = settled_on.min(*day))
                .or_insert(settled_on);
        }
        counted
    }

    fn key(&self, copy: &Copy<'_>) -> ScopeKey {
        ScopeKey {
            kind: copy.kind.code,
            item: (self.scope == LastNScope::Item).then_some(copy.entry.item),
            institution: (self.scope == LastNScope::Institution).then_some(copy.institution),
        }
    }

    fn newer_times<'a>(&'a self, copy: &Copy<'_>) -> impl Iterator<Item = NaiveDate> + 'a {
        let after = (std::ops::Bound::Excluded(copy.collected_at()), std::ops::Bound::Unbounded);
        let times = self.times.get(&self.key(copy));
        times
            .into_iter()
            .flat_map(move |times| times.range(after).map(|(_, settled_on)| *settled_on))
    }

    /// Whether the last-N rule keeps the copy whatever its age.
    fn keeps(&self, copy: &Copy<'_>) -> bool {
        let Some(last_n) = copy.kind.last_n.filter(|_| counts(copy)) else { return false };
        self.newer_times(copy).count() < usize::from(last_n)
    }

    /// The day from which N newer times are settled; the earliest day when the rule does
    /// not protect the copy, none as long as fewer than N newer times exist.
    fn settled_out_on(&self, copy: &Copy<'_>) -> Option<NaiveDate> {
        let Some(last_n) = copy.kind.last_n.filter(|_| counts(copy)) else {
            return Some(NaiveDate::MIN);
        };
        let mut settled_on: Vec<NaiveDate> = self.newer_times(copy).collect();
        settled_on.sort_unstable();
        settled_on.get(usize::from(last_n) - 1).copied()
    }
}

/// Cancelled copies per resource, with the first day on which no undo restores them.
type Restorable = HashMap<ResourceKey, Vec<(Precedence, NaiveDate)>>;

fn restorable(copies: &[Copy<'_>], policy: &RetentionPolicy) -> Restorable {
    let mut restorable = Restorable::new();
    for copy in copies {
        let fate = copy.cancelled_at.map(|at| cancelled_fate(copy, at, policy));
        if let Some(until) = fate.and_then(|fate| fate.deletable_on) {
            restorable.entry(copy.resource_key()).or_default().push((copy.precedence(), until));
        }
    }
    restorable
}

/// 確定日 — the first day on which no undo can take a current copy away: neither one of its
/// own registration nor one of the cancellation of a newer copy, which would hide it again.
fn settled_on(copy: &Copy<'_>, restorable: &Restorable, policy: &RetentionPolicy) -> NaiveDate {
    let own = policy.undo_over_on(copy.registered_at);
    let cancelled = restorable.get(&copy.resource_key()).into_iter().flatten();
    let newer = cancelled.filter(|(precedence, _)| *precedence > copy.precedence());
    newer.fold(own, |latest, (_, until)| latest.max(*until))
}

/// Whether a copy counts among the last N: its kind has the rule and it has a value.
fn counts(copy: &Copy<'_>) -> bool {
    copy.kind.last_n.is_some() && copy.entry.standing == Standing::Standing
}

#[cfg(test)]
mod tests;
