//! 格納 — turns a checked Bundle into segments, and keeps the day right on which the purge
//! looks at the patient.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use kyoyu_domain::{
    catalogue::{self, Kind},
    clock::japan_day,
    entry::{ClinicalStatus, Entry, Flags, Origin, Standing},
    identifiers::{IdentifierHash, InstitutionNumber, PersonKey, SubmissionId},
    problem::Issue,
    retention::{self, RetentionPolicy, fates, hidden_anew},
    rules,
    submission::{KindCount, Submission},
};
use kyoyu_profile::collection::{CheckedBundle, CheckedResource, DocumentFacts};
use kyoyu_store::{
    Tx, body,
    document::{self, NewAttachment},
    mark, purge,
    segment::{self, NewSegment, Segment},
};

use crate::failure::Failure;

/// A document is the first of what its Bundle brings, whatever else is extracted of it.
const DOCUMENT_ORDINAL: u16 = 1;

/// What is about to be stored of a Bundle.
pub(crate) struct Placement {
    pub(crate) segments: Vec<NewSegment>,
    pub(crate) attachments: Vec<NewAttachment>,
    pub(crate) counts: Vec<KindCount>,
    /// The first day on which something of the patient's may be deleted.
    pub(crate) due_on: Option<NaiveDate>,
    /// How many older copies are hidden from now on.
    pub(crate) older_hidden: usize,
}

/// Where a Bundle goes.
pub(crate) struct Destination<'a> {
    pub(crate) person: PersonKey,
    pub(crate) submission: SubmissionId,
    /// The version that it replaces.
    pub(crate) replaces: Option<&'a Submission>,
    pub(crate) policy: &'a RetentionPolicy,
}

/// Places a Bundle beside what is stored of the kinds of [`kinds_beside`].
///
/// # Errors
/// A kind that is not open.
pub(crate) fn place(
    now: DateTime<Utc>,
    bundle: &CheckedBundle,
    received: &[u8],
    stored: Vec<Segment>,
    to: &Destination<'_>,
) -> Result<Placement, Failure> {
    refuse_closed_kinds(bundle, now)?;
    let institution = bundle.identifier.institution();
    let history = History::of(&stored, institution);
    let mut segments = pack(bundle, received, now, &history);
    let mut attachments = Vec::new();
    if let Some(document) = &bundle.document {
        let (segment, beside) = pack_document(document, received, now, &history);
        segments.insert(0, segment);
        attachments = beside;
    }
    let remaining: Vec<Segment> =
        stored.into_iter().filter(|one| !replaces(to, one.key.submission)).collect();
    let stored: Vec<_> = remaining.iter().flat_map(Segment::copies).collect();
    let coming = coming(&segments, institution, to, now);
    let due_on = earliest(stored.iter().chain(&coming).copied(), to.policy);
    let older_hidden = count_hidden(&stored, &coming, to.policy);
    let mut counts = count(&segments, now);
    counts.extend(nested_count(bundle, now));
    Ok(Placement { segments, attachments, counts, due_on, older_hidden })
}

/// Refuses a Bundle that holds what is not accepted yet.
pub(crate) fn refuse_closed_kinds(
    bundle: &CheckedBundle,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let closed = kinds_of(bundle).find(|kind| !kind.accept.is_open(now));
    closed.map_or(Ok(()), |kind| Err(Issue::of(&rules::KIND_CLOSED).with(kind.japanese).into()))
}

/// The kinds of everything that a Bundle brings.
fn kinds_of(bundle: &CheckedBundle) -> impl Iterator<Item = &'static Kind> {
    let document = bundle.document.iter().map(|document| document.kind);
    document.chain(bundle.resources.iter().map(|one| one.kind))
}

fn replaces(to: &Destination<'_>, submission: SubmissionId) -> bool {
    to.replaces.is_some_and(|old| old.id == submission)
}

/// All kinds of the resource types in the Bundle, and in the version that it replaces:
/// retention looks at them together, and what leaves moves the days of what stays.
pub(crate) fn kinds_beside(
    bundle: &CheckedBundle,
    replaces: Option<&Submission>,
) -> Vec<&'static Kind> {
    let coming = kinds_of(bundle);
    let leaving = replaces.into_iter().flat_map(|old| old.counts.iter().map(|count| count.kind));
    let types: HashSet<&str> = coming.chain(leaving).map(|kind| kind.resource_type).collect();
    catalogue::CATALOGUE.iter().filter(|kind| types.contains(kind.resource_type)).collect()
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
    bundle: &CheckedBundle,
    received: &[u8],
    now: DateTime<Utc>,
    history: &History<'_>,
) -> Vec<NewSegment> {
    let mut groups: Vec<(&'static Kind, bool)> =
        bundle.resources.iter().map(|one| (one.kind, one.flags.long_term)).collect();
    groups.sort_by_key(|(kind, long_term)| (kind.code, *long_term));
    groups.dedup();
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
                resource.rewritten(received, mark::ID, mark::PATIENT, &mut texts);
                let origin =
                    if bundle.document.is_some() { Origin::Extracted } else { Origin::Sent };
                let entry = entry(resource, texts.len() - start, now, history);
                entries.push(Entry { origin, listed: resource.listed, ..entry });
            }
            let body = body::pack(&texts);
            NewSegment { kind, long_term, entries, registered_at: now, body }
        })
        .collect()
}

/// A document as one segment of its kind, with its attachments cut out.
fn pack_document(
    document: &DocumentFacts,
    received: &[u8],
    now: DateTime<Utc>,
    history: &History<'_>,
) -> (NewSegment, Vec<NewAttachment>) {
    let cuts: Vec<_> =
        document.attachments.iter().map(|one| (one.base64.clone(), one.media_type)).collect();
    let (text, attachments) = document::take_apart(received, &cuts);
    let first_registered_at = history.first_registered_at(document.identifier);
    let entry = Entry {
        ordinal: DOCUMENT_ORDINAL,
        text_bytes: text.len() as u32,
        item: 0,
        identifier: document.identifier,
        department: None,
        dated_at: document.dated_at,
        standing: Standing::Standing,
        clinical: ClinicalStatus::Active,
        flags: Flags::default(),
        origin: Origin::Sent,
        listed: None,
        first_registered_at: first_registered_at.unwrap_or(now),
        flagged_at: None,
    };
    let (kind, body) = (document.kind, body::pack(&text));
    let entries = vec![entry];
    (NewSegment { kind, long_term: false, entries, registered_at: now, body }, attachments)
}

/// Discharge summaries within a referral: they last as long as it does.
fn nested_count(bundle: &CheckedBundle, now: DateTime<Utc>) -> Option<KindCount> {
    let document = bundle.document.as_ref().filter(|document| document.nested > 0)?;
    let kind = catalogue::find("discharge-summary")?;
    let due_on = Some(retention::too_old_on(document.kind, now));
    Some(KindCount { kind, sent: document.nested.into(), hidden: 0, due_on })
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
        department: resource.department,
        dated_at: resource.dated_at,
        standing: resource.standing,
        clinical: resource.clinical,
        flags: resource.flags,
        origin: Origin::Sent,
        listed: None,
        first_registered_at: history.first_registered_at(resource.identifier).unwrap_or(now),
        flagged_at: flagged.then(|| history.flagged_at(resource).unwrap_or(now)),
    }
}

/// The new segments as retention will see them.
fn coming<'a>(
    segments: &'a [NewSegment],
    institution: InstitutionNumber,
    to: &Destination<'_>,
    now: DateTime<Utc>,
) -> Vec<retention::Copy<'a>> {
    let copies = segments.iter().flat_map(|segment| {
        segment.entries.iter().map(|entry| retention::Copy {
            kind: segment.kind,
            institution,
            submission: to.submission,
            registered_at: now,
            cancelled_at: None,
            received_at: None,
            entry,
        })
    });
    copies.collect()
}

/// The first day on which any of a patient's copies may be deleted; each type is judged by
/// itself.
pub(crate) fn earliest<'a>(
    copies: impl Iterator<Item = retention::Copy<'a>>,
    policy: &RetentionPolicy,
) -> Option<NaiveDate> {
    let mut types: HashMap<&str, Vec<retention::Copy<'_>>> = HashMap::new();
    for copy in copies {
        types.entry(copy.kind.resource_type).or_default().push(copy);
    }
    let fates = types.values().flat_map(|copies| fates(copies, policy));
    fates.filter_map(|fate| fate.deletable_on).min()
}

/// Keeps the purge's day right for a patient after a cancellation or its undoing.
pub(crate) async fn reschedule(
    tx: &mut Tx,
    person: PersonKey,
    kinds: &[&'static Kind],
    policy: &RetentionPolicy,
) -> Result<(), Failure> {
    let stored = segment::list(tx, &[person], kinds).await?;
    match earliest(stored.iter().flat_map(Segment::copies), policy) {
        Some(day) => Ok(purge::bring_forward(tx, person, day).await?),
        None => Ok(()),
    }
}

/// How many stored copies are hidden from now on, each type by itself.
fn count_hidden(
    stored: &[retention::Copy<'_>],
    coming: &[retention::Copy<'_>],
    policy: &RetentionPolicy,
) -> usize {
    let types: HashSet<&str> = coming.iter().map(|copy| copy.kind.resource_type).collect();
    let hidden =
        |of: &str| hidden_anew(&of_type(stored, of), &of_type(coming, of), policy.full_set_scope);
    types.into_iter().map(hidden).sum()
}

fn of_type<'a>(copies: &[retention::Copy<'a>], of: &str) -> Vec<retention::Copy<'a>> {
    copies.iter().filter(|copy| copy.kind.resource_type == of).copied().collect()
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
