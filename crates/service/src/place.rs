//! 格納 — turns a checked Bundle into segments, and keeps the days right on which the
//! purge looks at the patient's other segments.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use kyoyu_domain::{
    catalogue::{self, Kind},
    clock::japan_day,
    entry::Entry,
    identifiers::{IdentifierHash, InstitutionNumber, PersonKey, ResourceId, SubmissionId},
    problem::Issue,
    retention::{self, Fate, RetentionPolicy, fates},
    rules,
    submission::KindCount,
};
use kyoyu_profile::collection::{CheckedResource, CollectionBundle};
use kyoyu_store::{
    Tx, body,
    segment::{self, NewSegment, Segment, SegmentKey},
};

use crate::failure::Failure;

/// What is about to be stored of a Bundle.
pub(crate) struct Placement {
    pub(crate) segments: Vec<NewSegment>,
    pub(crate) counts: Vec<KindCount>,
    /// Other segments whose day changes.
    pub(crate) days: Vec<(SegmentKey, Option<NaiveDate>)>,
    /// How many older copies are hidden from now on.
    pub(crate) older_hidden: usize,
}

/// Where a Bundle goes.
pub(crate) struct Destination<'a> {
    pub(crate) person: PersonKey,
    pub(crate) submission: SubmissionId,
    /// The version that it replaces.
    pub(crate) replaces: Option<SubmissionId>,
    pub(crate) policy: &'a RetentionPolicy,
}

/// Places a Bundle.
///
/// # Errors
/// A kind that is not open, or a failure of the store.
pub(crate) async fn place(
    tx: &mut Tx,
    bundle: &CollectionBundle,
    received: &[u8],
    to: &Destination<'_>,
) -> Result<Placement, Failure> {
    let now = tx.now();
    refuse_closed_kinds(bundle, now)?;
    let stored = segment::list(tx, &[to.person], &kinds_beside(bundle)).await?;
    let institution = bundle.identifier.institution();
    let history = History::of(&stored, institution);
    let mut segments = pack(bundle, received, to, now, &history);
    let remaining: Vec<Segment> =
        stored.into_iter().filter(|one| Some(one.key.submission) != to.replaces).collect();
    let days = schedule(&remaining, &mut segments, institution, to, now);
    let older_hidden = count_hidden(&remaining, bundle, institution);
    let counts = count(&segments, now);
    Ok(Placement { segments, counts, days, older_hidden })
}

fn refuse_closed_kinds(bundle: &CollectionBundle, now: DateTime<Utc>) -> Result<(), Failure> {
    let closed = bundle.resources.iter().find(|one| !one.kind.accept.is_open(now));
    closed.map_or(Ok(()), |one| Err(Issue::of(&rules::KIND_CLOSED).with(one.kind.japanese).into()))
}

/// All kinds of the resource types in the Bundle: retention looks at them together.
fn kinds_beside(bundle: &CollectionBundle) -> Vec<&'static Kind> {
    let carries = |kind: &&Kind| {
        bundle.resources.iter().any(|one| one.kind.resource_type == kind.resource_type)
    };
    catalogue::CATALOGUE.iter().filter(carries).collect()
}

/// 履歴 — what this institution has registered before, per resource identifier.
struct History<'a>(HashMap<IdentifierHash, Vec<(DateTime<Utc>, &'a Entry)>>);

impl<'a> History<'a> {
    fn of(stored: &'a [Segment], institution: InstitutionNumber) -> Self {
        let mut history: HashMap<_, Vec<_>> = HashMap::new();
        for segment in stored.iter().filter(|one| one.institution == institution) {
            for entry in &segment.entries {
                history.entry(entry.identifier).or_default().push((segment.registered_at, entry));
            }
        }
        Self(history)
    }

    fn first_registered_at(&self, identifier: IdentifierHash) -> Option<DateTime<Utc>> {
        let copies = self.0.get(&identifier)?;
        copies.iter().map(|(_, entry)| entry.first_registered_at).min()
    }

    /// When flags were set that the newest copy carries already.
    fn flagged_at(&self, resource: &CheckedResource) -> Option<DateTime<Utc>> {
        let copies = self.0.get(&resource.identifier)?;
        let (_, newest) = copies.iter().max_by_key(|(registered_at, _)| *registered_at)?;
        newest.flagged_at.filter(|_| newest.flags == resource.flags)
    }
}

fn pack(
    bundle: &CollectionBundle,
    received: &[u8],
    to: &Destination<'_>,
    now: DateTime<Utc>,
    history: &History<'_>,
) -> Vec<NewSegment> {
    let mut groups: Vec<(&'static Kind, bool)> =
        bundle.resources.iter().map(|one| (one.kind, one.flags.long_term)).collect();
    groups.sort_by_key(|(kind, long_term)| (kind.code, *long_term));
    groups.dedup();
    let reference = format!("Patient/{}", to.person);
    let mut texts = Vec::new();
    groups
        .into_iter()
        .map(|(kind, long_term)| {
            texts.clear();
            let mut entries = Vec::new();
            let of_group =
                |one: &&CheckedResource| one.kind == kind && one.flags.long_term == long_term;
            for resource in bundle.resources.iter().filter(of_group) {
                let start = texts.len();
                let id = ResourceId { submission: to.submission, ordinal: resource.ordinal };
                resource.rewritten(received, &id.to_string(), &reference, &mut texts);
                entries.push(entry(resource, texts.len() - start, now, history));
            }
            let body = body::pack(&texts);
            NewSegment { kind, long_term, due_on: None, entries, registered_at: now, body }
        })
        .collect()
}

fn entry(
    resource: &CheckedResource,
    text_bytes: usize,
    now: DateTime<Utc>,
    history: &History<'_>,
) -> Entry {
    let flagged = resource.flags.bits() != 0;
    Entry {
        ordinal: resource.ordinal,
        text_bytes: text_bytes as u32,
        item: resource.item,
        identifier: resource.identifier,
        dated_at: resource.dated_at,
        standing: resource.standing,
        clinical: resource.clinical,
        flags: resource.flags,
        first_registered_at: history.first_registered_at(resource.identifier).unwrap_or(now),
        flagged_at: flagged.then(|| history.flagged_at(resource).unwrap_or(now)),
    }
}

/// Computes every fate with the new segments in place: sets the new segments' days and
/// answers the stored segments whose day changes.
fn schedule(
    stored: &[Segment],
    new: &mut [NewSegment],
    institution: InstitutionNumber,
    to: &Destination<'_>,
    now: DateTime<Utc>,
) -> Vec<(SegmentKey, Option<NaiveDate>)> {
    let mut copies: Vec<retention::Copy<'_>> = stored.iter().flat_map(Segment::copies).collect();
    copies.extend(new.iter().flat_map(|segment| {
        segment.entries.iter().map(|entry| retention::Copy {
            kind: segment.kind,
            institution,
            submission: to.submission,
            registered_at: now,
            cancelled_at: None,
            entry,
        })
    }));
    let fates = fates(&copies, to.policy);
    let (days, position) = changed_days(stored, &fates);
    let mut rest = fates[position..].iter();
    let new_days: Vec<Option<NaiveDate>> =
        new.iter().map(|one| earliest(rest.by_ref().take(one.entries.len()))).collect();
    for (segment, due_on) in new.iter_mut().zip(new_days) {
        segment.due_on = due_on;
    }
    days
}

/// The segments whose day differs from the stored one, and how many fates they used.
fn changed_days(
    stored: &[Segment],
    fates: &[Fate],
) -> (Vec<(SegmentKey, Option<NaiveDate>)>, usize) {
    let mut days = Vec::new();
    let mut position = 0;
    for segment in stored {
        let end = position + segment.entries.len();
        let due_on = earliest(fates[position..end].iter());
        if due_on != segment.due_on {
            days.push((segment.key, due_on));
        }
        position = end;
    }
    (days, position)
}

/// The first day on which any of these may be deleted.
pub(crate) fn earliest<'a>(fates: impl Iterator<Item = &'a Fate>) -> Option<NaiveDate> {
    fates.filter_map(|fate| fate.deletable_on).min()
}

/// Computes the days of a patient's segments of some kinds anew, after a cancellation or
/// its undoing.
pub(crate) async fn reschedule(
    tx: &mut Tx,
    person: PersonKey,
    kinds: &[&'static Kind],
    policy: &RetentionPolicy,
) -> Result<(), Failure> {
    let stored = segment::list(tx, &[person], kinds).await?;
    for resource_type in catalogue::resource_types() {
        let of_type: Vec<Segment> = stored
            .iter()
            .filter(|one| one.key.kind.resource_type == resource_type)
            .cloned()
            .collect();
        let copies: Vec<retention::Copy<'_>> = of_type.iter().flat_map(Segment::copies).collect();
        let (days, _) = changed_days(&of_type, &fates(&copies, policy));
        segment::reschedule(tx, &days).await?;
    }
    Ok(())
}

/// How many resources of the Bundle take the place of an older copy.
fn count_hidden(
    remaining: &[Segment],
    bundle: &CollectionBundle,
    institution: InstitutionNumber,
) -> usize {
    let older = remaining
        .iter()
        .filter(|one| one.institution == institution && one.cancelled_at.is_none())
        .flat_map(|one| one.entries.iter().map(|entry| entry.identifier));
    let older: std::collections::HashSet<IdentifierHash> = older.collect();
    let sent: std::collections::HashSet<IdentifierHash> =
        bundle.resources.iter().map(|one| one.identifier).collect();
    sent.intersection(&older).count()
}

fn count(segments: &[NewSegment], now: DateTime<Utc>) -> Vec<KindCount> {
    let mut counts: Vec<KindCount> = Vec::new();
    for segment in segments {
        let sent = segment.entries.len() as u32;
        let hidden = segment.entries.iter().filter(|entry| entry.flags.undelivered).count() as u32;
        let due_on = (!segment.long_term).then(|| retention::too_old_on(segment.kind, now));
        match counts.iter_mut().find(|count| count.kind == segment.kind) {
            Some(count) => {
                count.sent += sent;
                count.hidden += hidden;
                count.due_on = count.due_on.or(due_on);
            }
            None => counts.push(KindCount { kind: segment.kind, sent, hidden, due_on }),
        }
    }
    debug_assert!(counts.iter().all(|count| count.due_on.is_none_or(|day| day > japan_day(now))));
    counts
}
